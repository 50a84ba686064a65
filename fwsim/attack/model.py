"""What the attack lab speaks of: families, what an attacker knows, forged packets and what each would do to a host.

Read first: `Family` and `Forged`. Nothing is crafted or judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fwsim.attack.link import Sighting
    from fwsim.attack.scene import Scene


class Knowledge(IntEnum):
    """What an attacker knows of a victim besides its addresses and that it is there; each includes those before it."""

    NOTHING = 0
    PORTS = 1
    SEQUENCE = 2

    @property
    def word(self) -> str:
        """As `--knows` has it."""
        return self.name.lower()


class Effect(StrEnum):
    """What a packet does to the host that it is addressed to."""

    NONE = "none"
    """It is discarded without an answer, or changes nothing."""
    ACK = "ack"
    """It is discarded and answered by an acknowledgement (a duplicate, or a challenge)."""
    RST = "rst"
    """It is answered by a reset; no connection changes."""
    SYN_ACK = "syn-ack"
    """It opens: the answer is a SYN-ACK, and a half-open connection is remembered."""
    OPEN = "open"
    """It completes an opening."""
    RESET = "reset"
    """It ends the connection at once."""
    CLOSE = "close"
    """It ends the sender's half of the connection in order (FIN)."""
    DATA = "data"
    """Its bytes come into the stream, at once or when what is missing before them has come."""
    WINDOW = "window"
    """It changes how much the host may send."""
    MTU = "mtu"
    """It changes the size of the packets that the host sends."""
    ACCEPTED = "accepted"
    """A program takes it for what it asked for."""
    ECHO = "echo"
    """It is answered in kind."""
    WAIT = "wait"
    """A fragment that waits for the others of its datagram."""


@dataclass(frozen=True)
class Intent:
    """What a forged packet would do to the host, if it arrived: to one from before RFC 5961, to one that follows it.

    For ICMP errors, one that follows RFC 5927 is meant; for fragments, one that discards overlaps (RFC 5722).
    """

    before: Effect
    after: Effect


NOTHING_HAPPENS = Intent(Effect.NONE, Effect.NONE)


@dataclass(frozen=True)
class Shot:
    """A packet as a family gives it: when, the IP packet, and where it is seen on its way.

    `victim` is the conversation it aims at, if any, in words; `innocent` a packet that belongs to the attack's story
    but that an ordinary host sends, so that it has no label. `intent` is given only where the packet's own bytes and
    the state of the victim do not tell it.
    """

    ts: int
    packet: bytes
    seen: Sighting
    victim: int = -1
    innocent: bool = False
    intent: Intent | None = None


@dataclass(frozen=True)
class Forged:
    """A packet of an attack: its IP bytes, time (ns since the epoch), where it is seen, and what it is.

    `number` counts the attacks of a family, from 1; `victim` is the conversation it aims at, or empty. An `innocent`
    packet is no forgery: it is what an ordinary host answers, and has no label.
    """

    packet: bytes
    ts: int
    seen: Sighting
    family: str
    style: str
    number: int
    knows: Knowledge
    victim: str
    intent: Intent
    innocent: bool = False


@dataclass(frozen=True)
class Option:
    """An option of a family: a number within bounds, or a text; `choices` are the words that it may be."""

    name: str
    default: int | str
    what: str
    low: int = 0
    high: int = 1 << 32
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Style:
    """One way of doing it: its name, what the attacker must know for it, and what it is.

    `evidence` is given where it leaves other words than its family does, or none.
    """

    name: str
    needs: Knowledge
    what: str
    evidence: tuple[str, ...] | None = None


ONLY = Style("plain", Knowledge.NOTHING, "the only way")


@dataclass(frozen=True)
class Family:
    """A kind of attack: its name, a sentence, where it is described, its options, and what crafts its packets.

    `evidence` are the words for evidence that its packets should leave, none if it has none by nature. The first of
    `styles` is the one that is taken if none is named.
    """

    name: str
    sentence: str
    source: str
    forge: Callable[[Scene], Iterator[Shot]]
    styles: tuple[Style, ...] = (ONLY,)
    options: tuple[Option, ...] = ()
    evidence: tuple[str, ...] = ()
    aims_at: str = "hosts"
    """`hosts`, `connections` (open ones of TCP), `closed` ones, or `questions` (of DNS)."""
    flawless: Knowledge | None = None
    """For who knows so much, its packets are like honest ones: there is no evidence by nature."""

    def style(self, name: str | None) -> Style | None:
        """The style of this name, the first if none is named; None if there is none."""
        if name is None:
            return self.styles[0]
        return next((style for style in self.styles if style.name == name), None)


@dataclass(frozen=True)
class Order:
    """What is to be done: a family in a style, with options, by an attacker who knows so much."""

    family: Family
    style: Style
    knows: Knowledge
    options: dict[str, int | str] = field(default_factory=dict)
