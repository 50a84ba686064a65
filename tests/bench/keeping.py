"""The captures of the measurements, kept between runs: in $FWSIM_BENCH_DIR, or else in the folder for temporary files.

Read first: `making`. A name holds all that a capture is made of, so nothing stale is ever measured.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.bench import making
from tests.classbench import Filter, corpus_filters, edited, enlarged, ruleset_of

WANTED = 10_000_000
QUICK = 1_000_000
BYTES_A_PACKET = 900
"""All captures together, for each packet of the largest."""
FEW_RULES, MANY_RULES = 10, 10_000


def folder() -> Path:
    """Where captures are kept."""
    given = os.environ.get("FWSIM_BENCH_DIR")
    found = Path(given) if given else Path(tempfile.gettempdir()) / "fwsim-bench"
    found.mkdir(parents=True, exist_ok=True)
    return found


@functools.cache
def packets() -> int:
    """Packets of the largest captures: $FWSIM_BENCH_PACKETS, or ten million if the disk has room for them."""
    given = os.environ.get("FWSIM_BENCH_PACKETS")
    if given:
        return int(given.replace("_", ""))
    kept = sum(path.stat().st_size for path in folder().iterdir())
    return WANTED if shutil.disk_usage(folder()).free + kept > 2 * WANTED * BYTES_A_PACKET else QUICK


class Sizes(NamedTuple):
    """Packets of each capture."""

    least: int
    """Of what would take too long with more, and of what only warms up."""
    mixed: int
    small: int
    flood: int
    million: int
    live: int
    classbench: int


@functools.cache
def sizes() -> Sizes:
    """The sizes that go with `packets`; small packets are cheap, and a million connections take some to open."""
    most = packets()
    small = min(2 * most, max(most, WANTED))
    million = min(4 * most, max(most, 4 * QUICK))
    return Sizes(
        least=min(most, QUICK),
        mixed=most,
        small=small,
        flood=most,
        million=million,
        live=min(1_000_000, million // 4),
        classbench=min(most, 2 * QUICK),
    )


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """A file of this name, made only if it is not there; one that was not finished never bears its name."""
    path = folder() / f"v{making.VERSION}-{name}"
    if not path.exists():
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            make(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def capture(name: str, count: int, records: Callable[[], Iterator[bytes]]) -> Path:
    """A capture of so many packets."""
    return kept(f"{name}-{count}.pcap", lambda path: making.write_capture(path, records()))


def mixed(count: int) -> Path:
    """Mean 590 bytes, 3,000 conversations at a time (fewer in short ones), a quarter of which the ruleset refuses."""
    live = min(making.MIXED.live, max(count // 100, 1))
    return capture("mixed", count, lambda: making.conversations(making.MIXED._replace(live=live), count))


def small(count: int) -> Path:
    """Small packets, 50,000 live connections."""
    return capture("small", count, lambda: making.conversations(making.SMALL, count))


def flood(count: int) -> Path:
    """SYNs from random sources to one server."""
    return capture("flood", count, lambda: making.flood(count))


def million(count: int, live: int) -> Path:
    """Small packets of so many live connections, none of which ever ends."""
    traffic = making.MILLION._replace(live=live)
    return capture(f"live-{live}", count, lambda: making.conversations(traffic, count))


@functools.cache
def filters() -> list[Filter]:
    """Ten thousand filters made of those of ClassBench."""
    return enlarged(corpus_filters(), MANY_RULES)


def drawn_headers(count: int) -> Path:
    """Small packets, half of them inside one of the ten thousand filters."""
    return capture("classbench", count, lambda: making.drawn_headers(filters(), count))


def classbench_rules(count: int) -> Path:
    """A ruleset of so many of the ten thousand filters, evenly spread among them."""
    chosen = filters()[:: MANY_RULES // count]
    return kept(f"classbench-{count}.json", lambda path: _write_json(path, ruleset_of(chosen)))


def edited_rules(edits: int) -> Path:
    """The same ten thousand, with so many rules taken out, turned round and moved each."""
    rules, _ = edited(ruleset_of(filters()), Random(edits), edits)
    return kept(f"classbench-edited-{edits}.json", lambda path: _write_json(path, rules))


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=1))
