import pytest

from fwsim.terms import Hook
from tests.iptables_reading import refused_rule, rules_of, steps, text_of, unknown


@pytest.mark.parametrize(
    "rule",
    [
        "-m string --algo bm --string foo", "-m u32 --u32 0&0xFFFF=0x100:0xFFFF", "-m policy --dir in --pol none",
        "-m physdev --physdev-in eth0", "-m realm --realm 5", "-m cpu ! --cpu 0", "-m devgroup --src-group 5",
        "-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 1", "-m nfacct --nfacct-name x",
        "-m rateest --rateest x --rateest-gt --rateest-bps 5mbit",
    ],
)  # fmt: skip
def test_what_no_capture_shows_is_unknown_as_it_was_written(rule: str) -> None:
    assert unknown(rule).construct == rule


def test_an_owner_is_unknown_only_where_there_may_be_a_socket() -> None:
    found = unknown("-m owner --uid-owner 0", chain="OUTPUT")
    assert (found.hooks, found.elsewhere) == (frozenset((Hook.OUTPUT, Hook.POSTROUTING)), False)
    assert unknown("-m owner ! --uid-owner 0", chain="OUTPUT").elsewhere
    assert "no place at forward" in refused_rule("-m owner --uid-owner 0 -j ACCEPT")


@pytest.mark.parametrize(
    "rule",
    [
        "-m string --string foo", "-m string --algo bm --hex-string |0|", "-m u32 --u32 foo", "-m policy --pol ipsec",
        "-m physdev", "-m realm --realm x", "-m bpf --bytecode foo", "-m cluster --cluster-total-nodes 2",
        "-m devgroup --src-group x", "-m owner --uid-owner 1-x",
    ],
)  # fmt: skip
def test_what_iptables_does_not_take_is_refused(rule: str) -> None:
    assert refused_rule(f"{rule} -j ACCEPT").startswith("rules.v4:3:")


def test_a_comment_asks_nothing_and_names_the_rule() -> None:
    rule = '-m comment --comment "from the \\"office\\"" -j ACCEPT'
    assert steps(rule) == []
    assert rules_of(text_of(rule), "FORWARD")[0].name == 'from the "office"'
