"""The options, which mean the same in every command, and the records they are handed over in.

Read first: DESIGN section 5. `@input_options`, `@selection_options` and `@output_options` decorate a command,
which then takes `inputs`, `selecting` and `output`. Texts become values here, but no file is opened.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import click

from fwsim.errors import UsageError
from fwsim.harmless import safe
from fwsim.moments import EXPECTED, nanoseconds_of, seconds_of

Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]


FIELDS = (
    "Fields: n file ts len src dst proto sport dport flags seq ack win icmp_type icmp_code vlan iif oif connection "
    "evidence, and verdict reason reject_with hook chain rule line mirror ct_state ct_direction tcp_state_before "
    "tcp_state nat nat.side nat.src nat.dst nat.sport nat.dport nat.icmp_id, which begin with stateless. or stateful. "
    "where both modes run. Operators: == != < <= > >= in contains and or not."
)
"""What -Y knows (`fwsim.selection`, which is not loaded to be told in `--help`)."""


ONE_RULESET = ": rules for IPv4 and IPv6 go into one (cat rules.v4 rules.v6 | fwsim ... -r -)"
"""What to do with two rulesets, mostly those of iptables and of ip6tables."""

JOBS_MAX = 64
"""More shards than this would only go through each other's packets."""


@dataclass(frozen=True)
class Moment:
    """A time in ns: since the epoch, or (`relative`) since the first packet."""

    nanoseconds: int
    relative: bool
    text: str = field(default="", compare=False)
    """As the user wrote it."""

    def since_epoch(self, first: int) -> int:
        """The time since the epoch, given that of the first packet."""
        return self.nanoseconds + (first if self.relative else 0)


@dataclass(frozen=True)
class InputOptions:
    """What is read, and with which settings."""

    captures: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()
    rules: str | None = None
    stateless_rules: str | None = None
    interfaces: dict[str, str] = field(default_factory=dict)
    local: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    sysctl: str | None = None
    checksum: str = "auto"
    count: int | None = None
    seed: int | None = None
    jobs: int = 1
    topology: tuple[str, ...] = ()
    live: bool = False

    @property
    def files(self) -> list[str]:
        """The paths of the captures, in the order of their numbers."""
        return [*self.captures, *(path for _, path in self.named)]

    @property
    def sources(self) -> list[str]:
        """The paths of all that is read."""
        others = (self.rules, self.stateless_rules, self.sysctl, *self.topology)
        return self.files + [path for path in others if path is not None]

    def refuse_stateless_rules(self, command: str) -> None:
        """For a command that has nothing to do with the stateless mode."""
        if self.stateless_rules is not None:
            raise UsageError(f"{command} runs the stateful mode alone: expected no --stateless-rules")


@dataclass(frozen=True)
class SelectionOptions:
    """What is shown, written or counted."""

    expression: str | None
    begin: Moment | None
    end: Moment | None

    @property
    def given(self) -> bool:
        """Whether anything was selected at all."""
        return self != EVERYTHING


EVERYTHING = SelectionOptions(None, None, None)
"""Nothing was selected."""


@dataclass(frozen=True)
class EngineOptions:
    """What does the work."""

    engine: str = "process"
    scheduler: str | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.scheduler is not None and self.engine != "dask":
            raise UsageError("--scheduler is the address of a Dask cluster: expected --engine dask with it")


@dataclass(frozen=True)
class OutputOptions:
    """In which form, and where to."""

    format: str
    output: str
    write: str | None
    annotate: bool
    by: str | None
    top: int
    quiet: bool
    verbose: bool
    resources: bool = False

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.quiet and self.verbose:
            raise UsageError("-q (the answer only) and -v (a line for every packet) exclude each other")
        if self.resources and self.format not in ("text", "json"):
            raise UsageError(f"--resources is part of the summary: expected --format text or json, not {self.format}")
        if self.resources and self.quiet:
            raise UsageError("-q (the answer only) and --resources exclude each other")
        if self.annotate and self.write is None:
            raise UsageError("--annotate says what the written packets are commented with: expected -w FILE with it")
        if self.by and self.format == "parquet":
            raise UsageError("--by has no Parquet: expected --format text, json, jsonl or csv with it")


@dataclass(frozen=True)
class Every:
    """How often: after so many packets, or so many seconds."""

    packets: int | None = None
    seconds: float = 30.0


@dataclass(frozen=True)
class KeepingOptions:
    """What is kept of a run that may be ended before its end."""

    checkpoint: str | None = None
    every: Every = field(default_factory=Every)
    resume: bool = False


def _pairs(context: click.Context, parameter: click.Parameter, texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Texts of the form `NAME=VALUE`, each as a pair."""
    pairs = []
    for text in texts:
        left, sign, right = (part.strip() for part in text.partition("="))
        if not (sign and left and right):
            raise click.BadParameter(f"{text!r} is not of the form {parameter.metavar}", context, parameter)
        pairs.append((left, right))
    return tuple(pairs)


def single_of(hint: str = "") -> Callable[[click.Context, click.Parameter, Sequence[str]], str | None]:
    """The value of an option that may be given once only: which of two was meant cannot be known. `hint` helps out."""

    def single(context: click.Context, parameter: click.Parameter, texts: Sequence[str]) -> str | None:
        if len(texts) > 1:
            given = ", ".join(map(safe, texts))
            raise click.BadParameter(f"given {len(texts)} times ({given}), expected once{hint}", context, parameter)
        return texts[0] if texts else None

    return single


def mapping_of(context: click.Context, parameter: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Repeated pairs as a dict; the last one of a name counts."""
    return dict(_pairs(context, parameter, texts))


def moment_of(context: click.Context, parameter: click.Parameter, text: str | None) -> Moment | None:
    """An absolute time (ISO 8601, UTC unless it says otherwise, or seconds since 1970), `+SECONDS`, or `+2h`."""
    if text is None:
        return None
    relative = text.startswith("+")
    found = since_first(text[1:]) if relative else nanoseconds_of(text)
    if found is None:
        expected = f"expected {EXPECTED}, or from the first packet on +SECONDS or +1h30m"
        raise click.BadParameter(f"{text!r} is no time: {expected}", context, parameter)
    return Moment(found, relative, text)


def since_first(text: str) -> int | None:
    """Seconds, also a part of one, or a duration such as `1h30m`, in ns; None if it is neither."""
    from fwsim.ruleset.mistakes import Mistakes
    from fwsim.ruleset.settings import parse_duration

    found = seconds_of(text)
    try:
        return parse_duration(text) if found is None else found
    except Mistakes:
        return None


def every_of(context: click.Context, parameter: click.Parameter, text: str | None) -> Every:
    """A number of packets, or of seconds: `1000000`, `30s`."""
    if text is None:
        return Every()
    number = text.removesuffix("s")
    if not number.isascii() or not number.isdigit() or not int(number):
        expected = "packets (1000000) or seconds (30s)"
        raise click.BadParameter(f"{text!r} is not how often: expected {expected}", context, parameter)
    return Every(None, float(number)) if text.endswith("s") else Every(int(number))


def packed(parameter: str, record: type, decorators: Sequence[Decorator]) -> Callable[[Function], Function]:
    """Apply option decorators, and hand their values over as one record."""

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(**given: Any) -> Any:
            own = {own_field.name: given.pop(own_field.name) for own_field in fields(record) if own_field.name in given}
            return function(**{parameter: record(**own)}, **given)

        decorated: Any = call
        for decorator in reversed(decorators):
            decorated = decorator(decorated)
        result: Function = decorated
        return result

    return decorate


machine_options: list[Decorator] = [
    click.option(
        "--interface", "interfaces", metavar="NAME=CIDR[,CIDR]", multiple=True, callback=mapping_of,
        help="The networks behind an interface; any for all others. Repeatable.",
    ),
    click.option("--local", metavar="ADDRESS", multiple=True, help="An address of the firewall. Repeatable."),
    click.option(
        "--set", "settings", metavar="KEY=VALUE", multiple=True, callback=mapping_of,
        help="Change a setting of the ruleset: conntrack.tcp_loose=0. Repeatable.",
    ),
    click.option(
        "--topology", metavar="FILE", multiple=True,
        help="Interfaces, networks and own addresses: the output of ip -j addr, ip -j route (-6, show table all) "
        "or ip -j -d link, or the keys interfaces and local of a ruleset. Repeatable.",
    ),
    click.option(
        "--live", is_flag=True,
        help="Take the interfaces, routes, own addresses and settings of this machine as they are; only reads.",
    ),
    click.option(
        "--sysctl", metavar="FILE", multiple=True, callback=single_of(),
        help="Take the settings of conntrack, forwarding and rp_filter from the output of sysctl -a.",
    ),
]  # fmt: skip
"""What is said of the machine."""

input_options = packed(
    "inputs",
    InputOptions,
    [
        click.argument("captures", nargs=-1, metavar="CAPTURE..."),
        click.option(
            "-r", "--rules", metavar="FILE", multiple=True, callback=single_of(ONE_RULESET),
            help="The ruleset: YAML, JSON, nft text or JSON, iptables-save.",
        ),
        click.option(
            "--stateless-rules", metavar="FILE", multiple=True, callback=single_of(ONE_RULESET),
            help="A ruleset of its own for the stateless mode (no twin).",
        ),
        click.option(
            "--in", "named", metavar="NAME=FILE", multiple=True, callback=_pairs,
            help="A capture taken on this interface; several are merged by time. Repeatable.",
        ),
        *machine_options,
        click.option(
            "--checksum", type=click.Choice(["auto", "verify", "ignore"]), default="auto", show_default=True,
            help="Whether transport checksums count; auto spares offloaded ones.",
        ),
        click.option("-c", "--count", type=click.IntRange(min=1), metavar="N", help="Read the first N packets only."),
        click.option("--seed", type=int, help="Draws what rules leave to chance (by default 0), and keys hashes."),
        click.option(
            "--jobs", type=click.IntRange(1, JOBS_MAX), metavar="N", default=1, show_default=True,
            help="Track connections in N shards, on as many cores; changes no result.",
        ),
    ],
)  # fmt: skip

selection_options = packed(
    "selecting",
    SelectionOptions,
    [
        click.option(
            "-Y", "expression", metavar="EXPR", multiple=True, callback=single_of(": join them with 'and'"),
            help=f"Select what is shown, written or counted (all is tracked): 'src==10.1.0.5 and evidence'. {FIELDS}",
        ),
        click.option(
            "--from", "begin", metavar="TIME", callback=moment_of,
            help="Select from this time on: a date, seconds since 1970, or +90, +1h30m into the capture.",
        ),
        click.option("--to", "end", metavar="TIME", callback=moment_of, help="Select up to this time."),
    ],
)  # fmt: skip

output_options = packed(
    "output",
    OutputOptions,
    [
        click.option(
            "--format", type=click.Choice(["text", "json", "jsonl", "csv", "parquet"]), default="text",
            show_default=True,
            help="json: one object; jsonl, csv: one record per packet; parquet: the same as a Parquet file "
            "(needs fwsim[parquet]).",
        ),
        click.option("-o", "--output", metavar="FILE", default="-", help="Write there instead of standard output."),
        click.option("-w", "--write", metavar="FILE", help="Write the selected packets as a capture (pcapng)."),
        click.option("--annotate", is_flag=True,
                     help="With -w: write all packets, or those selected, each with its decisions as a comment."),
        click.option(
            "--by", type=click.Choice(["source", "connection", "rule", "port"]),
            help="Add a table of packets counted by this (csv, jsonl: only that table).",
        ),
        click.option("--top", type=click.IntRange(min=1), metavar="N", default=10, show_default=True,
                     help="How many rows of --by are shown."),
        click.option("-q", "--quiet", is_flag=True, help="The answer only."),
        click.option("-v", "--verbose", is_flag=True, help="A line for every packet."),
    ],
)  # fmt: skip

keeping_options = packed(
    "keeping",
    KeepingOptions,
    [
        click.option("--checkpoint", metavar="FILE", help="Save there how far the run is, until it is complete."),
        click.option(
            "--every", metavar="N|Ns", callback=every_of,
            help="Save after so many packets (1000000), or seconds (30s, if not given).",
        ),
        click.option("--resume", is_flag=True, help="Go on from the checkpoint if there is one, else from the start."),
    ],
)  # fmt: skip

engine_options = packed(
    "engine",
    EngineOptions,
    [
        click.option(
            "--engine", type=click.Choice(["process", "dask"]), default="process", show_default=True,
            help="dask: spread the captures over a Dask cluster, by default one of this machine's cores "
            "(needs fwsim[dask]); changes no result.",
        ),
        click.option("--scheduler", metavar="ADDRESS", help="The Dask cluster to use: tcp://host:8786."),
    ],
)  # fmt: skip
