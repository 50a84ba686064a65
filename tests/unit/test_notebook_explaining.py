"""Packets of a result explained from Python, with the words of the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP

import fwsim
from fwsim.capture import Input, open_captures
from fwsim.cli import run
from fwsim.errors import UsageError

ROOT = Path(__file__).parent.parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")
CAPTURE = str(ROOT / "pcaps" / "blind-reset.pcapng")
FRAGMENTS = str(ROOT / "pcaps" / "fragments.pcapng")


@pytest.mark.parametrize(("capture", "number"), [(CAPTURE, 10), (FRAGMENTS, 2), (FRAGMENTS, 3)])
@pytest.mark.parametrize("jobs", [1, 2])
def test_it_is_what_the_command_prints(
    capture: str, number: int, jobs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    told = fwsim.compare(capture, OFFICE, jobs=jobs).explain(number)
    assert run(["explain", capture, "-r", OFFICE, "-n", str(number)]) == 0
    assert told == capsys.readouterr().out


def test_the_result_stays_as_far_as_it_has_been_read() -> None:
    result = fwsim.compare(CAPTURE, OFFICE)
    told = result.explain(10)
    assert result.packets == 0
    assert len(result.decisions) == 36
    assert result.explain(10) == told
    assert (result.packets, len(result.decisions)) == (36, 36)


def test_options_of_the_run_hold() -> None:
    by_hand = fwsim.load_ruleset(str(ROOT / "rulesets" / "office-stateless.yaml"))
    assert "staff web back" in fwsim.replay(CAPTURE, OFFICE, stateless_rules=by_hand).explain(10)


def test_of_several_captures_one_is_named() -> None:
    result = fwsim.compare([FRAGMENTS, CAPTURE], OFFICE)
    assert "Flags [R]" in result.explain("blind-reset.pcapng:10")
    with pytest.raises(UsageError, match="there are 2 captures, so write FILE:NUMBER"):
        result.explain(10)


def test_packets_that_came_one_by_one_can_be_had_again() -> None:
    packets = (IP(src="10.1.2.3", dst="203.0.113.9") / TCP(sport=port, dport=443, flags="S") for port in (1, 2))
    result = fwsim.compare(packets, OFFICE).run()
    assert "10.1.2.3.2 > 203.0.113.9.443" in result.explain(2)
    with pytest.raises(UsageError, match="explain 3: <scapy> has 2 packets"):
        result.explain(3)
    with pytest.raises(UsageError, match="numbered from 1"):
        result.explain(0)


def test_captures_that_somebody_else_opened_are_read_once() -> None:
    with pytest.raises(UsageError, match="can be read once only"):
        fwsim.compare(open_captures([Input(CAPTURE)]), OFFICE).explain(1)
