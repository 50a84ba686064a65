"""What statements say of translation, as rows of TRANSLATION."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from fwsim.engine.program import OP_NAT, TO_ADDRESSES, TO_INTERFACE, TO_NETWORK, TO_SAME, TO_UNKNOWN
from fwsim.engine.rule_rows import TRANSLATION
from fwsim.lower.translations import Translations, row_of, words_of
from fwsim.netfilter.steps import Nat
from tests import tracking


def row(kind: str, low: str | None = None, high: str | None = None, **more: Any) -> dict[str, int]:
    """The row by field; addresses as text."""
    if low is not None:
        first, last = ipaddress.ip_address(low), ipaddress.ip_address(high or low)
        more |= {"addresses": (int(first), int(last)), "family": first.version}
    return dict(zip(TRANSLATION.names or (), row_of(Nat(kind, **more)), strict=True))


def picked(made: dict[str, int], *names: str) -> tuple[int, ...]:
    return tuple(made[name] for name in names)


@pytest.mark.parametrize(
    ("kind", "low", "to", "ends"),
    [
        ("snat", "1.2.3.4", TO_ADDRESSES, 1),
        ("snat", None, TO_SAME, 1),
        ("dnat", "1.2.3.4", TO_ADDRESSES, 2),
        ("dnat", None, TO_SAME, 2),
        ("masquerade", None, TO_INTERFACE, 1),
        ("redirect", None, TO_INTERFACE, 2),
        ("netmap", "1.2.3.4", TO_NETWORK, 3),
    ],
)
def test_each_kind_says_what_changes_and_to_what(kind: str, low: str | None, to: int, ends: int) -> None:
    made = row(kind, low)
    assert picked(made, "to", "ends") == (to, ends)
    assert picked(made, "ports", "random", "persistent", "offset") == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", ["snat", "dnat", "netmap", "masquerade", "redirect"])
def test_what_was_lost_is_unknown(kind: str) -> None:
    assert row(kind, told=False)["to"] == TO_UNKNOWN


@pytest.mark.parametrize(("low", "high"), [("1.2.3.4", "1.2.3.9"), ("2001:db8::1", "2001:db8:9:8:7:6:5:4")])
def test_ranges_of_addresses(low: str, high: str) -> None:
    made = row("snat", low, high)
    assert picked(made, "low0", "low1", "low2", "low3") == tracking.words_of(low)
    assert picked(made, "high0", "high1", "high2", "high3") == tracking.words_of(high)
    assert made["family"] == ipaddress.ip_address(low).version


def test_ranges_of_ports() -> None:
    made = row("masquerade", ports=(1024, 65535))
    assert picked(made, "ports", "low_port", "high_port", "base_port", "offset") == (1, 1024, 65535, 0, 0)
    assert picked(row("redirect", ports=(0, 0)), "ports", "low_port", "high_port") == (1, 0, 0)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), (0, 0, 0, 0)),
        (("random",), (1, 0, 0, 0)),
        (("fully-random",), (1, 0, 0, 0)),
        (("random-fully",), (1, 0, 0, 0)),
        (("persistent",), (0, 1, 0, 0)),
        (("random", "persistent"), (1, 1, 0, 0)),
        (("base 5000",), (0, 0, 1, 5000)),
        (("base 0",), (0, 0, 1, 0)),
    ],
)
def test_flags(flags: tuple[str, ...], said: tuple[int, ...]) -> None:
    made = row("dnat", "1.2.3.4", ports=(6000, 6010), flags=frozenset(flags))
    assert picked(made, "random", "persistent", "offset", "base_port") == said


def test_equal_translations_share_a_row_and_others_do_not() -> None:
    known = Translations()
    steps = [
        Nat("masquerade"),
        Nat("redirect"),
        Nat("masquerade", text="another text"),
        Nat("masquerade", ports=(1, 2)),
    ]
    rows = [known.instruction(step).operands[2] for step in steps]
    assert rows == [0, 1, 0, 2]
    assert known.rows == [row_of(steps[0]), row_of(steps[1]), row_of(steps[3])]


@pytest.mark.parametrize(
    ("step", "family", "masquerades", "kind"),
    [
        (Nat("masquerade"), 0, 1, "nat"),
        (Nat("snat", addresses=(1, 1), family=4), 4, 0, "nat"),
        (Nat("snat", addresses=(1, 1), family=6), 6, 0, "nat"),
        (Nat("snat", told=False), 0, 0, "unknown"),
    ],
)
def test_an_instruction_names_its_row_and_whose_packets_it_is_for(
    step: Nat, family: int, masquerades: int, kind: str
) -> None:
    made = Translations().instruction(step)
    assert (made.operands[0], made.operands[2], *made.operands[4:6]) == (OP_NAT, 0, family, masquerades)
    assert made.ask is not None
    assert (made.ask.kind, made.ask.key) == (kind, step.text or step.kind)


@pytest.mark.parametrize("address", ["0.0.0.0", "255.255.255.255", "::", "2001:db8:1:2:3:4:5:6"])
def test_addresses_in_words(address: str) -> None:
    found = ipaddress.ip_address(address)
    assert words_of(int(found), found.version) == tracking.words_of(address)
