"""The stateless mode: twins that admit different packets."""

from __future__ import annotations

from typing import Any

from tests.differing import compared

REPLIES: dict[str, Any] = {"ct_state": "established", "verdict": "accept"}


def web(port: int | str) -> dict[str, Any]:
    return {"iif": "lan", "proto": "tcp", "dport": port, "ct_state": "new", "verdict": "accept"}


def test_replies_to_what_is_let_out_differ_too() -> None:
    answer = compared([REPLIES, web(80)], [REPLIES, web(81)], modes=["stateless"], most=None)
    texts = [region.text for group in answer.groups for region in group.regions]
    assert any(text.startswith("oif lan") and "sport 80" in text for text in texts), texts
    assert all(group.witness is not None for group in answer.groups)


def test_without_a_rule_for_replies_there_are_none_to_differ() -> None:
    answer = compared([web(80)], [web(81)], modes=["stateless"])
    assert answer.groups
    assert all("iif lan" in region.text for group in answer.groups for region in group.regions)


def test_a_rule_for_established_alone_is_seen_only_by_the_stateful_mode() -> None:
    only = {"ct_state": "established", "ct_direction": "original", "proto": "udp", "verdict": "accept"}
    answer = compared([web(80)], [web(80), only])
    assert {group.mode for group in answer.groups} == {"stateful"}
    assert answer.status_of("stateless") == "equivalent"
