"""What our own rulesets are written as is what they are: each against its exports, over all packets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke

RULESETS = Path(__file__).parents[2] / "rulesets"
FORMATS = {
    "nft": (["nft"], []), "json": (["json"], []),
    "iptables": (["iptables", "--family", "4"], ["--family", "4"]),
    "ip6tables": (["iptables", "--family", "6"], ["--family", "6"]),
}  # fmt: skip
NO_PLACE = ["--set", "conntrack.tcp_loose=0"]
"""Of settings the formats of Linux have no place for."""
REFUSED = {
    ("host", "iptables"): "limit", ("host", "ip6tables"): "limit", ("office", "iptables"): "limit",
    ("office", "ip6tables"): "limit", ("office-stateless", "ip6tables"): "which fragment",
    ("v6-router", "ip6tables"): "limit",
}  # fmt: skip
"""What a format cannot say, and why."""


SHORT = """\
*filter
:FORWARD DROP [0:0]
-A FORWARD -s {} -p udp -m udp --sport 53 -j ACCEPT
-A FORWARD -p udp -m udp --sport 54 --dport 1024:65535 -j ACCEPT
-A FORWARD -p tcp -m multiport --ports 22,80 -j ACCEPT
COMMIT
"""


@pytest.mark.parametrize(("family", "source"), [("4", "10.0.0.0/8"), ("6", "2001:db8::/32")])
def test_rules_of_iptables_are_the_same_as_nft(invoke: Invoke, tmp_path: Path, family: str, source: str) -> None:
    rules, written = tmp_path / "rules", tmp_path / "rules.nft"
    rules.write_text(SHORT.format(source))
    assert invoke("convert", rules, "--to", "nft", "-o", written).status == 0
    told = invoke("diff", rules, written, "--family", family)
    assert (told.status, "This is a proof." in told.out) == (0, True), told.out


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["established-hole", "host", "office", "office-stateless", "v6-router"])
def test_an_export_is_equivalent_or_tells_what_cannot_be_written(
    invoke: Invoke, tmp_path: Path, name: str, format: str
) -> None:
    ruleset, written, (to, family) = RULESETS / f"{name}.yaml", tmp_path / format, FORMATS[format]
    converted = invoke("convert", ruleset, "--to", *to, "-o", written)
    if (name, format) in REFUSED:
        assert converted.status == 2
        assert re.search(
            rf"{name}\.yaml:\d+:\d+: rule '.*' cannot be written as .*{REFUSED[name, format]}", converted.err
        )
        return
    assert converted.status == 0, converted.err
    told = invoke("diff", ruleset, written, *family, *NO_PLACE)
    assert "This is a proof." in told.out, told.out
    assert told.status == 0
