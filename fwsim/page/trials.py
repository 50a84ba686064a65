"""The rules that each packet of the window was tried against, in both modes; alike ones are kept once.

Read first: `fwsim.explain.chains`, which walks. That packets with other addresses are alike, their addresses and ports
are left out where a rule names them: `dst is {dst}, wants 192.0.2.2`; the page puts in those of its packet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from fwsim.explain import is_blind, is_copy
from fwsim.explain.chains import Line, PolicyAsked, Told, Tried, stateful_walk, stateless_walk
from fwsim.explain.moment import Moment
from fwsim.naming import address_text
from fwsim.page.texts import Records, Texts
from fwsim.simulator import Mode
from fwsim.terms import ABSENT

MOST = 60
"""Lines of one packet that are told, the last among them; of the others is said how many there are."""

LOOKS = 300_000
"""Lines of all packets after which no further walk is told: about a minute."""
LINES = 8_000
"""Different lines, about half a megabyte, after which no other walk is told than those that are known."""
PLACES = 80_000
"""The same of the lines of all different walks."""
NOT_TOLD = "not told here, this page has enough of them: fwsim explain tells"

VALUE = re.compile(r"(?<= is )\S+(?=, wants )")


class Trials:
    """What has been tried so far.

    A line is: the step (`forward`, `as new`, ...), the rule's number (negative: none), its line in the file, how deep
    in jumps, its name, the match that failed or what it says, and the outcome; texts by their numbers.
    """

    def __init__(self, texts: Texts) -> None:
        """None yet."""
        self.texts = texts
        self.lines = Records()
        self.walks: list[tuple[int, ...]] = []
        self.looks = 0
        self._numbers: dict[tuple[Told, ...], int] = {}
        self._places = 0

    def stateful(self, moment: Moment) -> int:
        """The number of the walk in the stateful mode."""
        unseen = (moment.frame["reason"] and moment.entered is None) or is_copy(moment)
        return self._number(() if unseen else stateful_walk(moment), moment)

    def stateless(self, moment: Moment) -> int:
        """The number of the walk, or walks, in the stateless mode."""
        unseen = moment.captured_frame["reason"] or is_blind(moment)
        return self._number(() if unseen else stateless_walk(moment), moment)

    def of(self, mode: Mode, moment: Moment) -> int:
        """The number of the walk in a mode."""
        return self.stateful(moment) if mode == "stateful" else self.stateless(moment)

    def _number(self, told: Iterable[Told], moment: Moment) -> int:
        """The number of the walk that is told."""
        if self.looks > LOOKS:
            return self._number_of_walk((("", NOT_TOLD),))
        lines = list(full(told))
        self.looks += len(lines)
        if len(lines) > MOST:
            left_out = (lines[-1][0], f"({len(lines) - MOST + 1} more; fwsim explain tells them)")
            lines = [*lines[: MOST - 2], left_out, lines[-1]]
        own = own_values(moment.captured_packet)
        walk = tuple((step, without(line, own)) for step, line in lines)
        if walk not in self._numbers and (len(self.lines.all) > LINES or self._places > PLACES):
            walk = (("", NOT_TOLD),)
        return self._number_of_walk(walk)

    def _number_of_walk(self, walk: tuple[Told, ...]) -> int:
        """The number of a walk, which is kept if it is new."""
        found = self._numbers.get(walk)
        if found is None:
            found = self._numbers[walk] = len(self.walks)
            self.walks.append(tuple(self._number_of_line(*line) for line in walk))
            self._places += len(walk)
        return found

    def _number_of_line(self, step: str, line: Line) -> int:
        """The number of a line."""
        return self.lines.number((self.texts.number(step), *self._line(line)))

    def _line(self, line: Line) -> tuple[int, ...]:
        """A line, without its step."""
        number = self.texts.number
        if isinstance(line, Tried):
            named = (number(line.name), number(line.about), number(line.outcome))
            return (line.rule, line.line or 0, line.depth, *named)
        if isinstance(line, PolicyAsked):
            return (ABSENT, 0, 0, number(f"policy of {line.name}"), 0, number(f"-> {line.outcome}"))
        return (ABSENT, 0, 0, 0, number(line.strip()), 0)


def own_values(packet: dict[str, int]) -> dict[str, str]:
    """The addresses and ports of a packet, as they are told, and what stands for them."""
    ports = {str(packet[name]): f"{{{name}}}" for name in ("sport", "dport") if packet[name] >= 0}
    ends = {address_text([packet[f"{end}{word}"] for word in range(4)]): f"{{{end}}}" for end in ("src", "dst")}
    return ports | ends if packet["family"] > 0 else {}


def without(line: Line, own: dict[str, str]) -> Line:
    """A line with what stands for the packet's own values."""
    if not isinstance(line, Tried):
        return line
    return replace(line, about=VALUE.sub(lambda found: own.get(found[0], found[0]), line.about, count=1))


def full(told: Iterable[Told]) -> Iterator[Told]:
    """The same lines, each with the name of its step."""
    last = ""
    for name, line in told:
        last = name or last
        yield last, line
