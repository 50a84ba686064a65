"""`--engine dask`: on a cluster of two processes, what one process gives; and what is refused."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli.clustered import Selected, count
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.parity.records import records, write
from fwsim.capture import Input, open_captures
from fwsim.ruleset import load_ruleset
from tests.at_once import assert_same, clustered
from tests.cli.conftest import Invoke, process
from tests.properties.test_cluster import CAPTURES, LAYOUT, WHOLE, WITHOUT_LIMITS
from tests.replaying import replay_files

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'fwsim[dask]'")
ds = pytest.importorskip("pyarrow.dataset", reason="pyarrow is not installed: pip install 'fwsim[parquet]'")

ROOT = Path(__file__).parent.parent.parent
HOLE = ROOT / "rulesets" / "established-hole.yaml"


@pytest.fixture
def pieces(tmp_path: Path) -> list[Path]:
    """Traffic in three files, cut in the middle of conversations."""
    whole = tmp_path / "whole.pcapng"
    write_traffic(str(whole), 7, 900)
    frames = records(open_captures([Input(str(whole))]))
    paths = []
    for number, part in enumerate((frames[:250], frames[250:611], frames[611:])):
        paths.append(tmp_path / f"{number}.pcapng")
        write(str(paths[-1]), part)
    (tmp_path / "every-state.yaml").write_text(EVERY_STATE)
    return paths
