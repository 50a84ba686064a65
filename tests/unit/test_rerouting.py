"""Where packets go whose destination was translated."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.path import LOCAL as HOOK_LOCAL
from fwsim.engine.rerouting import reroute, reroute_own
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook, Reason
from fwsim.topology.declared import Behind
from tests.placed import networks, topology
from tests.tracking import words_of

OWN = "10.1.0.1"
WHERE = topology(
    {
        "lan": Behind(networks("10.1.0.0/16", "fd00:1::/64")),
        "dmz": ["192.0.2.0/28", "fd00:2::/64"],
    },
    [OWN, "fd00:1::1"],
    ("lan", "dmz"),
)
NUMBERS = {name: number for number, name in enumerate(WHERE.names)}
INSIDE, SERVER, OUTSIDE = "10.1.0.9", "192.0.2.2", "8.8.8.8"


def routed(src: str, dst: str, *, on: str = "dmz", out: int = 0, options: int = 0, ttl: int = 64) -> Any:
    """What becomes of a packet that came in; interfaces by name."""
    seen: dict[str, int] = {"ttl": ttl, "family": 6 if ":" in src else 4, "iif": UNKNOWN_VALUE, "hook": ABSENT}
    state = {"iif": NUMBERS[on], "oif": UNKNOWN_VALUE, "fault": 0}
    for side, text in (("src", src), ("dst", dst)):
        seen |= {f"{side}{number}": word for number, word in enumerate(words_of(text))}
    reroute(WHERE.places, state, seen, options, out)
    assert seen["iif"] == state["iif"]
    return seen["hook"], named(state["oif"]), Reason(state["fault"])


def named(number: int) -> str:
    return {ABSENT: "-", UNKNOWN_VALUE: "?"}.get(number) or str(WHERE.names[number])


@pytest.mark.parametrize(
    ("src", "dst", "hook", "oif"),
    [
        (SERVER, INSIDE, Hook.FORWARD, "lan"),
        (SERVER, OWN, Hook.INPUT, "-"),
        (SERVER, OUTSIDE, Hook.FORWARD, "?"),
        ("fd00:2::9", "fd00:1::9", Hook.FORWARD, "lan"),
        ("fd00:2::9", "fd00:1::1", Hook.INPUT, "-"),
        ("fd00:2::9", "2001:db8::1", Hook.FORWARD, "?"),
        ("fe80::9", "fe80::7", Hook.FORWARD, "dmz"),
    ],
)
def test_a_packet_goes_where_its_new_destination_lies(src: str, dst: str, hook: Hook, oif: str) -> None:
    assert routed(src, dst)[:2] == (hook, oif)


@pytest.mark.parametrize("lost", ["src0", "dst0"])
def test_one_of_which_an_address_is_not_known_goes_nobody_knows_where(lost: str) -> None:
    seen = {"src0": 1, "dst0": 1} | {lost: UNKNOWN_VALUE}
    reroute(WHERE.places, {}, seen, 0, 0)
    assert seen["hook"] == UNKNOWN_VALUE


@pytest.mark.parametrize(
    ("dst", "reason"),
    [(INSIDE, Reason.NONE), ("127.0.0.1", Reason.MARTIAN_DESTINATION), ("224.1.2.3", Reason.MULTICAST_NOT_FORWARDED)],
)
def test_routing_may_refuse_it(dst: str, reason: Reason) -> None:
    assert routed(SERVER, dst)[2] == reason


def test_its_hops_count_if_it_goes_on() -> None:
    assert routed(SERVER, INSIDE, ttl=1)[2] == Reason.TTL_EXPIRED
    assert routed(SERVER, INSIDE, ttl=2)[2] == Reason.NONE
    assert routed(SERVER, OWN, ttl=1)[2] == Reason.NONE
    assert routed("fd00:2::9", "fd00:1::9", ttl=1)[2] == Reason.TTL_EXPIRED


def test_what_was_seen_leaving_has_been_through_that() -> None:
    assert routed(SERVER, INSIDE, ttl=1, out=1)[2] == Reason.NONE


def test_ip_options_are_refused_as_routing_would() -> None:
    fault = int(Reason.BAD_IP_OPTIONS)
    assert routed(SERVER, INSIDE, options=fault)[2] == fault


def test_no_route_and_the_way_back_are_asked() -> None:
    where = topology({"lan": ["10.1.0.0/16"], "dmz": ["192.0.2.0/28"]}, [OWN], ("lan", "dmz"))
    for number in range(len(where.names)):
        where.places.interfaces[number]["rp_filter"] = 1
    seen = {"ttl": 64, "family": 4, "iif": ABSENT, "hook": ABSENT}
    for side, text in (("src", INSIDE), ("dst", OWN)):
        seen |= {f"{side}{number}": word for number, word in enumerate(words_of(text))}
    for on, fault in ((where.names.index("lan"), False), (where.names.index("dmz"), True)):
        state = {"iif": on, "oif": ABSENT, "fault": 0}
        reroute(where.places, state, seen, 0, 0)
        assert bool(state["fault"]) == fault


# --- made here ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dst", "hook", "iif", "oif"),
    [
        (INSIDE, int(Hook.OUTPUT), "-", "lan"),
        (SERVER, int(Hook.OUTPUT), "-", "dmz"),
        (OUTSIDE, int(Hook.OUTPUT), "-", "?"),
        (OWN, HOOK_LOCAL, "lo", "lo"),
        ("127.0.0.1", HOOK_LOCAL, "lo", "lo"),
        ("::1", HOOK_LOCAL, "lo", "lo"),
    ],
)
def test_what_was_made_here_leaves_by_the_way_to_its_new_destination(dst: str, hook: int, iif: str, oif: str) -> None:
    seen: dict[str, int] = {"hook": ABSENT, "oif": NUMBERS["dmz"]}
    seen |= {f"dst{number}": word for number, word in enumerate(words_of(dst))}
    state = {"iif": UNKNOWN_VALUE, "oif": NUMBERS["dmz"]}
    reroute_own(WHERE.places, state, seen)
    assert (seen["hook"], named(state["iif"]), named(state["oif"])) == (hook, iif, oif)
    assert seen["oif"] == NUMBERS["dmz"], "rules at OUTPUT see the old one still"


def test_what_was_made_here_for_nobody_knows_whom() -> None:
    seen = {"dst0": UNKNOWN_VALUE, "hook": int(Hook.OUTPUT)}
    reroute_own(WHERE.places, {}, seen)
    assert seen["hook"] == UNKNOWN_VALUE
