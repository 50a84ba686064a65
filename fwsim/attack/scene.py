"""What a family of attacks is given to work with: the ground, and of its victims only what the attacker knows.

Read first: `Scene` and `View`. A family never sees a victim's state itself; `View` gives what `--knows` allows, lets
the attacker guess what may be guessed, and refuses the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from random import Random

from fwsim.attack.conversation import ANSWERER, OPENER, Conversation, Moment
from fwsim.attack.link import Sighting
from fwsim.attack.model import Knowledge, Order
from fwsim.attack.survey import Question, Survey
from fwsim.attack.wire import is_v6
from fwsim.errors import UsageError

SECOND = 1_000_000_000
Follow = Callable[[Collection[int]], dict[int, Conversation]]
"""Gives conversations with all their moments, by their numbers."""
STRANGERS = (
    *(f"198.51.100.{number}" for number in range(66, 255)),
    *(f"203.0.113.{number}" for number in range(66, 255)),
    *(f"2001:db8:bad::{number:x}" for number in range(0x66, 0x166)),
)
"""Addresses of attackers: those kept for documentation (RFC 5737, RFC 3849)."""
ODD_PORTS = (32768, 60999)
"""From where hosts take the ports of connections that they open (Linux's `ip_local_port_range`)."""


@dataclass(frozen=True)
class State:
    """What somebody on the path knows of a target.

    The next number that it expects, the oldest of its own that is not acknowledged, the next that it will send, and
    the window that its peer offered last (as in the header).
    """

    expects: int
    unacknowledged: int
    sends: int
    win: int


class View:
    """A victim through the attacker's eyes, who poses as `peer` before `target`. `start` is when to attack (ns)."""

    def __init__(
        self, conversation: Conversation, side: int, start: int, knows: Knowledge, dice: Random, service: int
    ) -> None:
        """Attack the end of number `side`."""
        ends = conversation.ends
        self.number = conversation.number
        self.peer, self.target = ends[1 - side].address, ends[side].address
        seen = ends[1 - side].sighting
        assert seen is not None
        self.seen: Sighting = seen
        self.back = ends[side].sighting or seen
        self.start = start
        self._conversation, self._side = conversation, side
        self._knows, self._dice, self._service = knows, dice, service

    def ports(self) -> tuple[int, int]:
        """The ports of peer and target: the true ones, or a guess at the one that is not a service's."""
        if self._knows >= Knowledge.PORTS:
            ends = self._conversation.ends
            return ends[1 - self._side].port, ends[self._side].port
        guess = self._dice.randint(*ODD_PORTS)
        return (self._service, guess) if self._side == 0 else (guess, self._service)

    def state(self, ts: int) -> State:
        """What the target's state is at a time: for an attacker on the path."""
        if self._knows < Knowledge.SEQUENCE:
            raise ValueError("an attacker who does not know the sequence numbers asked for them")
        moment: Moment | None = self._conversation.at(ts)
        assert moment is not None
        host = moment.hosts[self._side]
        return State(host.rcv_nxt, host.snd_una, host.snd_nxt, moment.wins[1 - self._side])


@dataclass(frozen=True)
class Ask:
    """A DNS question through the attacker's eyes, who poses as the server.

    `name` is known in any case: the attacker made somebody ask for it (RFC 5452 §2). Times in ns; `until` is when the
    true answer comes.
    """

    number: int
    server: str
    asker: str
    name: str
    start: int
    until: int
    seen: Sighting
    port: int | None
    """The asker's, if it is known."""
    ident: int | None


class Scene:
    """The ground, what was ordered, and a source of chance; families ask it for victims, addresses and times."""

    def __init__(self, order: Order, survey: Survey, chance: str, follow: Follow) -> None:
        """`chance` is what dice are drawn from; `follow` gives conversations with their moments, by their numbers."""
        self.order, self.survey = order, survey
        self.style, self.knows = order.style.name, order.knows
        self.dice = Random(chance)
        self.followed: dict[int, Conversation] = {}
        self._follow = follow

    def number(self, name: str) -> int:
        """A number among the options."""
        return int(self.order.options[name])

    def text(self, name: str) -> str:
        """A text among the options."""
        return str(self.order.options[name])

    @property
    def step(self) -> int:
        """The time from one packet to the next (ns), by the option `rate`."""
        return SECOND // max(1, self.number("rate"))

    @property
    def begin(self) -> int:
        """When attacks begin that have no victim to wait for: a third of the way through the capture."""
        return self.survey.first + (self.survey.last - self.survey.first) // 3

    def any32(self) -> int:
        """Any number of 32 bits."""
        return self.dice.getrandbits(32)

    def stranger(self, *, v6: bool = False) -> str:
        """An address outside that nobody on the ground has."""
        survey = self.survey
        known = survey.outside_hosts
        for address in STRANGERS:
            if is_v6(address) == v6 and address not in known and not survey.is_inside(address):
                return address
        raise UsageError("every address for attackers is taken or lies inside: expected other networks inside")

    def hosts(self, count: int, *, v6: bool | None = None) -> list[str]:
        """Some hosts inside, of one family if it is told; those that answer on a port first."""
        found = [host for host in self.survey.inside_hosts if v6 is None or is_v6(host) == v6]
        serving = {address for address, _ in self.survey.listeners}
        found.sort(key=lambda host: host not in serving)
        if not found:
            raise UsageError(f"{self.order.family.name}: no host inside was seen: expected --interface NAME=CIDR")
        return found[:count]

    def caller(self) -> str:
        """The host inside that opens most connections to the outside."""
        survey = self.survey
        openers = Counter(
            conversation.ends[OPENER].address
            for conversation in survey.conversations
            if survey.is_inside(conversation.ends[OPENER].address)
            and not survey.is_inside(conversation.ends[ANSWERER].address)
        )
        return max(openers, key=lambda address: openers[address]) if openers else self.hosts(1)[0]

    @property
    def entry(self) -> Sighting:
        """The way by which most come in from outside."""
        ways = self.survey.entries
        if not ways:
            raise UsageError(f"{self.order.family.name}: no packet came from outside: expected --interface NAME=CIDR")
        return max(ways, key=lambda way: ways[way])

    def exit(self, host: str) -> Sighting:
        """The way by which packets of a host inside come."""
        return self.survey.inside_hosts.get(host) or self.entry

    def connections(self) -> Iterator[View]:
        """Open connections to attack, each at a quiet moment."""
        found = [c for c in self.survey.conversations if c.opened and c.quiet and self._side_of(c) is not None]
        whole = [c for c in found if c.whole] or found
        yield from self._views(whole, lambda c: self.dice.choice(c.quiet), "open connection")

    def closed(self) -> Iterator[View]:
        """Connections that were closed in order, a second afterwards.

        Best are those whose end inside is in TIME-WAIT and was called, then those where it is in TIME-WAIT at all.
        """
        found = [c for c in self.survey.conversations if c.closed and self._side_of(c) is not None]
        waiting = [c for c in found if c.first_to_finish == self._side_of(c)]
        called = [c for c in waiting if self._side_of(c) == ANSWERER]
        yield from self._views(
            called or waiting or found, lambda c: c.last + SECOND, "connection that was closed in order"
        )

    def _views(self, found: Sequence[Conversation], start: Callable[[Conversation], int], what: str) -> Iterator[View]:
        """Some of the conversations, followed."""
        if not found:
            raise UsageError(f"{self.order.family.name}: there is no {what} to attack")
        chosen = sorted(self.dice.sample(found, min(self.number("victims"), len(found))), key=lambda c: c.number)
        starts = {c.number: start(c) for c in chosen}
        self.followed = self._follow({c.number for c in chosen})
        for number, conversation in self.followed.items():
            side = self._side_of(conversation)
            assert side is not None
            service = int(self.order.options.get("service", 443))
            yield View(conversation, side, starts[number], self.knows, self.dice, service)

    def _side_of(self, conversation: Conversation) -> int | None:
        """Which end is attacked: the one inside if one of them is, else the opener; None if its peer was never seen."""
        inside = [self.survey.is_inside(end.address) for end in conversation.ends]
        side = 1 if inside == [False, True] else 0
        return side if conversation.ends[1 - side].sighting is not None else None

    def questions(self) -> Iterator[Ask]:
        """DNS questions that were answered."""
        found = [(n, q) for n, q in enumerate(self.survey.questions) if q.answered > q.asked and q.sighting is not None]
        if not found:
            raise UsageError(f"{self.order.family.name}: there is no DNS question with an answer to forge")
        chosen = sorted(self.dice.sample(range(len(found)), min(self.number("victims"), len(found))))
        for index in chosen:
            yield self._ask(*found[index])

    def _ask(self, number: int, question: Question) -> Ask:
        """A question as the attacker knows it."""
        port = question.ports[0] if self.knows >= Knowledge.PORTS else None
        ident = question.ident if self.knows >= Knowledge.SEQUENCE else None
        assert question.sighting is not None
        asked, answered = question.asked, question.answered
        return Ask(
            number, question.server, question.asker, question.name, asked, answered, question.sighting, port, ident
        )


def address_in(dice: Random, network: str) -> str:
    """Any address of a network."""
    found = ip_network(network)
    return str(found[dice.randrange(found.num_addresses)])
