"""What a blind reset costs: small ones value by value, whole sweeps where the engine is compiled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
import pytest

from fwsim.attack.host import before_rfc5961, by_rfc5961
from fwsim.attack.literature.blind_reset import (
    EXPECTED,
    LINUX,
    SPACE,
    Found,
    by_host,
    client_of,
    everybody,
    forgotten,
    handshakes,
    resets,
    swept,
    theory,
    values_of,
)
from fwsim.attack.literature.many import SECOND, in_order
from fwsim.attack.model import Effect
from fwsim.attack.segment import taken_apart

SMALL, AROUND = 150, 20


@cache
def values() -> dict[str, Found]:
    return values_of(SMALL, AROUND)


def test_linux_admits_two_windows_of_values_and_closes_on_one() -> None:
    found = values()
    numbers = np.arange(-AROUND, 2 * SMALL + AROUND)
    linux = found["Linux conntrack"]
    assert numbers[linux.admitted].tolist() == list(range(2 * SMALL))
    assert numbers[linux.closing].tolist() == [0]
    assert numbers[found["RFC 793 window"].admitted].tolist() == list(range(SMALL))
    assert numbers[found["RFC 5961 exact"].admitted].tolist() == [0]


def test_without_state_or_windows_every_value_is_admitted_and_one_closes() -> None:
    found = values()
    assert found["stateless"].admitted.all()
    assert not found["stateless"].closing.any()
    assert found["state only"].admitted.all()
    assert found["state only"].closing.sum() == 1


@pytest.mark.parametrize(("window", "expected"), [(5840, 735_440), (65535, 65_538)])
def test_a_sweep_has_as_many_resets_as_the_literature_and_only_its_last_hits(window: int, expected: int) -> None:
    seq = swept(window, window)
    assert len(seq) == expected == theory("RFC 793 window", window)[0]
    hits = np.flatnonzero(by_host(seq[-2000:], window)["RFC 793 window"].admitted)
    assert hits.tolist() == [1999]
    assert (seq[-1] - EXPECTED - window) < SPACE


def test_one_reset_less_may_miss() -> None:
    """The sweep without its last packet, from its worst place on, hits nothing: the figure cannot be smaller."""
    seq = swept(5840, 5840)[:-1]
    offsets = (seq - EXPECTED) % SPACE
    assert offsets.min() == 5840


def test_the_host_s_window_is_what_its_own_code_says() -> None:
    seq = EXPECTED + np.array([-1, 0, 1, SMALL - 1, SMALL])
    found = by_host(seq, SMALL)
    for place, packet in enumerate(resets(np.arange(5), seq, apart=False)):
        segment = taken_apart(packet["data"].tobytes())
        old, new = (judge(client_of(SMALL), segment) == Effect.RESET for judge in (before_rfc5961, by_rfc5961))
        assert (old, new) == (found["RFC 793 window"].admitted[place], found["RFC 5961 exact"].admitted[place])


def test_the_ends_of_a_real_sweep_are_admitted_twice_by_linux() -> None:
    whole = swept(5840, 5840)
    seq = np.concatenate([whole[:300], whole[-300:]])
    packets = in_order([*handshakes(1, 5840), resets(SECOND + np.arange(600) * 10_000, seq, apart=False)])
    found = everybody(packets, seq, 5840)
    assert np.flatnonzero(found["Linux conntrack"].admitted).tolist() == [0, 599]
    assert not found["Linux conntrack"].closing.any()
    assert found["stateless"].admitted.all()


def test_a_reset_inside_the_window_cuts_the_time_and_one_in_the_band_above_changes_nothing() -> None:
    """The last value of the window is the edge itself, which may still be sent: as many values as the window has."""
    assert forgotten(SMALL, answered=False) == SMALL


def test_a_challenge_ack_gives_the_connection_its_time_back() -> None:
    assert forgotten(SMALL, answered=True) == 0


def literature(*names: str) -> dict[str, Any]:
    """The tables, found in a process of its own, which may be compiled."""
    command = [sys.executable, "-m", "fwsim", "attack", "--literature", *names, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return {table["name"]: table for table in json.loads(done.stdout)["tables"]}


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set")
def test_whole_sweeps_cost_what_the_literature_says() -> None:
    table = literature("blind-reset")["blind-reset"]
    rows = {(row["in its way"], row["window"]): row for row in table["rows"]}
    for window, sweep in (("5,840", "735,440"), ("65,535", "65,538")):
        linux = rows[LINUX.name, window]
        assert linux["RSTs of a sweep"] == linux["host of RFC 793 reset by RST"] == sweep
        assert (linux["admitted"], linux["values that close"]) == ("2", "1")
        assert rows["stateless", window]["admitted"] == rows["state only", window]["admitted"] == sweep
        assert rows["RFC 793 window", window]["admitted"] == "1"
        assert rows["RFC 5961 exact", window]["admitted"] == "0"
    assert rows[LINUX.name, "5,840"]["values admitted"] == "11,680"
    assert all(row["agrees"] for row in table["rows"])
    assert "of the 11,679 values that Linux admits and that close nothing, 5,840 cut the time" in table["notes"][0]
    assert table["notes"][0].endswith("challenge ACK, none.")
