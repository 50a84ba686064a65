"""Lines of bytes made of fragments: those that Python writes, for any batch, compiled or not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.naming import FRAME_FIELDS
from fwsim.report import fragments as module
from fwsim.report.cells import Rows
from fwsim.report.fragments import FIELDS, VALUE, Fragments
from fwsim.report.frames import Csv, JsonLines
from tests.batches import FakeBatch, FakeRule, batch, naming
from tests.random_batches import random_batch, random_naming

ROOT = Path(__file__).parent.parent.parent
MODES = [("stateless", "stateful"), ("stateful",), ("stateless",)]
TRANSLATING: list[tuple[str, ...]] = [(), ("stateless", "stateful"), ("stateful",)]

COMPILED = """
import random
from fwsim.engine import compile_engine
from fwsim.native.calling import Native
from tests.unit.test_report_fragments import MODES, differing
import fwsim.report.fragments as module
compile_engine()
assert isinstance(module.write_records, Native)
chance = random.Random(4)
found = [seed for seed in range(60) if differing(seed, chance.randrange(20), MODES[seed % 3], csv=seed % 2 == 0)]
print(found)
"""


def encoded(text: str) -> bytes:
    """As output is encoded."""
    return text.encode("utf-8", "backslashreplace")


def joined(fragments: Fragments, made: FakeBatch, rows: Rows) -> bytes:
    """All pieces."""
    return b"".join([bytes(piece) for piece in fragments.pieces(made, rows)])


def differing(seed: int, count: int, modes: tuple[str, ...], *, csv: bool) -> bool:
    """Whether two batches of a seed are written otherwise than Python writes them, whole or in part."""
    chance = random.Random(seed)
    format_ = (Csv if csv else JsonLines)(modes, random_naming())
    translating = TRANSLATING[seed // 6 % len(TRANSLATING)]
    fragments = Fragments(format_, encoded, translating)
    some = np.array(sorted(chance.sample(range(count), count // 2)), np.int64)
    for rows in (slice(None), some):
        made = random_batch(chance, count, translating)
        if joined(fragments, made, rows) != encoded(format_.lines(made, rows)):
            return True
    return False


@given(st.integers(0, 2**32), st.integers(0, 12), st.sampled_from(MODES), st.booleans())
def test_any_batch_is_written_as_python_writes_it(seed: int, count: int, modes: tuple[str, ...], csv: bool) -> None:
    assert not differing(seed, count, modes, csv=csv)


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set")
def test_compiled_code_writes_as_python_does(tmp_path: Path) -> None:
    environment = {**os.environ, "FWSIM_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", COMPILED], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"


def test_every_field_is_written_from_somewhere() -> None:
    assert set(FIELDS) <= {*FRAME_FIELDS, *(f"{mode}{more}" for mode in MODES[0] for more in ("", ".nat"))}
    assert max(len("-9223372036854775808.999999999"), len("ffff:" * 7 + "ffff")) < VALUE


def test_what_is_kept_is_bounded_and_changes_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in {"SLOTS": 8, "SLOTS_MOST": 32, "POOL": 4_000, "POOL_MOST": 6_000}.items():
        monkeypatch.setattr(module, name, most)
    format_ = JsonLines(MODES[0], random_naming())
    fragments = Fragments(format_, encoded, TRANSLATING[1])
    for seed in range(6):
        made = random_batch(random.Random(seed), 10, TRANSLATING[1])
        assert joined(fragments, made, slice(None)) == encoded(format_.lines(made, slice(None)))
        assert len(fragments.form.slots) <= 32
        assert len(fragments.form.pool) <= 6_000


def test_lines_longer_than_the_buffer_and_the_pool_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OUT", 100)
    monkeypatch.setattr(module, "POOL", 2_000)
    monkeypatch.setattr(module, "POOL_MOST", 2_000)
    format_ = JsonLines(MODES[0], naming([FakeRule("long " * 5_000, 1, 1)] * 4))
    made = batch({}, {})
    assert joined(Fragments(format_, encoded), made, slice(None)) == encoded(format_.lines(made, slice(None)))


def test_tables_that_may_not_be_written_to_do_as_well() -> None:
    made = batch({}, {})
    made.frames.flags.writeable = False
    format_ = Csv(MODES[0], naming())
    assert joined(Fragments(format_, encoded), made, slice(None)) == encoded(format_.lines(made, slice(None)))
