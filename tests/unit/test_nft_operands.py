from fwsim.nft.tree import Binary, Concatenation, Prefix, Range, SetReference
from tests.nft_reading import accepted, refused, right_of, statement_of


def test_bitwise_operators_bind_as_in_c() -> None:
    found = right_of("meta mark 1 | 2 & 3 << 4 ^ 5 | 6")
    assert shape(found) == "((1|((2&(3<<4))^5))|6)"
    assert shape(right_of("meta mark (1 | 2) & 3")) == "((1|2)&3)"


def shape(node: object) -> str:
    if isinstance(node, Binary):
        return f"({shape(node.left)}{node.operator}{shape(node.right)})"
    return node.text  # type: ignore[attr-defined, no-any-return]


def test_prefixes_ranges_and_concatenations_are_parts_of_values() -> None:
    found = right_of("ip saddr . tcp dport 10.0.0.0/8 . 1-2")
    assert isinstance(found, Concatenation)
    assert [type(part) for part in found.parts] == [Prefix, Range]


def test_a_variable_must_be_defined_before_it_is_used() -> None:
    assert (
        refused("tcp dport $nope") == "2:12: the variable 'nope' is not defined, expected 'define nope = ...' before it"
    )


def test_a_chain_of_operators_or_parentheses_is_refused_where_it_gets_too_long() -> None:
    assert "at most 100 operators" in refused("meta mark 1" + " | 1" * 10_000)
    assert "nested too deeply" in refused("tcp dport " + "(" * 10_000 + "1" + ")" * 10_000)


def test_a_set_is_named_behind_an_at_sign() -> None:
    assert isinstance(right_of("tcp dport @web"), SetReference)
    assert statement_of("jump x").verdict.chain.name == "x"
    accepted("define s = { 1 }\nadd rule t c tcp dport $s\n")
