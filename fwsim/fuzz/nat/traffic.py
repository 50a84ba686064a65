"""Traffic through a translating firewall, as it arrives there: conversations, errors about them, strays.

Read first: `traffic`, and `fwsim.fuzz.nat.talks`. What the firewall makes of a packet only a firewall can say: `Relay`
is one that is asked while the traffic is made. Equal seeds give equal traffic, where it draws no ports.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from fwsim.capture.crafting import Ip
from fwsim.capture.ends import ends_of
from fwsim.fuzz import arrivals
from fwsim.fuzz.errors import error_about
from fwsim.fuzz.nat.places import HOSTS, behind
from fwsim.fuzz.nat.talks import Spoken, Talk, talk
from fwsim.fuzz.options import with_options
from fwsim.fuzz.readdressed import readdressed
from fwsim.fuzz.rules.through import Relay

LIVE = 30
"""How many conversations are under way at a time."""
AT_ONCE = 16
"""How many of them speak before what became of their packets is known to whom they spoke."""
RECENT = 60
"""How many packets back an ICMP error may quote."""
ERRORS, OPTIONS, PIECES = 0.06, 0.01, 0.03
"""The shares of ICMP errors, of packets with options in their IP header, and of those in pieces."""


@dataclass(frozen=True)
class Passed:
    """A packet that came through: by which interface, and as it left by which other."""

    came: Spoken
    left: Ip


def traffic(seed: int | str, count: int, relay: Relay) -> Iterator[tuple[str, bytes]]:
    """At least `count` packets with the interfaces that they arrive on."""
    chance = Random(f"{seed}")
    talks: list[Talk] = []
    recent: deque[Passed] = deque(maxlen=RECENT)
    made = 0
    while made < count:
        spoken = said(chance, talks, recent)
        arrived = [(number, one, piece) for number, one in enumerate(spoken) for piece in pieces(chance, one.ip)]
        batch = [(one.interface, piece) for _, one, piece in arrived]
        for place, left in relay(batch).items():
            note(spoken[arrived[place][0]], left, recent)
        yield from batch
        made += len(batch)


def pieces(chance: Random, ip: Ip) -> list[bytes]:
    """A packet as it arrives."""
    if chance.random() < OPTIONS:
        ip = with_options(chance, ip)
    return [sent.packet for sent in arrivals(chance, 0, ip, PIECES)]


def said(chance: Random, talks: list[Talk], recent: Sequence[Passed]) -> list[Spoken]:
    """What is said at once: a packet of each of some conversations, and errors."""
    talks[:] = talks + [talk(chance) for _ in range(LIVE - len(talks))]
    found: list[Spoken] = []
    for one in chance.sample(talks, AT_ONCE):
        spoken = one.next(chance)
        if spoken is None:
            talks.remove(one)
        else:
            found.append(spoken)
        if recent and chance.random() < ERRORS:
            found.append(error(chance, chance.choice(recent)))
    return found


def error(chance: Random, passed: Passed) -> Spoken:
    """An ICMP error about a packet: from where it went, about what was heard there; or from where it came.

    There it is about the answer, as it would be heard there. Some quote what was never heard where they come from.
    """
    astray = chance.random() < 0.3
    about = passed.came.ip if astray else passed.left
    side, ip = error_about(chance, [(0, about)], strangers(about.family))
    return Spoken(passed.came.interface if side == 0 else behind(passed.left.dst), ip)


def strangers(family: int) -> tuple[str, ...]:
    """Hosts that may report errors, or get them."""
    return tuple(host for hosts in HOSTS[family].values() for host in hosts)


def note(spoken: Spoken, left: bytes, recent: deque[Passed]) -> None:
    """What came of a packet is known to whom it came to."""
    ends = ends_of(left)
    if ends is None:
        return
    if spoken.talk is not None and spoken.opens:
        spoken.talk.learn(spoken.ip, left)
    recent.append(Passed(spoken, readdressed(spoken.ip, ends)))
