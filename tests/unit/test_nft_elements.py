import pytest

from tests.nft_reading import refused, right_of, statement_of


def test_an_element_carries_statements_times_a_comment_and_a_value() -> None:
    found = statement_of('ip saddr vmap { 1.2.3.4 counter packets 1 bytes 2 timeout 1h expires 5m comment "x" : drop }')
    (element,) = found.mapping.elements
    assert (element.timeout.name, element.expires.name, element.comment) == ("1h", "5m", "x")
    assert element.statements[0].packets == 1
    assert element.value.kind == "drop"


@pytest.mark.parametrize("text", ["{ 1, 2, }", "{1,,2}", "{ 1,\n2\n}", "{ 1, # a\n # b\n 2 }", "{\n1\n,\n2 }"])
def test_commas_newlines_and_comments_may_stand_between_elements(text: str) -> None:
    assert [element.key.value for element in right_of(f"tcp dport {text}").elements] == [1, 2]


@pytest.mark.parametrize(
    "text", ["{ }", "{ , 1 }", "{ 1,\n\n2 }", "{ 1 2 }", "{\n\n1 }", "{ 1\n\n}", '{ 1 comment "a" comment "b" }']
)
def test_other_gaps_between_elements_are_refused(text: str) -> None:
    assert refused(f"tcp dport {text}")


def test_a_comment_has_at_most_128_bytes() -> None:
    assert "too long" in refused(f'accept comment "{"é" * 65}"')
    assert statement_of("accept")
