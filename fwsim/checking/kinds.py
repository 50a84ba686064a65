"""The kinds of findings, and a finding: where it is, what it says, which packet shows it.

Read first: nothing. Kinds, levels, and the names by which programs know them are kept stable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, IntEnum


class Level(IntEnum):
    """How much a finding matters."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


class Kind(Enum):
    """What a finding is about: its title, the level it mostly has, and what it means."""

    NOT_SIMULATED = "not simulated", Level.WARNING, "A packet whose verdict hangs on it gets the verdict unknown."
    REMARK = "remark", Level.NOTE, "Something that was read and changes nothing here."
    UNREACHABLE = "never applies", Level.WARNING, "No packet gets to the rule, or none is as it asks."
    SHADOWED = "shadowed", Level.ERROR, (
        "No packet gets to the rule: earlier rules take them all, and do something else with some of them."
    )  # fmt: skip
    REDUNDANT = "redundant", Level.WARNING, "Without the rule every packet would get the same verdict."
    GENERALISATION = "generalisation", Level.NOTE, (
        "The rule takes all that earlier rules take, and more, and does the opposite: these are exceptions from it."
    )  # fmt: skip
    CORRELATION = "correlation", Level.NOTE, (
        "The rule and a later one take some packets both and do the opposite: their order decides."
    )  # fmt: skip
    NO_EFFECT = "no effect", Level.WARNING, "Whatever the rule accepts is dropped by a later chain all the same."
    NEW_WITHOUT_SYN = "new without syn", Level.WARNING, (
        "A TCP packet that opens nothing is accepted as the beginning of a connection."
    )  # fmt: skip
    INVALID_ACCEPTED = "invalid accepted", Level.WARNING, (
        "A packet that conntrack calls invalid is accepted, though the ruleset goes by connections."
    )  # fmt: skip
    REPLIES_DROPPED = "replies dropped", Level.WARNING, "A connection may be opened, but no answer comes back."
    NOTRACK_STATE = "notrack and state", Level.WARNING, (
        "Packets are exempted from tracking, and then dropped because rules ask for their state."
    )  # fmt: skip
    BROAD_ACCEPT = "broad accept", Level.WARNING, "Connections are accepted from anywhere, to anywhere, on all ports."
    SPOOFING = "spoofing", Level.WARNING, "A source that cannot be behind the interface gets through."
    NO_NETWORK = "no network", Level.NOTE, (
        "An interface that rules name, and of which nobody has said what lies behind it."
    )  # fmt: skip
    NO_ADDRESS = "no address", Level.WARNING, (
        "A rule translates to the firewall's own address on an interface where that is not known."
    )  # fmt: skip
    UNKNOWN = "unknown", Level.NOTE, (
        "The answer is not known; the level is that of what it may be. A warning of this kind leaves the check open."
    )  # fmt: skip

    MISTAKE = "mistake", Level.ERROR, "The ruleset cannot be read."

    def __init__(self, title: str, level: Level, meaning: str) -> None:
        """Keep the parts by name."""
        self.title = title
        self.level = level
        self.meaning = meaning

    @property
    def word(self) -> str:
        """By which programs and options know it."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True)
class Place:
    """A rule, or the policy of a chain, that is involved; `line` 0 if it was made in Python."""

    path: str
    line: int
    column: int
    name: str
    """As sentences name it."""
    text: str = ""


@dataclass(frozen=True)
class Shown:
    """A packet that shows a finding, in a line, and what the engine does with it; `fields` are for programs."""

    packet: str
    outcome: str
    fields: tuple[tuple[str, int | str], ...] = ()
    before: str = ""
    """The packet that came first, in a line, if there was one."""


@dataclass(frozen=True)
class Finding:
    """One finding; line 0 if it concerns the ruleset as a whole. `where` is the rule or chain, as sentences name it."""

    kind: Kind
    path: str
    line: int
    column: int
    what: str
    where: str = ""
    text: str = ""
    """What was written there."""
    level: Level = Level.NOTE
    rules: tuple[Place, ...] = ()
    """What else is involved."""
    packet: Shown | None = None
    subject: str = ""
    """What it is about, whatever its place and its words; if nothing is said, what was written there."""
    fingerprint: str = ""
    accepted: bool = False
    together: str = ""
    """Findings of a kind with the same words here say the same of several rules: people read them as one."""


def finding(
    kind: Kind, path: str, line: int, column: int, what: str, where: str = "", text: str = "", subject: str = ""
) -> Finding:
    """A finding of the level that its kind mostly has."""
    return Finding(kind, path, line, column, what, where, text, kind.level, subject=subject)


def fingerprinted(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of a ruleset with fingerprints, which stay when lines move or the wording changes.

    They are made of the name of the file, the kind, and what the finding is about: what is there twice is counted.
    """
    seen: dict[str, int] = {}
    result = []
    for one in findings:
        file = one.path.replace("\\", "/").rpartition("/")[2]
        base = "\0".join((file, one.kind.word, one.subject or one.text or one.what))
        seen[base] = seen.get(base, 0) + 1
        digest = hashlib.sha256(f"{base}\0{seen[base]}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
        result.append(replace(one, fingerprint=digest))
    return result
