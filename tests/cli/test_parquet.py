"""`--format parquet`: the values of JSON lines, and no file that looks complete without being so."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli import showing
from fwsim.fuzz.captured import write_traffic
from tests.arrow_rows import objects_in, objects_of
from tests.cli.conftest import Invoke, process

ROOT = Path(__file__).parent.parent.parent
CAPTURES = sorted(path.name for path in (ROOT / "pcaps").iterdir() if ".pcap" in path.name)
OFFICE = str(ROOT / "rulesets" / "office.yaml")
COMPARE = ("compare", "demo.pcap", "-r", "demo.yaml", "--format")

pq: Any = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed (fwsim[parquet])")


def same_as_json_lines(invoke: Invoke, target: Path, *arguments: str) -> int:
    """Whether both formats tell the same; returns of how many frames."""
    lines = invoke(*arguments, "--format", "jsonl")
    parquet = invoke(*arguments, "--format", "parquet", "-o", target)
    assert (parquet.status, parquet.out, parquet.err) == (lines.status, "", lines.err)
    found = objects_of(pq.read_table(target))
    assert found == objects_in(lines.out)
    return len(found)


@pytest.mark.parametrize("name", CAPTURES)
def test_every_example_reads_back_as_its_json_lines(invoke: Invoke, tmp_path: Path, name: str) -> None:
    capture = str(ROOT / "pcaps" / name)
    assert same_as_json_lines(invoke, tmp_path / "out.parquet", "compare", capture, "-r", OFFICE, "-c", "1500")


def test_fuzzed_traffic_reads_back_as_its_json_lines(invoke: Invoke, tmp_path: Path) -> None:
    write_traffic(str(tmp_path / "fuzz.pcapng"), 7, 2_000)
    arguments = (str(tmp_path / "fuzz.pcapng"), "-r", OFFICE)
    assert same_as_json_lines(invoke, tmp_path / "out.parquet", "compare", *arguments) >= 2_000
    selected = ("-Y", "evidence and verdict!=accept")
    assert 0 < same_as_json_lines(invoke, tmp_path / "out.parquet", "replay", *arguments, *selected) < 2_000


def test_the_file_tells_how_it_came_about(invoke: Invoke, demo: Path) -> None:
    assert invoke(*COMPARE, "parquet", "-o", "out.parquet").status == 0
    told = json.loads(pq.read_metadata("out.parquet").metadata[b"fwsim.summary"])
    summary = json.loads(invoke(*COMPARE, "json").out)["summary"]
    assert told["inputs"][0].pop("sha256") is None
    assert summary["inputs"][0].pop("sha256") is not None
    assert told == summary
    assert (told["schema_version"], told["complete"]) == (1, True)


def test_a_pipe_takes_it_too(invoke: Invoke, demo: Path) -> None:
    with process(*COMPARE, "parquet") as child:
        content, complaint = child.communicate(timeout=60)
    assert (child.returncode, complaint) == (0, b"")
    assert objects_of(pq.read_table(io.BytesIO(content))) == objects_in(invoke(*COMPARE, "jsonl").out)


def test_a_terminal_does_not(invoke: Invoke, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    outcome = invoke(*COMPARE, "parquet")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == "error: a Parquet file is nothing for a terminal: expected -o FILE, or a pipe\n"


def test_without_pyarrow_the_extra_is_named(invoke: Invoke, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    outcome = invoke(*COMPARE, "parquet", "-o", "out.parquet")
    assert outcome.status == 2
    assert outcome.err.endswith("pip install 'fwsim[parquet]'\n")
    assert not (demo / "out.parquet").exists()


def test_a_table_of_counts_is_refused(invoke: Invoke, demo: Path) -> None:
    outcome = invoke(*COMPARE, "parquet", "--by", "rule")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: --by has no Parquet")


@pytest.mark.parametrize("problem", [KeyboardInterrupt, RuntimeError])
def test_a_run_cut_short_leaves_what_was_there(
    invoke: Invoke, demo: Path, monkeypatch: pytest.MonkeyPatch, problem: type[BaseException]
) -> None:
    def stop(*_: object) -> None:
        raise problem

    (demo / "out.parquet").write_text("old")
    monkeypatch.setattr(showing.Showing, "finish", stop)
    if problem is KeyboardInterrupt:
        assert invoke(*COMPARE, "parquet", "-o", "out.parquet").status == 130
    else:
        with pytest.raises(problem):
            invoke(*COMPARE, "parquet", "-o", "out.parquet")
    assert (demo / "out.parquet").read_text() == "old"
    assert sorted(path.name for path in demo.iterdir()) == ["demo.pcap", "demo.yaml", "out.parquet"]


def test_a_run_cut_short_gives_a_pipe_no_footer(demo: Path) -> None:
    code = (
        "import sys\n"
        "from fwsim.cli import main, showing\n"
        "def stop(self): raise KeyboardInterrupt\n"
        "showing.Showing.finish = stop\n"
        f"main({[*COMPARE, 'parquet']!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, b"interrupted\n")
    assert done.stdout == b"PAR1", "what a file begins with, and nothing more"
