"""Names of rules and chains in a file of expectations: those that its ruleset does not have are mistakes.

Read first: `model`; `fwsim.naming.RuleNames`. Where an option puts another ruleset to the test, which may have renamed
its rules, names are compared only when a case is run.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.errors import Problem
from fwsim.expectations.facts import NONE
from fwsim.expectations.model import Expectations, Expecting
from fwsim.expectations.reading import placed
from fwsim.naming import Naming, RuleNames
from fwsim.ruleset.mistakes import Path, listed, nearest, seen
from fwsim.simulator import MODES

POLICY = "policy"


def unknown_names(file: Expectations, naming: Naming) -> list[Problem]:
    """The rules and chains that cases name and no ruleset has; of several alternatives one must be there."""
    rules = [names for mode, names in naming.rules.items() if mode in MODES]
    known = {"rule": known_rules(rules), "chain": known_chains(rules)}
    found = []
    for path, said in sayings(file):
        for what, names in known.items():
            wanted: tuple[str, ...] = getattr(said, what, None) or ()
            if wanted and names.isdisjoint(wanted):
                told = _complaint(what, wanted[0], names, rules)
                found.append(placed(file, (*path, what), told))
    return found


def known_rules(rules: list[RuleNames]) -> set[str]:
    """What the rule of a decision can be called."""
    return {POLICY, NONE} | {str(names.rule(number)) for names in rules for number in range(len(names.rules))}


def known_chains(rules: list[RuleNames]) -> set[str]:
    """What its chain can be called: of nft and iptables also without its table."""
    whole = {chain.name for names in rules for chain in names.chains}
    return {NONE} | whole | {name.split()[-1] for name in whole if name}


def sayings(file: Expectations) -> Iterator[tuple[Path, Expecting]]:
    """All that something is expected in, with where it stands: cases, their steps, and modes of both."""
    for number, case in enumerate(file.cases):
        steps = enumerate(case.conversation or ())
        within: list[tuple[Path, Expecting]] = [(("cases", number), case)]
        within += [(("cases", number, "conversation", at), step) for at, step in steps]
        for path, said in within:
            yield path, said
            yield from (((*path, mode), facts) for mode in MODES if (facts := getattr(said, mode)) is not None)


def _complaint(what: str, name: str, known: set[str], rules: list[RuleNames]) -> str:
    """That nothing is called so, and what may have been meant."""
    told = f"no {what} is called {seen(name)}"
    if what == "rule" and name.isdigit():
        titles = [one.name for names in rules for one in names.rules if str(one.position) == name and one.name]
        return f"{told}: expected {seen(titles[0])}, as that rule has a name" if titles else f"{told}, by its place"
    meant = nearest(name, sorted(known))
    return f"{told}, " + (f"did you mean {seen(meant)}?" if meant is not None else f"expected {listed(sorted(known))}")
