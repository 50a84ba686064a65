"""What must fit together in a file of expectations.

Read first: `model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fwsim.expectations.expected import Conflict, expected_of
from fwsim.expectations.lines import LineMistake, Spoken, read_line
from fwsim.ruleset.mistakes import Mistakes, Path, mistake, seen
from fwsim.terms import Direction

if TYPE_CHECKING:
    from fwsim.expectations.model import Case, Expectations, Step

SUBJECTS = ("packet", "conversation", "select")
NOTHING = "nothing is expected: expected a verdict, or 'stateless' and 'stateful'"


class MisplacedLine(LineMistake):
    """A mistake at an offset in a line that stands at a path."""

    def __init__(self, offset: int, message: str, path: Path) -> None:
        """Where and what."""
        super().__init__(offset, message)
        self.found = ((path, message),)


def check_case(case: Case) -> None:
    """Refuse a case that is about nothing, about several things, or expects nothing."""
    subjects = [key for key in SUBJECTS if getattr(case, key) is not None]
    if len(subjects) != 1:
        found = f"found {' and '.join(map(seen, subjects))}" if subjects else "found none of them"
        raise mistake(f"a case needs one of 'packet', 'conversation' and 'select', {found}")
    for key in ("capture", "count"):
        if getattr(case, key) is not None and case.select is None:
            raise mistake(f"{seen(key)} belongs to a case with 'select'", key)
    if case.time is not None and case.select is not None:
        raise mistake("a capture has times of its own", "time")
    expected = _expected(case, ())
    if case.packet is not None:
        alone = _Talk()
        alone.say(case.packet, ("packet",))
        if not expected:
            raise mistake(NOTHING)
    elif case.conversation is not None:
        _check_conversation(case, case.conversation)
    elif not expected and case.count is None:
        raise mistake(f"{NOTHING}, or 'count'")


def _expected(case: Case, path: Path) -> bool:
    """Whether a case expects anything of packets; refuses what contradicts itself."""
    try:
        return bool(expected_of(case))
    except Conflict as conflict:
        raise mistake(str(conflict), *path, conflict.key) from None


def _check_conversation(case: Case, steps: tuple[Step, ...]) -> None:
    """Refuse a conversation that ends without an expectation, and steps out of place."""
    inherited = expected_of(case)
    talk = _Talk()
    expects = False
    for number, step in enumerate(steps):
        path: Path = ("conversation", number)
        if (step.packet is None) == (step.connection is None):
            raise mistake("a step needs one of 'packet' and 'connection'", *path)
        try:
            expected = expected_of(step, inherited)
        except Conflict as conflict:
            raise mistake(str(conflict), *path, conflict.key) from None
        _check_times(step, path)
        if step.packet is not None:
            talk.say(step.packet, (*path, "packet"))
            if step.packet.lost and expected_of(step):
                raise mistake("a packet that is lost before the firewall gets no verdict", *path)
            expects = bool(expected) and not step.packet.lost
        else:
            if talk.proto is None:
                raise mistake("nobody has spoken yet: expected a packet before it", *path)
            expects = True
            if expected_of(step):
                raise mistake("a look at the connection has no verdict: expected 'packet' with it", *path)
    if not expects:
        raise mistake("the conversation ends without an expectation of its last packet", "conversation")


def _check_times(step: Step, path: Path) -> None:
    """Refuse times that say nothing."""
    if step.after is not None and step.at is not None:
        raise mistake("'after' (the packet before) and 'at' (since the first) exclude each other", *path, "at")
    if step.packet is None and (step.repeat != 1 or step.every is not None):
        raise mistake("only packets are repeated", *path)
    if step.every is not None and step.repeat == 1:
        raise mistake("'every' belongs to 'repeat'", *path, "every")


class _Talk:
    """Who has spoken so far."""

    def __init__(self) -> None:
        self.proto: int | None = None
        self.opened: Spoken | None = None
        self.spoken: set[Direction] = set()

    def say(self, line: Spoken, path: Path) -> None:
        """Refuse a line that goes on with nothing, or whose words are not those of the protocol."""
        if line.is_error:
            direction = Direction.ORIGINAL if line.about is None else line.about
            if isinstance(direction, Direction) and direction not in self.spoken:
                at = line.text.find("about") if line.about is not None else len(line.text)
                raise MisplacedLine(at, "there is no such packet before it that it could be about", path)
            return
        if line.ends is None:
            if self.proto is None:
                raise MisplacedLine(0, "nobody has spoken yet: expected a packet with its ends", path)
            self._check_words(line, path)
            self.spoken |= set(Direction) if line.whole else {line.direction}
            return
        back = self.opened is not None and self.opened.ends == line.ends[::-1] and self.proto == line.proto
        if not back and (self.opened is None or self.opened.ends != line.ends or self.proto != line.proto):
            self.opened, self.proto, self.spoken = line, line.proto, set()
        self.spoken |= set(Direction) if line.whole else {Direction.REPLY if back else Direction.ORIGINAL}

    def _check_words(self, line: Spoken, path: Path) -> None:
        """Read a line again, now that its protocol is known."""
        try:
            read_line(line.text, self.proto)
        except LineMistake as wrong:
            raise MisplacedLine(wrong.offset, str(wrong), path) from None


def check_file(file: Expectations) -> None:
    """Refuse two cases of one name, and selections without a capture."""
    found: list[tuple[Path, str]] = []
    named: dict[str, int] = {}
    for number, case in enumerate(file.cases):
        if case.name is not None and case.name in named:
            line = file.cases[named[case.name]].location.line
            found.append((("cases", number, "name"), f"the name {seen(case.name)} is repeated, line {line} has it too"))
        elif case.name is not None:
            named[case.name] = number
        if case.select is not None and case.capture is None and file.capture is None:
            found.append(
                (("cases", number, "select"), "nothing to select from: expected 'capture', here or at the top")
            )
    if not file.cases:
        found.append((("cases",), "expected at least one case"))
    if found:
        raise Mistakes(*found)
