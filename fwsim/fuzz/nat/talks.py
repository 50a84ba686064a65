"""Conversations through a translating firewall: whoever answers, answers to whom it has heard.

Read first: `Talk`. The generators of `fwsim.fuzz` know two hosts; here the second one's packets are sent by whom the
first one's came to, to whom they seemed to come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from fwsim.capture.crafting import Ip
from fwsim.capture.ends import Ends, ends_of
from fwsim.fuzz import datagrams, ftp, gre, sctp, tcp
from fwsim.fuzz.nat.places import LOCAL, behind, pair
from fwsim.fuzz.nat.speaking import CONTROL, Speaking
from fwsim.fuzz.readdressed import readdressed

Making = Callable[[Random, tuple[str, str]], Iterator[tuple[int, Ip]]]

KINDS: tuple[tuple[float, Making], ...] = (
    (0.36, tcp.conversation),
    (0.22, datagrams.udp),
    (0.08, ftp.conversation),
    (0.13, datagrams.query),
    (0.07, sctp.conversation),
    (0.04, gre.conversation),
    (0.04, datagrams.other),
    (0.03, datagrams.udplite),
    (0.02, datagrams.extended(datagrams.udp)),
    (0.01, datagrams.stray),
)
"""What a conversation is, and how often."""
ASTRAY = 0.03
"""How often an answer is addressed as if nothing were translated."""


@dataclass(frozen=True)
class Spoken:
    """A packet that comes to the firewall, of a conversation or of none."""

    interface: str
    ip: Ip
    talk: Talk | None = None
    opens: bool = True
    """Whether it is of the one who began."""


@dataclass
class Talk:
    """A conversation that was begun behind an interface."""

    begins: str
    packets: Iterator[tuple[int, Ip]]
    heard: dict[tuple[int, int], tuple[Ends, Ends]] = field(default_factory=dict)
    """By the ports of its first side's packets: their ends as they were sent, and as they arrived."""
    control: Speaking = field(default_factory=Speaking)
    """The connection to FTP's port, if it has one."""

    def next(self, chance: Random) -> Spoken | None:
        """Its next packet; None at its end."""
        for side, ip in self.packets:
            if side == 0:
                return Spoken(self.begins, ip, self)
            answer = ip if chance.random() < ASTRAY else self.answered(ip)
            if answer.src not in LOCAL:  # else it would be the firewall's own
                return Spoken(behind(answer.src), answer, self, opens=False)
        return None

    def answered(self, ip: Ip) -> Ip:
        """A packet of the second side as who heard the first would send it; as it is if nobody heard."""
        ends = ends_of(ip.encode())
        if ends is None or not self.heard:
            return ip
        sent, arrived = self.heard.get((ends[3], ends[1])) or latest(self.heard)
        source = arrived[3] if ends[1] == sent[3] else arrived[1] if ends[1] == sent[1] else ends[1]
        target = arrived[1] if ends[3] == sent[1] else ends[3]
        moved = readdressed(ip, (arrived[2], source, arrived[0], target))
        return self.control.say(moved, ip.src, arrived[2]) if ends[1] == CONTROL else moved

    def learn(self, ip: Ip, left: bytes) -> None:
        """Remember how a packet of the first side arrived, by its first bytes."""
        data = ip.encode()
        sent, arrived = ends_of(data), ends_of(left)
        if sent is not None and arrived is not None:
            self.heard[sent[1], sent[3]] = sent, arrived
            if sent[3] == CONTROL:
                self.control.hear(data, left)


def latest(heard: dict[tuple[int, int], tuple[Ends, Ends]]) -> tuple[Ends, Ends]:
    """What was heard last."""
    return next(reversed(heard.values()))


def talk(chance: Random) -> Talk:
    """A conversation of some kind."""
    begins, ends = pair(chance)
    (making,) = chance.choices([kind for _, kind in KINDS], [share for share, _ in KINDS])
    return Talk(begins, making(chance, ends))
