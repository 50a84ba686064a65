"""The list of families, and what may be asked of them."""

from __future__ import annotations

import re

import pytest

from fwsim.attack.model import Knowledge
from fwsim.attack.registry import FAMILIES, GROUPS, names_with_styles, ordered
from fwsim.errors import UsageError
from fwsim.terms import EVIDENCE_GROUPS, evidence_words

WANTED = {
    "scans": 7, "unsolicited": 2, "blind": 5, "errors": 2, "handshake": 2, "spoofing": 2, "dns": 1, "floods": 4,
    "fragments": 2, "evasion": 4, "ftp": 1, "reuse": 1,
}  # fmt: skip
"""How many families there are in each group."""


def test_every_family_is_there_with_a_sentence_and_a_source() -> None:
    assert {group.__name__.rpartition(".")[2]: len(group.FAMILIES) for group in GROUPS} == WANTED
    assert len(FAMILIES) == sum(WANTED.values())
    for family in FAMILIES.values():
        assert len(family.sentence) > 20
        assert not family.sentence.endswith(".")
        assert re.search(r"RFC \d|CAPEC-\d|CERT|CVE|\d{4}|Nmap", family.source)


def test_the_evidence_that_is_promised_are_words_for_evidence() -> None:
    words = {word for mask in EVIDENCE_GROUPS.values() for word in evidence_words(mask)}
    assert {word for family in FAMILIES.values() for word in family.evidence} <= words


def test_defaults_are_within_their_bounds_and_names_are_told_apart() -> None:
    for family in FAMILIES.values():
        assert len({option.name for option in family.options}) == len(family.options)
        assert len({style.name for style in family.styles}) == len(family.styles)
        for option in family.options:
            if isinstance(option.default, int):
                assert option.low <= option.default <= option.high
            elif option.choices:
                assert option.default in option.choices


def test_the_attacker_knows_what_the_style_needs_and_of_connections_the_ports() -> None:
    assert ordered("ack-scan", None, {}).knows == Knowledge.NOTHING
    assert ordered("reset-blind", None, {}).knows == Knowledge.PORTS
    assert ordered("reset-blind:exact", None, {}).knows == Knowledge.SEQUENCE
    assert ordered("reset-blind", Knowledge.NOTHING, {}).knows == Knowledge.NOTHING


@pytest.mark.parametrize(
    ("name", "knows", "options", "message"),
    [
        ("ack-scam", None, {}, "unknown attack 'ack-scam', did you mean 'ack-scan'?"),
        ("reset-blind:exac", None, {}, "unknown style of reset-blind 'exac', did you mean 'exact'?"),
        ("reset-blind:exact", Knowledge.PORTS, {}, "reset-blind:exact needs --knows sequence, got ports"),
        ("hijack", Knowledge.NOTHING, {}, "hijack needs --knows sequence, got nothing"),
        ("syn-flood", None, {"cuont": "3"}, "unknown option of syn-flood 'cuont', did you mean 'count'?"),
        ("syn-flood", None, {"count": "many"}, "option count of syn-flood: 'many' is no number from 1 to 10000000"),
        ("syn-flood", None, {"count": "0"}, "option count of syn-flood: '0' is no number from 1 to 10000000"),
        ("icmp-reset", None, {"code": "pot"}, "unknown option code of icmp-reset 'pot', did you mean 'port'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(name: str, knows: Knowledge | None, options: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        ordered(name, knows, options)
    assert str(caught.value) == message


def test_every_style_can_be_ordered() -> None:
    names = names_with_styles(list(FAMILIES.values()))
    assert len(names) == len(set(names))
    for name in names:
        order = ordered(name, None, {})
        assert f"{order.family.name}:{order.style.name}" == name
