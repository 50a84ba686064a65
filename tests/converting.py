"""Small rulesets and the nft text they become, chain by chain."""

from __future__ import annotations

import re
from typing import Any

from fwsim.ruleset import Ruleset


def ruleset(*rules: dict[str, Any], **document: Any) -> Ruleset:
    chosen = [{"verdict": "accept", **rule} for rule in rules]
    shorthand = {} if "chains" in document and not rules else {"rules": chosen}
    return Ruleset.model_validate({**shorthand, **document})


def chain(text: str, name: str) -> list[str]:
    """The lines of one chain, without what makes it a base chain."""
    found = re.search(rf"\tchain {re.escape(name)} {{\n(.*?)\t}}\n", text, re.DOTALL)
    assert found is not None, text
    return [line.strip() for line in found[1].splitlines() if not line.strip().startswith("type ")]
