"""Rules that take several nft rules."""

from __future__ import annotations

from typing import Any

from fwsim.convert import to_nft
from tests.converting import chain, ruleset


def test_what_is_counted_once_stays_one_limit_in_several_rules() -> None:
    text = to_nft(ruleset({"ttl": 1, "limit": "1/second", "counter": True}))
    shared = 'limit name "rule-0-limit" counter name "rule-0-counter" accept'
    assert chain(text, "rules") == [f"ip ttl 1 {shared}", f"ip6 hoplimit 1 {shared}"]
    assert "\tlimit rule-0-limit {\n\t\trate 1/second burst 5 packets\n\t}\n\tcounter rule-0-counter {\n\t}\n" in text


def test_alternatives_that_change_what_they_ask_stand_in_a_chain_of_their_own() -> None:
    either: dict[str, Any] = {"mark": [1, "2/2"]}
    goes_on = {**either, "set_mark": 2, "verdict": "continue"}
    text = to_nft(ruleset(goes_on, {**either, "verdict": "jump other"}, chains={"other": {}}))
    assert chain(text, "rules") == ["jump rules-0", "jump rules-1"]
    assert chain(text, "rules-0") == [
        "meta mark 0x1 meta mark set 0x2 return",
        "meta mark != 0x1 meta mark & 0x2 == 0x2 meta mark set 0x2 return",
    ]
    assert chain(text, "rules-1") == ["meta mark 0x1 goto other", "meta mark != 0x1 meta mark & 0x2 == 0x2 goto other"]


def test_a_masked_ct_mark_is_left_alone_without_a_connection_and_the_rule_still_applies() -> None:
    assert chain(to_nft(ruleset({"set_ct_mark": "1/1", "set_mark": 7})), "rules") == [
        "ct state established,related,new meta mark set 0x7 ct mark set ct mark & 0xfffffffe | 0x1 accept",
        "ct state invalid,untracked meta mark set 0x7 accept",
    ]


def test_a_helper_that_several_rules_give_is_declared_once() -> None:
    text = to_nft(ruleset({"dport": 21, "proto": "tcp", "helper": "ftp"}, {"ttl": 1, "helper": "ftp"}))
    assert text.count('\tct helper ftp {\n\t\ttype "ftp" protocol tcp\n\t}\n') == 1
    assert chain(text, "rules") == [
        'tcp dport 21 ct helper set "ftp" accept',
        'ip ttl 1 ct helper set "ftp" accept',
        'ip6 hoplimit 1 ct helper set "ftp" accept',
    ]


def test_a_rule_that_gives_a_helper_asks_for_no_state_so_tracking_is_turned_on() -> None:
    assert chain(to_nft(ruleset({"helper": "ftp"})), "tracking") == ["ct state new"]
