"""Frames as a user names them: `N`, `N-M`, `FILE:N`, `FILE:N-M`.

Read first: DESIGN section 5: `n` counts from 1 in each file, as Wireshark counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fwsim.errors import UsageError
from fwsim.explain.reaching import FrameRange

_FORM = re.compile(r"(?:(?P<file>.+):)?(?P<first>\d+)(?:-(?P<last>\d+))?", re.DOTALL)


def frame_range(text: str, paths: Sequence[str], option: str) -> FrameRange:
    """The frames that the text names; raises UsageError, which names the `option`."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise UsageError(f"{option} {text}: expected a packet's number, or FILE:NUMBER")
    first = int(match["first"])
    last = int(match["last"] or first)
    if first < 1 or last < first:
        raise UsageError(f"{option} {text}: packets are numbered from 1, and a range goes upwards")
    return FrameRange(_file(match["file"], paths, f"{option} {text}"), first, last)


def single_frame(text: str, paths: Sequence[str], option: str) -> FrameRange:
    """The one frame that the text names."""
    found = frame_range(text, paths, option)
    if found.first != found.last:
        raise UsageError(f"{option} {text}: expected one packet, not a range")
    return found


def _file(name: str | None, paths: Sequence[str], what: str) -> int:
    """The number of the capture with this path, or with this name at the end of its path."""
    if name is None:
        if len(paths) > 1:
            raise UsageError(f"{what}: there are {len(paths)} captures, so write FILE:NUMBER")
        return 0
    found = [number for number, path in enumerate(paths) if path == name]
    found = found or [number for number, path in enumerate(paths) if path.rpartition("/")[2] == name]
    if len(found) != 1:
        raise UsageError(f"{what}: expected one of the captures {', '.join(paths)}")
    return found[0]
