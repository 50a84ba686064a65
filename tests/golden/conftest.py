"""`--update-golden` writes the expected output anew, to be read over in the diff."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/*.ref anew")
