"""Reading a ruleset from a file: whose words it is in is told by its content; every mistake with its place.

Read first: `model`, `text`; `imported` for rulesets of nft and iptables. The order of work, of rulesets of our own:
bytes -> text -> located tree -> options laid over it -> models -> cross checks. A tree with mistakes is validated a
second time without its faulty nodes, so that the cross checks have their say too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import IO, Any

from pydantic import ValidationError

from fwsim.errors import Problem, RulesetError
from fwsim.garbage import uncollected

from . import mistakes
from .imported import import_netfilter, ruleset_of
from .located import Document, List, Map, without
from .model import Ruleset
from .options import lay_over
from .problems import MISTAKES_TOLD, problems_of, pruned_paths
from .source import read_text
from .text import UnreadableError, parse_text

MOST_RULES = 1 << 18
"""Each takes a few KB once it is lowered."""

OF_RULESETS = {"rules", "policy", "chains"}
OF_EXPECTATIONS = "cases"
"""What files have that `fwsim test` takes."""

Source = str | PathLike[str] | IO[str] | IO[bytes]


@uncollected()
def load_ruleset(
    source: Source,
    *,
    overrides: Mapping[str, str] | None = None,
    interfaces: Mapping[str, Sequence[str]] | None = None,
    local: Sequence[str] = (),
) -> Ruleset:
    """Read and check a ruleset; `RulesetError` with every mistake if it has any.

    `source` is a path, `-` for standard input, or an open file. `overrides` are dotted keys with YAML values, as
    `--set conntrack.tcp_loose=0` gives them; `interfaces` (name -> networks) and `local` those of the command line.
    """
    path, text = read_text(source)
    document = Document(path, text)
    netfilter = import_netfilter(document)
    if netfilter is not None:
        return ruleset_of(netfilter, overrides=overrides, interfaces=interfaces, local=local)
    try:
        root, place, problems = parse_text(document)
    except UnreadableError as error:
        raise RulesetError([error.problem]) from None
    if not isinstance(root, Map):
        raise RulesetError([Problem(*place, _not_a_mapping(root))])
    if OF_EXPECTATIONS in root and not OF_RULESETS & root.keys():
        raise RulesetError([Problem(path, 0, 0, f"is a file of expectations, expected a ruleset: fwsim test {path}")])
    _bound(root)
    if not OF_RULESETS & root.keys():
        problems.append(Problem(*place, "a ruleset needs 'rules' or 'chains' (or at least a 'policy')"))
    # Interfaces from the command line alone do not oblige a ruleset that declares none to name only these.
    context = {"open_interfaces": not root.get("interfaces")}
    root, more = lay_over(root, overrides or {}, interfaces or {}, local)
    return validated(root, problems + more, context)


def _bound(root: Map) -> None:
    """Refuse more rules than there is memory for."""
    chains = root.get("chains")
    holders = [root, *(chains.values() if isinstance(chains, Map) else ())]
    count = 0
    for rules in (holder.get("rules") for holder in holders if isinstance(holder, Map)):
        if isinstance(rules, List) and count + len(rules) > MOST_RULES:
            raise RulesetError([Problem(*rules.places[MOST_RULES - count], f"more than {MOST_RULES:,} rules")])
        count += len(rules) if isinstance(rules, List) else 0


def validated(root: Map, problems: list[Problem], context: dict[str, Any]) -> Ruleset:
    """The ruleset of a located tree, or all that is wrong with it."""
    try:
        ruleset = Ruleset.model_validate(root, context=context)
    except ValidationError as error:
        problems = problems + problems_of(error, root) + _cross_problems(error, root, context)
    if problems:
        raise RulesetError(_bounded(sorted(set(problems))))
    return ruleset


def _cross_problems(error: ValidationError, root: Map, context: dict[str, Any]) -> list[Problem]:
    """What the cross checks find in what remains without the faulty nodes."""
    paths = pruned_paths(error)
    if not paths:
        return []
    rest = without(root, paths)
    try:
        Ruleset.model_validate(rest, context={**context, "broken": frozenset(paths)})
    except ValidationError as crossed:
        return problems_of(crossed, root)
    return []


def _bounded(problems: list[Problem]) -> list[Problem]:
    """The problems, or the first of very many and how many more there are."""
    if len(problems) <= MISTAKES_TOLD:
        return problems
    last = problems[MISTAKES_TOLD]
    more = f"and {len(problems) - MISTAKES_TOLD} more mistakes from here on"
    return [*problems[:MISTAKES_TOLD], Problem(last.path, last.line, last.column, more)]


def _not_a_mapping(root: object) -> str:
    """The message for a file that is no ruleset at all."""
    found = "nothing" if root is None else mistakes.seen(root)
    return f"expected a ruleset (nft, iptables, or a mapping with 'rules' or 'chains'), found {found}"
