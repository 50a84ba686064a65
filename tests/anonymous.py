"""Captures and rulesets made anonymous, and what the decoder and both modes make of them before and after.

Read first: `decided`. A mapped capture under the mapped ruleset must be decided alike, frame by frame.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.anonymize.captures import Anonymizer
from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.rulesets import anonymous_netfilter, anonymous_ruleset, anonymous_surroundings, networks_of
from fwsim.capture import CaptureWriter, Input, open_captures
from fwsim.exporting.yaml_ruleset import ruleset_of
from fwsim.ruleset import Ruleset
from fwsim.tables import DECISION, FRAME, PACKET, QUOTE
from tests.replaying import replay_files

SECRET = b"a secret of the tests"
MAY_DIFFER = {
    "file", "offset", "capture_interface", "source_mac", "connection",
    *(f"{end}{word}" for end in ("src", "dst") for word in range(4)),
}  # fmt: skip
"""Fields of rows that say where a frame stands, or hold addresses."""


def anonymous_capture(path: Path, to: Path, mapping: Mapping) -> Anonymizer:
    """Write the capture anonymously."""
    captures = open_captures([Input(str(path))], digest=False)
    anonymizer = Anonymizer(captures, mapping)
    with CaptureWriter(str(to), captures) as writer:
        for chunk in anonymizer:
            writer.write(chunk, range(len(chunk)))
    return anonymizer


def mapping_of(ruleset: Ruleset) -> Mapping:
    """The mapping with the networks of a ruleset in mind."""
    return Mapping(SECRET, networks_of(ruleset))


def anonymous(ruleset: Ruleset, mapping: Mapping) -> Ruleset:
    """The ruleset, mapped."""
    if ruleset.netfilter.format != "yaml":
        return anonymous_ruleset(ruleset, mapping)
    return ruleset_of(anonymous_netfilter(ruleset.netfilter, mapping), anonymous_surroundings(ruleset, mapping))


def decoded(path: Path) -> list[npt.NDArray[Any]]:
    """All rows of FRAME, PACKET and the used ones of QUOTE, one after the other."""
    found: list[list[npt.NDArray[Any]]] = [[], [], []]
    for chunk in open_captures([Input(str(path))], digest=False):
        used = chunk.packets["quote"]
        for rows, part in zip(found, (chunk.frames, chunk.packets, chunk.quotes[used[used >= 0]]), strict=True):
            rows.append(part.copy())
    empties = [np.zeros(0, row) for row in (FRAME, PACKET, QUOTE)]
    return [np.concatenate([empty, *rows]) for empty, rows in zip(empties, found, strict=True)]


def differences(before: npt.NDArray[Any], after: npt.NDArray[Any], besides: set[str] | None = None) -> dict[str, int]:
    """For each field that differs in some row, the first such row, from 1."""
    assert len(before) == len(after)
    fields = [name for name in before.dtype.names or () if name not in MAY_DIFFER | (besides or set())]
    places = {name: np.flatnonzero(before[name] != after[name]) for name in fields}
    return {name: int(found[0]) + 1 for name, found in places.items() if len(found)}


def decided(path: Path, ruleset: Ruleset) -> tuple[npt.NDArray[Any], npt.NDArray[Any], list[int]]:
    """The decisions of both modes, and the evidence."""
    outcome = replay_files([path], ruleset)
    for table in (outcome.stateless, outcome.stateful):
        assert table.dtype == DECISION
    return outcome.stateless, outcome.stateful, outcome.frames["evidence"].tolist()
