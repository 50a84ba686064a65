"""Random scenes and small rulesets for the laws in `properties/`.

Read first: `scenes`, which says what a scene is. Conversations are grown from the playbook's vocabulary: most of what
is drawn fits together, so that connections come about, and some of it does not, so that they are disturbed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from fwsim.ruleset import Ruleset
from tests.playbook_simulator import BROKEN, KNOWN, NEW, UNTRACKED
from tests.scenes import ERRORS, OFFICE, PEOPLE, SECOND, Cast, Json, Scene, Step, Talk

LONG_GAPS = (SECOND, 10 * SECOND, 30 * SECOND - 1, 30 * SECOND, 60 * SECOND, 120 * SECOND, 500_000 * SECOND)
GAPS = (*(1_000_000,) * 14, 0, 40_000, *LONG_GAPS)
"""Mostly a millisecond; sometimes so long that one timeout or the other runs out, to the nanosecond."""
BACKWARDS = (-1, -2_000_000, -11 * SECOND)
"""Captures are not always in order of time."""

DISTANCES = (0, 0, -1, 1, -100, 1460, 30_000, 65_535, 70_000, 1 << 20, -(1 << 20), (1 << 31) - 1, 1 << 31)
"""How far a sequence or acknowledgement number may be off."""
NEAR = (0, 0, 0, -1, 1, -100, 1460)
WINDOWS = (64_240, 502, 0, 1, 65_535)
BOGUS = ("", "F", "SF", "SR", "FPU", "SFRPAU", "P", "SAF", "U")
ISNS = (0x1F2E3D4C, 0xFFFFFFFF, 0xFFFFFF00, 0x7FFFFFF0, 0)

SEGMENTS: tuple[tuple[str, Json], ...] = (
    ("PA", {"data": (1, 120, 1460)}),
    ("PA", {"data": (120, 1460)}),
    ("A", {}),
    ("A", {"win": WINDOWS}),
    ("PA", {"data": (120,), "lost": (True,)}),
    ("PA", {"data": (120, 1460), "seq": DISTANCES}),
    ("A", {"seq": NEAR, "ack": DISTANCES}),
    ("A", {"sack": (((100, 1560),), ((-500, -100), (1460, 2920)), ((1 << 20, (1 << 20) + 1),))}),
    ("FA", {}),
    ("FA", {"seq": NEAR, "ack": NEAR}),
    ("R", {"seq": DISTANCES}),
    ("RA", {"seq": DISTANCES, "ack": NEAR}),
    ("S", {"seq": DISTANCES}),
    ("SA", {"seq": NEAR, "ack": NEAR}),
    ("bogus", {"seq": NEAR}),
    ("A", {"bad_checksum": (True,)}),
    ("A", {"offset": (4, 15)}),
    ("PA", {"data": (120,), "cut": (50, 60)}),
)
"""Flags, and of which choices the other words are drawn."""

OPENINGS: tuple[tuple[tuple[int, str], ...], ...] = (
    ((0, "S"), (1, "SA"), (0, "A")),
    ((0, "S"), (1, "SA"), (0, "A")),
    ((0, "S"), (1, "SA")),
    ((0, "S"), (1, "RA")),
    ((0, "S"),),
    ((0, "S"), (1, "S"), (0, "SA"), (1, "SA")),
    ((1, "SA"),),
    (),
)
"""How a TCP conversation begins: in order, refused, unanswered, on both sides at once, or in mid-stream."""
CLOSING = ((0, "FA"), (1, "A"), (1, "FA"), (0, "A"))

Draw = st.DrawFn


def flags_step(side: int, flags: str) -> Step:
    """An ordinary segment; a SYN has number 0 whatever came before."""
    return Step(side, {"flags": flags})


def gaps(draw: Draw, orderly: bool) -> int:
    """The time before a step."""
    gap: int = draw(st.sampled_from(GAPS if orderly else GAPS + BACKWARDS))
    return gap


@st.composite
def segments(draw: Draw, orderly: bool) -> Step:
    """Any segment."""
    flags, choices = draw(st.sampled_from(SEGMENTS))
    words = {name: draw(st.sampled_from(values)) for name, values in choices.items()}
    words["flags"] = draw(st.sampled_from(BOGUS)) if flags == "bogus" else flags
    return Step(draw(st.integers(0, 1)), words, gap=gaps(draw, orderly))


@st.composite
def errors(draw: Draw, orderly: bool) -> Step:
    """An ICMP error by somebody on the way."""
    words = {
        "kind": draw(st.integers(0, len(ERRORS[4]) - 1)),
        "hops": draw(st.integers(0, 1)),
        "stray": draw(st.integers(0, 4)) == 0,
        "quoted": draw(st.sampled_from((8, 8, 8, 20, 4, 0))),
    }
    return Step(draw(st.integers(0, 1)), words, "error", gap=gaps(draw, orderly))


@st.composite
def tcp_steps(draw: Draw, longest: int, orderly: bool) -> tuple[Step, ...]:
    """A TCP conversation: an opening, then anything; perhaps closed, and perhaps begun anew with the same ports."""
    opening = [flags_step(*word) for word in draw(st.sampled_from(OPENINGS))]
    shortest = draw(st.integers(0, longest // 2))
    anything = segments(orderly) | segments(orderly) | segments(orderly) | errors(orderly)
    steps = opening + draw(st.lists(anything, min_size=shortest, max_size=longest))
    if draw(st.integers(0, 2)) == 0:
        steps += [flags_step(*word) for word in CLOSING]
    if draw(st.integers(0, 3)) == 0:
        steps += [Step(0, {}, "again", gap=gaps(draw, orderly)), *opening]
    return tuple(steps)


@st.composite
def datagram_steps(draw: Draw, kind: str, longest: int, orderly: bool) -> tuple[Step, ...]:
    """Requests and answers over anything else."""
    choices: dict[str, tuple[Any, ...]] = {}
    if kind == "udp":
        choices = {"data": (0, 30, 512), "bad_checksum": (False, False, True), "no_checksum": (False, False, True)}
    elif kind == "ping":
        choices = {"data": (0, 30), "bad_checksum": (False, False, True), "code": (0, 0, 0, 1)}

    elif kind == "sctp":
        choices = {"kinds": CHUNKS, "flags": (0, 0, 0, 1), "vtag": (None, None, None, 0, 9)}

    @st.composite
    def step(draw: Draw) -> Step:
        words = {name: draw(st.sampled_from(values)) for name, values in choices.items()}
        return Step(draw(st.sampled_from((0, 0, 1))), words, gap=gaps(draw, orderly))

    opening = draw(st.sampled_from(ASSOCIATIONS)) if kind == "sctp" else ()
    steps = draw(st.lists(step() | step() | errors(orderly), min_size=1, max_size=longest))
    return (*(Step(side, {"kinds": kinds}) for side, kinds in opening), *steps)


ASSOCIATIONS: tuple[tuple[tuple[int, tuple[str, ...]], ...], ...] = (
    (),
    ((0, ("heartbeat",)), (1, ("heartbeat-ack",))),
    ((0, ("init",)), (1, ("init-ack",)), (0, ("cookie-echo", "data")), (1, ("cookie-ack",))),
)
CHUNKS: tuple[tuple[str | int, ...], ...] = (
    ("data",), ("sack", "data"), ("init",), ("init-ack",), ("cookie-echo",), ("cookie-ack",), ("heartbeat",),
    ("heartbeat-ack",), ("shutdown",), ("shutdown-ack",), ("shutdown-complete",), ("abort",), ("error", 193), (),
    ("heartbeat", "heartbeat"), ("shutdown", "abort"), ("init", "data"),
)  # fmt: skip


PLACES = (
    ("lan", "wan"),
    ("lan", "wan"),
    ("wan", "lan"),
    ("wan", "dmz"),
    ("lan", "dmz"),
    ("lan", "here"),
    ("here", "wan"),
)


@st.composite
def talks(draw: Draw, number: int, *, kinds: tuple[str, ...], longest: int, orderly: bool) -> Talk:
    """One conversation."""
    kind = draw(st.sampled_from(kinds))
    family = draw(st.sampled_from((4, 4, 6)))
    settings: Json = {}
    if kind == "tcp":
        scales = st.sampled_from((None, 0, 7, 14))
        settings = {
            "isn": (draw(st.sampled_from(ISNS)), draw(st.sampled_from(ISNS))),
            "wscale": (draw(scales), draw(scales)),
            "sack_ok": draw(st.booleans()),
            "timestamps": draw(st.booleans()),
        }
    elif kind == "ping" and draw(st.integers(0, 3)) == 0:
        settings = {"kind": draw(st.sampled_from((13, 17, 0, 30) if family == 4 else (139, 129, 135, 200)))}
    script = tcp_steps(longest, orderly) if kind == "tcp" else datagram_steps(kind, longest, orderly)
    port = draw(st.sampled_from((443, 22, 53)))
    return Talk(kind, family, draw(st.sampled_from(PLACES)), number, port, draw(script), settings)


KINDS = ("tcp", "tcp", "tcp", "udp", "ping", "generic", "sctp")


@st.composite
def scenes(
    draw: Draw, *, most: int = 3, longest: int = 12, kinds: tuple[str, ...] = KINDS, orderly: bool = False
) -> Scene:
    """Up to `most` conversations at the same time; `orderly` ones have frames in order of their times."""
    assert most <= PEOPLE
    count = draw(st.integers(1, most))
    chosen = tuple(draw(talks(n, kinds=kinds, longest=longest, orderly=orderly)) for n in range(count))
    if count == 1:
        return Scene(chosen)
    return Scene(chosen, tuple(draw(st.lists(st.integers(0, count - 1), max_size=4 * longest))))


# --- rulesets --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """A small ruleset in which hosts are named by who they are: {"src": ("lan", 0)}; `family` tells which address.

    Of rules with the same name all but the first get a number as well.
    """

    rules: tuple[Json, ...]
    conntrack: tuple[tuple[str, Any], ...] = ()
    last: str = "drop"
    replies: str = "ack-or-rst"

    def written(self, cast: Cast = OFFICE) -> Json:
        """The ruleset as a person writes it, with this cast's addresses."""
        return {
            "interfaces": cast.interfaces(),
            "conntrack": dict(self.conntrack),
            "stateless": {"replies": self.replies},
            "policy": self.last,
            "rules": [addressed(rule, cast) for rule in named_once(self.rules)],
        }

    def ruleset(self, cast: Cast = OFFICE) -> Ruleset:
        return Ruleset.model_validate(self.written(cast))


def named_once(rules: tuple[Json, ...]) -> list[Json]:
    """The rules, their names made different."""
    names = [rule.get("name") for rule in rules]
    return [rule if names.index(name) == place else {**rule, "name": f"{name} {place}"}
            for place, (rule, name) in enumerate(zip(rules, names, strict=True))]  # fmt: skip


def addressed(rule: Json, cast: Cast) -> Json:
    """A rule with addresses instead of people."""
    hosts = {name: cast.address(rule[name], 6 if rule["family"] == "ipv6" else 4) for name in HOSTS if name in rule}
    return {**rule, **hosts}


HOSTS = ("src", "dst")

BASES: tuple[tuple[Json, ...], ...] = (
    (KNOWN, BROKEN, UNTRACKED, NEW),
    (KNOWN, BROKEN, UNTRACKED, {**NEW, "iif": "lan"}),
    (KNOWN, {"name": "web", "proto": "tcp", "dport": [443, 22], "ct_state": "new", "verdict": "accept"}),
    ({"name": "lan out", "iif": "lan", "verdict": "accept"}, {"name": "acks", "proto": "tcp", "tcp_flags": "ack",
     "verdict": "accept"}),
    ({**KNOWN, "ct_state": ["established", "related", "untracked"]}, {**NEW, "iif": ["lan", "dmz"]}),
)  # fmt: skip

EXTRAS: tuple[Json, ...] = (
    {"name": "not him", "family": "ipv4", "src": ("lan", 0), "verdict": "drop"},
    {"name": "not her", "family": "ipv6", "dst": ("wan", 0), "verdict": "reject"},
    {"name": "server", "family": "ipv4", "dst": ("dmz", 0), "proto": "tcp", "dport": 443, "verdict": "accept"},
    {"name": "no resets", "proto": "tcp", "tcp_flags": "rst", "verdict": "drop"},
    {"name": "assured", "ct_status": "assured", "verdict": "accept"},
    {"name": "answers", "ct_direction": "reply", "ct_state": "established", "verdict": "accept"},
    {"name": "marking", "ct_state": "new", "set_ct_mark": 1, "verdict": "continue"},
    {"name": "marked", "ct_mark": 1, "verdict": "accept"},
    {"name": "large", "length": "1000-1500", "verdict": "drop"},
    {"name": "quiet", "proto": "udp", "notrack": True, "verdict": "continue"},
)
LIMITED: Json = {"name": "slowly", "ct_state": "new", "limit": {"rate": "1/second", "burst": 2}, "verdict": "accept"}
SETTINGS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("tcp_loose", (True, True, False)),
    ("tcp_be_liberal", (False, False, False, True)),
    ("tcp_ignore_invalid_rst", (False, False, True)),
    ("checksum", (True, True, False)),
)


@st.composite
def tracking_settings(draw: Draw) -> tuple[tuple[str, Any], ...]:
    """What may be set of connection tracking."""
    return tuple((name, draw(st.sampled_from(values))) for name, values in SETTINGS)


@st.composite
def policies(draw: Draw, *, limits: bool = True, extras: int = 2) -> Policy:
    """A usual policy with a few unusual rules ahead of it, and settings of connection tracking."""
    ahead = draw(st.lists(st.sampled_from(EXTRAS + ((LIMITED,) if limits else ())), max_size=extras, unique_by=repr))
    settings = draw(tracking_settings())
    replies = draw(st.sampled_from(("ack-or-rst", "any", "never")))
    rules = (*ahead, *draw(st.sampled_from(BASES)))
    return Policy(rules, settings, draw(st.sampled_from(("drop", "drop", "accept"))), replies)


def plain_policy(name: str, **conntrack: Any) -> Policy:
    """The policies of the playbook, by name: `open` and `edge`; further words are settings of connection tracking."""
    return Policy(BASES[("open", "edge").index(name)], tuple(conntrack.items()))
