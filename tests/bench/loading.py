"""A process that reads a ruleset and lowers it, and does nothing with it: `python -m tests.bench.loading RULESET`."""

from __future__ import annotations

import sys

from fwsim.garbage import uncollected
from fwsim.lower import lower
from fwsim.ruleset import load_ruleset
from tests.bench.rulesets import INTERFACES


@uncollected()
def load(path: str) -> None:
    """Read and lower it, with a network behind each interface."""
    behind = {name: [f"10.{number}.0.0/16"] for number, name in enumerate(INTERFACES)}
    lower(load_ruleset(path, interfaces=behind), interfaces=INTERFACES)


if __name__ == "__main__":
    load(sys.argv[1])
