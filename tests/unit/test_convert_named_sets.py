"""Named sets: typed, and apart by family."""

from __future__ import annotations

from fwsim.convert import to_nft
from fwsim.convert.named_sets import NamedSets
from tests.converting import chain, ruleset


def test_a_set_of_both_families_becomes_two() -> None:
    text = to_nft(ruleset({"src": "!@all"}, sets={"all": ["10.0.0.0/8", "2001:db8::1"]}))
    assert chain(text, "rules") == ["ip saddr != @all_v4 accept", "ip6 saddr != @all_v6 accept"]
    assert "\tset all_v4 {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = {\n\t\t\t10.0.0.0/8\n" in text
    assert "\tset all_v6 {\n\t\ttype ipv6_addr\n\t\telements = {\n\t\t\t2001:db8::1\n" in text


def test_a_set_beside_other_values_is_written_out() -> None:
    text = to_nft(ruleset({"proto": "tcp", "dport": ["@web", 22]}, sets={"web": [80, 443]}, tracking="on"))
    assert chain(text, "rules") == ["tcp dport { 22, 80, 443 } accept"]


def test_a_set_used_for_two_kinds_becomes_two_sets() -> None:
    sets = NamedSets()
    assert sets.reference("few", "port", 0, ["1", "2-6"]) == "@few"
    assert sets.reference("few", "protocol", 0, ["1", "2-6"]) == "@few_2"
    assert sets.reference("few", "port", 0, ["1", "2-6"]) == "@few"
    assert sets.reference("few", "number", 0, ["1", "2-6"]) is None
    assert sets.written.count("\t\ttype inet_service") == 1
