"""The cluster: one that is there already, by its scheduler's address, or one of our own on this machine's cores.

Read first: nothing. Our own has a process for each worker, keeps nothing in the current directory, and is gone when the
`with` ends, however that is.
"""

from __future__ import annotations

import logging
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import dask
from distributed import Client, LocalCluster
from distributed.comm.addressing import parse_address
from distributed.comm.registry import get_backend

from fwsim import __version__
from fwsim.errors import UsageError

PATIENCE = 10
"""Seconds to wait for a scheduler, and for its first worker."""
ANY_PORT = "127.0.0.1:0"
"""Even without a dashboard a scheduler listens for HTTP, and warns where another one has taken the usual port."""


def version() -> str:
    """The version of fwsim here."""
    return __version__


@contextmanager
def connected(scheduler: str | None, workers: int) -> Iterator[Any]:
    """A client of the cluster; without a scheduler, of one with so many workers that lives as long."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # where Dask's tasks complain of being interrupted
    if scheduler is not None:
        with _reached(scheduler) as client:
            yield client
        return
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fwsim-dask-"))
        stack.enter_context(dask.config.set({"temporary-directory": folder}))
        with _without_ctrl_c():
            cluster = stack.enter_context(_our_own(folder, workers))
            client = stack.enter_context(Client(cluster, set_as_default=False))
        yield client


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Not hear Ctrl-C for a second or two: who is started meanwhile will never hear it.

    A terminal sends it to all processes, and each worker would tell at length what it was doing then. They end by us.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _our_own(folder: str, workers: int) -> Any:
    """A cluster of this machine, which keeps what it must keep in a folder."""
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": ANY_PORT},
        local_directory=folder,
        silence_logs=logging.CRITICAL,
    )


@contextmanager
def _reached(scheduler: str) -> Iterator[Any]:
    """A client of a cluster that has workers, all of them with this version of fwsim."""
    try:
        get_backend(parse_address(scheduler)[0])  # a client that fails at this leaves threads behind
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise UsageError(f"--scheduler {scheduler}: cannot be reached: {problem}") from None
    with client:
        _check(client, scheduler)
        yield client


def _check(client: Any, scheduler: str) -> None:
    """Refuse a cluster that could not do the work, or not the same."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise UsageError(f"--scheduler {scheduler}: has no worker, expected one within {PATIENCE} s") from None
    try:
        found = client.run(version)
    except Exception as problem:  # whatever a worker says of a module that it does not have
        raise UsageError(f"--scheduler {scheduler}: its workers cannot run fwsim: {problem}") from None
    for worker, theirs in found.items():
        if theirs != __version__:
            raise UsageError(f"--scheduler {scheduler}: {worker} has fwsim {theirs}, expected {__version__}")


def threads_of(client: Any) -> int:
    """How many tasks can run at once."""
    threads: dict[str, int] = client.nthreads()
    return max(sum(threads.values()), 1)
