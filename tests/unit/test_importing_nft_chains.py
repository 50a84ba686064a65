"""Declared chains."""

from __future__ import annotations

import pytest

from fwsim.terms import Hook, Verdict
from tests.nft_importing import imported, refused, table_of


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("table ip t {\n chain c { policy drop; }\n}\n", "is not hooked up"),
        ("table ip t {\n chain c { type nat hook forward priority 0; }\n}\n", "no chain of type nat at forward"),
        ("table ip t {\n chain c { type nat hook prerouting priority -200; }\n}\n", "behind connection tracking"),
        ("table ip t {\n chain c { type route hook input priority 0; }\n}\n", "no chain of type route at input"),
        ("table ip t {\n chain c { type filter hook ingress device lo priority 0; }\n}\n", "have no hook ingress"),
        ("table inet t {\n chain c { type filter hook ingress priority 0; }\n}\n", "needs a device"),
        ("table inet t {\n chain c { type filter hook input device lo priority 0; }\n}\n", "belongs to no device"),
        ("table arp t {\n chain c { type filter hook forward priority 0; }\n}\n", "have no hook forward"),
        ("table netdev t {\n chain c { type filter hook input priority 0; }\n}\n", "have no hook input"),
        (
            "add table t\nadd chain t c { type filter hook input priority 0; }\n"
            "add chain t c { type filter hook output priority 0; }\n",
            "is another one already",
        ),
        (
            "add table t\nadd chain t c\nadd chain t c { type filter hook input priority 0; }\n",
            "is another one already",
        ),
        ("add table t\ncreate chain t c\ncreate chain t c\n", "there is a chain 'c' already"),
    ],
)
def test_chains_that_nft_or_the_kernel_refuse_are_refused(text: str, what: str) -> None:
    assert what in refused(text)


def test_a_base_chain_has_hook_priority_and_policy_with_its_line() -> None:
    chain = table_of("""
        table inet t {
          chain c {
            type nat hook postrouting priority srcnat + 5
            policy drop
          }
        }
        """).chains["c"]
    assert (chain.title, chain.hooks, chain.kind, chain.priority) == ("inet t c", (Hook.POSTROUTING,), "nat", 105)
    assert (chain.policy, chain.location.line, chain.location.policy_line) == (Verdict.DROP, 3, 5)


def test_later_chains_are_registered_later_and_a_repeated_one_is_not() -> None:
    text = (
        "table t {\n chain a { type filter hook input priority 0; }\n"
        " chain b { type filter hook input priority 0; }\n}\n"
    )
    chains = table_of(text + "add chain t a { type filter hook input priority 0; policy drop; }\n").chains
    assert chains["a"].registered < chains["b"].registered
    assert chains["a"].policy == Verdict.DROP


def test_chains_of_other_hooks_are_kept_with_their_devices() -> None:
    netfilter = imported("""
        define devs = { eth0, eth1 }
        table netdev t {
          chain c { type filter hook ingress devices = $devs priority 0; }
        }
        """)
    chain = netfilter.tables[0].chains["c"]
    assert (chain.hooks, chain.other_hook, chain.devices) == ((), "ingress", ("eth0", "eth1"))
    assert netfilter.interfaces == ("eth0", "eth1")


def test_a_policy_may_be_a_variable() -> None:
    text = 'define p = "drop"\ntable t {\n chain c { type filter hook input priority 0; policy $p; }\n}\n'
    assert table_of(text).chains["c"].policy == Verdict.DROP
    assert "expected a policy" in refused(text.replace("drop", "queue"))
