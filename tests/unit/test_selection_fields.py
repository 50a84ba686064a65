"""How each kind of field reads a value, and compares it with a whole column."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.naming import DECISION_FIELDS, DECISION_WORDS, FRAME_FIELDS, NAT, NAT_FIELDS
from fwsim.selection import Selection
from fwsim.selection.fields import ValueRefusedError, fields_of
from fwsim.tables import DEPARTURE, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE
from tests.batches import batch, naming

FIELDS = fields_of(("stateful",))


def test_every_field_of_the_contract_can_be_selected_by() -> None:
    told = [*DECISION_FIELDS, NAT, *(f"{NAT}.{name}" for name in NAT_FIELDS)]
    assert set(FIELDS) == {*FRAME_FIELDS, *told}
    both = fields_of(("stateless", "stateful"))
    assert set(both) == {
        *FRAME_FIELDS,
        *(f"{mode}.{name}" for mode in ("stateless", "stateful") for name in told),
    }


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 128))
def test_networks_hold_the_addresses_that_they_hold(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    base: ipaddress.IPv4Address | ipaddress.IPv6Address,
    prefix: int,
) -> None:
    network = ipaddress.ip_network((base, min(prefix, base.max_prefixlen)), strict=False)
    one = batch({"src": str(address), "family": address.version})
    inside = FIELDS["src"].compare(one, naming(), "in", (FIELDS["src"].read(str(network), "in"),))
    assert inside.tolist() == [address in network]


@pytest.mark.parametrize("name", ["verdict", "reason", "hook", "ct_state", "ct_direction", "tcp_state", "reject_with"])
def test_every_word_reads_back_as_its_number(name: str) -> None:
    for number, text in DECISION_WORDS[name].items():
        assert FIELDS[name].read(text, "==") == number
        assert FIELDS[name].read(text.upper(), "==") == number


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("n", "1.5"), ("n", "99999999999999999999"), ("ts", "1e30"), ("ts", "-1"), ("ts", "nan"),
        ("src", "host"), ("src", "10.0.0.0/33"), ("flags", "s"), ("proto", "tpc"), ("mirror", "1"), ("evidence", "odd"),
        ("verdict", ""),
    ],
)  # fmt: skip
def test_a_value_that_a_field_cannot_have_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueRefusedError):
        FIELDS[name].read(text, "==")


def test_comparisons_give_one_boolean_for_each_row() -> None:
    empty = batch()
    for field in FIELDS.values():
        assert field.truth(empty).shape == (0,)
    rows = batch(*[{}] * 5)
    for field in FIELDS.values():
        truth = field.truth(rows)
        assert (truth.shape, truth.dtype) == ((5,), np.dtype(np.bool_))


def test_translated_packets_are_selected_by_what_they_became() -> None:
    many = batch({}, {}, {})
    left = empty(DEPARTURE, 3)
    left[0] = (1, 0xC6336401, 0, 0, 0, 0xCB007150, 0, 0, 0, 1024, 443, ABSENT)
    left[1] = (2, UNKNOWN_VALUE, 0, 0, 0, 0xCB007150, 0, 0, 0, UNKNOWN_VALUE, 443, ABSENT)

    def rows(expression: str) -> list[int]:
        return np.flatnonzero(Selection(expression, ("stateful",)).mask(many, naming())).tolist()

    assert rows("nat") == rows("nat.src==198.51.100.1") == []
    many.departures["stateful"] = left
    assert rows("nat") == rows("nat.dst in {203.0.113.0/24}") == [0, 1]
    assert rows("not nat") == [2]
    assert rows("nat.src==198.51.100.1") == rows("nat.sport >= 1000") == [0]
    assert rows("nat.src!=10.0.0.1") == rows("nat.side==out") == [0]
    assert rows("nat.side==in") == [1]
