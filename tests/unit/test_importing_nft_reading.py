"""A rule while it is read."""

from __future__ import annotations

from fwsim.importing.nft.headers import LINK, NETWORK, TRANSPORT
from fwsim.importing.nft.reading import FAMILY, Reading
from fwsim.importing.nft.ruleset import ChainState, Ruleset, TableState
from fwsim.nft import parse_text


def reading_in(family: str) -> Reading:
    ruleset = Ruleset()
    node = parse_text("table t { }\n").commands[0]
    table = TableState(family, "t", node)
    return Reading(ruleset, table, ChainState("c", node), ruleset.constants)


def test_the_family_of_the_table_tells_a_header() -> None:
    assert reading_in("ip").header(NETWORK) == "ip"
    assert reading_in("inet").header(NETWORK) is None
    assert reading_in("inet").header(LINK) == "inet"


def test_several_transport_headers_are_kept_since_none_is_certain() -> None:
    reading = reading_in("ip")
    reading.learn("tcp")
    reading.learn("udp")
    assert reading.transports == ["tcp", "udp"]
    assert reading.header(TRANSPORT) == "udp"


def test_ports_are_there_when_only_protocols_with_ports_are_left() -> None:
    reading = reading_in("ip")
    assert not reading.has_ports
    reading.only_protocols(frozenset([6, 1]))
    assert not reading.has_ports
    reading.only_protocols(frozenset([6, 17]))
    assert reading.has_ports


def test_a_step_may_be_asked_before_all_others() -> None:
    reading = reading_in("ip")
    reading.add(FAMILY[4])
    reading.ask_first(FAMILY[6])
    assert reading.steps == [FAMILY[6], FAMILY[4]]
