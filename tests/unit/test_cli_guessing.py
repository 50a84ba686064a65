"""The ruleset that is used when none is given."""

from __future__ import annotations

import io
from pathlib import Path

from fwsim.capture import Input
from fwsim.cli.demo_story import capture, scenes
from fwsim.cli.guessing import guessed_ruleset
from fwsim.ruleset import load_ruleset


def test_the_private_network_of_the_capture_is_taken_for_the_inside(tmp_path: Path) -> None:
    (tmp_path / "demo.pcap").write_bytes(capture(scenes()))
    text = guessed_ruleset([Input(str(tmp_path / "demo.pcap"))])
    assert "10.1.4.0/24" in text
    assert load_ruleset(io.StringIO(text)).interfaces


def test_from_standard_input_all_private_networks_are_inside() -> None:
    text = guessed_ruleset([Input("-")])
    assert "10.0.0.0/8" in text
    assert "192.168.0.0/16" in text
