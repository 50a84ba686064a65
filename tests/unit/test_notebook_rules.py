"""Rulesets in notebooks: ours and those of nft."""

from __future__ import annotations

import io
from pathlib import Path

import fwsim
from fwsim.notebook.markup import MOST
from fwsim.notebook.rules import CHAINS
from fwsim.ruleset import Ruleset
from tests.shown_html import NFT as HOSTILE_NFT
from tests.shown_html import Read, assert_harmless

OFFICE = str(Path(__file__).parent.parent.parent / "rulesets" / "office.yaml")
NFT = """table inet f {
 set s { type ipv4_addr; elements = { 192.0.2.4 } }
 chain i { type filter hook input priority 0; policy drop;
  tcp dport 22 ip saddr @s accept comment "<b>ssh"
 }
}
"""


def test_a_ruleset_is_shown_with_its_lines() -> None:
    read = Read(fwsim.load_ruleset(OFFICE)._repr_html_())
    assert read.text.startswith("Ruleset office edge (office.yaml): 12 rules in 1 chain")
    assert "chain forward at forward, priority 0, policy drop" in read.text
    assert ["18", "staff web", "iif lan, oif wan, proto tcp, dport [80, 443], ct_state new", "accept"] in read.rows
    assert ["conntrack", "tcp_loose", "false"] in read.rows
    assert ["sets", "admins", "[10.1.0.5, 10.1.0.9-10.1.0.12]"] in read.rows


def test_rules_of_nft_are_shown_as_they_were_written() -> None:
    read = Read(fwsim.load_ruleset(io.StringIO(NFT))._repr_html_())
    assert ["4", "<b>ssh", 'tcp dport 22 ip saddr @s accept comment "<b>ssh"'] in read.rows
    assert "chain inet f i at input, priority 0, policy drop" in read.text
    assert ["inet f", "s", "ipv4_addr", "set s { type ipv4_addr; elements = { 192.0.2.4 } }"] in read.rows


def test_what_strangers_wrote_is_text() -> None:
    assert_harmless(fwsim.load_ruleset(io.StringIO(HOSTILE_NFT))._repr_html_())


def test_many_chains_are_cut() -> None:
    chains = "".join(f" chain c{number} {{ accept; }}\n" for number in range(CHAINS + 2))
    text = Read(fwsim.load_ruleset(io.StringIO(f"table inet f {{\n{chains}}}\n"))._repr_html_()).text
    assert f"chain inet f c{CHAINS - 1}," in text
    assert f"chain inet f c{CHAINS}," not in text
    assert text.endswith("... 2 more chains")


def test_long_chains_are_cut() -> None:
    made = Ruleset.model_validate({"name": "<i>", "rules": [{"verdict": "drop"}] * (MOST + 1)})
    read = Read(made._repr_html_())
    assert read.text.startswith("Ruleset <i>: 201 rules in 1 chain")
    assert read.text.endswith("... 1 more")
