from fwsim.nft.tree import Number, Symbol, Variable, children, walk
from tests.nft_reading import accepted, right_of, rule_of


def test_a_node_knows_its_file_line_column_and_text() -> None:
    script = accepted("table t {\n  chain c {\n    tcp dport 22 accept\n  }\n}\n")
    rule = script.commands[0].body.chains[0].rules[0]  # type: ignore[union-attr]
    assert (rule.path, rule.line, rule.column, rule.text) == ("<text>", 3, 5, "tcp dport 22 accept")
    assert [node.text for node in children(rule.statements[0])] == ["tcp dport", "22"]


def test_nodes_are_equal_wherever_they_were_written() -> None:
    assert rule_of("tcp   dport 22") == rule_of("tcp dport 0x16")
    assert rule_of("tcp dport 22") != rule_of("tcp dport 23")


def test_a_variable_has_its_value_through_other_names_and_is_not_walked_into() -> None:
    script = accepted("define a = 5\ndefine b = $a\nredefine a = 6\nadd rule t c tcp dport $b\n")
    rule = script.commands[0].body
    assert rule is not None
    (found,) = [node for node in walk(rule) if isinstance(node, Variable)]
    assert isinstance(found.value, Number)
    assert found.value.value == 5
    assert not [node for node in walk(rule) if isinstance(node, Number)]


def test_every_node_lies_within_what_holds_it() -> None:
    rule = rule_of('ip saddr . tcp dport vmap { 1.2.3.4 . 22-23 : jump x, * : drop } comment "c"')
    for node in walk(rule):
        assert all(node.start <= child.start <= child.end <= node.end for child in children(node)), node


def test_quotes_are_remembered() -> None:
    assert (right_of('iifname "eth0"').name, right_of('iifname "eth0"').quoted) == ("eth0", True)
    assert isinstance(right_of("iifname eth0"), Symbol)
    assert not right_of("iifname eth0").quoted
