"""A whole script: nft text to its tree, or to all its mistakes.

Read first: `commands`. This is the way in.
"""

from __future__ import annotations

from pathlib import Path

from fwsim.errors import RulesetError

from .block_tree import Command, Script
from .blocks import one
from .commands import command
from .library import Library
from .source import Source, decoded, read_bytes
from .tokens import END, Reader


def read_script(path: str | Path) -> Script:
    """The script in a file; it may include files of its own folder."""
    file = Path(path)
    source = decoded(str(path), read_bytes(file, str(path)))
    return parse(source, Library(file.parent, file))


def parse_text(text: str, path: str = "<text>", folder: str | Path | None = None) -> Script:
    """The script that a text is; without a folder it can include nothing."""
    return parse(Source(path, text), None if folder is None else Library(Path(folder)))


def parse(source: Source, library: Library | None) -> Script:
    """The tree of a script.

    Raises RulesetError with the first ten mistakes.
    """
    commands: list[Command] = []

    def item(reader: Reader) -> None:
        commands.append(command(reader))
        if reader.kind != END:
            reader.separator()

    try:
        reader = Reader(source, library)
        while reader.kind != END:
            one(reader, item)
    except RulesetError as error:
        raise RulesetError([*reader.problems, *error.problems]) from None
    if reader.problems:
        raise RulesetError(reader.problems)
    return Script(source, 0, len(source.text), tuple(commands), tuple(reader.sources))
