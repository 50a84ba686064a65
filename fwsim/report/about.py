"""What a summary says about the run itself: captures, ruleset, the price of state, notes.

Read first: DESIGN section 5. A plain record, filled by `cli.runs` from a `Result`, so that text and JSON say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fwsim.resources.meter import Measured


@dataclass(frozen=True)
class AboutCapture:
    """One capture that was read."""

    path: str
    format: str
    sha256: str | None
    packets: int
    complete: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class AboutRuleset:
    """The ruleset that decided; `policies` are the base chains' with their hooks, as text."""

    path: str
    sha256: str | None
    rules: int
    policies: tuple[str, ...]
    stateless_path: str | None = None
    """A ruleset of its own for the stateless mode."""


@dataclass(frozen=True)
class AboutTranslation:
    """A rule that says how connections are translated, and how many packets asked it that opened one."""

    chain: str
    rule: str
    line: int | None
    text: str
    connections: int


@dataclass(frozen=True)
class About:
    """The whole run. `memory` is that of the connection table at its peak, in bytes."""

    modes: tuple[str, ...]
    captures: tuple[AboutCapture, ...]
    ruleset: AboutRuleset
    connections: int
    peak_connections: int
    memory: int
    tracking: bool
    selection: str | None = None
    translations: tuple[AboutTranslation, ...] = ()
    """Of the stateful mode, all packets."""
    notes: tuple[str, ...] = ()
    explain: str = ""
    """The command that explains a frame, but for `-n`."""
    hint: tuple[str, ...] = field(default=())
    """What to say first if the capture hardly touches the ruleset's networks."""
    interrupted: str = ""
    """How far the run came, if that was not to the end."""
    resources: Measured | None = None
    """What state cost, if that was asked for."""

    @property
    def complete(self) -> bool:
        """Whether every capture was read to its end."""
        return not self.interrupted and all(capture.complete for capture in self.captures)
