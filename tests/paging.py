"""What a page is told of a run, for tests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fwsim.cli.interrupting import Interruption
from fwsim.cli.options import InputOptions
from fwsim.cli.reporting import Reported, about_run, gather
from fwsim.page.window import LIMIT, Window

ROOT = Path(__file__).parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")


def capture(name: str) -> str:
    return str(ROOT / "pcaps" / name)


def reported(
    name: str, rules: str = OFFICE, first: int = 0, count: int = LIMIT, read: int | None = None, **options: Any
) -> Reported:
    inputs = InputOptions(captures=(capture(name),), rules=rules, count=read, **options)
    return gather(inputs, Window(first, count), Interruption())


def told(name: str, rules: str = OFFICE, first: int = 0, count: int = LIMIT, **options: Any) -> dict[str, Any]:
    """All data of a page."""
    done = reported(name, rules, first, count, **options)
    return done.gathered.whole(done.tally, about_run(done)) | done.gathered.window()


class Page:
    """The data of a page, read as the page reads them."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.columns: dict[str, list[Any]] = data["packets"]["columns"]
        self.count: int = data["packets"]["count"]

    def value(self, name: str, at: int) -> Any:
        return self.columns[name][at] if name in self.columns else 0

    def text(self, number: int) -> str:
        found: str = self.data["texts"][number]
        return found

    def decision(self, mode: str, at: int) -> dict[str, Any]:
        row = self.data["packets"]["decisions"][self.value(mode, at)]
        named = dict(zip(self.data["decision_fields"], row, strict=True))
        numbers = ("line", "mirror", "rule", "chain")
        return {name: value if name in numbers else self.text(value) for name, value in named.items()}

    def walk(self, mode: str, at: int) -> list[tuple[str, str, str, str]]:
        """The step, name, failed match and outcome of each rule."""
        lines = [self.data["lines"][number] for number in self.data["walks"][self.value(f"walk_{mode}", at)]]
        return [
            (self.text(step), self.text(name), self._filled(self.text(about), at), self.text(outcome))
            for step, _, _, _, name, about, outcome in lines
        ]

    def _filled(self, about: str, at: int) -> str:
        """What a rule was compared with, with the packet's own addresses and ports."""
        ends = {f"{{{name}}}": self.text(self.value(name, at)) for name in ("src", "dst")}
        ports = {f"{{{name}}}": str(self.value(name, at)) for name in ("sport", "dport")}
        return re.sub(r"(?<= is )\S+(?=, wants )", lambda found: (ends | ports).get(found[0], found[0]), about)

    def bounds(self, at: int) -> dict[str, int] | None:
        row = self.value("bounds", at)
        return dict(zip(self.data["bounds_fields"], row, strict=True)) if row else None
