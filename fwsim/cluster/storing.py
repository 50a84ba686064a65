"""Where workers write: a folder that all of them see, on one machine or by its URL, through fsspec.

Read first: nothing. A file gets its name only when it is complete.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from fwsim.errors import UsageError


class Folder:
    """A folder for the files of one run."""

    def __init__(self, path: str) -> None:
        """Make it; raises UsageError if that cannot be, or if something is in it already."""
        import fsspec

        self.url = path if "://" in path else os.path.abspath(path)
        try:
            files, place = fsspec.url_to_fs(self.url)
            files.makedirs(place, exist_ok=True)
            full = bool(files.ls(place))
        except Exception as problem:  # every file system has its own
            raise UsageError(f"{path}: cannot be written: {problem}") from None
        if full:
            raise UsageError(f"{path}: is not empty, expected a folder for the Parquet files of this run alone")

    def file(self, number: int, capture: str) -> str:
        """Where the rows of a capture go."""
        return f"{self.url.rstrip('/')}/{number:05}-{os.path.basename(capture)}.parquet"


@contextmanager
def as_a_whole(url: str) -> Iterator[IO[bytes]]:
    """A stream to write to; what was written is dropped if that fails."""
    import fsspec

    files, place = fsspec.url_to_fs(url)
    try:
        stream: Any = files.open(place, "wb", autocommit=False)
    except OSError as problem:
        raise UsageError(f"{url}: cannot be written: {problem}") from None
    try:
        yield stream
        stream.close()
        stream.commit()
    except BaseException:
        stream.close()
        stream.discard()
        raise
