"""Sets that rules change, and meters."""

from __future__ import annotations

import pytest

from tests.nft_importing import refused_rule, script, short, table_of, told

SETS = """
set s { type ipv4_addr; flags dynamic,timeout; timeout 5m; }
set p { type ipv4_addr . inet_service; flags dynamic; }
set i { type ipv4_addr; flags interval; }
set k { type ipv4_addr; flags constant; }
"""


@pytest.mark.parametrize(
    ("rule", "steps"),
    [
        ("add @s { ip saddr }", ["add src to s"]),
        ("update @s { ip saddr timeout 1m }", ["update src to s timeout 60000000000"]),
        ("delete @s { ip saddr }", ["delete src to s"]),
        ("set update ip saddr timeout 5s @s", ["update src to s timeout 5000000000"]),
        (
            "add @p { ip saddr . tcp dport limit rate 1/second } drop",
            ["proto=6", "add src . dport to p rate 1 packets/1000000000 burst 5", "drop"],
        ),
        (
            "add @p { ip saddr . tcp dport ct count over 5 }",
            ["proto=6", "add src . dport to p connections over 5 src/32 dport/16"],
        ),
        ("meter m { ip saddr limit rate 1/second }", ["add src to m rate 1 packets/1000000000 burst 5"]),
        (
            "meter m { ip saddr timeout 10s counter }",
            ["update src to m timeout 10000000000 - counter"],
        ),
    ],
)
def test_a_change_of_a_set_becomes_its_step(rule: str, steps: list[str]) -> None:
    assert told(rule, "ip", SETS) == steps


def test_a_set_that_rules_change_is_dynamic_and_looked_up() -> None:
    text = script("add @s { ip saddr }\nip saddr @s drop", "ip", SETS)
    table = table_of(text)
    assert table.sets["s"].dynamic
    assert not table.sets["p"].dynamic
    assert [short(step) for step in table.chains["c"].rules[1].steps] == ["src in @s", "drop"]


def test_a_meter_is_a_set_of_its_table() -> None:
    found = table_of(script("meter m size 99 { ip saddr timeout 10s counter }", "ip")).sets["m"]
    assert (found.kinds, found.dynamic, found.size, found.timeout_ns) == (("ipv4_addr",), True, 99, 10**10)


@pytest.mark.parametrize("value", ["0x5", "meta mark"])
def test_a_rule_may_put_a_constant_into_a_map_or_something_of_the_packet(value: str) -> None:
    maps = "map m { type ipv4_addr : mark; flags dynamic; }\n"
    assert told(f"add @m {{ ip saddr : {value} }}", "ip", maps) == ["add src to m"]


def test_what_a_rule_puts_into_a_map_is_of_its_type() -> None:
    maps = "map m { type ipv4_addr : inet_service; flags dynamic; }\n"
    assert "inet_service" in refused_rule("add @m { ip saddr : 10.0.0.1 }", "ip", maps)


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("add @s { tcp dport }", "has elements of ipv4_addr, not inet_service"),
        ("add @i { ip saddr }", "whose elements are intervals"),
        ("add @k { ip saddr }", "which is constant"),
        ("add @p { ip saddr . tcp dport timeout 5s }", "has no 'flags timeout'"),
        ("add @s { ip saddr ct count over 5 }", "elements that have a timeout"),
        ("add @nowhere { ip saddr }", "there is no set"),
        ("meter m { ip saddr accept }", "a statement that counts"),
        ("meter s { ip saddr counter }", "already"),
    ],
)
def test_what_nft_refuses_is_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule, "ip", SETS)
