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
from fwsim.terms import Proto

LIVE = 30
"""How many conversations are under way at a time."""
AT_ONCE = 16
"""How many of them speak before what became of their packets is known to whom they spoke."""
RECENT = 60
"""How many packets back an ICMP error may quote."""
ERRORS, OPTIONS, PIECES = 0.06, 0.01, 0.03
"""The shares of ICMP errors, of packets with options in their IP header, and of those in pieces."""
SHORTEST = {int(Proto.TCP): 20, int(Proto.UDP): 8, int(Proto.UDPLITE): 8}
"""Bytes of the headers in which rules of iptables look for ports."""
FRAGMENT, AH = 44, 51
EXTENSIONS = (0, 43, FRAGMENT, 60)
"""Headers of IPv6 before that of the transport."""


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
    return [sent.packet for sent in arrivals(chance, 0, ip, PIECES) if is_judged_alike(sent.packet)]


def is_judged_alike(packet: bytes) -> bool:
    """Whether rules are known to see the same of a packet here and in Linux.

    Not of what lies behind an AH of IPv6, and of a TCP or UDP header that is cut short, at which a rule of iptables
    drops it.
    """
    if len(packet) < 40:
        return packet[0] >> 4 == 4 and packet[9] not in SHORTEST
    if packet[0] >> 4 == 4:
        begins, proto, later = (packet[0] & 15) * 4, packet[9], int.from_bytes(packet[6:8], "big") & 0x1FFF
        return bool(later) or len(packet) - begins >= SHORTEST.get(proto, 0)
    begins, proto = 40, packet[6]
    while proto in EXTENSIONS and len(packet) >= begins + 8:
        if proto == FRAGMENT and int.from_bytes(packet[begins + 2 : begins + 4], "big") >> 3:
            return True
        length = 8 if proto == FRAGMENT else (packet[begins + 1] + 1) * 8
        begins, proto = begins + length, packet[begins]
    return proto != AH and len(packet) - begins >= SHORTEST.get(proto, 0)


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
