"""Random packets with forged sources, and which of them the engine lets through: a search that proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np
import numpy.typing as npt

from fwsim.capture.captures import Captures
from fwsim.capture.model import CaptureFile, Chunk
from fwsim.capture.reader import Run
from fwsim.checking.confirming import Frames, Packet, frame_of
from fwsim.checking.spoofing import Asked, Spoofing
from fwsim.checking.traffic import FLAGS, ICMP_TYPE
from fwsim.engine.link import LINK_ETHERNET
from fwsim.headers.chunks import of_rows
from fwsim.running import StatefulRun, StatelessRun
from fwsim.space.fields import DPORT, DST, PROTO, SPORT, SRC, number_of_words
from fwsim.tables import DECISION, empty
from fwsim.terms import Evidence, Hook, Verdict
from fwsim.uncompiled import flush, loaded, usable

BATCH = 250
SPOOFED = int(Evidence.SPOOFED_SOURCE)
USUAL = {PROTO: (6, 17, 6, 17, 1, 58, 47, 132), SPORT: (40_000, 53), DPORT: (80, 443, 22, 53), FLAGS: (2, 16, 18, 4, 0)}
TYPES = (0, 3, 8, 11, 1, 128, 129, 133, 135, 255)


class Pool:
    """Values that rules speak of, and their neighbours; addresses also of what is declared."""

    def __init__(self, spoofing: Spoofing, dice: Random) -> None:
        self.dice = dice
        self.values: dict[int, list[int]] = {field: list(usual) for field, usual in USUAL.items()}
        for chain in spoofing.model.chains:
            for rule in chain.rules:
                for field, wanted in rule.box.items():
                    for low, high in wanted[:3]:
                        self.values.setdefault(field, []).extend((low, high, low - 1, high + 1))
        places = spoofing.topology.places.boundaries.reshape(-1, 4).tolist()
        numbers = [number_of_words(*words) for words in places]
        ends = [*numbers, *(number + 7 for number in numbers), *(number - 1 for number in numbers), *spoofing.hosts]
        own = [*self.values.get(SRC, ()), *self.values.get(DST, ())]
        self.addresses = {
            4: [number for number in ends + own if 0 <= number < 1 << 32],
            6: [number for number in ends + own if 1 << 128 <= number < 1 << 129],
        }

    def one(self, field: int, low: int, high: int) -> int:
        """A value of a field, now and then any."""
        found = [value for value in self.values.get(field, ()) if low <= value <= high]
        if not found or self.dice.random() < 0.1:
            found = [self.dice.randint(low, high)]
        return int(self.dice.choice(found))

    def address(self, family: int) -> int:
        """An address that something is known of, or any."""
        if self.dice.random() < 0.9:
            return int(self.dice.choice(self.addresses[family]))
        return int(self.dice.getrandbits(32)) if family == 4 else (1 << 128) + int(self.dice.getrandbits(128))

    def packet(self, family: int) -> Packet:
        """Any packet of a family."""
        dice = self.dice
        return {
            "family": family, "proto": self.one(PROTO, 0, 255), "src": self.address(family),
            "dst": self.address(family), "sport": self.one(SPORT, 0, 65_535), "dport": self.one(DPORT, 0, 65_535),
            "tcp_flags": self.one(FLAGS, 0, 255), "icmp_type": dice.choice((*TYPES, self.one(ICMP_TYPE, 0, 255))),
            "icmp_code": dice.choice((0, 0, 1, 3)), "ttl": dice.choice((1, 2, 64, 64, 255)),
            "length": dice.choice((-2, -2, 100, 1_500)), "dscp": dice.choice((0, 0, 46)), "ip_id": 7, "vlan": -1,
        }  # fmt: skip


def gets_through(spoofing: Spoofing, count: int, seed: int = 1) -> dict[Asked, str]:
    """Of `count` random packets for each interface and family what gets through, each with its bytes."""
    found: dict[Asked, str] = {}
    for asked, data, _ in _let_in(spoofing, count, seed):
        found.setdefault(asked, data.hex())
    return found


def letting_in(spoofing: Spoofing, count: int, seed: int = 1) -> dict[Asked, dict[tuple[int, int], str]]:
    """The rules, or policies, that let such packets through, with their chains, each with the bytes of one."""
    found: dict[Asked, dict[tuple[int, int], str]] = {}
    for asked, data, decision in _let_in(spoofing, count, seed):
        found.setdefault(asked, {}).setdefault((decision["rule"], decision["chain"]), data.hex())
    return found


def _let_in(spoofing: Spoofing, count: int, seed: int) -> Iterator[tuple[Asked, bytes, dict[str, int]]]:
    """What gets through, with what was decided."""
    pool = Pool(spoofing, Random(seed))
    for name, behind in spoofing.topology.interfaces.items():
        for family in (4, 6) if behind.networks else ():
            frames = [frame for frame in (made(pool, family) for _ in range(count)) if frame is not None]
            for start in range(0, len(frames), BATCH):
                yield from _through(spoofing, name, family, frames[start : start + BATCH])


def made(pool: Pool, family: int) -> bytes | None:
    """A random packet, some with a wrong checksum."""
    return frame_of(pool.packet(family), bad_checksum=pool.dice.random() < 0.1)


def _through(
    spoofing: Spoofing, name: str, family: int, frames: list[bytes]
) -> Iterator[tuple[Asked, bytes, dict[str, int]]]:
    """The spoofed packets of a batch that get through, each also if it is the first of all."""
    run = Run(max(len(frames), 1), False)
    run.add_interface(name, LINK_ETHERNET, 0)
    captures = Captures(run, [CaptureFile("<made>")], [Frames(frames)], checksum="verify", limit=None)
    for chunk in captures:
        spoofing.topology.locate(captures, chunk)
        for mode in ("stateful", "stateless"):
            accepted = decisions_of(spoofing, chunk, mode)["verdict"] == int(Verdict.ACCEPT)
            forged = (chunk.frames["evidence"] & SPOOFED) != 0
            for row in np.flatnonzero(accepted & forged).tolist():
                hook = int(chunk.packets[row]["hook"])
                if hook not in (Hook.INPUT, Hook.FORWARD):
                    continue
                data = chunk.data(row)
                ((_, alone),) = spoofing.engine.decided([data], name, stateful=mode == "stateful")
                if alone["verdict"] == Verdict.ACCEPT:
                    yield Asked(name, family, Hook(hook), mode), data, alone


def decisions_of(spoofing: Spoofing, chunk: Chunk, mode: str) -> npt.NDArray[np.void]:
    """What a mode that knows nothing decides about a chunk."""
    count, lowered = len(chunk), spoofing.lowered
    decisions = empty(DECISION, count)
    asked = lowered.asked
    seen = of_rows(asked, chunk.frames, chunk.packets, chunk.buffer, 0, count) if asked else None
    frames, packets, rows = (loaded(table, 0, count) for table in (chunk.frames, chunk.packets, decisions))
    if mode == "stateful":
        StatefulRun(lowered, key=0).run(frames, packets, usable(chunk.quotes), rows, 0, count, seen)
    else:
        choices = spoofing.ruleset.stateless
        StatelessRun(lowered, replies=choices.replies, icmp_errors=choices.icmp_errors).run(
            frames, packets, rows, 0, count, seen
        )
    flush(frames, packets, rows)
    return decisions
