"""Where the reading of captures stands, in a checkpoint, and captures opened again to go on from there.

Read first: `fwsim.capture.captures`, `reader`, `window`. What was read ahead is read again, into a buffer that is cut
in the same places, so that the chunks that follow are those that would have followed. What is compressed is
decompressed again from its beginning; so is read, for its digest, what is to have one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fwsim.capture import CaptureFile, CaptureInterface, Captures, Input
from fwsim.capture.merging import Head, Merge, Source
from fwsim.capture.model import Scanned
from fwsim.capture.opening import open_capture
from fwsim.capture.pcapng import PcapngReader
from fwsim.capture.reader import Reader, Run
from fwsim.capture.stored import DamageError, Stored, open_stored
from fwsim.capture.window import SIZE, SIZE_MAX, Window
from fwsim.checkpoint.saved import MOST, Saved
from fwsim.engine.scan import INTERFACE, SCAN
from fwsim.errors import CaptureError
from fwsim.tables import FRAME

COUNTED = ("offloaded", "offloaded_header", "segmented", "cut")
"""What the decoder counts."""
FAR = 1 << 62
PIECE = 1 << 20


# --- saving ----------------------------------------------------------------------------------------------------


def save_captures(captures: Captures) -> dict[str, Any]:
    """Where reading stands; captures must be at rest (`Captures.between`)."""
    source = captures.source
    return {
        "files": [_save_file(file) for file in captures.files],
        "interfaces": [[one.name, one.link_type, one.file] for one in captures.interfaces],
        "now": int(captures.decoder["now"][0]),
        "counts": {name: int(captures.decoder[name][0]) for name in COUNTED},
        "left": captures.left,
        "heads": [_save_head(head) for head in source.heads] if isinstance(source, Merge) else None,
        "reader": _save_reader(source) if isinstance(source, Reader) else None,
    }


def _save_file(file: CaptureFile) -> dict[str, Any]:
    """What is known of a file."""
    names = ("format", "compression", "sha256", "packets", "complete", "warnings", "link_types", "first_ts", "last_ts")
    return {name: getattr(file, name) for name in names}


def _save_head(head: Head) -> dict[str, Any]:
    """An input of a merge, with the frames that it has read and not given."""
    assert isinstance(head.source, Reader)
    rest = head.rest()
    return {
        "reader": _save_reader(head.source),
        "latest": int(head.keys[-1]),
        "keys": head.keys[head.start :],
        "frames": rest.frames,
        "octets": rest.buffer,
        "comments": list(rest.comments.items()),
    }


def _save_reader(reader: Reader) -> dict[str, Any]:
    """Where a reader stands."""
    window = reader.window
    tree: dict[str, Any] = {
        "number": reader.number,
        "base": window.base,
        "at": window.at,
        "end": window.end,
        "size": len(window.buffer),
        "damage": window.damage,
        "state": reader.state,
        "done": reader.done,
        "empty_frames": reader.empty_frames,
        "unread": [[number, link_type] for number, link_type in reader.unread.items()],
    }
    if isinstance(reader, PcapngReader):
        tree["described"] = reader.described
        tree["sections"] = reader.sections[: int(reader.state["interfaces"][0])]
    return tree


# --- going on --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Again:
    """What is needed to open the captures again: the options are those of `open_captures`."""

    inputs: Sequence[Input]
    checksum: str
    merge: bool
    digest: bool
    stopped: Callable[[], bool]
    chunk_rows: int


def reopen_captures(again: Again, saved: Saved) -> Captures:
    """Captures that go on where those that were saved stood."""
    run = Run(again.chunk_rows, again.digest, again.stopped)
    tree = saved.parts("files")
    saved.must(len(tree) == len(again.inputs), "files")
    files = [_restored_file(one.path, part) for one, part in zip(again.inputs, tree, strict=True)]
    interfaces = [_restored_interface(one, saved, len(files)) for one in saved.list("interfaces")]
    left, now = saved.number_or_none("left"), saved.number("now", -FAR, FAR)
    saved.must(left is None or left >= 0, "left")
    counts = {name: saved.part("counts").number(name, 0, FAR) for name in COUNTED}
    opener = _Opener(run, again.inputs, files, interfaces)
    run.interfaces[:] = interfaces
    sources: Iterable[Source]
    current: Source
    if again.merge:
        sources = [current := _restored_merge(opener, saved)]
    else:
        sources = opener.from_here(current := opener.open(saved.part("reader")))
    captures = Captures(run, files, sources, checksum=again.checksum, limit=left)
    captures.source = current
    captures.decoder["now"] = now
    for name, count in counts.items():
        captures.decoder[name] = count
    return captures


class _Opener:
    """Opens readers where they stood."""

    def __init__(
        self, run: Run, inputs: Sequence[Input], files: list[CaptureFile], interfaces: list[CaptureInterface]
    ) -> None:
        """`files` and `interfaces` are as they were saved."""
        self.run = run
        self.inputs = inputs
        self.files = files
        self.interfaces = interfaces

    def open(self, saved: Saved) -> Reader:
        """A reader where it stood; what opening it says of the file was known before."""
        number = saved.number("number", 0, len(self.inputs) - 1)
        one = self.inputs[number]
        reader = open_capture(Run(self.run.chunk_rows, False), one, CaptureFile(one.path), number)
        reader.close()
        reader.run, reader.file = self.run, self.files[number]
        reader.stored, source = open_stored(one.path, digest=self.run.digest, stopped=self.run.stopped)
        try:
            reader.window = Window(source, self.run.buffers)
            _restore_window(reader, one.path, saved)
            _restore_state(reader, saved, self.interfaces)
        except BaseException:
            reader.close()
            raise
        return reader

    def from_here(self, reader: Reader) -> Iterator[Source]:
        """The reader, and those of the files behind it when their turn comes."""
        yield reader
        for number in range(reader.number + 1, len(self.inputs)):
            yield open_capture(self.run, self.inputs[number], self.files[number], number)


def _restored_file(path: str, saved: Saved) -> CaptureFile:
    """What is known of a file."""
    link_types = saved.list("link_types")
    saved.must(all(type(one) is int for one in link_types), "link_types")
    return CaptureFile(
        path,
        format=saved.text("format"),
        compression=saved.text("compression"),
        sha256=saved.text_or_none("sha256"),
        packets=saved.number("packets", 0),
        complete=saved.truth("complete"),
        warnings=saved.texts("warnings"),
        link_types=link_types,
        first_ts=saved.number_or_none("first_ts"),
        last_ts=saved.number_or_none("last_ts"),
    )


def _restored_interface(one: Any, saved: Saved, files: int) -> CaptureInterface:
    """A capture interface."""
    saved.must(isinstance(one, list) and len(one) == 3, "interfaces")
    name, link_type, file = one
    saved.must((name is None or isinstance(name, str)) and type(link_type) is int and type(file) is int, "interfaces")
    saved.must(0 <= file < files and 0 <= link_type < 1 << 16, "interfaces")
    return CaptureInterface(name, link_type, file)


def _restored_merge(opener: _Opener, saved: Saved) -> Merge:
    """A merge that goes on; inputs that had ended are not opened again."""
    heads: list[Head] = []
    try:
        for part in saved.parts("heads"):
            head = Head(opener.open(part.part("reader")))
            heads.append(head)
            _restore_head(head, part, opener)
    except BaseException:
        for head in heads:
            head.source.close()
        raise
    merge = Merge([head.source for head in heads])
    merge.heads = heads
    return merge


def _restore_head(head: Head, saved: Saved, opener: _Opener) -> None:
    """The frames that an input of a merge has read and not given."""
    octets = np.frombuffer(bytearray(saved.octets("octets")), np.uint8)
    bounds = {
        "file": (0, len(opener.files) - 1), "capture_interface": (0, len(opener.interfaces) - 1),
        "offset": (0, len(octets)), "captured": (0, len(octets)), "length": (0, 1 << 32),
    }  # fmt: skip
    frames = saved.rows("frames", FRAME, bounds=bounds)
    saved.must(not len(frames) or bool((frames["offset"] + frames["captured"] <= len(octets)).all()), "frames")
    keys = saved.numbers("keys")
    latest = saved.number("latest")
    saved.must(len(keys) == len(frames) and bool((np.diff(keys) >= 0).all()), "keys")
    saved.must(not len(keys) or int(keys[-1]) == latest, "keys")
    head.batch = Scanned(frames, octets, dict(_comment(one, saved) for one in saved.list("comments")))
    head.keys, head.start = (keys, 0) if len(keys) else (np.array([latest], np.int64), 1)


def _comment(one: Any, saved: Saved) -> tuple[int, list[str]]:
    """The comments of a row."""
    saved.must(isinstance(one, list) and len(one) == 2 and type(one[0]) is int and isinstance(one[1], list), "comments")
    saved.must(all(isinstance(text, str) for text in one[1]), "comments")
    return one[0], one[1]


def _restore_window(reader: Reader, path: str, saved: Saved) -> None:
    """Read on to where the window was, and fill it as it was."""
    window = reader.window
    size = saved.number("size", SIZE, SIZE_MAX)
    end = saved.number("end", 0, size)
    window.at, window.end = saved.number("at", 0, end), end
    window.base = saved.number("base", 0, FAR)
    window.damage = saved.text_or_none("damage")
    if len(window.buffer) != size:
        window.buffer = np.empty(size, np.uint8)
    try:
        skip(reader.stored, window, window.position)
        view = window.buffer.data[window.at : end]
        while view and (count := window.source.readinto(view)):
            view = view[count:]
    except DamageError as error:
        raise CaptureError(path, str(error)) from error
    if view:
        raise CaptureError(path, "is shorter than it was when the checkpoint was made")


def skip(stored: Stored, window: Window, size: int) -> None:
    """Go on to a place in the (decompressed) file: at once if nothing asks for the bytes before it."""
    if window.source is stored and stored.skip_to(size):
        return
    while size > 0 and (count := window.source.readinto(memoryview(bytearray(min(size, PIECE))))):  # hashed later: anew
        size -= count


def _restore_state(reader: Reader, saved: Saved, interfaces: list[CaptureInterface]) -> None:
    """Where the scanner stood; what the file's header says was read from there."""
    own = [number for number, one in enumerate(interfaces) if one.file == reader.number]
    state = saved.rows("state", SCAN, 1)
    for name in ("number", "last_ts"):
        reader.state[name] = state[name]
    saved.must(0 <= int(state["number"][0]) < MOST // 2, "number")
    reader.done = saved.truth("done")
    reader.empty_frames = saved.number("empty_frames", 0)
    unread = saved.list("unread")
    saved.must(all(isinstance(one, list) and list(map(type, one)) == [int, int] for one in unread), "unread")
    reader.unread = dict(unread)
    if not isinstance(reader, PcapngReader):
        saved.must(int(state["interface"][0]) in own, "interface")
        reader.state["interface"] = state["interface"]
        return
    reader.state["big_endian"] = int(state["big_endian"][0] != 0)
    reader.described = saved.number("described", 0, len(own))
    sections = saved.rows("sections", INTERFACE)
    saved.must(set(sections["number"].tolist()) <= set(own), "sections")
    reader.restore_sections(sections)
