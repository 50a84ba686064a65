"""What there is to offer for each option and argument, by how its value is called in `--help`.

Read first: `OFFERS`. The values of choices click knows itself; files are left to the shell, all of them, for what a
capture or a ruleset is shows in its content, not in its name. Where nothing can be offered (numbers, times, addresses)
`NOTHING` says so, and a test holds that every parameter has its place here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem
from click.types import StringParamType

from fwsim.cli.completing.typed import Typed

if TYPE_CHECKING:
    Items = list[CompletionItem[str]]
    Offer = Callable[[click.Context, str], Items]


class Offering(StringParamType):
    """A text for which there is something to offer."""

    def __init__(self, offer: Offer) -> None:
        """`offer` gives the candidates for what is typed."""
        self.offer = offer

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        """The candidates."""
        return self.offer(ctx, incomplete)


def beginning(incomplete: str, values: Iterable[str], kind: str = "plain") -> Items:
    """The values that begin so."""
    return [CompletionItem(value, kind) for value in values if value.startswith(incomplete)]


def files(context: click.Context, incomplete: str) -> Items:
    """A path."""
    return [CompletionItem("", "file")]


def nothing(context: click.Context, incomplete: str) -> Items:
    """Nothing that could be known."""
    return []


def file_of(*names: str) -> Offer:
    """`NAME=FILE`, of these names if they are known."""

    def offer(context: click.Context, incomplete: str) -> Items:
        name, sign, _ = incomplete.partition("=")
        if sign:
            return [CompletionItem(name + sign, "file")]
        return beginning(incomplete, [f"{known}=" for known in names], "open")

    return offer


def networks(context: click.Context, incomplete: str) -> Items:
    """`NAME=CIDR[,CIDR]`: all other networks."""
    name, sign, _ = incomplete.partition("=")
    return beginning(incomplete, [f"{name}=any"]) if sign and name else []


def settings(context: click.Context, incomplete: str) -> Items:
    """`KEY=VALUE` of `--set`."""
    from fwsim.cli.completing.settings import SETTINGS

    return _keys(incomplete, SETTINGS)


def _keys(incomplete: str, values: dict[str, Sequence[str]]) -> Items:
    """`KEY=VALUE` by the values of each key; a value that is a number or a text has to be typed."""
    key, sign, _ = incomplete.partition("=")
    if sign:
        return beginning(incomplete, [f"{key}={value}" for value in values.get(key, ())])
    return beginning(incomplete, [f"{name}=" for name in values], "open")


def _words(context: click.Context) -> list[str]:
    """The words before; what click has made of them ends where an option is without its value."""
    found = context.find_object(Typed)
    return found.words if found else []


def attacks(context: click.Context, incomplete: str) -> Items:
    """`NAME[:STYLE]` of an attack, or the name of a table of the literature."""
    from fwsim.cli.completing.attacks import LITERATURE, OPTIONS, STYLES

    if "--literature" in _words(context):
        return beginning(incomplete, LITERATURE)
    name, sign, _ = incomplete.partition(":")
    if sign:
        return beginning(incomplete, [f"{name}:{style}" for style in STYLES.get(name, ())])
    return beginning(incomplete, OPTIONS)


def attack_options(context: click.Context, incomplete: str) -> Items:
    """`[FAMILY.]NAME=VALUE` of the families on the line, or of all."""
    from fwsim.cli.completing.attacks import OPTIONS

    bases = [name.partition(":")[0] for name in _words(context)]
    family, dot, _ = incomplete.partition(".")
    if dot:
        named = [{f"{family}.{name}": values for name, values in OPTIONS.get(family, {}).items()}]
    else:
        named = [OPTIONS[base] for base in bases if base in OPTIONS] or list(OPTIONS.values())
    return _keys(incomplete, {name: values for options in named for name, values in options.items()})


def command_names(context: click.Context, incomplete: str) -> Items:
    """The name of a command."""
    from fwsim.cli import COMMANDS

    return beginning(incomplete, COMMANDS)


def expressions(context: click.Context, incomplete: str) -> Items:
    """An expression of `-Y`."""
    from fwsim.cli.completing.expression import continued

    found = context.find_object(Typed)
    quoted = found is not None and bool(found.quote)
    both = context.info_name == "compare"
    return [
        CompletionItem(item.text, "open" if item.unfinished else "plain")
        for item in continued(incomplete, both=both, quoted=quoted)
    ]


OFFERS: dict[str, Offer] = {
    "-Y": expressions,
    "FILE": files,
    "FILE...": files,
    "CAPTURE": files,
    "CAPTURE...": files,
    "RULESET...": files,
    "RULESET|CAPTURE": files,
    "OLD": files,
    "NEW": files,
    "[FILE:]N": files,
    "[FILE:]N[-M]": files,
    "FOLDER": files,
    "DIR": files,
    "[COMMAND]": command_names,
    "NAME=FILE": file_of(),
    "TIME=FILE": file_of(),
    "FORMAT=FILE": file_of("text", "json", "junit", "markdown"),
    "NAME=CIDR[,CIDR]": networks,
    "KEY=VALUE": settings,
    "[NAME[:STYLE]...]": attacks,
    "[FAMILY.]NAME=VALUE": attack_options,
}
"""By option, or by what its value is called."""
NOTHING = frozenset({"ADDRESS", "TIME", "N|Ns", "N[-M]", "NAME=DEVICE", "EXPR", "TAG"})
"""Values that only who types them can know."""


def offer_of(parameter: click.Parameter) -> Offer:
    """What there is to offer for a parameter whose value is a text."""
    for name in (*parameter.opts, parameter.metavar or ""):
        if name in OFFERS:
            return OFFERS[name]
    return nothing


def furnish(commands: click.Command, words: Sequence[str]) -> None:
    """Give the parameters of the command on the line what there is to offer for them."""
    name = next((word for word in words if not word.startswith("-")), None)
    if name is None or not isinstance(commands, click.Group):
        return
    command = commands.get_command(click.Context(commands), name)
    for parameter in command.params if command is not None else ():
        if parameter.type is click.STRING:
            parameter.type = Offering(offer_of(parameter))
