"""The kernel's answers kept in files, and a firewall that gives them again where no kernel can be asked.

Read first: `RecordedFirewall`. One file for each capture or seed in `recorded/`. A decision is a letter, explained in
the legend of its ruleset, and a line holds the letters of a hundred frames: a packet that is decided otherwise changes
one line, and thousands of frames are a few kilobytes. Rules and chains stand there by name. A letter keeps its meaning
when the answers are recorded anew.

What the kernel told of a fragment late, when a later chunk had completed its datagram, stands at the fragment.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from fwsim.capture.ends import Ends
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.lower import Lowered
from fwsim.parity import COMPARED, Answer, Firewall
from fwsim.parity.comparison import SILENCE, Table
from fwsim.simulator import Batch
from fwsim.tables import DECISION, RULE_POLICY, empty, plain
from fwsim.terms import ABSENT, CtState, Direction, Reason, Verdict, word
from tests.parity.cases import EVERY, RULES, SETTINGS, Case

FOLDER = Path(__file__).parent / "recorded"
LETTERS = string.ascii_letters + string.digits + "+-*/=<>()[]{}!?%&#@$_~^.,:;|"
LINE = 100
SILENT, LEFT_OUT, FAILED = "silent", "left out", "failed"
POLICY, NONE = "(policy)", "-"
BETWEEN = " | "
ANEW = "record anew: pytest tests/parity --record-kernel"


class StaleError(AssertionError):
    """Answers that were recorded for other packets or another ruleset."""


@dataclass
class Told:
    """A kernel's answers about the packets of one case."""

    kernel: str
    recorded: str
    packets: str
    """What the answers are about: the digest of the packets, and that of the ruleset."""
    ruleset: str
    legend: dict[str, str]
    frames: list[str] = field(default_factory=list)


def path_of(case: Case) -> Path:
    """The file of a case."""
    return FOLDER / f"{case.source.file}.json"


def load(case: Case) -> Told | None:
    """What was recorded of a case."""
    told = stored(path_of(case)).get(key_of(case))
    return Told(**told) if told is not None else None


def stored(path: Path) -> dict[str, Any]:
    """All that a file holds."""
    content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return content


def key_of(case: Case) -> str:
    """The name of a case in its file."""
    return f"{case.rules} {case.settings}"


def ruleset_digest(case: Case) -> str:
    """What changes if the ruleset or a setting does; comments do not count."""
    text = EVERY_STATE if case.rules == EVERY else (RULES / f"{case.rules}.yaml").read_text()
    said = json.dumps([yaml.safe_load(text), SETTINGS[case.settings]], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


@dataclass
class Replayed:
    """An answer as it was once given (`fwsim.parity.comparison.Answer`)."""

    decisions: Table
    left_out: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    invalid: Mapping[int, str] = field(default_factory=dict)
    silent: frozenset[int] = frozenset()
    late: Mapping[int, dict[str, int]] = field(default_factory=dict)
    unanswerable: frozenset[int] = frozenset()
    translated: Mapping[int, Ends] = field(default_factory=dict)
    by_chance: bool = False
    """No ruleset of these translates."""


class RecordedFirewall:
    """A firewall that decides as a kernel once did. The packets must be the same."""

    def __init__(self, case: Case, lowered: Lowered) -> None:
        """Load the answers; raises `StaleError` if there are none, or if they fit no more."""
        told = load(case)
        if told is None:
            raise StaleError(f"{case}: nothing is recorded; {ANEW}")
        if told.packets != case.source.digest():
            raise StaleError(f"{case}: the packets are not those that were recorded on {told.recorded}; {ANEW}")
        if told.ruleset != ruleset_digest(case):
            raise StaleError(f"{case}: the ruleset is not the one of {told.recorded}; {ANEW}")
        self.case, self.letters, self.at = case, "".join(told.frames), 0
        self.meanings = {letter: meaning.split(BETWEEN) for letter, meaning in told.legend.items()}
        self.chains = {chain.name: number for number, chain in enumerate(lowered.chains)}
        self.rules = {(rule.chain, rule.label): rule.number for rule in lowered.rules}
        self.rows = {letter: self.row(words) for letter, words in self.meanings.items() if len(words) > 2}

    def answer(self, chunk: Batch, /) -> Answer:
        """The recorded answers about the next frames."""
        letters = self.letters[self.at : self.at + len(chunk)]
        self.at += len(chunk)
        if len(letters) < len(chunk):
            raise StaleError(f"{self.case}: answers for {len(self.letters)} frames only; {ANEW}")
        answer = Replayed(empty(DECISION, len(chunk)))
        for name, value in SILENCE.items():
            answer.decisions[name] = value
        written = np.array(list(letters))
        for letter in set(letters):
            rows = np.flatnonzero(written == letter)
            what, *rest = self.meanings[letter]
            if letter in self.rows:
                answer.decisions[rows] = self.rows[letter]
            elif what == SILENT:
                answer.silent |= frozenset(rows.tolist())
            else:
                kept = answer.left_out if what == LEFT_OUT else answer.failed
                kept.update(dict.fromkeys(rows.tolist(), rest[0]))
        return answer

    def finish(self) -> None:
        """Behind the last packet: nothing may be left."""
        if self.at != len(self.letters):
            raise StaleError(f"{self.case}: answers for {len(self.letters)} frames, but there are {self.at}; {ANEW}")

    def row(self, words: list[str]) -> Any:
        """A row of DECISION from its words."""
        verdict, state, direction, chain, rule = words
        decision = empty(DECISION, 1)
        for name, value in SILENCE.items():
            decision[name] = value
        decision["verdict"], decision["ct_state"] = Verdict[verdict.upper()], CtState[state.upper()]
        decision["ct_direction"] = Direction[direction.upper()]
        if chain != NONE:
            decision["chain"] = self.chains[chain]
            decision["rule"] = RULE_POLICY if rule == POLICY else self.rules[self.chains[chain], rule]
            decision["reason"] = Reason.POLICY if rule == POLICY else Reason.RULE
        return decision[0]


class Recorder:
    """A firewall whose answers are kept as it gives them."""

    def __init__(self, firewall: Firewall, lowered: Lowered) -> None:
        """Nothing is kept yet."""
        self.firewall, self.lowered = firewall, lowered
        self.meanings: list[str] = []

    def answer(self, chunk: Batch, /) -> Answer:
        """What the firewall says."""
        answer, first = self.firewall.answer(chunk), len(self.meanings)
        for row, decision in answer.late.items():
            if self.meanings[first + row] == SILENT:
                self.meanings[first + row] = self.words(decision)
        for row in range(len(chunk)):
            self.meanings.append(self.meaning(answer, row))
        return answer

    def meaning(self, answer: Answer, row: int) -> str:
        """What was said of a row."""
        for what, kept in ((LEFT_OUT, answer.left_out), (FAILED, answer.failed)):
            if row in kept:
                return BETWEEN.join((what, kept[row]))
        return SILENT if row in answer.silent else self.words(plain(answer.decisions[row]))

    def words(self, decision: Mapping[str, int]) -> str:
        """A decision in words."""
        verdict, state, direction, chain, rule = (decision[name] for name in COMPARED)
        by = NONE if rule == ABSENT else POLICY if rule == RULE_POLICY else self.lowered.rules[rule].label
        parts = (word(Verdict(verdict)), word(CtState(state)), word(Direction(direction)))
        return BETWEEN.join((*parts, self.lowered.chains[chain].name if chain >= 0 else NONE, by))

    def save(self, case: Case) -> None:
        """Write what was said to the case's file, beside what it holds of other cases."""
        before = load(case)
        legend = {meaning: letter for letter, meaning in (before.legend if before else {}).items()}
        legend = {meaning: letter for meaning, letter in legend.items() if meaning in self.meanings}
        free = iter([letter for letter in LETTERS if letter not in legend.values()])
        for meaning in dict.fromkeys(self.meanings):
            if meaning not in legend:
                legend[meaning] = next(free)
        letters = "".join(legend[meaning] for meaning in self.meanings)
        told = Told(
            kernel=platform.release(),
            recorded=datetime.datetime.now(datetime.UTC).date().isoformat(),
            packets=case.source.digest(),
            ruleset=ruleset_digest(case),
            legend=dict(sorted((letter, meaning) for meaning, letter in legend.items())),
            frames=[letters[at : at + LINE] for at in range(0, len(letters), LINE)],
        )
        if before is not None and (before.legend, before.frames) == (told.legend, told.frames):
            told.kernel, told.recorded = before.kernel, before.recorded  # nothing new: no other file for a date
        everything = stored(path_of(case)) | {key_of(case): vars(told)}
        FOLDER.mkdir(exist_ok=True)
        path_of(case).write_text(json.dumps(dict(sorted(everything.items())), indent=1, ensure_ascii=False) + "\n")


def kernels() -> list[str]:
    """The kernels whose answers are recorded, each with the days, for the header of a test run."""
    found: dict[str, set[str]] = {}
    for path in FOLDER.glob("*.json"):
        for told in stored(path).values():
            found.setdefault(told["kernel"], set()).add(told["recorded"])
    return [f"Linux {kernel} of {', '.join(sorted(days))}" for kernel, days in sorted(found.items())]
