import pytest

from fwsim.importing.iptables import machine, read_iptables
from fwsim.netfilter.steps import Verdict
from fwsim.terms import Verdict as Policy
from tests.iptables_reading import refused, rules_of, saved

ONE = "-A FORWARD -j DROP\n"


def targets(lines: str, chain: str = "FORWARD") -> list[str]:
    return [rule.steps[-1].kind for rule in rules_of(saved(lines), chain) if isinstance(rule.steps[-1], Verdict)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("-I FORWARD -j ACCEPT", ["accept", "drop"]),
        ("-I FORWARD 2 -j ACCEPT", ["drop", "accept"]),
        ("-R FORWARD 1 -j ACCEPT", ["accept"]),
        ("-D FORWARD -j DROP", []),
        ("-D FORWARD 1", []),
        ("-F", []),
        ("-F FORWARD", []),
        ("-Z FORWARD", ["drop"]),
        ("-C FORWARD -j DROP", ["drop"]),
        ("-L FORWARD -n", ["drop"]),
    ],
)
def test_commands_change_the_rules_of_a_chain(lines: str, expected: list[str]) -> None:
    assert targets(ONE + lines) == expected


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("-A nosuch -j DROP", "no chain `nosuch`"),
        ("-I FORWARD 3 -j ACCEPT", "no rule 3"),
        ("-I FORWARD 0 -j ACCEPT", "rule number"),
        ("-D FORWARD -j ACCEPT", "no such rule"),
        ("-D FORWARD 2", "no rule 2"),
        ("-C FORWARD -s 10.0.0.1 -j DROP", "no such rule"),
        ("-N FORWARD", "already"),
        ("-N LOG", "name of a target"),
        ("-N " + "a" * 29, "28 characters"),
        ("-X FORWARD", "built in"),
        ("-P FORWARD REJECT", "no policy"),
        (":u -\n-P u DROP", "has no policy"),
        (":u -\n:u -", "already"),
        (":u ACCEPT", "expected `-`"),
        (":ACCEPT -", "no name for a chain"),
        (":" + "a" * 29 + " -", "28 characters"),
        (":FORWARD", "expected `:CHAIN POLICY`"),
        (":FORWARD RETURN", "no policy"),
        (":u -\n-A FORWARD -j u\n-X u", "jumps to it"),
        (":u -\n-A u -j DROP\n-X", "has rules"),
        ("-A FORWARD -j INPUT", "of the table itself"),
        ("-E FORWARD x", "cannot be renamed"),
        ("-F nosuch", "no chain `nosuch`"),
    ],
)
def test_what_the_kernel_does_not_do_is_refused(lines: str, why: str) -> None:
    assert why in refused(saved(ONE + lines))


def test_a_chain_is_renamed_where_rules_jump_to_it() -> None:
    (rule,) = rules_of(saved(":a -\n-A FORWARD -j a\n-E a b"), "FORWARD")
    assert rule.steps == (Verdict("jump", "b", None, "-j a"),)


def test_numbers_and_names_are_the_same_to_a_deletion() -> None:
    lines = "-A FORWARD -p tcp --dport 80 -j ACCEPT\n-D FORWARD -p 6 -m tcp --dport http -j ACCEPT"
    assert rules_of(saved(lines), "FORWARD") == []


def test_a_table_begins_anew_but_for_its_policies() -> None:
    text = saved(":INPUT DROP\n:u -\n-A INPUT -j u") + saved("-A FORWARD -j DROP")
    (table,) = read_iptables(text, "rules.v4", 4).tables
    assert list(table.chains) == ["INPUT", "FORWARD", "OUTPUT"]
    assert (table.chains["INPUT"].policy, table.chains["INPUT"].rules) == (Policy.DROP, ())


def test_a_table_that_is_not_there_is_refused() -> None:
    assert "there is no table `foo`" in refused("*foo\nCOMMIT\n")


def test_rules_and_chains_are_bounded_and_those_of_lists_are_counted_before_they_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "MOST_ITEMS", 8)
    listed = "-A FORWARD -s 10.0.0.1,10.0.0.2 -d 10.0.0.3,10.0.0.4,10.0.0.5 -j DROP\n"
    assert len(targets(listed + "-N web\n" + ONE)) == 7
    assert "more than 8 rules and chains in one ruleset" in refused(saved(listed + listed))
    assert "more than 8 rules and chains in one ruleset" in refused(saved(listed + "-N a\n-N b\n-N c\n"))
    assert len(targets(ONE * 7)) == 7
