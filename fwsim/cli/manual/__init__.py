"""The manual pages, made from the commands as they are: help, options, arguments and examples are said once.

Read first: man-pages(7) for the sections of a page; `fwsim.cli.manual.roff` for the escapes. The library there is,
click-man, walks only groups that have loaded all their commands, leaves examples out, and does not escape what help
texts hold (a line that begins with a dot is lost); of statuses and environment it knows nothing.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import click

from fwsim import __version__
from fwsim.cli.manual.roff import as_typed, bold, italic, listed, paragraph, section, title
from fwsim.cli.manual.told import ARGUMENTS, DATED, ELSEWHERE, ENVIRONMENT, FILES, MODES, STATUSES
from fwsim.errors import UsageError

AS_IT_IS = "\b"
"""What click has in front of a paragraph that is not to be filled."""


def pages(commands: click.Group, sentences: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every page with its name: that of `fwsim`, and one for each command; `sentences` say what these are for."""
    yield page_name(None), main_page(commands, sentences)
    for name in sentences:
        yield page_name(name), page(commands, sentences, name)


def page_name(command: str | None) -> str:
    """What the page of a command is called."""
    return f"fwsim-{command}" if command else "fwsim"


def main_page(commands: click.Group, sentences: Mapping[str, str]) -> str:
    """The page of `fwsim` itself."""
    context = _context(commands)
    told = [
        *section("DESCRIPTION", paragraph(MODES)),
        *section("COMMANDS", _table({page_name(name) + "(1)": told for name, told in sentences.items()})),
        *section("OPTIONS", _options(context)),
    ]
    return _whole(context, (commands.help or "").strip(), told, [page_name(name) for name in sentences])


def page(commands: click.Group, sentences: Mapping[str, str], name: str) -> str:
    """The page of a command."""
    whole = _context(commands)
    command = commands.get_command(whole, name)
    assert command is not None, name
    context = click.Context(command, info_name=name, parent=whole)
    told = [
        *section("DESCRIPTION", _prose(command.help or "")),
        *section("ARGUMENTS", _arguments(context)),
        *section("OPTIONS", _options(context)),
    ]
    others = [page_name(other) for other in (None, *sentences) if other != name]
    return _whole(context, sentences[name], told, others)


def _context(commands: click.Group) -> click.Context:
    """Where `fwsim` itself stands when it is called."""
    return click.Context(commands, info_name="fwsim", **commands.context_settings)


def _whole(context: click.Context, sentence: str, told: list[str], others: list[str]) -> str:
    """A page: what all have in common round what is `told` of its command."""
    name = context.command_path.replace(" ", "-")
    lines = [
        *title(name, _date(), f"fwsim {__version__}"),
        *section("NAME", paragraph(f"{name} - {sentence.rstrip('.')}")),
        *section("SYNOPSIS", [_synopsis(context)]),
        *told,
        *section("EXAMPLES", _examples(context.command.epilog or "")),
        *section("EXIT STATUS", _table(STATUSES)),
        *section("ENVIRONMENT", _table(ENVIRONMENT | (DATED if context.info_name == "man" else {}))),
        *section("FILES", _table(FILES)),
        *section("SEE ALSO", paragraph(", ".join([*(f"{other}(1)" for other in others), *ELSEWHERE]))),
    ]
    return "\n".join(lines) + "\n"


def _date() -> str:
    """The day that a page is of."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = datetime.fromtimestamp(int(text), UTC) if text else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH: expected seconds since 1970, found {text!r}") from None
    return moment.date().isoformat()


def _synopsis(context: click.Context) -> str:
    """How the command is called."""
    words = context.command.collect_usage_pieces(context)
    return " ".join([bold(context.command_path), *map(italic, words)])


def _table(rows: Mapping[str, str]) -> list[str]:
    """Terms and what is said of each."""
    return [line for term, text in rows.items() for line in listed(bold(term), text)]


def _paragraphs(text: str) -> list[list[str]]:
    """The paragraphs of a help text or an epilog, each as its lines; what stands behind a form feed is not shown."""
    found: list[list[str]] = [[]]
    for line in inspect.cleandoc(text.split("\f")[0]).splitlines():
        if line.strip(" "):
            found[-1].append(line.rstrip())
        elif found[-1]:
            found.append([])
    return [lines for lines in found if lines]


def _prose(text: str) -> list[str]:
    """A help text."""
    lines: list[str] = []
    for number, part in enumerate(_paragraphs(text)):
        lines += [".PP"] * bool(number)
        lines += as_typed(part[1:]) if part[0] == AS_IT_IS else paragraph(" ".join(part))
    return lines


def _arguments(context: click.Context) -> list[str]:
    """What each argument is."""
    arguments = [param for param in context.command.params if isinstance(param, click.Argument)]
    words = [word for word in context.command.collect_usage_pieces(context) if word != "[OPTIONS]"]
    lines: list[str] = []
    for argument, word in zip(arguments, words, strict=True):
        choices = getattr(argument.type, "choices", None)
        told = f"One of: {', '.join(choices)}." if choices else ARGUMENTS[word]
        lines += listed(italic(word), told)
    return lines


def _options(context: click.Context) -> list[str]:
    """The options, as `--help` has them."""
    lines: list[str] = []
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            names, told = record
            lines += listed(" ".join(_word_of_an_option(word) for word in names.split(" ")), told)
    return lines


def _word_of_an_option(word: str) -> str:
    """`-r,`, `--rules` or `FILE`."""
    if not word.startswith("-"):
        return italic(word)
    return bold(word.rstrip(",")) + ("," if word.endswith(",") else "")


def _examples(epilog: str) -> list[str]:
    """Commands to type, each group under its heading if there are several."""
    groups = [part[1:] if part[0] == AS_IT_IS else part for part in _paragraphs(epilog)]
    lines: list[str] = []
    for heading, *typed in groups:
        if len(groups) > 1:
            lines += paragraph(heading)
        lines += as_typed(typed)
    return lines
