"""How an expression of `-Y` can go on.

Read first: the grammar in `fwsim.selection`, which is not loaded here: TAB should not wait for NumPy. Of what is typed
only the last test matters. What cannot be read gets no candidates; the command itself says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fwsim.cli.completing.fields import PREFIXES, Kind, kinds

_TOKEN = re.compile(r"""==|!=|<=|>=|<|>|&&|\|\||[!(){},]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s(){},&|!=<>"']+|\S""")
_LAST = re.compile(r"""[^\s(){},&|!=<>"']*\Z""")
JOINTS = ("and", "or")


@dataclass(frozen=True)
class Continuation:
    """The whole expression, gone on with by a word; `unfinished` if it cannot end there."""

    text: str
    unfinished: bool


@dataclass
class Place:
    """What may stand next (`test`, `operator`, `value`, `list` of values, `joint`), and the field that it is about."""

    expected: str = "test"
    field: str = ""
    operator: str = ""

    def read(self, token: str) -> None:
        """Go on behind a token."""
        if self.expected == "test":
            if token not in ("(", "!", "not"):
                self.expected, self.field = "operator", token
        elif self.expected == "value":
            self.expected = "list" if token == "{" else "joint"
        elif self.expected == "list":
            self.expected = "joint" if token == "}" else "list"
        elif token in ("and", "or", "&&", "||"):
            self.expected = "test"
        elif self.expected == "operator" and token != ")":
            self.expected, self.operator = "value", token
        else:
            self.expected = "joint"


def continued(text: str, *, both: bool, quoted: bool) -> list[Continuation]:
    """How it can go on: with `both` modes, what is decided begins with one; without quotes, nothing has a space."""
    found = _LAST.search(text)
    assert found is not None  # it may be empty
    kept, last = text[: found.start()], found.group()
    place = Place()
    for token in _TOKEN.findall(kept):
        place.read(token)
    known = kinds(both=both)
    if place.expected == "test":
        words = _tests(last, known, quoted=quoted)
    elif place.expected in ("value", "list"):
        kind = known.get(place.field)
        words = [(word, False) for word in kind.words if word.startswith(last)] if kind else []
    else:
        words = _operators(place, known, last)
    return [Continuation(kept + word, unfinished) for word, unfinished in words]


def _tests(last: str, known: dict[str, Kind], *, quoted: bool) -> list[tuple[str, bool]]:
    """Fields; of the many that begin with a mode, first the mode; of a single one, its operators."""
    short: Iterable[str] = known
    if "." not in last:
        short = dict.fromkeys(_folded(name) for name in known)
    matching = [name for name in short if name.startswith(last)]
    if matching != [name for name in matching if name in known] or len(matching) > 1:
        return [(name, True) for name in matching]
    if not quoted:
        return [(f"{name}==", True) for name in matching]
    return [(f"{name} {operator} ", True) for name in matching for operator in known[name].operators]


def _folded(name: str) -> str:
    """A field, or the mode that it is of."""
    return next((prefix for prefix in PREFIXES if name.startswith(prefix)), name)


def _operators(place: Place, known: dict[str, Kind], last: str) -> list[tuple[str, bool]]:
    """What compares, if a field stands before it, and what joins tests."""
    kind = known.get(place.field) if place.expected == "operator" else None
    words = (*(kind.operators if kind else ()), *JOINTS)
    return [(f"{word} ", True) for word in words if word.startswith(last)]
