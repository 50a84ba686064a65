"""Changes that are meant: a file of what was accepted, so that only what is new is told.

Read first: `grouping` (Group.identity), `settings`. A change is the same as long as the same two rules, by name and
text, do the same to the same packets; lines may move. A region that grows is another change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fwsim.errors import UsageError
from fwsim.whole_files import read_whole

from .grouping import Group
from .settings import Setting

VERSION = 1


def key_of(group: Group) -> str:
    """A change as a short word."""
    return hashlib.sha256(group.identity.encode()).hexdigest()[:24]


def key_of_setting(setting: Setting) -> str:
    """A setting that differs as a short word."""
    return hashlib.sha256(repr((setting.name, setting.old, setting.new)).encode()).hexdigest()[:24]


def read_accepted(path: str) -> dict[str, str]:
    """What was accepted, by key, in words. Raises UsageError for what is no such file."""
    try:
        written = json.loads(read_whole(path).decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is not a file of accepted changes: {error}, expected JSON") from error
    if not isinstance(written, dict) or written.get("schema_version") != VERSION:
        raise UsageError(f"{path}: is not a file of accepted changes, expected an object with schema_version {VERSION}")
    entries = written.get("accepted")
    if not isinstance(entries, list) or not all(_is_entry(entry) for entry in entries):
        raise UsageError(f"{path}: accepted is wrong, expected a list of objects with a key and a change")
    return {entry["key"]: entry["change"] for entry in entries}


def _is_entry(entry: Any) -> bool:
    """Whether something is an accepted change."""
    return isinstance(entry, Mapping) and all(isinstance(entry.get(word), str) for word in ("key", "change"))


def accepted_text(groups: Sequence[Group], settings: Sequence[Setting]) -> str:
    """A file that accepts all of these."""
    entries = [{"key": key_of_setting(each), "change": f"{each.name}: {each.old} -> {each.new}"} for each in settings]
    entries += [{"key": key_of(group), "change": change_of(group)} for group in groups if group.witness is not None]
    return json.dumps({"schema_version": VERSION, "accepted": entries}, indent=2) + "\n"


def change_of(group: Group) -> str:
    """A change in a line."""
    region = group.regions[0].text if group.regions else ""
    who = [each.rule or f"policy of {each.chain}" if each.chain else "no chain" for each in (group.old, group.new)]
    text = f"{group.mode}: {group.old.verdict} ({who[0]}) -> {group.new.verdict} ({who[1]})"
    return text + (f": {region}" if region else "")
