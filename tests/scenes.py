"""Scenes: conversations written down so that they can be performed again, a little differently.

Read first: `playbook_talk`, then `Scene` and `perform` here. A scene tells who talks to whom, in steps that name
sequence numbers by their distance from the next one in order. The same scene can be performed elsewhere (other
addresses), later, or with other initial sequence numbers, which is what the laws in `properties/` are about.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tests.playbook import Playbook
from tests.playbook_capture import OUTBOUND, Frame
from tests.playbook_sctp import Sctp
from tests.playbook_stage import START_NS
from tests.playbook_talk import Conversation, Ping, Raw, Tcp, Udp

Json = dict[str, Any]
Who = tuple[str, int]
"""A person: the place where they live, and which of those there."""

SECOND = 1_000_000_000
PEOPLE = 4
"""How many live at each place. A conversation has the number of the people in it, so no two are about one tuple."""


@dataclass(frozen=True)
class Cast:
    """Who plays: the networks behind each interface, and the addresses of the people (and of the firewall, `here`)."""

    networks: dict[str, list[str]]
    people: dict[tuple[str, int], tuple[str, ...]]

    def address(self, who: Who, family: int) -> str:
        return self.people[who[0], family][who[1] % len(self.people[who[0], family])]

    def interfaces(self) -> Json:
        declared: Json = {name: {"networks": networks} for name, networks in self.networks.items()}
        declared["lan"]["addresses"] = [self.address(("here", 0), family) for family in (4, 6)]
        return declared


OFFICE = Cast(
    {"lan": ["10.1.0.0/16", "fd00:1::/64"], "dmz": ["192.0.2.0/28", "fd00:2::/64"], "wan": ["any"]},
    {
        ("lan", 4): ("10.1.0.23", "10.1.0.24", "10.1.7.7", "10.1.255.3"),
        ("lan", 6): ("fd00:1::23", "fd00:1::24", "fd00:1::ffff:ffff", "fd00:1::8000:0"),
        ("dmz", 4): ("192.0.2.2", "192.0.2.3"),
        ("dmz", 6): ("fd00:2::2", "fd00:2::3"),
        ("wan", 4): ("203.0.113.80", "198.51.100.66", "203.0.113.81", "198.51.100.67"),
        ("wan", 6): ("2001:db8::80", "2001:db8:1::66", "2001:db8::81", "2001:db8:ffff::67"),
        ("here", 4): ("10.1.0.1",),
        ("here", 6): ("fd00:1::1",),
    },
)
BRANCH = Cast(
    {"lan": ["172.20.0.0/14", "fd77:b:c::/56"], "dmz": ["151.101.4.0/24", "2a04:4e42::/48"], "wan": ["any"]},
    {
        ("lan", 4): ("172.21.9.200", "172.20.0.3", "172.23.255.1", "172.22.128.128"),
        ("lan", 6): ("fd77:b:c::1:1", "fd77:b:c:1::1", "fd77:b:c::9", "fd77:b:c:ff::ffff"),
        ("dmz", 4): ("151.101.4.254", "151.101.4.7"),
        ("dmz", 6): ("2a04:4e42::cafe", "2a04:4e42::7"),
        ("wan", 4): ("8.8.4.4", "93.184.216.34", "200.1.2.3", "1.1.1.1"),
        ("wan", 6): ("2600:1f18::1", "2a00:1450:4001::200e", "2600:1f18::", "2620:fe::fe"),
        ("here", 4): ("172.20.0.1",),
        ("here", 6): ("fd77:b:c::1",),
    },
)
"""The same people elsewhere, in another order and in networks of other sizes."""

ERRORS = {4: ((3, 3), (11, 0), (5, 1), (4, 0)), 6: ((1, 4), (3, 0), (2, 0), (4, 1))}
"""Types and codes of ICMP errors; the third are a redirect and Packet Too Big."""


@dataclass(frozen=True)
class Step:
    """One packet of a conversation, from its opener (`side` 0) or the other end (1), `gap` ns after the packet before.

    `verb` is `say`, `error` (by a router on the way, about the last packet of `side`) or `again` (no packet: the ports
    are used anew). Of `words`, `seq`, `ack` and `sack` are distances from the next number in order.
    """

    side: int
    words: Json
    verb: str = "say"
    gap: int = 1_000_000


@dataclass(frozen=True)
class Talk:
    """One conversation. `number` makes it unlike all others of a scene."""

    kind: str
    family: int
    places: tuple[str, str]
    number: int
    port: int
    steps: tuple[Step, ...]
    settings: Json = field(default_factory=dict)

    def begin(self, play: Playbook, cast: Cast, shifts: tuple[int, int]) -> Conversation:
        """The conversation on a stage, with initial sequence numbers moved by `shifts`."""
        opener, other = (cast.address((place, self.number), self.family) for place in self.places)
        if self.kind == "ping":
            return Ping(play, opener, other, ident=self.number + 1, **self.settings)
        if self.kind == "generic":
            return Conversation(play, 50 if self.port == 22 else 89, opener, other)
        ends = [f"[{a}]:{p}" if self.family == 6 else f"{a}:{p}" for a, p in ((opener, 40000), (other, self.port))]
        if self.kind == "udp":
            return Udp(play, ends[0], ends[1])
        if self.kind == "sctp":
            return Sctp(play, ends[0], ends[1])
        settings = dict(self.settings)
        isn = tuple((number + shift) & 0xFFFFFFFF for number, shift in zip(settings.pop("isn"), shifts, strict=True))
        return Tcp(play, ends[0], ends[1], isn=isn, **settings)


@dataclass(frozen=True)
class Scene:
    """Conversations, and whose turn it is each time (once done, it is that of the first that is not)."""

    talks: tuple[Talk, ...]
    turns: tuple[int, ...] = ()

    def script(self) -> list[tuple[int, Step]]:
        """The steps of all conversations in the order in which they happen."""
        waiting = [list(talk.steps) for talk in self.talks]
        script = []
        for turn in self.turns:
            if waiting[turn]:
                script.append((turn, waiting[turn].pop(0)))
        return script + [(number, step) for number, steps in enumerate(waiting) for step in steps]


@dataclass(frozen=True)
class Taken:
    """A captured frame, and the number of the conversation that it belongs to."""

    talk: int
    frame: Frame


def perform(
    scene: Scene, cast: Cast = OFFICE, *, start_ns: int = START_NS, shifts: tuple[int, int] = (0, 0)
) -> list[Taken]:
    """Play a scene and capture it on all of the firewall's interfaces."""
    play = Playbook(start_ns=start_ns)
    talks = [talk.begin(play, cast, shifts) for talk in scene.talks]
    taken: list[Taken] = []
    for number, step in scene.script():
        play.now_ns = max(play.now_ns + step.gap, start_ns)
        play.moved = True
        take_step(play, scene.talks[number], talks[number], step, cast)
        direction = OUTBOUND if scene.talks[number].places[step.side] == "here" else 0
        taken += [Taken(number, replace(frame, direction=direction)) for frame in play.frames]
        play.frames.clear()
    return taken


def take_step(play: Playbook, talk: Talk, conversation: Conversation, step: Step, cast: Cast) -> None:
    """Send the packet of one step."""
    place, other = talk.places[step.side], talk.places[1 - step.side]
    words = {"seen": other if place == "here" else place}
    if step.verb == "again":
        assert isinstance(conversation, Tcp)
        conversation.again()
    elif step.verb == "error":
        report(conversation, talk, step, words, cast)
    elif isinstance(conversation, Tcp):
        say_tcp(conversation, step, words)
    else:
        conversation.speak(step.side, step.words.get("data", 0), {**words, **without(step.words, "data")})


def say_tcp(conversation: Tcp, step: Step, words: Json) -> None:
    """Send a segment, distances from the next number turned into relative numbers."""
    sender, receiver = conversation.ends[step.side], conversation.ends[1 - step.side]
    spoken = {**without(step.words, "data"), **words}
    for name, end in (("seq", sender), ("ack", receiver)):
        if name in spoken:
            spoken[name] = end.next + spoken[name]
    if "sack" in spoken:
        spoken["sack"] = tuple((receiver.next + left, receiver.next + right) for left, right in spoken["sack"])
    if "A" not in spoken["flags"]:
        spoken["ack"] = Raw(0)
    conversation.speak(step.side, step.words.get("data", 0), spoken)


def report(conversation: Conversation, talk: Talk, step: Step, words: Json, cast: Cast) -> None:
    """An ICMP error about the last packet of the other side, if it has said something, by its addressee or a router."""
    offender = conversation.last.get(1 - step.side)
    if offender is None:
        return
    router = cast.address((talk.places[step.side], talk.number + step.words["hops"]), talk.family)
    kind, code = ERRORS[talk.family][step.words["kind"]]
    bystander = cast.address((talk.places[1 - step.side], talk.number + 1), talk.family)
    to = bystander if step.words["stray"] else offender.src
    conversation.error(kind, code, about=1 - step.side, source=router, to=to, quoted=step.words["quoted"], **words)


def without(words: Json, *names: str) -> Json:
    return {name: value for name, value in words.items() if name not in names}
