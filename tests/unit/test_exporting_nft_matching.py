"""What a step asks as nft writes it, family by family."""

from __future__ import annotations

import pytest

from fwsim.exporting.nft_matching import NftMatching, asks_in_front, statistic_text
from fwsim.exporting.nft_words import Known
from fwsim.exporting.saying import CannotSay
from fwsim.netfilter.model import Set
from fwsim.netfilter.steps import AnyOf, Lookup, Match, Statistic, Step, Unknown
from fwsim.ruleset.values import Addresses, Masked, Names, Numbers

BOTH = Addresses(((1, 1),), ((1, 1),))
V4 = Set("v4", ("ipv4_addr",), value=Addresses(((1, 1),)))


def asked(step: Step, known: Known = Known(), *, is_nft: bool = True, **choices: bool) -> list[str]:  # noqa: B008
    """The alternatives as texts."""
    own = {"fragments": False, **choices}
    matching = NftMatching(known.family or 0, {"v4": V4}, {("v4", 0): "v4"}, is_nft, **own)
    return [" ".join(head.parts) for head in matching.asked(step, known)]


@pytest.mark.parametrize(
    ("step", "known", "texts"),
    [
        (Match("src", BOTH), Known(), ["meta nfproto ipv4 ip saddr 0.0.0.1", "meta nfproto ipv6 ip6 saddr ::1"]),
        (Match("src", BOTH), Known(6), ["ip6 saddr ::1"]),
        (Match("src", Addresses(((1, 1),), negated=True)), Known(), ["meta nfproto ipv4 ip saddr != 0.0.0.1"]),
        (Match("family", Numbers(((4, 4),))), Known(4), [""]), (Match("family", Numbers(((4, 4),))), Known(6), []),
        (Match("dport", Numbers(((22, 22),))), Known(4, 6, True), ["tcp dport 22"]),
        (Match("dport", Numbers(((22, 22),))), Known(4),
         ["meta l4proto { tcp, udp, dccp, sctp, udplite } th dport 22"]),
        (Match("iif", Names(("a",), negated=True), absent=True), Known(), ['iifname != "a"']),
        (Match("iif", Names(("a",), negated=True)), Known(), ['iif != 0 iifname != "a"']),
        (Match("src", Addresses(sets=("v4",))), Known(4), ["ip saddr @v4"]),
        (Match("src", Addresses(sets=("v4",))), Known(6), []),
        (Lookup(("src", "dport"), set="v4"), Known(4, 6, True), ["ip saddr . tcp dport @v4"]),
        (AnyOf(((Match("sport", Numbers(((1, 1),))),), (Match("dport", Numbers(((1, 1),))),))), Known(4, 6, True),
         ["tcp sport 1", "tcp dport 1"]),
        (Match("ct_mark", Masked(()), absent=True), Known(), ["ct state invalid,untracked"]),
        (Unknown("meta skuid 0"), Known(), ["meta skuid 0"]),
    ],
)  # fmt: skip
def test_a_match_in_the_words_of_nft(step: Step, known: Known, texts: list[str]) -> None:
    assert asked(step, known) == texts


def test_a_transport_header_is_not_looked_for_in_a_later_fragment() -> None:
    (text,) = asked(Match("dport", Numbers(((22, 22),))), Known(4, 6, True), fragments=True)
    assert text == "@th,0,24 >= 0x0 tcp dport 22"


def test_a_rule_on_the_first_bytes_of_a_header_asks_for_the_fragment() -> None:
    source = Match("sport", Numbers(((53, 53),)))
    known = Known(4, 17, True)
    assert asked(source, known, fragments=True, in_front=True) == ["ip frag-off & 0x1fff == 0x0 udp sport 53"]
    assert asked(source, known._replace(family=6), fragments=True, in_front=True) == [
        "exthdr frag missing udp sport 53", "frag frag-off 0 udp sport 53",
    ]  # fmt: skip
    assert len(asked(source, Known(None, 17, True), fragments=True, in_front=True)) == 3
    assert asked(source, known._replace(headed=True), fragments=True) == ["udp sport 53"]
    pair = Lookup(("src", "dport"), set="v4")
    assert asked(pair, known, fragments=True) == ["@th,0,24 >= 0x0 ip saddr . udp dport @v4"]


def test_what_asks_for_more_of_a_header_is_not_in_front() -> None:
    source, target = (Match(name, Numbers(((53, 53),))) for name in ("sport", "dport"))
    assert asks_in_front((source, AnyOf(((source,), (target,)))))
    assert not asks_in_front((source, target))
    assert not asks_in_front((Lookup(("src", "dport"), set="v4"),))


@pytest.mark.parametrize("construct", ["-m owner --uid-owner 0", "xt match u32"])
def test_what_is_not_in_the_words_of_nft_is_refused(construct: str) -> None:
    with pytest.raises(CannotSay):
        asked(Unknown(construct), is_nft=construct.startswith("xt"))


def test_a_field_that_a_packet_may_lack_is_refused_where_nft_ends_the_rule() -> None:
    with pytest.raises(CannotSay, match="may lack the field"):
        asked(Match("tcp_window", Numbers(((1, 1),), negated=True), absent=True))


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Statistic(3, 1), "numgen inc mod 3 1"), (Statistic(3, 1, negated=True), "numgen inc mod 3 != 1"),
        (Statistic(probability=1 << 30), "numgen random mod 2147483648 < 1073741824"),
    ],
)  # fmt: skip
def test_statistic_is_a_number_generator(step: Statistic, text: str) -> None:
    assert statistic_text(step) == text
