"""Steps that translate, as rows of TRANSLATION."""

from __future__ import annotations

from fwsim.engine.program import OP_NAT, TO_ADDRESSES, TO_INTERFACE, TO_NETWORK, TO_SAME, TO_UNKNOWN
from fwsim.engine.rule_rows import TRANSLATION
from fwsim.lower.translations import Translations, row_of, words_of
from fwsim.netfilter.steps import Nat
from fwsim.tables import V6

NAMES = TRANSLATION.names or ()


def lowered(step: Nat) -> dict[str, int]:
    """The row of a step by field."""
    return dict(zip(NAMES, row_of(step), strict=True))


def test_each_kind_of_target_is_told() -> None:
    address = (0x0A000001, 0x0A000001)
    assert lowered(Nat("dnat", family=4, addresses=address))["to"] == TO_ADDRESSES
    assert lowered(Nat("snat", family=4, ports=(1, 2)))["to"] == TO_SAME
    assert lowered(Nat("netmap", family=4, addresses=address))["to"] == TO_NETWORK
    assert lowered(Nat("masquerade"))["to"] == lowered(Nat("redirect"))["to"] == TO_INTERFACE
    assert lowered(Nat("tproxy"))["to"] == TO_UNKNOWN


def test_flags_and_ports_are_kept() -> None:
    row = lowered(Nat("dnat", family=4, ports=(7000, 7003), flags=frozenset({"random", "persistent"})))
    assert (row["random"], row["persistent"], row["offset"]) == (1, 1, 0)
    assert (row["ports"], row["low_port"], row["high_port"]) == (1, 7000, 7003)
    assert lowered(Nat("masquerade", flags=frozenset({"fully-random"})))["random"] == 1
    moved = lowered(Nat("dnat", family=4, ports=(7000, 7003), flags=frozenset({"base 500"})))
    assert (moved["offset"], moved["base_port"]) == (1, 500)


def test_equal_translations_share_a_row_and_only_masquerading_asks_for_the_source() -> None:
    translations = Translations()
    first = translations.instruction(Nat("masquerade"))
    again = translations.instruction(Nat("masquerade"))
    other = translations.instruction(Nat("redirect", ports=(80, 80)))
    assert len(translations.rows) == 2
    assert first.operands == again.operands
    fields = [
        dict(zip(("op", "field", "first", "count", "mask", "value"), one.operands, strict=False))
        for one in (first, other)
    ]
    assert [one["op"] for one in fields] == [OP_NAT, OP_NAT]
    assert [one["value"] for one in fields] == [1, 0]


def test_an_address_has_four_words() -> None:
    assert words_of(0x0A000001, 4) == (0x0A000001, 0, 0, 0)
    assert words_of(0xFD << 120 | 1, 6) == (V6 + 0xFD000000, 0, 0, 1)
