"""The simulator as a firewall for playbooks and expectations.

Read first: `stage.Firewall`. A frame goes the whole way: decoded, located, tracked, judged, in both modes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from pydantic import ValidationError

from fwsim.capture import Chunk
from fwsim.capture.made import INBOUND, OUTBOUND, Frame, from_frames
from fwsim.errors import Problem, RulesetError
from fwsim.expectations.ground import ground_of
from fwsim.expectations.playbook import Playbook
from fwsim.expectations.stage import Key
from fwsim.expectations.talk import Way
from fwsim.explain import explain
from fwsim.naming import SEVERAL, Naming, address_text
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.ruleset.mistakes import KEY as KEY_ITSELF
from fwsim.ruleset.problems import RULESET, mistakes_in
from fwsim.run_names import naming_of
from fwsim.simulator import Batch, Mode, Simulator
from fwsim.tables import LEFT, RULE_SEVERAL, V6, plain
from fwsim.terms import UNKNOWN_VALUE, Verdict
from fwsim.tracker import connections_listing

KEY = 4711
"""Of the connection table's hash, on which nothing depends; and what is left to chance is the same every time."""


@dataclass
class Judged:
    """A decision as playbooks look at it."""

    verdict: int
    reason: int
    ct_state: int
    ct_direction: int
    tcp_state_before: int
    tcp_state: int
    evidence: int
    rule: str
    chain: str = ""
    reject_with: int = 0
    became: Way | None = None
    """How it left, if the stateful mode has translated it."""


@dataclass
class Entry:
    """A connection as playbooks look at it."""

    state: int
    status: int
    timeout: float


class SimulatedFirewall:
    """A simulator that is told frames and asked for connections. It keeps the frames, to explain what became of one."""

    def __init__(self, simulator: Simulator, mode: Mode = "stateful", *, sure: bool = True) -> None:
        """A firewall with the rules of `simulator`, which has seen nothing; `mode` is the one whose word counts.

        `sure` says whether frames surely came in by the interface that they were seen on.
        """
        self.simulator = simulator.anew()
        self.simulator.topology.take_as_made()
        self.mode: Mode = mode
        self.sure = sure
        self.ground = ground_of(simulator.topology)
        self.frames: list[Frame] = []
        self.batch: Batch | None = None
        """What both modes decided about the last frame, a batch of one row."""

    def decide(self, frame: bytes, at_ns: int, interface: str) -> Judged:
        """Judge one frame, which came in by an interface; without one, which the firewall itself has sent."""
        made = Frame(at_ns, interface, frame, len(frame), direction=self._direction(frame, interface))
        self.frames.append(made)
        self.batch = batch = self.simulator.run(self._located(self.simulator, made, len(self.frames)))
        values = plain(batch.decisions(self.mode)[0])
        decision = self.simulator.decision_of(batch, 0, self.mode)
        return Judged(
            verdict=values["verdict"],
            reason=values["reason"],
            ct_state=max(values["ct_state"], 0),
            ct_direction=values["ct_direction"],
            tcp_state_before=values["tcp_state_before"],
            tcp_state=values["tcp_state"],
            evidence=int(batch.frames[0]["evidence"]),
            rule=decision.rule or (SEVERAL if values["rule"] == RULE_SEVERAL else ""),
            chain=decision.chain or "",
            reject_with=values["reject_with"],
            became=became(batch),
        )

    def _direction(self, frame: bytes, interface: str) -> int:
        """Whether a frame came in or went out; 0 if that is to be found out."""
        if not self.sure:
            return 0
        return OUTBOUND if not interface and self.ground.is_own(source_of(frame)) else INBOUND

    @staticmethod
    def _located(simulator: Simulator, frame: Frame, number: int) -> Chunk:
        """One frame as a chunk of its own."""
        captures = from_frames([frame], first=number)
        (chunk,) = captures
        simulator.topology.locate(captures, chunk)
        return chunk

    @property
    def naming(self) -> Naming:
        """The names of its rules and interfaces."""
        return naming_of(from_frames([]), self.simulator)

    def explained(self, number: int) -> str:
        """Every step that led to the verdicts on a frame, numbered from 1."""
        again = self.simulator.anew()
        for before, frame in enumerate(self.frames[: number - 1], 1):
            again.run(self._located(again, frame, before))
        batch = again.undecided(self._located(again, self.frames[number - 1], number))
        return explain(again, batch, 0, self.naming)

    def connection(self, key: Key, at_ns: int) -> Entry | None:
        """The live connection with this original tuple."""
        self.simulator.stateful.settle()
        wanted = tuple_fields(key)
        for listed in connections_listing(self.simulator.stateful.tracker):
            original = listed["original"]
            if all(original[name] == value for name, value in wanted.items()) and listed["expires"] > at_ns:
                return Entry(listed["state"], listed["status"], (listed["expires"] - at_ns) / 1e9)
        return None


class SimulatedPlaybook(Playbook):
    """A playbook for a simulated firewall, in the surroundings that its ruleset declares."""

    def __init__(
        self, ruleset: Ruleset | Mapping[str, Any] | str, *, mode: Mode = "stateful", family: int = 4, **options: Any
    ) -> None:
        """A ruleset, its path, or a mapping as its file would have it; `options` are those of `Simulator`."""
        if isinstance(ruleset, Mapping):
            ruleset = ruleset_from(ruleset)
        elif not isinstance(ruleset, Ruleset):
            ruleset = load_ruleset(ruleset)
        firewall = SimulatedFirewall(Simulator(ruleset, mode=mode, **{"key": KEY, **options}), mode)
        super().__init__(firewall, family=family, ground=firewall.ground)


def ruleset_from(mapping: Mapping[str, Any]) -> Ruleset:
    """A ruleset that is written in Python; `RulesetError` tells where in it its mistakes are."""
    try:
        return Ruleset.model_validate(mapping)
    except ValidationError as error:
        found = [told for item in error.errors(include_url=False) for told in mistakes_in(item, RULESET)]
    problems = [Problem(".".join(str(step) for step in path if step != KEY_ITSELF), 0, 0, what) for path, what in found]
    raise RulesetError([replace(one, path=one.path or "the ruleset") for one in problems])


def became(batch: Batch) -> Way | None:
    """How the frame of a batch left, if the stateful mode has accepted and translated it."""
    table = batch.departures.get("stateful")
    if table is None or batch.stateful[0]["verdict"] != Verdict.ACCEPT or table[0]["left"] != LEFT:
        return None
    row = plain(table[0])
    if UNKNOWN_VALUE in (row["src0"], row["dst0"], row["sport"], row["dport"], row["icmp_id"]):
        return None
    src, dst = (address_text([row[f"{end}{word}"] for word in range(4)]) for end in ("src", "dst"))
    return Way(src, max(row["sport"], 0), dst, max(row["dport"], 0), max(row["icmp_id"], 0))


def source_of(frame: bytes) -> str:
    """The source address of the IP packet in an Ethernet frame."""
    start = 18 if frame[12:14] == b"\x81\x00" else 14
    six = frame[start] >> 4 == 6
    return str(ip_address(frame[start + 8 : start + 24] if six else frame[start + 12 : start + 16]))


def tuple_fields(key: Key) -> dict[str, int]:
    """An original tuple as fields of TUPLE."""
    proto, src, src_id, dst, dst_id = key
    fields = {"proto": proto, "src_id": src_id, "dst_id": dst_id}
    for end, address in (("src", src), ("dst", dst)):
        fields |= {f"{end}{n}": word for n, word in enumerate(address_words(address))}
    return fields


def address_words(address: str) -> list[int]:
    """An address as four fields (`fwsim.tables`)."""
    number = ip_address(address)
    if number.version == 4:
        return [int(number), 0, 0, 0]
    words = [int(number) >> shift & 0xFFFFFFFF for shift in (96, 64, 32, 0)]
    return [words[0] + V6, *words[1:]]
