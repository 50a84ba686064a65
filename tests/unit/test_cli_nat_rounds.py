"""Rounds with rulesets that translate: what each is made of, and that the kernel loads them all."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.cli.nat_rounds import translating
from fwsim.errors import UsageError
from fwsim.fuzz.nat.places import INTERFACES, LOCAL
from tests.kernel_stage import needs_kernel
from tests.unit.test_cli_rounds import NOTHING


@pytest.mark.kernel
def test_each_round_has_its_own_ruleset_and_traffic_of_the_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_kernel()
    monkeypatch.setattr("fwsim.cli.nat_rounds.ROUND", 300)
    made = translating(replace(NOTHING, seed=5), tmp_path)
    first = next(made)
    assert first.rules is not None
    assert (first.interfaces, first.local) == (INTERFACES, LOCAL)
    assert {Path(first.captures[0]).name, Path(first.rules).name} == {"nat-5-0.pcapng", "nat-5-0.rules"}
    captures = open_captures([Input(first.captures[0])], digest=False)
    assert sum(len(chunk) for chunk in captures) >= 300
    assert {one.name for one in captures.interfaces} == {*INTERFACES}
    text = Path(first.rules).read_text()
    second = next(made)
    assert second.rules is not None
    assert text != Path(second.rules).read_text()
    assert not Path(first.rules).exists()


@pytest.mark.kernel
def test_the_kernel_loads_whatever_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_kernel()
    monkeypatch.setattr("fwsim.cli.nat_rounds.ROUND", 20)
    assert len(list(islice(translating(replace(NOTHING, seed=6), tmp_path), 12))) == 12


@pytest.mark.parametrize("given", [{"rules": "a.nft"}, {"captures": ("a.pcap",)}, {"local": ("10.0.0.1",)}])
def test_what_it_makes_itself_is_not_taken(tmp_path: Path, given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="--nat makes rulesets"):
        next(translating(replace(NOTHING, **given), tmp_path))  # type: ignore[arg-type]
