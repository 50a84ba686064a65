"""The measurements' table: filled by the tests, printed at the end of the run.

`python -m pytest tests/bench` measures; `--bench-markdown FILE` writes the table for a README as well.
FWSIM_BENCH_PACKETS sets the size (10,000,000; 1,000,000 for a quick run), FWSIM_BENCH_DIR where captures are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench import keeping, measuring
from tests.bench.table import Row, machine, markdown_table, text_table

FOLDER = Path(__file__).parent
ROWS = pytest.StashKey[list[Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bench-markdown", metavar="FILE", help="write the table of measurements as Markdown")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []
    if hasattr(config, "workerinput"):
        raise pytest.UsageError("measurements disturb each other: run tests/bench in one process, with -n 0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the measurements in order, behind everything else, also where tests are shuffled."""
    items.sort(key=lambda item: item.location[:2] if FOLDER in item.path.parents else ("", 0))


@pytest.fixture
def put(request: pytest.FixtureRequest) -> Callable[[Row], None]:
    """Put a row into the table."""
    return request.config.stash[ROWS].append


@pytest.fixture(scope="session")
def warm() -> None:
    """Compiled code is in the cache, and so are the programs."""
    measuring.timed(measuring.compare(keeping.mixed(keeping.sizes().least)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash[ROWS]
    if not rows:
        return
    terminalreporter.section("measurements")
    terminalreporter.write_line(text_table(rows))
    terminalreporter.write_line("")
    terminalreporter.write_line(f"Whole processes, medians of several runs in turns. {machine()}")
    target = config.getoption("--bench-markdown", default=None)
    if target:
        Path(target).write_text(f"{markdown_table(rows)}\n\n{machine()}\n", encoding="utf-8")
