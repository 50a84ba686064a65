import pytest

from tests.nft_reading import refused, rule_of, statement_of


def test_statements_follow_each_other_without_separators() -> None:
    rule = rule_of('tcp dport 22 ct state new counter log accept comment "x"')
    assert [type(found).__name__ for found in rule.statements] == [
        "Match",
        "Match",
        "Counter",
        "Log",
        "VerdictStatement",
    ]


def test_sets_are_filled_from_packets() -> None:
    found = statement_of("update @s { ip saddr . tcp dport timeout 1m limit rate 5/second : ip daddr }")
    assert (found.operation, found.element.timeout.name, found.value.key.field) == ("update", "1m", "daddr")
    assert statement_of("set add ip saddr @s").set.name == "s"
    assert statement_of("meter m size 5 { ip saddr counter }").size == 5
    assert statement_of("flow table m { ip saddr counter }").name == "m"


def test_what_is_set_and_what_is_used_by_name() -> None:
    assert statement_of('ct timeout set "x"').target.key == "timeout"
    assert statement_of("tcp option maxseg size set rt mtu").value.key == "mtu"
    assert statement_of("counter name tcp dport map @m").name.mapping.name == "m"
    assert statement_of("reset tcp option timestamp").option.option == "timestamp"
    assert statement_of("notrack") == rule_of("notrack").statements[0]


def test_a_placeholder_of_iptables_is_kept_with_its_name() -> None:
    found = statement_of('xt target "LOG"')
    assert (found.kind, found.name, found.text) == ("target", "LOG", 'xt target "LOG"')


def test_chains_without_a_name_are_not_nested() -> None:
    assert len(statement_of("jump { accept; drop; }").rules) == 2
    assert "cannot be nested" in refused("jump {\njump {\naccept\n}\n}")


@pytest.mark.parametrize(
    "text",
    [
        'accept comment "a" log', "tcp dport 22 accept tcp", "frag id set 4", "ct original saddr set 1.2.3.4",
        "{ 1 } vmap { 1 : accept }", "tcp dport vmap { 1 }", "add @s { }", "meter m { ip saddr }", "@s",
    ],
)  # fmt: skip
def test_what_no_rule_can_be_is_refused(text: str) -> None:
    assert refused(text)


def test_a_word_that_may_have_been_meant_for_a_statement_is_asked_about() -> None:
    assert refused("tcp dport 80 acept") == "2:19: unexpected newline, expected a value: did you mean 'accept'?"
    assert refused('acept comment "x"') == "2:7: unexpected 'comment', expected a value: did you mean 'accept'?"
    assert refused("tcp dport 80 xyzzy") == "2:19: unexpected newline, expected a value"
