"""`fwsim attack`: labelled attack traffic, alone or mixed into a capture; and the tables of the literature.

Read first: `fwsim.attack`. Without a name, the families are listed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from fwsim.cli.options import ONE_RULESET, Decorator, InputOptions, machine_options, mapping_of, packed, single_of
from fwsim.harmless import safe

if TYPE_CHECKING:
    from fwsim.attack.lab import Place
    from fwsim.attack.model import Family, Order

EXAMPLES = """\b
Examples:
  fwsim attack
  fwsim attack -r office.yaml
  fwsim attack reset-blind --describe
  fwsim attack ack-scan -o scan.pcapng
  fwsim attack reset-blind:exact hijack --into office.pcapng -r office.yaml -o attacked.pcapng
  fwsim attack dns-spoof --into office.pcapng --knows nothing --option count=5000 -o spoofed.pcapng
  fwsim attack syn-flood --into office.pcapng -o exercise.pcapng --labels answers.csv
  fwsim attack --literature
  fwsim attack --literature blind-reset --format json
"""
WIDTH = 100
DAMAGED = 2
"""The status if a capture ends in damage: what comes before it was used."""


attack_options: list[Decorator] = [
    click.option("--seed", type=click.IntRange(min=0), help="What chance is drawn from (0): equal seeds, equal bytes."),
    click.option(
        "-r", "--rules", metavar="FILE", multiple=True, callback=single_of(ONE_RULESET),
        help="A ruleset: to be measured, or with -o only for its interfaces and networks.",
    ),
]  # fmt: skip


@click.command("attack", epilog=EXAMPLES)
@click.argument("names", nargs=-1, metavar="[NAME[:STYLE]...]")
@click.option("-o", "--output", metavar="FILE", help="The capture to write (pcapng; - is standard output).")
@click.option("--into", metavar="CAPTURE", multiple=True, help="Attack what is in this capture. Repeatable.")
@click.option(
    "--knows",
    type=click.Choice(["nothing", "ports", "sequence"]),
    help="What the attacker knows of a victim besides the addresses; by default what the attack needs.",
)
@click.option("--labels", metavar="FILE", help="Write the labels there (CSV) instead of into the capture's comments.")
@click.option(
    "--option",
    "given",
    metavar="[FAMILY.]NAME=VALUE",
    multiple=True,
    callback=mapping_of,
    help="An option of the families, or of one; --describe lists them. Repeatable.",
)
@click.option("--describe", is_flag=True, help="Tell the styles and options of the families.")
@click.option(
    "--literature",
    is_flag=True,
    help="Print tables of the literature, found again by sending the packets; NAME is one of them, by default all.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Of what is measured.")
@packed("inputs", InputOptions, [*machine_options, *attack_options])
def command(
    names: tuple[str, ...],
    output: str | None,
    into: tuple[str, ...],
    knows: str | None,
    labels: str | None,
    given: dict[str, str],
    describe: bool,
    literature: bool,
    form: str,
    inputs: InputOptions,
) -> int:
    """Craft labelled attack traffic: forged packets against the connections of a capture, or of an invented office.

    With -r RULESET and without -o, measure instead which of them get through, in both modes and in variants.

    Every forged packet is labelled in its comment (fwsim:attack=NAME;style=...;id=...;knows=...;victim=...;
    before-rfc5961=...;by-rfc5961=...), or in a file of labels; no honest one is. Without a name, all are listed.
    """
    from fwsim.cli.targets import check_targets
    from fwsim.errors import UsageError

    if literature:
        return _literature(names, form, unfit=output or inputs.rules or into or knows or labels or given or describe)
    measures = output is None and inputs.rules is not None and not describe
    _check_use(measures=measures, labels=labels, form=form)
    if describe or (not names and not measures):
        return _list(names, describe, output)
    if measures:
        return _measure(names, knows, given, into, inputs, form)
    if output is None:
        raise UsageError("attack: expected -o FILE, the capture to write, or -r RULESET, to measure what gets through")
    orders = _orders(names, knows, given)
    check_targets([("-o", output), ("--labels", labels)], [*into, *inputs.sources])
    place = _place(into, inputs)
    status = _write(orders, place, output, labels, inputs.seed or 0)
    if not into and not place.interfaces and not place.own:
        from fwsim.cli.streams import warn

        warn([invented()], "note")
    return status


def _check_use(*, measures: bool, labels: str | None, form: str) -> None:
    """Refuse what would be passed over."""
    from fwsim.errors import UsageError

    if measures and labels is not None:
        raise UsageError("--labels: nothing is written when a ruleset is measured, expected -o FILE with it")
    if not measures and form != "text":
        raise UsageError(f"--format {form}: is for what is measured, expected -r RULESET and no -o with it")


def invented() -> str:
    """Where a capture plays for which nobody has said it, and what fits it."""
    from fwsim.attack.ground import DEFAULT

    networks = ",".join(DEFAULT["lan"])
    fitting = f"--interface lan={networks} --interface wan=any"
    return f"made for an invented network: -r RULESET makes it fit a ruleset; or compare it with {fitting}"


def _orders(names: Sequence[str], knows: str | None, given: Mapping[str, str]) -> list[Order]:
    """What is asked for; an option without a family goes to each that has it, and has to be one of at least one's."""
    from fwsim.attack.model import Knowledge
    from fwsim.attack.registry import FAMILIES, ordered
    from fwsim.errors import UsageError
    from fwsim.ruleset.mistakes import unknown

    known: Knowledge | None = Knowledge[knows.upper()] if knows else None
    bases = [name.partition(":")[0] for name in names]
    families = [FAMILIES[base] for base in bases if base in FAMILIES]
    offered = {option.name: None for family in families for option in family.options}
    for name in given:
        family, dot, plain = name.rpartition(".")
        if dot and family not in bases:
            raise UsageError(f"--option {name}: {unknown('attack among those ordered', family, bases)}")
        if not dot and families and plain not in offered:
            raise UsageError(f"--option: {unknown('option', plain, offered)}")
    return [ordered(name, known, _options_for(base, given)) for name, base in zip(names, bases, strict=True)]


def _options_for(base: str, given: Mapping[str, str]) -> dict[str, str]:
    """The options that are meant for a family."""
    from fwsim.attack.registry import FAMILIES

    has = {option.name for option in FAMILIES[base].options} if base in FAMILIES else set()
    shared = {name: value for name, value in given.items() if "." not in name and name in has}
    return shared | {
        name.removeprefix(f"{base}."): value for name, value in given.items() if name.startswith(f"{base}.")
    }


def _place(into: Sequence[str], inputs: InputOptions) -> Place:
    """Where it happens, by the options."""
    from fwsim.attack.lab import Place
    from fwsim.capture import Input
    from fwsim.cli.describing import host_of, networks_of
    from fwsim.cli.loading import load
    from fwsim.ruleset import Ruleset
    from fwsim.topology.declared import declared_interfaces, declared_local

    host = host_of(inputs)
    ruleset = load(inputs, inputs.rules, host) if inputs.rules else Ruleset.model_validate({"policy": "drop"})
    behind = declared_interfaces(ruleset, networks_of(inputs, host))
    interfaces = {name: list(found.networks) for name, found in behind.items()}
    return Place([Input(path) for path in into], interfaces, declared_local(ruleset, inputs.local))


def _write(orders: Sequence[Order], place: Place, output: str, labels: str | None, seed: int) -> int:
    """Craft and write, and tell what was written."""
    from fwsim.attack.lab import attack
    from fwsim.cli.streams import opened, warn

    if labels is None:
        count = attack(orders, place, output, seed=seed)
    else:
        with opened(labels, whole=True) as stream:
            count = attack(orders, place, output, seed=seed, labels=stream)
    answers = f", {count.innocent:,} answers of ordinary hosts to them" if count.innocent else ""
    name = "standard output" if output == "-" else output
    told = f"{name}: {count.forged:,} forged packets{answers}, {count.honest:,} others"
    click.echo(safe(told), err=output == "-")
    warn(count.warnings)
    return 0 if count.complete else DAMAGED


def _measure(
    names: Sequence[str],
    knows: str | None,
    given: Mapping[str, str],
    into: Sequence[str],
    inputs: InputOptions,
    form: str,
) -> int:
    """Measure which forged packets a ruleset admits."""
    import json

    from fwsim.attack.measured_text import as_dict, text_of
    from fwsim.attack.measuring import measured
    from fwsim.attack.measuring import names as expanded
    from fwsim.attack.model import Knowledge
    from fwsim.cli.describing import host_of
    from fwsim.cli.loading import load

    wanted = expanded(names)
    _orders(wanted, knows, given)
    options = {name.partition(":")[0]: _options_for(name.partition(":")[0], given) for name in wanted}
    assert inputs.rules is not None
    host = host_of(inputs)
    ruleset, place = load(inputs, inputs.rules, host), _place(into, inputs)
    known = Knowledge[knows.upper()] if knows else None
    table = measured(names, ruleset, place, knows=known, options=options, seed=inputs.seed or 0, host=host)
    if form == "json":
        click.echo(json.dumps(as_dict(table), indent=2))
    else:
        click.echo("\n".join(map(safe, text_of(table))))
    return 0


def _literature(names: Sequence[str], form: str, *, unfit: object) -> int:
    """Print tables of the literature, each as soon as it is found."""
    import json

    from fwsim.attack.literature.model import as_dict, text_of
    from fwsim.attack.literature.tables import chosen
    from fwsim.errors import UsageError

    if unfit:
        raise UsageError("--literature: takes the names of its tables and --format, nothing else")
    tables = chosen(names)
    if form == "json":
        click.echo(json.dumps({"tables": [as_dict(make()) for make in tables]}, indent=2))
        return 0
    for place, make in enumerate(tables):
        click.echo("\n".join([""] * bool(place) + list(text_of(make()))))
    return 0


def _list(names: Sequence[str], describe: bool, output: str | None) -> int:
    """The families, in short or with all that they offer."""
    from fwsim.attack.registry import FAMILIES
    from fwsim.errors import UsageError
    from fwsim.ruleset.mistakes import unknown

    if output is not None and not describe:
        raise UsageError(f"attack: expected the name of an attack: {', '.join(FAMILIES)}")
    bases = list(dict.fromkeys(name.partition(":")[0] for name in names)) or list(FAMILIES)
    for base in bases:
        if base not in FAMILIES:
            raise UsageError(unknown("attack", base, FAMILIES))
    if describe:
        click.echo("\n".join(_description(FAMILIES[base]) for base in bases))
        return 0
    for family in FAMILIES.values():
        click.echo(f"{family.name}\n{_wrapped(f'{family.sentence} ({family.source})')}")
    return 0


def _wrapped(text: str) -> str:
    """A paragraph, indented."""
    return textwrap.fill(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def _description(family: Family) -> str:
    """A family with its styles, options and the evidence that it leaves."""
    lines = [family.name, _wrapped(f"{family.sentence}."), _wrapped(f"Source: {family.source}.")]
    for number, style in enumerate(family.styles):
        taken = ", taken if none is named" if number == 0 and len(family.styles) > 1 else ""
        name = f"{family.name}:{style.name}" if len(family.styles) > 1 else "Needs"
        bare = "; no evidence by nature" if style.evidence == () else ""
        lines.append(f"    {name}  (--knows {style.needs.word}{taken}) {style.what}{bare}")
    for option in family.options:
        choices = f" ({', '.join(option.choices)})" if option.choices else ""
        default = option.default if option.default != "" else "none"
        lines.append(f"    --option {option.name}={default}  {option.what}{choices}")
    evidence = " ".join(family.evidence) or "none by nature: the label alone tells"
    evidence += f"; none for who knows {family.flawless.word}" if family.flawless is not None else ""
    return "\n".join([*lines, f"    Evidence: {evidence}"])
