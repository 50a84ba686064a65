"""What a ruleset is measured as: in both modes as it is, and with one thing about it changed.

Read first: `VARIANTS`. Each column is one mode of one run; two columns that do not touch each other share a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host

SMALL_TABLE = 64
"""Places of the table that is to be filled."""


@dataclass(frozen=True)
class Column:
    """A mode, with something changed: its name, what it is, and in which mode it is."""

    name: str
    what: str
    mode: str


@dataclass(frozen=True)
class Run:
    """A run and its columns: changes of `conntrack` and `stateless` (a function of the ruleset), and sysctls."""

    columns: tuple[Column, ...]
    conntrack: Callable[[Ruleset], dict[str, Any]] = field(default=lambda ruleset: {})
    stateless: Mapping[str, Any] = field(default_factory=dict)
    sysctls: Mapping[str, str] = field(default_factory=dict)

    def changed(self, ruleset: Ruleset) -> Ruleset:
        """The ruleset as it is run."""
        conntrack = ruleset.conntrack.model_copy(update=self.conntrack(ruleset))
        stateless = ruleset.stateless.model_copy(update=dict(self.stateless))
        return ruleset.model_copy(update={"conntrack": conntrack, "stateless": stateless})

    def machine(self, host: Host | None = None) -> Host | None:
        """The machine that it runs on, if anything of it matters: a `host` with other settings."""
        if not self.sysctls:
            return host
        known = host or Host()
        return replace(known, sysctls={**known.sysctls, **self.sysctls})


RUNS = (
    Run((
        Column("stateless", "the twin of the policy that keeps no state", "stateless"),
        Column("stateful", "the ruleset as it is", "stateful"),
    )),
    Run(
        (
            Column("any-reply", "without state, replies without a condition on ACK or RST", "stateless"),
            Column("loose", "tcp_loose the other way round", "stateful"),
        ),
        lambda ruleset: {"tcp_loose": not ruleset.conntrack.tcp_loose},
        {"replies": "any"},
    ),
    Run(
        (
            Column("no-reply", "without state, no replies at all", "stateless"),
            Column("liberal", "tcp_be_liberal: packets outside the window are valid", "stateful"),
        ),
        lambda ruleset: {"tcp_be_liberal": True},
        {"replies": "never"},
    ),
    Run(
        (Column("no-window", "tcp_be_liberal and tcp_ignore_invalid_rst: state without windows", "stateful"),),
        lambda ruleset: {"tcp_be_liberal": True, "tcp_ignore_invalid_rst": True},
    ),
    Run(
        (Column("no-checksum", "checksum=0: wrong transport checksums are valid", "stateful"),),
        lambda ruleset: {"checksum": False},
    ),
    Run(
        (Column("rp-filter", "rp_filter=1: strict reverse path filter on all interfaces", "stateful"),),
        sysctls={"net.ipv4.conf.all.rp_filter": "1"},
    ),
    Run(
        (Column("small", f"a table of {SMALL_TABLE} connections", "stateful"),),
        lambda ruleset: {"max": SMALL_TABLE},
    ),
)  # fmt: skip
COLUMNS = tuple(column for run in RUNS for column in run.columns)
