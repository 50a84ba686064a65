"""Declared sets and maps, and their elements."""

from __future__ import annotations

import pytest

from fwsim.ruleset.values import Numbers
from tests.nft_importing import imported, refused, short, table_of, value


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("table t {\n set s { elements = { 1 }\n}\n}\n", "has no type"),
        ("table t {\n set s { type integer; }\n}\n", "no certain width"),
        ("table t {\n set s { type ipv4_addr\n auto-merge\n}\n}\n", "needs 'flags interval'"),
        ("table t {\n set s { type ifname . ifname . ipv6_addr . ipv6_addr . ipv4_addr; }\n}\n", "at most 64 bytes"),
        ("table t {\n set s { type ipv4_addr; }\n}\ntable t {\n set s { type mark; }\n}\n", "there is another set 's'"),
        ("add table t\ncreate set t s { type mark; }\ncreate set t s { type mark; }\n", "there is a set 's' already"),
        ("table t {\n set s { type mark; elements = { 1 : accept }\n}\n}\n", "a value stands in maps only"),
        ("table t {\n map s { type mark : verdict; elements = { 1 }\n}\n}\n", "expected ':'"),
        ("table t {\n map s { type mark : mark; elements = { 1 : accept }\n}\n}\n", "cannot be read as mark"),
        ("table t {\n map s { type mark : verdict; elements = { 1 : jump x }\n}\n}\n", "there is no chain 'x'"),
        ('table t {\n map s { type mark : limit; elements = { 1 : "x" }\n}\n}\n', "there is no limit 'x'"),
        ("table t {\n set s { type mark; elements = { 1 timeout 5s }\n}\n}\n", "has no 'flags timeout'"),
        ("table t {\n set s { type mark; elements = { 1 counter packets 1 bytes 2 }\n}\n}\n", "has no such statement"),
        (
            "table t {\n set s { type mark; counter; elements = { 1 limit rate 1/second }\n}\n}\n",
            "has another statement",
        ),
        ("table t {\n set s { typeof ip ttl; elements = { 300 }\n}\n}\n", "out of range"),
        ("add table t\nadd element t s { 1 }\n", "there is no set 's'"),
    ],
)
def test_declarations_that_nft_refuses_are_refused(text: str, what: str) -> None:
    assert what in refused(text)


def test_a_set_becomes_one_value_and_a_concatenation_elements() -> None:
    table = table_of("""
        table inet t {
          set a { type inet_service; flags interval; elements = { 22, 80-90 }
          }
          set b { type ipv4_addr . inet_service; elements = { 10.0.0.1 . ssh }
          }
          set c { typeof iifname; elements = { "eth0", lo }
          }
          set d { type ct_state; size 5; counter; elements = { new }
          }
        }
        """)
    assert value(table.sets["a"].value) == "22,80-90"
    assert table.sets["a"].elements == ()
    assert [" . ".join(map(value, each)) for each in table.sets["b"].elements] == ["10.0.0.1 . 22"]
    assert value(table.sets["c"].value) == "eth0,lo"
    assert table.sets["c"].kinds == ("ifname",)
    assert (table.sets["d"].size, [short(step) for step in table.sets["d"].steps]) == (5, ["- counter"])


def test_elements_are_as_wide_as_their_type() -> None:
    table = table_of("""
        table inet t {
          set macs { type ether_addr; flags interval
            elements = { 02:00:00:00:00:01, 02:00:00:00:00:05-02:00:00:00:00:09 }
          }
          set users { type uid; elements = { 100000 }
          }
          set both { type ether_addr . ipv4_addr; elements = { 02:00:00:00:00:01 . 10.0.0.1 }
          }
        }
        """)
    first = 0x020000000001
    assert table.sets["macs"].value == Numbers(((first, first), (first + 4, first + 8)))
    assert table.sets["users"].value == Numbers(((100_000, 100_000),))
    assert [value(part) for part in table.sets["both"].elements[0]] == [str(first), "10.0.0.1"]


def test_elements_that_are_forgotten_say_when() -> None:
    netfilter = imported("""
        table t {
          set s { type ipv4_addr; timeout 1h; elements = { 1.2.3.4 timeout 5m expires 4m, 1.2.3.5 }
          }
        }
        """)
    found = netfilter.tables[0].sets["s"]
    assert (found.timeout_ns, found.expiries) == (3600 * 10**9, (240 * 10**9, None))
    assert (found.lifetimes, found.expires, found.value) == ((240 * 10**9, 3600 * 10**9), True, None)
    assert netfilter.remarks[0].what == "elements of 's' are forgotten in time, which runs from the first packet on"


def test_cases_of_a_map_are_in_the_order_of_their_times() -> None:
    found = table_of("""
        table t {
          map m { type ipv4_addr : verdict; flags timeout; elements = { * timeout 5s : drop, 1.2.3.4 : accept }
          }
        }
        """).sets["m"]
    assert [bool(case.element) for case in found.cases or ()] == [True, False]
    assert found.expiries == (None, 5 * 10**9)


def test_an_asterisk_in_a_set_is_everything_in_each_part() -> None:
    table = table_of("table t {\n set s { type ipv4_addr . inet_service; elements = { * }\n}\n}\n")
    assert [" . ".join(map(value, each)) for each in table.sets["s"].elements] == ["0.0.0.0-255.255.255.255 . 0-65535"]


@pytest.mark.parametrize(
    ("element", "settings", "fine"),
    [("1 timeout 5s expires 5s", "", True), ("1 timeout 5s expires 6s", "", False), ("1 expires 6s", "", False),
     ("1 expires 6s", "timeout 6s;", True), ("1 expires 6s", "timeout 5s;", False)],
)  # fmt: skip
def test_no_element_expires_beyond_its_timeout(element: str, settings: str, fine: bool) -> None:
    text = f"table t {{\n set s {{ type mark; flags timeout; {settings} elements = {{ {element} }}\n}}\n}}\n"
    if fine:
        assert imported(text)
    else:
        assert "beyond the timeout" in refused(text)


def test_names_of_interfaces_in_sets_are_kept() -> None:
    text = 'table t {\n set s { type ifname . mark; elements = { "eth0" . 5 }\n}\n}\n'
    assert imported(text).interfaces == ("eth0",)


def test_the_case_of_everything_else_comes_last() -> None:
    text = "table t {\n map m { type mark : verdict; elements = { * : drop, 1 : accept }\n}\n}\n"
    cases = table_of(text).sets["m"].cases
    assert cases is not None
    assert [len(case.element) for case in cases] == [1, 0]
