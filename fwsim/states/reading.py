"""A file of connections, whichever of the two formats it is in.

Read first: `fwsim.states.as_json`, `fwsim.states.as_text`.
"""

from __future__ import annotations

import sys

from fwsim.errors import UsageError
from fwsim.states import as_json, as_text
from fwsim.states.model import State

MOST = 1 << 30
"""Bytes: a larger file is no table that fits."""


def read_state(path: str) -> State:
    """The state in a file; `-` is standard input. Raises UsageError."""
    try:
        if path == "-":
            content = sys.stdin.buffer.read(MOST + 1)
        else:
            with open(path, "rb") as file:
                content = file.read(MOST + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) > MOST:
        raise UsageError(f"{path}: is too large for a table of connections")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is no text: expected connections as JSON, or as conntrack -L prints them") from None
    try:
        return as_json.state_of(text) if text.lstrip().startswith("{") else as_text.state_of(text)
    except as_json.WrongError as error:
        raise UsageError(f"{path}: {error}") from None
