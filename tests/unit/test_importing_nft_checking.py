"""What the kernel checks in the end: jumps, and what stands at which hooks."""

from __future__ import annotations

import pytest

from tests.nft_importing import refused, table_of


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "table t {\n chain a { type filter hook input priority 0; jump b; }\n chain b { jump b; }\n}\n",
            "in a circle",
        ),
        (
            "table t {\n chain a { type filter hook input priority 0; jump b; }\n chain b { goto b; }\n}\n",
            "in a circle",
        ),
        (
            "table t {\n chain a { type filter hook input priority 0; jump b; }\n"
            " chain b { tcp dport vmap { 22 : jump b }; }\n}\n",
            "in a circle",
        ),
        (
            "table t {\n map m { type mark : verdict; elements = { 1 : jump b }\n}\n"
            " chain a { type filter hook input priority 0; jump b; }\n chain b { mark vmap @m; }\n}\n",
            "in a circle",
        ),
        ("table t {\n chain a { type filter hook input priority 0; }\n chain b { jump a; }\n}\n", "is a base chain"),
        (
            "table t {\n chain a { type filter hook input priority 0; jump b; }\n chain b { masquerade; }\n}\n",
            "stands in chains of type nat",
        ),
        (
            "table t {\n chain a { type nat hook prerouting priority 0; jump b; }\n chain b { masquerade; }\n}\n",
            "cannot be reached from prerouting",
        ),
        (
            "table t {\n chain a { type nat hook postrouting priority 0; jump b; }\n chain b { dnat to 1.2.3.4; }\n}\n",
            "cannot be reached from postrouting",
        ),
        (
            "table t {\n chain a { type nat hook input priority 0; jump b; }\n chain b { redirect; }\n}\n",
            "cannot be reached from input",
        ),
        (
            "table t {\n chain a { type filter hook postrouting priority 0; jump b; }\n chain b { reject; }\n}\n",
            "cannot be reached from postrouting",
        ),
        (
            "table t {\n chain a { type filter hook output priority 0; jump b; }\n"
            " chain b { fib saddr . iif oif missing drop; }\n}\n",
            "cannot be reached from output",
        ),
        (
            "table t {\n chain a { type filter hook output priority 0; jump b; }\n"
            " chain b { fib daddr . iif type local drop; }\n}\n",
            "cannot be reached from output",
        ),
        (
            "table t {\n chain a { type filter hook input priority 0; jump b; }\n"
            " chain b { fib daddr . oif type local drop; }\n}\n",
            "cannot be reached from input",
        ),
        (
            "table t {\n chain a { type filter hook input priority 0; jump b; }\n chain b { rt mtu 5; }\n}\n",
            "cannot be reached from input",
        ),
        (
            "table t {\n chain a { type filter hook forward priority 0; jump b; }\n"
            " chain b { socket transparent 1; }\n}\n",
            "cannot be reached from forward",
        ),
        (
            "table t {\n chain a { type filter hook postrouting priority 0; jump b; }\n"
            ' chain b { osf name "Linux"; }\n}\n',
            "cannot be reached from postrouting",
        ),
        (
            "table t {\n chain a { type filter hook output priority 0; jump b; }\n chain b { ipsec in reqid 1; }\n}\n",
            "cannot be reached from output",
        ),
        (
            "table t {\n chain a { type filter hook input priority 0; jump b; }\n"
            " chain b { meta pkttype set host; }\n}\n",
            "cannot be reached from input",
        ),
    ],
)
def test_what_the_kernel_refuses_in_the_end_is_refused(text: str, what: str) -> None:
    assert what in refused(text)


def deep(jumps: int) -> str:
    """A base chain, and a row of chains each of which jumps to the next."""
    chains = "".join(f" chain c{each} {{ jump c{each + 1}; }}\n" for each in range(1, jumps))
    base = " chain a { type filter hook input priority 0; jump c1; }\n"
    return f"table t {{\n{base}{chains} chain c{jumps} {{ accept; }}\n}}\n"


def test_fifteen_jumps_in_a_row_are_enough() -> None:
    assert len(table_of(deep(15)).chains) == 16
    assert "more than 15 jumps" in refused(deep(16))


def test_what_is_not_reached_from_a_hook_is_not_checked() -> None:
    table = table_of("table t {\n chain a { jump b; }\n chain b { jump a; }\n chain d { masquerade; }\n}\n")
    assert list(table.chains) == ["a", "b", "d"]


def test_many_ways_to_a_chain_are_gone_once() -> None:
    layers = 14
    chains = [
        f" chain a{each} {{ jump a{each + 1}; jump b{each + 1}; }}\n"
        f" chain b{each} {{ jump a{each + 1}; jump b{each + 1}; }}\n"
        for each in range(1, layers)
    ]
    last = f" chain a{layers} {{ }}\n chain b{layers} {{ }}\n"
    base = " chain base { type filter hook input priority 0; jump a1; jump b1; }\n"
    assert len(table_of("table t {\n" + base + "".join(chains) + last + "}\n").chains) == 2 * layers + 1
