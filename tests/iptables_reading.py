"""Short texts of iptables, read: the steps of a rule, or why it is refused."""

from __future__ import annotations

from fwsim.errors import RulesetError
from fwsim.importing.iptables import combined, read_iptables
from fwsim.netfilter.model import Netfilter, NetfilterRule
from fwsim.netfilter.steps import Match, Step, Unknown, Verdict

CHAINS = {"filter": "FORWARD", "nat": "PREROUTING", "raw": "PREROUTING", "mangle": "FORWARD", "security": "FORWARD"}


def saved(rules: str, table: str = "filter") -> str:
    """Lines as the body of a table of iptables-save."""
    return f"*{table}\n{rules}\nCOMMIT\n"


def text_of(rule: str, table: str = "filter", chain: str | None = None) -> str:
    """A table with a chain `user` and one rule."""
    return saved(f":user - [0:0]\n-A {chain or CHAINS[table]} {rule}", table)


def rules_of(text: str, chain: str, family: int | None = None) -> list[NetfilterRule]:
    """The rules of a chain of the first table that has it."""
    netfilter = read_iptables(text, "rules.v4", family)
    return list(next(table.chains[chain] for table in netfilter.tables if chain in table.chains).rules)


def steps(rule: str, table: str = "filter", chain: str | None = None, family: int = 4) -> list[Step]:
    """The steps of one rule, without its target if that is ACCEPT."""
    (only,) = rules_of(text_of(rule, table, chain), chain or CHAINS[table], family)
    last = only.steps[-1] if only.steps else None
    end = isinstance(last, Verdict) and last.kind == "accept"
    return list(only.steps[:-1] if end else only.steps)


def asked(rule: str, family: int = 4) -> Match:
    """The last match of a rule of the table filter."""
    match = steps(f"{rule} -j ACCEPT", family=family)[-1]
    assert isinstance(match, Match)
    return match


def unknown(rule: str, table: str = "filter", chain: str | None = None, family: int = 4) -> Unknown:
    """The only step of a rule, which is not simulated."""
    (step,) = (one for one in steps(f"{rule} -j ACCEPT", table, chain, family) if isinstance(one, Unknown))
    return step


def refused(text: str, family: int | None = None) -> str:
    """Why a text is refused, with its place."""
    try:
        read_iptables(text, "rules.v4", family)
    except RulesetError as error:
        return "\n".join(str(problem) for problem in error.problems)
    raise AssertionError(f"taken: {text}")


def refused_rule(rule: str, table: str = "filter", chain: str | None = None, family: int = 4) -> str:
    """Why a rule is refused."""
    return refused(text_of(rule, table, chain), family)


def with_sets(sets: str, rule: str, table: str = "filter", family: int = 4) -> Netfilter:
    """A rule and the sets that it names."""
    return combined([("sets", sets), ("rules.v4", text_of(rule, table))], family)
