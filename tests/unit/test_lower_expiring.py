"""Sets whose elements are forgotten in time, from text to verdict."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.lower import lower
from fwsim.lower.expiring import FOREVER, Expiring
from fwsim.netfilter import Set, Table
from fwsim.netfilter.steps import Case, Choose, Lookup, Match, Verdict
from fwsim.ruleset.values import Addresses, MatchValue, Numbers
from fwsim.simulator import MODES, Mode
from tests.from_text import FromText, iptables, nft
from tests.netfiltering import imported, table

BOTH_MODES = pytest.mark.parametrize("mode", MODES)
TIMED = """
set s {
type ipv4_addr; flags timeout,interval; timeout 1h
elements = { 127.0.0.0/31 timeout 30s expires 12s, 127.0.0.3, 127.0.0.4 timeout 1500ms }
}
map m {
type ipv4_addr : verdict; flags timeout,interval
elements = { * timeout 10s : drop, 127.0.0.1-127.0.0.2 timeout 3s : accept }
}
map n {
type ipv4_addr : mark; flags timeout; elements = { 127.0.0.1 timeout 3s : 7, 127.0.0.2 : 7 }
}
set c {
type ipv4_addr . inet_service; flags timeout,interval
elements = { 127.0.0.1 . 3000-3010 timeout 2s, 127.0.0.2 . 3000-3010, * timeout 1s }
}
"""


def moments(firewall: FromText, times: list[float], **packet: Any) -> list[bool | None]:
    """At which of these times a packet is accepted; the first packet of all comes at 0."""
    return [firewall.accepts(time, **packet) for time in times]


@BOTH_MODES
@pytest.mark.parametrize("operator", ["", "!= "])
def test_an_element_is_in_a_set_until_its_time_has_come(mode: Mode, operator: str) -> None:
    times: list[float] = [0, 1.4, 1.5, 11.9, 12, 13, 3599, 3600]
    for host, until in ((1, 12), (3, 3600), (4, 1.5), (5, 0)):
        firewall = FromText(nft(f"ip saddr {operator}@s accept", TIMED), mode)
        assert moments(firewall, times, host=host) == [(time < until) != bool(operator) for time in times]


@BOTH_MODES
def test_a_verdict_map_forgets_elements_and_its_asterisk(mode: Mode) -> None:
    times: list[float] = [0, 2.9, 3, 9.9, 10]
    rules = "ip saddr vmap @m\naccept"
    assert moments(FromText(nft(rules, TIMED), mode), times) == [True, True, False, False, True]
    assert moments(FromText(nft(rules, TIMED), mode), times, host=3) == [False, False, False, False, True]


def test_a_map_of_values_sets_nothing_when_the_element_is_gone() -> None:
    rules = "meta mark set ip saddr map @n\nmeta mark 7 accept"
    assert moments(FromText(nft(rules, TIMED)), [0, 2.9, 3]) == [True, True, False]
    assert moments(FromText(nft(rules, TIMED)), [0, 2.9, 3], host=2) == [True, True, True]


@pytest.mark.parametrize("operator", ["", "!= "])
def test_concatenations_are_forgotten_too(operator: str) -> None:
    rules = f"ip saddr . udp sport {operator}@c accept"
    for host, sport, until in ((1, 3000, 2), (2, 3010, 99), (1, 4000, 1), (3, 3000, 1)):
        times: list[float] = [0, 0.9, 1, 1.9, 2, 90]
        firewall = FromText(nft(rules, TIMED))
        told = moments(firewall, times, host=host, sport=sport)
        assert told == [(time < until) != bool(operator) for time in times]


def test_elements_of_ipset_are_forgotten_unless_their_timeout_is_zero() -> None:
    sets = "create a hash:net timeout 5\n" + "".join(
        f"add a {element}\n" for element in ("127.0.0.1", "127.0.0.2 timeout 0", "127.0.0.4/31 timeout 2")
    )
    for host, until in ((1, 5), (2, 9999), (4, 2), (5, 2), (3, 0)):
        for negated in ("", "! "):
            firewall = FromText(sets + iptables(f"-m set {negated}--match-set a src -j ACCEPT"))
            times: list[float] = [0, 1.9, 2, 4.9, 5, 9000]
            assert moments(firewall, times, host=host) == [(time < until) != bool(negated) for time in times]


def test_the_time_begins_with_the_first_packet_also_where_rules_change_the_set() -> None:
    sets = "set s {\ntype ipv4_addr; flags timeout,dynamic\nelements = { 127.0.0.1 timeout 3s }\n}"
    rules = "udp dport 9 accept\nudp dport 8 add @s { ip saddr }\nip saddr @s accept"
    firewall = FromText(nft(rules, sets))
    assert firewall.accepts(0, dport=9)
    assert [firewall.accepts(time) for time in (2.9, 3)] == [True, False]


def test_elements_without_a_time_of_their_own_stay_as_long_as_the_set_says() -> None:
    value: MatchValue = Addresses(v4=((1, 1),))
    own = Set("s", ("ipv4_addr",), ((value,),) * 3, timeout_ns=50, expiries=(None, 0, 7))
    lookup = Expiring().lookup(Lookup(("src",), set="s"), own, Table("ip", "t", {}))
    assert (lookup.selectors, lookup.set) == (("src", "elapsed"), None)
    assert [times for _, times in lookup.elements] == [Numbers(((0, last),)) for last in (49, FOREVER, 6)]


def test_a_set_is_put_together_once() -> None:
    own = Set("s", ("ipv4_addr",), ((Addresses(v4=((1, 1),)),),), timeout_ns=50)
    expiring, step, where = Expiring(), Lookup(("src",), set="s"), Table("ip", "t", {})
    assert expiring.lookup(step, own, where).elements is expiring.lookup(step, own, where).elements


def test_elements_that_are_forgotten_together_are_one() -> None:
    elements = tuple((Addresses(v4=((n, n),)),) for n in (1, 2, 9))
    own = Set("s", ("ipv4_addr",), elements, expiries=(5, 5, 6))
    lookup = Expiring().lookup(Lookup(("src",), set="s"), own, Table("ip", "t", {}))
    assert lookup.elements[0] == (Addresses(v4=((1, 2),)), Numbers(((0, 4),)))
    assert len(lookup.elements) == 2


def test_the_asterisk_of_a_map_asks_for_the_time_itself() -> None:
    own = Set("m", ("ipv4_addr",), cases=(Case((), (Verdict("drop"),)),), expiries=(7,))
    step = Expiring().choice(Choose(("src",), map="m"), own)
    assert step.cases[0].steps == (Match("elapsed", Numbers(((0, 6),))), Verdict("drop"))


def test_a_ruleset_with_such_a_set_is_not_shared_out() -> None:
    own = Set("s", ("ipv4_addr",), ((Addresses(v4=((1, 1),)),),), timeout_ns=50)
    assert lower(imported(table([Lookup(("src",), set="s")], sets=[own])), interfaces=()).counts
    plain = Set("s", ("ipv4_addr",), ((Addresses(v4=((1, 1),)),),))
    assert not lower(imported(table([Lookup(("src",), set="s")], sets=[plain])), interfaces=()).counts
