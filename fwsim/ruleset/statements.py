"""What a rule does: its verdict, what a reject answers; and a chain's hooks and priority.

Read first: `values`, `words`.
"""

from __future__ import annotations

import re

from fwsim.terms import Hook, RejectWith, Verdict

from . import words
from .elements import SET_NAME, integer
from .mistakes import Mistakes, mistake, seen, unknown
from .values import Action

PRIORITY = re.compile(r"(?P<name>[a-z]+)(?:\s*(?P<sign>[+-])\s*(?P<offset>\d{1,9}))?", re.ASCII)
WANTED_VERDICT = "a verdict: accept, drop, reject, jump CHAIN, goto CHAIN, return or continue"


def parse_action(raw: object) -> Action:
    """A verdict: `accept`, `drop`, `reject`, `return`, `continue`, or `jump CHAIN`, `goto CHAIN`."""
    if isinstance(raw, Action):
        return raw
    if not isinstance(raw, str):
        raise mistake(f"expected {WANTED_VERDICT}, found {seen(raw)}")
    kind, _, target = raw.strip().partition(" ")
    target = target.strip()
    if kind not in words.VERDICTS:
        raise mistake(unknown("verdict", kind, words.VERDICTS))
    if kind not in words.JUMPS:
        return _without_target(kind, target, raw)
    if not SET_NAME.fullmatch(target):
        raise mistake(f"expected the name of a chain behind {kind!r}, found {seen(target or None)}")
    return Action(kind, target)


def _without_target(kind: str, rest: str, raw: str) -> Action:
    """A verdict that stands alone."""
    if not rest:
        return Action(kind)
    hint = ", what it answers belongs to 'reject_with'" if kind == "reject" else ""
    raise mistake(f"expected {kind!r} alone, found {seen(raw)}{hint}")


def parse_policy(raw: object) -> Verdict:
    """The policy of a base chain: `accept` or `drop`."""
    if isinstance(raw, Verdict) and raw in (Verdict.ACCEPT, Verdict.DROP):
        return raw
    known = {"accept": Verdict.ACCEPT, "drop": Verdict.DROP}
    if isinstance(raw, str) and raw in known:
        return known[raw]
    if raw == "reject":
        raise mistake("a policy is accept or drop, found 'reject' (write a last rule with verdict: reject)")
    raise mistake(f"expected the policy accept or drop, found {seen(raw)}")


def parse_reject_with(raw: object) -> RejectWith:
    """What a reject answers, in nft's words: `tcp-reset`, `icmpx-admin-prohibited` (or with a blank) ..."""
    if isinstance(raw, RejectWith):
        return raw
    if not isinstance(raw, str):
        raise mistake(f"expected a kind of reject such as tcp-reset or icmpx-port-unreachable, found {seen(raw)}")
    word = re.sub(r"[\s_]+", "-", raw.strip().lower())
    if word not in words.REJECT_KINDS:
        raise mistake(unknown("kind of reject", raw, words.REJECT_KINDS))
    return RejectWith(words.REJECT_KINDS[word])


def parse_hooks(raw: object) -> tuple[Hook, ...]:
    """The hook of a chain, or several of them, at each of which the whole chain is walked."""
    items = list(raw) if isinstance(raw, (list, tuple)) else [raw]
    if not items:
        raise mistake(f"expected a hook ({', '.join(words.HOOKS)}), found an empty list")
    found = []
    result = []
    for position, item in enumerate(items):
        path = (position,) if isinstance(raw, (list, tuple)) else ()
        hook = _hook(item)
        if hook is None:
            found.append((path, unknown("hook", item if isinstance(item, str) else seen(item), words.HOOKS)))
        elif hook in result:
            found.append((path, f"hook {seen(item)} is named twice"))
        else:
            result.append(hook)
    if found:
        raise Mistakes(*found)
    return tuple(result)


def _hook(item: object) -> Hook | None:
    """A hook by its name."""
    if isinstance(item, Hook):
        return item
    return Hook(words.HOOKS[item]) if isinstance(item, str) and item in words.HOOKS else None


def parse_priority(raw: object) -> int:
    """The priority of a base chain: a number or nft's name for one, with an offset if needed (`filter + 10`)."""
    number = raw if type(raw) is int else integer(raw) if isinstance(raw, str) else None
    if number is None and isinstance(raw, str):
        number = _named_priority(raw.strip())
    if number is None:
        raise mistake(f"expected a priority: a number or {', '.join(words.PRIORITIES)}, found {seen(raw)}")
    if not -(1 << 31) <= number < 1 << 31:
        raise mistake(f"expected a priority of 32 bits, found {seen(raw)}")
    return number


def _named_priority(text: str) -> int | None:
    """A named priority with its offset, or None."""
    found = PRIORITY.fullmatch(text)
    if found is None:
        return None
    if found["name"] not in words.PRIORITIES:
        raise mistake(unknown("priority", found["name"], words.PRIORITIES))
    offset = int(found["offset"] or 0)
    return words.PRIORITIES[found["name"]] + (-offset if found["sign"] == "-" else offset)


def parse_label(raw: object) -> str:
    """The name of a chain or set, as rules refer to it."""
    if isinstance(raw, str) and SET_NAME.fullmatch(raw):
        return raw
    raise mistake(f"expected a name of letters, digits and '_.-/', found {seen(raw)}")
