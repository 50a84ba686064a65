"""What the two processes say to each other: the one that asks, and the one in the namespace.

Read first: `fwsim.kernel.process` (who asks) and `fwsim.kernel.worker` (who answers). Plain data that can be pickled;
nothing heavy is imported here, for the worker reads this before it has entered its namespace.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple


class RouteKind(IntEnum):
    """What is done with packets to a network (`rtm_type`, rtnetlink(7))."""

    FORWARD = 0
    LOCAL = 2
    BROADCAST = 3
    REFUSE = 6
    """Discarded without a word."""


@dataclass(frozen=True)
class Route:
    """A network as text, and the number of the device behind which it lies, or which has that LOCAL address."""

    network: str
    device: int
    kind: RouteKind = RouteKind.FORWARD

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.network else 4


@dataclass(frozen=True)
class Load:
    """A text of somebody else's rules, and the program that is to load it as it stands.

    `tool` is `nft`, `nft-json`, `iptables-save`, `iptables` (a script, a command in each line) or `ipset`. `family` is
    that of iptables, 4 or 6. `table` is the one that a listing without `-t` is about. `files` are those that the
    text includes, by their path beside it.
    """

    tool: str
    name: str
    text: str
    family: int = 4
    table: str = "filter"
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Plan:
    """The firewall that the worker is to build.

    `devices` are the names of its TAP devices by number, the last one being the end mark's. `rules` are nft texts, to
    be loaded one after the other; `sysctls` are set behind them, because conntrack's appear with its first use.
    `watching` are nft commands, one in each line, that stand before and around `loads`, the rules of somebody else.
    """

    devices: tuple[str, ...]
    routes: tuple[Route, ...]
    rules: tuple[str, ...]
    sysctls: tuple[tuple[str, int], ...]
    log_invalid: bool
    watching: tuple[str, ...] = ()
    loads: tuple[Load, ...] = ()
    translates: bool = False
    """Whether the rules translate addresses, so that packets are wanted as they left."""


class Way(IntEnum):
    """How a packet gets into the kernel."""

    RECEIVED = 0
    """As a frame on a device."""
    SENT = 1
    """From a raw socket, as the firewall's own."""


class Injection(NamedTuple):
    """One packet to be played: its number (from 1), its way, its device (-1: as routed), its bytes.

    The bytes of a RECEIVED one begin with the EtherType, those of a SENT one with the IP header. `at` is its time in
    ns, for playing in real time. `detour` is the device that its destination is to be reached by, if not by that of
    the routes (else -1).
    """

    number: int
    way: Way
    device: int
    data: bytes
    at: int
    detour: int = -1


class Heard(NamedTuple):
    """One log message about a packet: its number, the hook, and the prefix, which says who wrote it."""

    number: int
    hook: int
    prefix: str


@dataclass
class Play:
    """A request to play packets. `real_time`: how many times faster than the capture, or 0 for at once."""

    injections: list[Injection]
    real_time: float = 0.0
    with_connections: bool = False


@dataclass
class Connection:
    """An entry of the kernel's table; a tuple is (source, destination, protocol, source id, destination id)."""

    original: tuple[str, str, int, int, int]
    reply: tuple[str, str, int, int, int]
    status: int
    timeout: int
    """Whole seconds left."""
    tcp_state: int
    """-1 if it is none of TCP."""
    mark: int


@dataclass
class Played:
    """The answer.

    `invalid` says by number why conntrack called a packet invalid, in the kernel's words; `failed` which ones could not
    be injected; `connections` holds the table behind each packet, if asked for. `left` are the first bytes of packets
    that came through, as they left, where addresses are translated.
    """

    heard: list[Heard] = field(default_factory=list)
    invalid: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    connections: dict[int, list[Connection]] = field(default_factory=dict)
    left: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Refused:
    """The worker could not do it; the words are for the user. `kernel`: the kernel forbade it (exit status 3)."""

    what: str
    kernel: bool
