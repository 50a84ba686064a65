"""The example rulesets, without the files of expectations beside them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent.parent / "rulesets"
RULESETS = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.endswith(".fwsim.yaml"))
