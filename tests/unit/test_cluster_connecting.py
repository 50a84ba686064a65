from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'fwsim[dask]'")

from fwsim import __version__
from fwsim.cluster import connecting
from fwsim.cluster.connecting import connected, threads_of
from fwsim.errors import UsageError


class Client:
    """Of a cluster whose workers answer with a version."""

    def __init__(self, answer: Any, workers: int = 1) -> None:
        self.answer = answer
        self.workers = workers

    def __call__(self, address: str, **options: Any) -> Client:
        assert options["timeout"] == connecting.PATIENCE
        return self

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *problem: object) -> None:
        self.answer = None

    def wait_for_workers(self, count: int, timeout: float) -> None:
        if self.workers < count:
            raise TimeoutError

    def run(self, function: Any) -> dict[str, str]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"tcp://worker": self.answer}

    def nthreads(self) -> dict[str, int]:
        return {"one": 2, "other": 3}


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (Client(__version__, workers=0), "has no worker, expected one within 10 s"),
        (Client("0.0.0"), f"tcp://worker has fwsim 0.0.0, expected {__version__}"),
        (Client(ModuleNotFoundError("No module named 'fwsim'")), "its workers cannot run fwsim: No module named"),
    ],
)
def test_a_cluster_that_could_not_do_it_is_refused(
    client: Client, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "Client", client)
    with pytest.raises(UsageError, match=expected), connected("tcp://host:8786", 2):
        pass
    assert client.answer is None


def test_a_cluster_that_can_do_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Client(__version__)
    monkeypatch.setattr(connecting, "Client", there)
    with connected("tcp://host:8786", 2) as client:
        assert client is there
        assert threads_of(client) == 5


def test_an_address_that_is_none_is_refused() -> None:
    refused = pytest.raises(UsageError, match="--scheduler foo://x: cannot be reached: unknown address scheme")
    with refused, connected("foo://x", 1):
        pass
