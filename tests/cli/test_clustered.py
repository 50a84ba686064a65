"""`--engine dask`: what a cluster of two processes gives is what one process gives; what is refused; Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fwsim.capture import Input, open_captures
from fwsim.cli.clustered import is_folder
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.parity.records import records, write
from tests.cli.conftest import Invoke, process

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'fwsim[dask]'")
pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install 'fwsim[parquet]'")

ROOT = Path(__file__).parent.parent.parent
SMALL = ("any-interface", "fragments", "forged-icmp-error", "midstream", "tuple-reuse", "v6-router")
PATIENCE = 120
"""Seconds that a cluster may take for a few hundred packets before the test gives up."""


@pytest.fixture
def captures(tmp_path: Path) -> list[Path]:
    """Traffic in three files, cut in the middle of conversations, and some of the captures of the repository."""
    whole = tmp_path / "whole.pcapng"
    write_traffic(str(whole), 7, 900)
    frames = records(open_captures([Input(str(whole))]))
    paths = []
    for number, part in enumerate((frames[:250], frames[250:611], frames[611:])):
        paths.append(tmp_path / f"{number}.pcapng")
        write(str(paths[-1]), part)
    (tmp_path / "rules.yaml").write_text(EVERY_STATE)
    return paths + [ROOT / "pcaps" / f"{name}.pcapng" for name in SMALL]


def on_two_workers(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """A comparison on a cluster of its own, of two processes, uncompiled."""
    command = [sys.executable, "-m", "fwsim", "compare", *map(str, arguments), "--engine", "dask", "--jobs", "2"]
    uncompiled = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=uncompiled, check=False)


def rows_in(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file."""
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


@pytest.fixture
def usual_port_taken() -> Iterator[None]:
    """Somebody listens where a scheduler of Dask would: another one, maybe."""
    with socket.socket() as listening:
        with suppress(OSError):  # so it is taken as it is
            listening.bind(("127.0.0.1", 8787))
            listening.listen()
        yield


@pytest.mark.usefixtures("usual_port_taken")
def test_two_workers_decide_as_one_process_does(captures: list[Path], tmp_path: Path, invoke: Invoke) -> None:
    rules = ("-r", tmp_path / "rules.yaml")
    single = invoke("compare", *captures, *rules)
    assert invoke("compare", *captures, *rules, "--format", "parquet", "-o", tmp_path / "one.parquet").status == 0
    folder = tmp_path / "many"
    clustered = on_two_workers(*captures, *rules, "--format", "parquet", "-o", f"{folder}/")
    assert (clustered.returncode, clustered.stdout, clustered.stderr) == (single.status, single.out, single.err)
    files = sorted(folder.iterdir())
    assert [file.name.split("-", 1)[1] for file in files] == [f"{path.name}.parquet" for path in captures]
    assert [row for file in files for row in rows_in(file)] == rows_in(tmp_path / "one.parquet")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes to wait at")
def test_ctrl_c_ends_a_cluster_without_a_word_and_leaves_nothing_behind(demo: Path) -> None:
    """A terminal sends it to the workers as well; one of them waits at a pipe that nobody writes to."""
    pipe, folder = demo / "pipe", demo / "temporary"
    os.mkfifo(pipe)
    folder.mkdir()
    options: dict[str, Any] = {"start_new_session": True, "env": os.environ | {"TMPDIR": str(folder)}}
    arguments = ("compare", "pipe", "-r", "demo.yaml", "--engine", "dask", "--jobs", "2")
    with process(*arguments, **options) as running, open(pipe, "wb"):
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out, err) == (130, b"", b"interrupted\n")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-c", "5"], "-c"),
        (["-w", "x.pcapng"], "-w"),
        (["--in", "lan=demo.pcap"], "--in"),
        (["--resources"], "--resources"),
        (["-"], "standard input"),
    ],
)
def test_what_a_cluster_does_not_do_is_refused_by_name(
    demo: Path, invoke: Invoke, arguments: list[str], expected: str
) -> None:
    given = arguments if expected in ("--in", "standard input") else ["demo.pcap", *arguments]
    outcome = invoke("compare", *given, "-r", "demo.yaml", "--engine", "dask")
    assert outcome.status == 2
    assert outcome.err.startswith(f"error: --engine dask does not do {expected}")


def test_a_scheduler_without_dask_is_refused(demo: Path, invoke: Invoke) -> None:
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--scheduler", "tcp://127.0.0.1:1")
    assert (outcome.status, outcome.err) == (
        2,
        "error: --scheduler is the address of a Dask cluster: expected --engine dask with it\n",
    )


def test_without_the_extra_it_is_named(demo: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--engine", "dask")
    assert outcome.status == 2
    assert "fwsim[dask]" in outcome.err


def test_a_folder_is_told_by_its_end_or_by_what_is_there(tmp_path: Path) -> None:
    assert is_folder(str(tmp_path))
    assert is_folder("s3://bucket/decisions/")
    assert not is_folder(str(tmp_path / "one.parquet"))
