"""What commands print for the example captures, letter for letter.

One `.ref` file for each command in `COMMANDS`. After a change that is meant, run `pytest tests/golden --update-golden`
and read the difference.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fwsim.cli import run
from fwsim.report.resources_text import MACHINE

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

RECORDED = "tests/parity/nat/captures"
FORWARDED = (
    f"-r {RECORDED}/dnat-forward/rules.nft --topology {RECORDED}/addr.json --topology {RECORDED}/route.json "
    f"--topology {RECORDED}/route6.json"
)
"""A gateway that forwards ports, and where it stands."""

COMMANDS = {
    "compare-ack-scan": "compare pcaps/ack-scan.pcapng -r rulesets/office.yaml",
    "compare-ack-scan-hole": "compare pcaps/ack-scan.pcapng -r rulesets/established-hole.yaml",
    "compare-any-interface": "compare pcaps/any-interface.pcapng -r rulesets/office.yaml",
    "compare-asymmetric": "compare pcaps/asymmetric.pcapng.gz -r rulesets/office.yaml",
    "compare-blind-reset-csv": "compare pcaps/blind-reset.pcapng -r rulesets/office.yaml --format csv",
    "compare-blind-reset": "compare pcaps/blind-reset.pcapng -r rulesets/office.yaml",
    "compare-data-injection": "compare pcaps/data-injection.pcapng -r rulesets/office.yaml -v -Y evidence",
    "compare-flag-scan": "compare pcaps/flag-scan.pcapng -r rulesets/office.yaml",
    "compare-forged-icmp-error": "compare pcaps/forged-icmp-error.pcapng -r rulesets/office.yaml",
    "compare-host": "compare pcaps/host.pcap -r rulesets/host.yaml --by port",
    "compare-midstream": "compare pcaps/midstream.pcapng -r rulesets/office.yaml",
    "compare-midstream-loose": "compare pcaps/midstream.pcapng -r rulesets/office.yaml --set conntrack.tcp_loose=1",
    "compare-office": "compare pcaps/office.pcapng -r rulesets/office.yaml --by source --top 5",
    "compare-office-resources": "compare pcaps/office.pcapng -r rulesets/office.yaml --resources",
    "compare-office-by-hand": (
        "compare pcaps/office.pcapng -r rulesets/office.yaml --stateless-rules rulesets/office-stateless.yaml"
    ),
    "compare-spoofed-dns": "compare pcaps/spoofed-dns.pcapng -r rulesets/office.yaml",
    "compare-unsolicited-synack": "compare pcaps/unsolicited-synack.pcapng -r rulesets/office.yaml",
    "compare-v6-router": "compare pcaps/v6-router.pcapng -r rulesets/v6-router.yaml",
    "compare-without-ruleset": "compare pcaps/handshake.pcapng",
    "compare-wrong-ruleset": "compare pcaps/v6-router.pcapng -r rulesets/host.yaml",
    "compare-forwarded-ports": f"compare {RECORDED}/dnat-forward/both.pcapng.gz {FORWARDED}",
    "conntrack-orderly-close-events": "conntrack pcaps/orderly-close.pcap -r rulesets/office.yaml --events -v",
    "conntrack-office": "conntrack pcaps/office.pcapng -r rulesets/office.yaml --at +3600 -v",
    "conntrack-forwarded-ports": f"conntrack {RECORDED}/dnat-forward/both.pcapng.gz {FORWARDED}",
    "demo": "demo",
    "explain-blind-reset": "explain pcaps/blind-reset.pcapng -r rulesets/office.yaml -n 10",
    "explain-forwarded-port": f"explain {RECORDED}/dnat-forward/wan.pcapng.gz {FORWARDED} -n 1-2",
    "replay-forwarded-ports": f"replay {RECORDED}/dnat-forward/both.pcapng.gz {FORWARDED} -Y nat -c 30",
    "replay-forwarded-ports-jsonl": f"replay {RECORDED}/dnat-forward/wan.pcapng.gz {FORWARDED} --format jsonl -c 6",
    "replay-handshake": "replay pcaps/handshake.pcapng -r rulesets/office.yaml",
    "replay-handshake-jsonl": "replay pcaps/handshake.pcapng -r rulesets/office.yaml --format jsonl",
    "replay-split-handshake": "replay pcaps/split-handshake.pcapng -r rulesets/office.yaml",
    "replay-tuple-reuse": "replay pcaps/tuple-reuse.pcapng -r rulesets/office.yaml",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_output_is_as_it_was(
    name: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    status = run(COMMANDS[name].split())
    captured = capsys.readouterr()
    out = re.sub(rf"^{MACHINE}: .*$", f"{MACHINE}: ...", captured.out, flags=re.MULTILINE)
    text = f"$ fwsim {COMMANDS[name]}\n{out}"
    text += "".join(f"stderr: {line}\n" for line in captured.err.splitlines()) + f"status: {status}\n"
    reference = HERE / f"{name}.ref"
    if request.config.getoption("--update-golden"):
        reference.write_text(text, encoding="utf-8")
    assert text == reference.read_text(encoding="utf-8")


def test_every_golden_file_has_its_command() -> None:
    assert {path.stem for path in HERE.glob("*.ref")} == set(COMMANDS)
