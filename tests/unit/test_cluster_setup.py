from __future__ import annotations

import io
import pickle
import threading

import pytest

from fwsim.cluster import require_dask, setup
from fwsim.cluster.setup import Setup, at_work, compiling_pays, simulator_of
from fwsim.compiling import WORTH_COMPILING, WORTH_LOADING
from fwsim.errors import UsageError
from fwsim.ruleset import load_ruleset

LIMITED = "chains: {forward: {hook: forward, policy: drop, rules: [{verdict: accept, limit: 1/hour}]}}"


def made(text: str = "policy: drop", packets: int = 0) -> Setup:
    return Setup(load_ruleset(io.StringIO(text)), {}, None, "auto", False, 1, 2, packets)


def test_a_process_makes_the_simulator_of_a_run_once() -> None:
    one, other = made(), made()
    assert simulator_of(one) is simulator_of(pickle.loads(pickle.dumps(one)))
    assert simulator_of(one) is not simulator_of(other)
    assert one != other


def test_a_limit_counts_the_packets_of_all() -> None:
    assert made(LIMITED).counts_all
    assert not made().counts_all


@pytest.mark.parametrize(
    ("packets", "cached", "pays"),
    [
        (WORTH_COMPILING + 1, False, True),
        (WORTH_COMPILING, False, False),
        (WORTH_LOADING + 1, True, True),
        (9, True, False),
    ],
)
def test_compiling_pays_as_in_one_process(
    packets: int, cached: bool, pays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "is_cached", lambda: cached)
    assert compiling_pays(packets) is pays


def test_compiling_waits_for_uncompiled_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(setup, "is_compiled", lambda: bool(compiled))
    monkeypatch.setattr(setup, "compile_engine", lambda: compiled.append(order[-1]))
    order: list[str] = []
    many = made(packets=WORTH_COMPILING + 1)

    def compile_then() -> None:
        with at_work(many):
            order.append("compiled task")

    with at_work(made()):
        order.append("uncompiled task")
        other = threading.Thread(target=compile_then)
        other.start()
        other.join(0.2)
        assert order == ["uncompiled task"]
        assert not compiled
    other.join()
    assert order == ["uncompiled task", "compiled task"]
    assert compiled == ["uncompiled task"]


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(UsageError, match=r"fwsim\[dask\]"):
        require_dask()
