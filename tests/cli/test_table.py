"""The table of `conntrack` over several captures."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Invoke


def test_frames_of_several_captures_are_named_with_their_file(invoke: Invoke, demo: Path) -> None:
    content = (demo / "demo.pcap").read_bytes()
    first = 24 + 3 * (16 + 40)
    (demo / "one.pcap").write_bytes(content[:first])
    (demo / "two.pcap").write_bytes(content[:24] + content[first:])
    outcome = invoke("conntrack", "one.pcap", "two.pcap", "-r", "demo.yaml", "-v")
    assert outcome.lines[0].endswith("# connection 1, opened by packet one.pcap:1, last seen in two.pcap:13")
    early = invoke("conntrack", "one.pcap", "two.pcap", "-r", "demo.yaml", "--after", "two.pcap:2", "--format", "json")
    (connection,) = json.loads(early.out)
    assert connection["last_seen_in"] == {"file": 1, "n": 2}
    assert invoke("conntrack", "one.pcap", "two.pcap", "-r", "demo.yaml", "--after", "2").status == 2
