"""Lines become packets: who talks to whom is remembered, and what a line does not say is as usual.

Read first: `lines.Spoken`, `talk`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fwsim.capture.crafting import ICMP, SCTP, TCP, UDP, Ip
from fwsim.errors import UsageError
from fwsim.expectations.lines import ECHO, End, Next, Spoken
from fwsim.expectations.sctp import Sctp
from fwsim.expectations.stage import Sent, Stage
from fwsim.expectations.talk import Conversation, Ping, Tcp, Udp, icmp_error
from fwsim.terms import Direction

ORIGINAL, REPLY = Direction.ORIGINAL, Direction.REPLY
Ends = tuple[End, End]
Key = tuple[int, Ends, int]
"""A protocol, the ends in the order in which they opened, and the ICMP id."""

KINDS: dict[int, type[Tcp] | type[Udp] | type[Sctp]] = {TCP: Tcp, UDP: Udp, SCTP: Sctp}
OPENING = ("S", "SA", "A")
CLOSING = ((0, "FA"), (1, "A"), (1, "FA"), (0, "A"))
ASSOCIATION = ("init", "init-ack", "cookie-echo", "cookie-ack")


class Speaker:
    """Speaks lines on a stage."""

    def __init__(self, stage: Stage) -> None:
        """Nothing has been said."""
        self.stage = stage
        self.conversations: dict[Key, Conversation] = {}
        self.current: Conversation | None = None

    def speak(self, line: Spoken) -> Iterator[Sent]:
        """Send what a line says, packet by packet: the next is sent when the one before it has been looked at."""
        if line.is_error:
            yield self._error(line)
            return
        conversation, direction, fresh = self._meant(line)
        self.current = conversation
        if line.anew and isinstance(conversation, Tcp):
            conversation.again()
            fresh = True
        for side, words in self._packets(line, conversation, direction, fresh):
            yield conversation.speak(side, line.number("len", 0), self._words(line, conversation, side) | words)

    def _meant(self, line: Spoken) -> tuple[Conversation, int, bool]:
        """The conversation of a line, the direction in it, and whether it begins."""
        if line.ends is None:
            if self.current is None:
                raise UsageError(f"{line.text}: nobody has spoken yet, expected a packet with its ends")
            return self.current, line.direction, not self.current.last
        assert line.proto is not None
        ident = line.number("ident", 1) if line.proto in ECHO else 0
        there = (line.proto, line.ends, ident)
        if there in self.conversations:
            return self.conversations[there], ORIGINAL, False
        for (proto, _, number), conversation in self.conversations.items():
            way = conversation.way(REPLY)
            back = (End(way.src, way.sport), End(way.dst, way.dport))
            if (proto, back, number) == there:
                return conversation, REPLY, False
        self.conversations[there] = opened = self._open(line, ident)
        return opened, ORIGINAL, True

    def _open(self, line: Spoken, ident: int) -> Conversation:
        """A new conversation."""
        assert line.proto is not None
        assert line.ends is not None
        first, second = (end_text(end) for end in line.ends)
        if line.proto in ECHO:
            kind = ECHO[line.proto] if line.kind is None else line.kind[0]
            return Ping(self.stage, first, second, ident=ident, kind=kind)
        if line.proto in KINDS:
            return KINDS[line.proto](self.stage, first, second)
        return Conversation(self.stage, line.proto, first, second)

    def _packets(
        self, line: Spoken, conversation: Conversation, direction: int, fresh: bool
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """The direction of each packet, and what of it depends on the protocol."""
        if isinstance(conversation, Tcp):
            if line.whole == "close":
                yield from ((direction ^ side, {"flags": flags}) for side, flags in CLOSING)
            elif line.whole:
                yield from ((number % 2, {"flags": flags}) for number, flags in enumerate(OPENING))
            else:
                usual = "S" if fresh else "PA" if line.numbers.get("len") else "A"
                yield direction, {"flags": usual if line.flags is None else line.flags}
        elif isinstance(conversation, Sctp):
            if line.whole:
                yield from ((number % 2, {"kinds": (kind,)}) for number, kind in enumerate(ASSOCIATION))
            else:
                yield direction, {"kinds": line.chunks or (("init",) if fresh else ("data",))}
        elif isinstance(conversation, Ping) and line.kind is not None:
            yield direction, {"kind": line.kind[0], "code": line.kind[1]}
        else:
            yield direction, {}

    def _words(self, line: Spoken, conversation: Conversation, side: int) -> dict[str, Any]:
        """What a line says of each of its packets, as the conversation takes it."""
        words: dict[str, Any] = {"seen": line.interface, "lost": line.lost}
        if line.bad_checksum:
            words |= {"crc": 1} if conversation.proto == SCTP else {"bad_checksum": True}
        for name, number in line.numbers.items():
            if name == "dscp":
                words["tos"] = line.number(name, 0) << 2
            elif name not in ("len", "ident"):
                words[name] = self._absolute(name, number, conversation, side)
        return words

    @staticmethod
    def _absolute(name: str, number: int | Next, conversation: Conversation, side: int) -> int:
        """A number from the beginning of the conversation."""
        if not isinstance(number, Next):
            return number
        return conversation.ends[side if name == "seq" else 1 - side].next + number.plus

    def _error(self, line: Spoken) -> Sent:
        """Send an ICMP error about a packet."""
        assert line.ends is not None
        assert line.kind is not None
        offender, key = self._quoted(line)
        words = self._words(line, Conversation(self.stage, ICMP, "0.0.0.0", "0.0.0.0"), 0)
        words.pop("number", None)
        source, target = line.ends
        return icmp_error(self.stage, key, offender, *line.kind, source.address, target.address, **words)

    def _quoted(self, line: Spoken) -> tuple[Ip, Any]:
        """The packet that an error quotes, and the conversation that it belongs to."""
        if not isinstance(line.about, Spoken):
            direction = ORIGINAL if line.about is None else line.about
            if self.current is None or direction not in self.current.last:
                raise UsageError(f"{line.text}: there is no such packet yet that it could be about")
            return self.current.quoted(direction), self.current.key
        mute = Speaker(Stage(ground=self.stage.ground))
        list(mute.speak(line.about))
        assert mute.current is not None
        key = mute.current.key
        return next(reversed(mute.current.last.values())), key


def end_text(end: End) -> str:
    """An end as conversations take it."""
    if not end.port:
        return end.address
    return f"[{end.address}]:{end.port}" if ":" in end.address else f"{end.address}:{end.port}"
