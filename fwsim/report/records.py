"""JSON lines and CSV on their way out, as bytes: made by compiled code once that is at hand, else in Python.

Read first: `fwsim.report.frames`, which makes the same lines in Python, and `fwsim.report.fragments`.
"""

from __future__ import annotations

from typing import IO, Any

from fwsim.engine import is_cached, is_compiled
from fwsim.report.cells import Rows
from fwsim.report.fragments import Fragments
from fwsim.report.frames import Csv, JsonLines

WORTH_COMPILING = 300_000
"""Lines after which what writes them is compiled, which takes 1.5 s: about as much as was lost until then by not having
done it (2.5 us a line). If it is cached already, it is used as soon as the engine is compiled."""


class Records:
    """Writes lines into a text stream, past its encoder and its translation of line ends."""

    def __init__(self, format_: JsonLines | Csv, out: IO[str]) -> None:
        """Nothing is written yet. A stream without bytes beneath it (`io.StringIO`) gets text."""
        self.format = format_
        self.out = out
        self.encoding = getattr(out, "encoding", None) or "utf-8"
        self.bytes: Any = getattr(out, "buffer", None)
        self.fragments: Fragments | None = None
        self.lines = 0
        self.cached: bool | None = None

    def begin(self) -> None:
        """Write what stands before the first line."""
        self.out.flush()
        self._write_text(self.format.header())

    def write(self, batch: Any, rows: Rows) -> None:
        """Write the selected rows of a batch."""
        self.lines += len(batch)
        if self.fragments is None and self._compiled_pays():
            self.fragments = Fragments(self.format, self._encoded, batch.departures)
        if self.fragments is None:
            self._write_text(self.format.lines(batch, rows))
            return
        for piece in self.fragments.pieces(batch, rows):
            self.bytes.write(piece)

    def _compiled_pays(self) -> bool:
        """Whether to write by compiled code from now on: it needs bytes that are ASCII where the text is."""
        if not is_compiled() or self.bytes is None or self._encoded("0,\n") != b"0,\n":
            return False
        if self.cached is None:
            self.cached = is_cached("write_records")
        return self.cached or self.lines >= WORTH_COMPILING

    def _write_text(self, text: str) -> None:
        """Write text: as bytes, if one can."""
        if self.bytes is None:
            self.out.write(text)
        else:
            self.bytes.write(self._encoded(text))

    def _encoded(self, text: str) -> bytes:
        """Text as the stream would encode it."""
        return text.encode(self.encoding, "backslashreplace")
