"""Findings that somebody has accepted: a file of their fingerprints, to be kept beside the ruleset.

Read first: `kinds` (fingerprinted). It is JSON, a line for each finding, so that changes of it can be reviewed:

```
{"fwsim_accepted": 1, "findings": [
{"fingerprint": "...", "kind": "correlation", "level": "note", "at": "edge.nft:12", "what": "..."}
]}
```
The fingerprint counts, and the level: what was accepted as a note is not accepted as a warning. The rest is for whoever
reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from fwsim.errors import Problem, RulesetError
from fwsim.whole_files import read_whole

from .kinds import Finding, Level

VERSION = 1
LEVELS = ", ".join(level.name.lower() for level in Level)
EXPECTED = f'expected {{"fwsim_accepted": {VERSION}, "findings": [{{"fingerprint": ...}}, ...]}}'


def read_accepted(path: str) -> dict[str, Level]:
    """The fingerprints of a file, each with the level up to which it is accepted. Raises RulesetError."""
    try:
        content = json.loads(read_whole(path).decode("utf-8"))
    except FileNotFoundError as error:
        raise RulesetError([Problem(path, 0, 0, "there is no such file yet: --update makes it")]) from error
    except OSError as error:
        raise RulesetError([Problem(path, 0, 0, f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise RulesetError([Problem(path, 0, 0, f"is no text; {EXPECTED}")]) from error
    except json.JSONDecodeError as error:
        raise RulesetError([Problem(path, error.lineno, error.colno, f"{error.msg}; {EXPECTED}")]) from error
    except RecursionError as error:
        raise RulesetError([Problem(path, 0, 0, f"is nested too deeply; {EXPECTED}")]) from error
    if not isinstance(content, dict) or content.get("fwsim_accepted") != VERSION:
        raise RulesetError([Problem(path, 0, 0, f"is no file of accepted findings; {EXPECTED}")])
    accepted: dict[str, Level] = {}
    for one in _listed(path, content.get("findings")):
        fingerprint = _fingerprint(path, one)
        accepted[fingerprint] = max(_level(path, one), accepted.get(fingerprint, Level.NOTE))
    return accepted


def _listed(path: str, findings: Any) -> list[Any]:
    """The findings of a file."""
    if not isinstance(findings, list):
        raise RulesetError([Problem(path, 0, 0, f"has no list of findings; {EXPECTED}")])
    return findings


def _fingerprint(path: str, one: Any) -> str:
    """The fingerprint of one."""
    found = one.get("fingerprint") if isinstance(one, dict) else None
    if not isinstance(found, str):
        raise RulesetError([Problem(path, 0, 0, f"a finding has no fingerprint; {EXPECTED}")])
    return found


def _level(path: str, one: Mapping[str, Any]) -> Level:
    """The level of one; without, all levels are accepted."""
    word = one.get("level", "error")
    found = next((level for level in Level if level.name.lower() == word), None)
    if found is None:
        raise RulesetError([Problem(path, 0, 0, f"the level of a finding is {word!r}, expected {LEVELS}")])
    return found


def accepted_text(findings: Iterable[Finding]) -> str:
    """The file that accepts these findings."""
    lines = []
    for one in findings:
        at = f"{one.path}:{one.line}" if one.line else one.path
        level = one.level.name.lower()
        entry = {"fingerprint": one.fingerprint, "kind": one.kind.word, "level": level, "at": at, "what": one.what}
        lines.append(json.dumps(entry, ensure_ascii=False))
    inside = ",\n".join(lines)
    return f'{{"fwsim_accepted": {VERSION}, "findings": [\n{inside}{chr(10) * bool(lines)}]}}\n'


def marked(findings: Iterable[Finding], accepted: Mapping[str, Level]) -> list[Finding]:
    """The findings, those marked that are accepted."""
    return [replace(one, accepted=True) if one.level <= accepted.get(one.fingerprint, 0) else one for one in findings]
