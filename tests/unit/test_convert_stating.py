"""Each statement of a rule in nft's words, and what cannot be said."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.convert import to_nft
from fwsim.errors import RulesetError
from tests.converting import chain, ruleset

STATEMENTS: list[tuple[dict[str, Any], str]] = [
    ({"verdict": "drop"}, "drop"),
    ({"verdict": "return"}, "return"),
    ({"verdict": "jump other"}, "jump other"),
    ({"verdict": "goto other"}, "goto other"),
    ({"verdict": "continue", "counter": True}, "counter"),
    ({"verdict": "reject"}, "reject with icmpx port-unreachable"),
    ({"verdict": "reject", "proto": "tcp", "reject_with": "tcp-reset"}, "meta l4proto tcp reject with tcp reset"),
    (
        {"verdict": "reject", "family": "ipv6", "reject_with": "icmpv6-no-route"},
        "meta nfproto ipv6 reject with icmpv6 no-route",
    ),
    ({"limit": "10/second"}, "limit rate 10/second burst 5 packets accept"),
    ({"limit": {"rate": "64 kbytes/minute", "over": True}}, "limit rate over 65536 bytes/minute accept"),
    ({"limit": {"rate": "1 bytes/day", "burst": 9}}, "limit rate 1 bytes/day burst 9 bytes accept"),
    ({"log": True}, "log accept"),
    ({"log": "seen: "}, 'log prefix "seen: " accept'),
    ({"set_mark": 5}, "meta mark set 0x5 accept"),
    ({"set_mark": "0x10/0xf0"}, "meta mark set meta mark & 0xffffff0f | 0x10 accept"),
    ({"set_ct_mark": 1}, "ct mark set 0x1 accept"),
    ({"ct_state": "new", "set_ct_mark": "2/3"}, "ct state new ct mark set ct mark & 0xfffffffc | 0x2 accept"),
    ({"notrack": True}, "notrack accept"),
    ({"helper": "ftp", "set_ct_mark": 1}, 'ct mark set 0x1 ct helper set "ftp" accept'),
    ({"name": 'the "one"'}, "accept comment \"the 'one'\""),
    ({"name": "é" * 100}, f'accept comment "{"é" * 64}"'),
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"vlan": 7}, "rule 1 of chain rules cannot be written as nft: 'vlan'"),
    ({"iif": "an-interface-of-18"}, "'iif': no Linux device can be called 'an-interface-of-18'"),
    ({"log": 'say "no"'}, "'log': a prefix cannot hold \""),
    ({"log": "$x", "name": "dear"}, "rule 'dear' cannot be written as nft: 'log': a prefix cannot hold $"),
    ({"log": "é" * 64}, "'log': a prefix holds at most 127 bytes"),
    ({"limit": {"rate": "1/second", "burst": 0}}, "'limit': a burst of 0 packets"),
    ({"limit": {"rate": "1 bytes/week", "burst": "100 mbytes"}}, "'limit': the bucket is larger"),
]


@pytest.mark.parametrize(("rule", "expected"), STATEMENTS, ids=lambda value: str(value)[:50])
def test_each_statement_is_said_in_nfts_words(rule: dict[str, Any], expected: str) -> None:
    assert chain(to_nft(ruleset(rule, chains={"other": {}})), "rules") == [expected]


@pytest.mark.parametrize(("rule", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_what_nft_cannot_say_is_refused_with_its_name(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(RulesetError) as refused:
        to_nft(ruleset(rule))
    assert message in str(refused.value)
