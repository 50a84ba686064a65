"""The scenario language: conversations with expectations between the packets.

A `Playbook` owns a clock and a firewall. Conversations send packets through it in relative numbers, with defaults for
all that is not named; each packet can be `expect`ed to be judged in some way, and its connection looked at in between.
A failed expectation prints the transcript, two lines per packet as tcpdump would write them. Without a firewall a
playbook only writes the script down, to be saved as a capture.

    play.handshake()
    play.reply("R", seq=1_000_000).expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER)
    play.connection.is_(State.ESTABLISHED, assured=True)
    play.after(seconds=1).reply("RA").expect(ACCEPT, state=State.CLOSE)

What can be expected stands in `stage.FACTS`; how packets are described, in `talk`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from fwsim.capture import CaptureWriter
from fwsim.capture.crafting import Ip
from fwsim.errors import UsageError
from fwsim.expectations.lines import LineMistake, read_line
from fwsim.expectations.sctp import Sctp
from fwsim.expectations.speaking import Speaker
from fwsim.expectations.stage import ACCEPT, DROP, ORIGINAL, REPLY, Connection, ExpectationError, Firewall, Sent, Stage
from fwsim.expectations.talk import Conversation, Ping, Raw, Tcp, Udp, icmp_error
from fwsim.terms import CtState, TcpState, Verdict

__all__ = [  # noqa: RUF022  # by kind
    "ACCEPT", "DROP", "REJECT", "ORIGINAL", "REPLY", "NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "State",
    "Conversation", "ExpectationError", "Firewall", "Ip", "Ping", "Playbook", "Raw", "Sctp", "Sent", "Tcp", "Udp",
]  # fmt: skip

NEW, ESTABLISHED, RELATED = CtState.NEW, CtState.ESTABLISHED, CtState.RELATED
INVALID, UNTRACKED = CtState.INVALID, CtState.UNTRACKED
REJECT = Verdict.REJECT
State = TcpState


class Playbook(Stage):
    """A stage with conversations. One TCP conversation is the usual one; others are named as they begin."""

    def __init__(self, firewall: Firewall | None = None, *, family: int = 4, **stage: Any) -> None:
        """Set the stage (`Stage`); `family` is that of the usual ends."""
        super().__init__(firewall, **stage)
        self.family = family
        self.speaker = Speaker(self)
        self._usual: Tcp | None = None

    def packet(self, line: str) -> Sent:
        """Send what a line says (`fwsim.expectations.lines`); of several packets the last is given.

        `play.packet("tcp 198.51.100.7:40000 > 192.0.2.2:443 syn in wan").expect(ACCEPT)`
        """
        __tracebackhide__ = True
        try:
            said = read_line(line)
        except LineMistake as mistake:
            raise UsageError(f"{line!r}, column {mistake.offset + 1}: {mistake}") from None
        *_, last = self.speaker.speak(said)
        return last

    @property
    def usual(self) -> Tcp:
        """The conversation that `handshake`, `original`, `reply`, `close` and `connection` are about."""
        if self._usual is None:
            self._usual = self.tcp()
        return self._usual

    def ends(self, opener: str | None, other: str | None, port: int) -> tuple[str, str]:
        """The ends named, or the usual client and server, with this port of the server (0 for none)."""
        if opener and other:
            return opener, other
        if self.family not in self.ground.ends:
            raise UsageError("a conversation without ends: expected both: '10.1.0.23:40000', '203.0.113.80:443'")
        client, server = self.ground.ends[self.family]
        return opener or (f"{client}:40000" if port else client), other or (f"{server}:{port}" if port else server)

    def tcp(self, opener: str | None = None, other: str | None = None, **settings: Any) -> Tcp:
        """A TCP conversation, from port 40000 to 443 unless said otherwise; the first one is the usual one."""
        conversation = Tcp(self, *self.ends(opener, other, 443), **settings)
        self._usual = self._usual or conversation
        return conversation

    def udp(self, opener: str | None = None, other: str | None = None, **settings: Any) -> Udp:
        """A UDP conversation, from port 40000 to 53 unless said otherwise."""
        return Udp(self, *self.ends(opener, other, 53), **settings)

    def sctp(self, opener: str | None = None, other: str | None = None, **settings: Any) -> Sctp:
        """An SCTP association, from port 40000 to 36412 unless said otherwise; `tags` are those of the two ends."""
        return Sctp(self, *self.ends(opener, other, 36412), **settings)

    def ftp(self, opener: str | None = None, other: str | None = None, **settings: Any) -> Tcp:
        """The control connection of FTP, opened, both sides having said their first line: from port 40000 to 21."""
        control = Tcp(self, *self.ends(opener, other, 21), **settings)
        control.handshake()
        control.reply("PA", b"220 ready\r\n").expect(ACCEPT)
        control.original("PA", b"USER anonymous\r\n").expect(ACCEPT)
        return control

    def ping(self, opener: str | None = None, other: str | None = None, **settings: Any) -> Ping:
        """An ICMP conversation: `ident`, and `kind` for queries other than echo."""
        return Ping(self, *self.ends(opener, other, 0), **settings)

    def generic(self, proto: int, opener: str | None = None, other: str | None = None, **settings: Any) -> Conversation:
        """A conversation over any other protocol."""
        return Conversation(self, proto, *self.ends(opener, other, 0), **settings)

    def icmp_error(self, offender: Ip, kind: int, code: int, *, source: str, to: str, **words: Any) -> Sent:
        """An ICMP error about a packet that belongs to no conversation of this script."""
        return icmp_error(self, None, offender, kind, code, source, to, **words)

    def original(self, flags: str = "A", data: int | bytes = 0, **words: Any) -> Sent:
        """A segment of the usual conversation, from the end that opens."""
        return self.usual.original(flags, data, **words)

    def reply(self, flags: str = "A", data: int | bytes = 0, **words: Any) -> Sent:
        """A segment of the usual conversation, from the other end."""
        return self.usual.reply(flags, data, **words)

    def handshake(self, **words: Any) -> Self:
        """Open the usual conversation."""
        self.usual.handshake(**words)
        return self

    def close(self, **words: Any) -> Self:
        """Close the usual conversation in order."""
        self.usual.close(**words)
        return self

    @property
    def next(self) -> int:
        """The relative sequence number that the other end of the usual conversation would use next."""
        return self.usual.ends[1].next

    @property
    def connection(self) -> Connection:
        """What the firewall remembers of the usual conversation; without one, of that of the last line."""
        if self._usual is None and self.speaker.current is not None:
            return self.speaker.current.connection
        return self.usual.connection

    def save(self, path: Path | str) -> None:
        """Save what was sent as a pcapng capture."""
        with CaptureWriter(str(path)) as writer:
            for frame in self.captured():
                number = writer.interface(frame.interface or None)
                comments = [frame.label] if frame.label else []
                writer.packet(
                    frame.data, frame.at_ns, interface=number, length=frame.length, direction=frame.direction,
                    comments=comments,
                )  # fmt: skip
