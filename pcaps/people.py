"""What people and machines at the office do with their network, conversation by conversation.

Read first: `tests.playbook`. The stacks are Linux's: timestamps, SACK, window scaling, a delayed ACK for every other
segment. Times are those at the firewall: near hosts answer within a millisecond, far ones after a round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pcaps.payloads import Dice, answer, ntp, question, tls_record
from tests.playbook import Playbook, Tcp
from tests.playbook_stage import ORIGINAL, REPLY, Sent, behind

NEAR = 0.0004
"""Seconds that a host of ours takes to answer."""

SEGMENT = 1448
"""Bytes in a full segment: 1500, less the headers and the timestamp option."""

RESOLVER, RESOLVER6 = "198.51.100.53", "2001:db8:53::53"
TIME_SERVER = "203.0.113.123"

Incident = Callable[["Morning", Tcp], object]
"""Something that happens within a conversation; it returns OVER if the conversation has ended by it."""

OVER = "over"


class Morning(Playbook):
    """The script of the whole morning; `dice` decide what people do, the same every time."""

    def __init__(self) -> None:
        """Eight o'clock; nobody is there yet."""
        super().__init__(step_ns=170_000)
        self.dice = Dice(20260302)
        self.copies = True
        self.port = 33_000

    def fresh_port(self) -> int:
        """A client port that has not been used before."""
        self.port += 1 + self.dice.below(3)
        return self.port

    def far(self, address: str) -> float:
        """The round trip to a host, in seconds: always about the same for the same host."""
        return NEAR if behind(address) != "wan" else 0.008 + sum(address.encode()) % 23 / 1000

    def connect(self, client: str, server: str, port: int, **settings: Any) -> Tcp:
        """Shake hands."""
        ends = [f"[{host}]:{number}" for host, number in ((client, self.fresh_port()), (server, port))]
        ttl = (64 if behind(client) != "wan" else 53, 64 if behind(server) != "wan" else 54)
        isn = (self.dice.below(1 << 31) * 2, self.dice.below(1 << 31) * 2 + 1)
        mss = 1440 if ":" in client else 1460
        linux = {"wscale": (7, 9), "sack_ok": True, "timestamps": True, "win": (502, 128), "mss": mss}
        talk = self.tcp(*ends, isn=isn, ttl=ttl, **{**linux, **settings})
        talk.original("S")
        self.after(self.far(server))
        talk.reply("SA")
        self.after(self.far(client))
        talk.original("A")
        return talk

    def look_up(self, client: str, name: str, address: str) -> None:
        """Ask the resolver for a name."""
        server = RESOLVER6 if ":" in client else RESOLVER
        talk = self.udp(f"[{client}]:{self.fresh_port()}", f"[{server}]:53", ttl=(64, 57))
        number = self.dice.below(65536)
        talk.original(question(name, number, 28 if ":" in address else 1))
        self.after(self.far(server))
        talk.reply(answer(name, address, number))
        self.after(NEAR)

    def transfer(
        self, talk: Tcp, side: int, sizes: Sequence[int], *, before: Sequence[int] = (), behind: Sequence[int] = ()
    ) -> None:
        """Send segments of these sizes from one side; the other acknowledges every second one.

        The numbers in `before` and `behind` get lost on their way to the firewall or beyond it. Three duplicate
        acknowledgements, with SACK, bring such a segment again; if it was among the last, the sender's timer does.
        """
        sender = talk.ends[side]
        hole: tuple[int, int] | None = None
        duplicates = unacknowledged = 0
        for number, size in enumerate(sizes):
            start = sender.next
            last = number == len(sizes) - 1
            self.say(talk, side, "PA" if last else "A", tls_record(size), lost=number in before)
            if hole is not None:
                self.say(talk, 1 - side, "A", ack=hole[0], sack=((hole[0] + hole[1], sender.next),))
                duplicates += 1
            elif number in before or number in behind:
                hole = (start, size)
            else:
                unacknowledged += 1
            if hole is not None and (duplicates == 3 or last):
                self.after(0.012 if duplicates == 3 else 0.21)
                self.say(talk, side, "A", tls_record(hole[1]), seq=hole[0])
                hole, duplicates, unacknowledged = None, 0, 2
            if hole is None and (unacknowledged == 2 or last):
                self.say(talk, 1 - side, "A")
                unacknowledged = 0

    def say(self, talk: Tcp, side: int, flags: str, data: int | bytes = 0, **words: Any) -> Sent:
        """Send a segment from a side."""
        return (talk.original if side == ORIGINAL else talk.reply)(flags, data, **words)

    def hang_up(self, talk: Tcp, first: int, **words: Any) -> None:
        """Close in three segments, as most do."""
        self.say(talk, first, "FA", **words)
        self.after(self.far(talk.ends[1 - first].address))
        self.say(talk, 1 - first, "FA", **words)
        self.after(self.far(talk.ends[first].address))
        self.say(talk, first, "A", **words)

    def page(self, size: int) -> list[int]:
        """The segments of an answer of about this size."""
        return [SEGMENT] * (size // SEGMENT) + [120 + self.dice.below(1200)]

    def browse(
        self, client: str, server: str, *, port: int = 443, requests: int = 1, incident: Incident | None = None
    ) -> Tcp:
        """Visit a web site: hellos, then requests and answers; something may happen before it ends."""
        talk = self.connect(client, server, port)
        far, near = self.far(server), self.far(client)
        segment = SEGMENT - 20 if ":" in client else SEGMENT
        if port == 443:
            talk.original("PA", tls_record(517))
            self.after(far)
            self.transfer(talk, REPLY, [segment, 900 + self.dice.below(500)])
            self.after(near)
            talk.original("PA", tls_record(80))
        for _ in range(requests):
            self.after(self.dice.between(0.02, 1.5))
            talk.original("PA", tls_record(250 + self.dice.below(500)))
            self.after(far)
            self.transfer(talk, REPLY, [min(size, segment) for size in self.page(self.dice.below(7000))])
            self.after(near)
        if incident is None or incident(self, talk) is not OVER:
            self.part(talk)
        return talk

    def part(self, talk: Tcp) -> None:
        """End a visit in one of the usual ways."""
        way = self.dice.below(10)
        self.after(self.dice.between(0.1, 4))
        if way < 6:
            self.hang_up(talk, ORIGINAL)
        elif way < 8:
            self.hang_up(talk, REPLY)
        elif way < 9:
            talk.original("RA")

    def mail(self, client: str, server: str, size: int) -> None:
        """Deliver a message (RFC 5321)."""
        talk = self.connect(client, server, 25)
        far = self.far(server)
        lines = ("EHLO mail.example.org", "MAIL FROM:<anna@example.org>", "RCPT TO:<bob@example.net>", "DATA")
        talk.reply("PA", b"220 mail.example.net ESMTP\r\n")
        talk.original("A")
        for line in lines:
            talk.original("PA", line.encode() + b"\r\n")
            self.after(far)
            talk.reply("PA", b"354 go ahead\r\n" if line == "DATA" else b"250 ok\r\n")
        self.transfer(talk, ORIGINAL, self.page(size))
        self.after(far)
        talk.reply("PA", b"250 queued\r\n")
        talk.original("PA", b"QUIT\r\n")
        self.after(far)
        talk.reply("PA", b"221 bye\r\n")
        self.hang_up(talk, ORIGINAL)

    def shell(self, client: str, server: str, lines: int) -> Tcp:
        """Work on a machine over ssh: a banner, keys, then keystrokes with pauses, and now and then a sign of life."""
        talk = self.connect(client, server, 22)
        far = self.far(server)
        talk.original("PA", b"SSH-2.0-OpenSSH_9.6\r\n")
        self.after(far)
        talk.reply("PA", b"SSH-2.0-OpenSSH_9.6\r\n")
        for size in (1448, 48, 208):
            talk.original("PA", size)
            self.after(far)
            talk.reply("PA", size)
        talk.original("A")
        for _ in range(lines):
            self.after(self.dice.between(0.5, 40))
            talk.original("PA", 36)
            self.after(far)
            talk.reply("PA", 36 + 16 * self.dice.below(40))
            self.after(0.04)
            talk.original("A")
            if self.dice.below(6) == 0:
                self.after(75)  # a TCP keep-alive: one byte back, answered by an ACK (RFC 9293 §3.8.4)
                talk.reply("A", seq=talk.ends[1].next - 1)
                talk.original("A")
        return talk

    def set_clock(self, client: str) -> None:
        """Ask the time, from port 123 to port 123."""
        talk = self.udp(f"{client}:123", f"{TIME_SERVER}:123", tos=0xB8, ttl=(64, 55))
        now = self.now_ns // 1_000_000_000
        talk.original(ntp(3, now))
        self.after(self.far(TIME_SERVER))
        talk.reply(ntp(4, now))

    def probe(self, client: str, server: str, count: int, *, every: float = 1.0) -> None:
        """Ping a host this many times."""
        talk = self.ping(client, server, ident=1 + self.dice.below(65_000), ttl=(64, 54))
        for number in range(count):
            if number:
                self.after(every)
            talk.original()
            self.after(self.far(server))
            talk.reply()

    def trace(self, client: str, server: str, hops: int) -> None:
        """Trace the route to a host (UDP to ports from 33434 on). The firewall, the first hop, keeps silent."""
        source = self.fresh_port()
        for number in range(hops * 2):
            hop = 1 + number // 2
            talk = self.udp(f"{client}:{source}", f"{server}:{33434 + number}", ttl=(hop, 54), dont_fragment=False)
            talk.original(32, copied=hop > 1)
            self.after(0.006 + 0.004 * hop)
            if hop == hops:
                talk.error(3, 3, source=server, ttl=54, quoted=40)
            elif hop > 1:
                talk.error(11, 0, source=f"198.51.100.{hop}", ttl=64 - hop, quoted=8)
