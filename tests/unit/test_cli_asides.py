"""What goes along with a run is called at its beginning, for every packet, and at its end, and closed in any case."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.cli.asides import Aside, begun, check_asides
from fwsim.cli.options import EngineOptions, KeepingOptions
from fwsim.cli.runs import Run
from fwsim.errors import UsageError


class Noting(Aside):
    option = "--noting"

    def __init__(self) -> None:
        self.noted: list[str] = []

    def begin(self, run: Run) -> None:
        self.noted.append("begin")

    def close(self) -> None:
        self.noted.append("close")


def test_it_is_closed_whatever_happens() -> None:
    one, run = Noting(), Any
    with pytest.raises(ZeroDivisionError), begun([one], run):  # type: ignore[arg-type]
        raise ZeroDivisionError
    assert one.noted == ["begin", "close"]


def test_by_default_it_does_nothing() -> None:
    plain, run = Aside(), Any
    with begun([plain], run):  # type: ignore[arg-type]
        plain.add([])
        plain.finish(run)  # type: ignore[arg-type]
    assert not plain.digests


def test_it_goes_along_only_with_a_run_here_from_start_to_end() -> None:
    with pytest.raises(UsageError, match="--noting"):
        check_asides([Noting()], EngineOptions("dask"), KeepingOptions())
    with pytest.raises(UsageError, match="--noting"):
        check_asides([Noting()], EngineOptions(), KeepingOptions("file"))
    check_asides([], EngineOptions("dask"), KeepingOptions("file"))
