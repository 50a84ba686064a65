"""Whether parity is tested live, said in the header; `--record-kernel` writes the kernel's answers anew.

`--ruleset-report FILE` is for `test_rulesets`.
"""

from __future__ import annotations

import pytest

from tests.kernel_stage import forbidden
from tests.parity.recording import kernels


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.addoption(
        "--record-kernel", action="store_true", help="write tests/parity/recorded/* anew; in one process (-n 0)"
    )
    parser.addoption("--ruleset-report", metavar="FILE", help="write what came of each ruleset of the corpus")


def pytest_report_header() -> list[str]:
    """Which kernel is compared with."""
    why = forbidden()
    live = f"not live ({why})" if why else "live"
    return [f"parity: {live}; recorded answers of {'; '.join(kernels()) or 'no kernel'}"]
