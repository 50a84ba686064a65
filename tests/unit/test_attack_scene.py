"""What the attacker is given: nothing that he does not know."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from fwsim.attack import ground
from fwsim.attack.crafting import chance_of
from fwsim.attack.model import Knowledge
from fwsim.attack.registry import FAMILIES, names_with_styles, ordered
from fwsim.attack.scene import Scene, address_in
from fwsim.attack.segment import SYN, TCP, UDP, changed, proto_of, taken_apart, transport_at
from fwsim.attack.survey import Survey, followed
from fwsim.errors import UsageError
from tests.attacking import forge, ground_path, inside, opened, packets, stored, survey

STYLES = names_with_styles(list(FAMILIES.values()))
BLIND = [name for name in STYLES if ordered(name, None, {}).style.needs == Knowledge.NOTHING]
WITHOUT_NUMBERS = [name for name in STYLES if ordered(name, None, {}).style.needs < Knowledge.SEQUENCE]
FEW = {"count": 20, "window": 1 << 26}


def few(name: str) -> dict[str, Any]:
    known = {option.name for option in ordered(name, None, {}).family.options}
    return {key: value for key, value in FEW.items() if key in known}


def disguised(*, ports: bool, numbers: bool) -> str:
    """The same office, but ports (all but DNS's own), or sequence numbers and ids of DNS, are others."""
    found = []
    for packet in packets():
        found.append(ground.Packet(packet.ts, packet.seen, other(packet.data, ports=ports, numbers=numbers)))
    return stored(found, f"disguised-{ports}-{numbers}.pcapng")


def other(packet: bytes, *, ports: bool, numbers: bool) -> bytes:
    proto = proto_of(packet)
    if proto not in (TCP, UDP):
        return packet
    segment = taken_apart(packet)
    pair = (moved(segment.sport), moved(segment.dport)) if ports else (segment.sport, segment.dport)
    if proto == UDP:
        at = transport_at(packet) + 8
        ident = bytes(byte ^ 0x55 for byte in packet[at : at + 2]) if numbers else packet[at : at + 2]
        return changed(packet[:at] + ident + packet[at + 2 :], ports=pair)
    if not numbers:
        return changed(packet, ports=pair)
    mine, theirs = (11, 0x8000_0000) if segment.dport == 443 else (0x8000_0000, 11)
    acknowledges = segment.flags != SYN
    return changed(packet, ports=pair, seq=(segment.seq + mine) % 2**32,
                   ack=(segment.ack + theirs) % 2**32 if acknowledges else 0)  # fmt: skip


def moved(port: int) -> int:
    return port if port == 53 else 8443 if port == 443 else port - 7


@pytest.mark.parametrize("name", BLIND)
def test_who_knows_nothing_sends_the_same_whatever_the_victims_ports_and_numbers_are(name: str) -> None:
    here = forge(name, knows=Knowledge.NOTHING, **few(name))
    there = forge(name, knows=Knowledge.NOTHING, path=disguised(ports=True, numbers=True), **few(name))
    assert [(one.ts, one.packet) for one in here] == [(one.ts, one.packet) for one in there]
    assert here


@pytest.mark.parametrize("name", WITHOUT_NUMBERS)
def test_who_knows_the_ports_sends_the_same_whatever_the_victims_numbers_are(name: str) -> None:
    here = forge(name, knows=Knowledge.PORTS, **few(name))
    there = forge(name, knows=Knowledge.PORTS, path=disguised(ports=False, numbers=True), **few(name))
    assert [(one.ts, one.packet) for one in here] == [(one.ts, one.packet) for one in there]


def test_who_knows_the_numbers_uses_them() -> None:
    here = forge("reset-blind:exact")
    there = forge("reset-blind:exact", path=disguised(ports=False, numbers=True))
    assert [one.packet for one in here] != [one.packet for one in there]
    assert [one.intent for one in here] == [one.intent for one in there]


def scene(name: str, knows: Knowledge, found: Survey | None = None) -> Scene:
    order = ordered(name, knows, {})
    return Scene(order, found or survey(), chance_of(order, 0), lambda n: followed(opened(ground_path()), inside(), n))


def test_a_view_refuses_what_is_not_known() -> None:
    view = next(scene("reset-blind", Knowledge.PORTS).connections())
    with pytest.raises(ValueError, match="does not know"):
        view.state(view.start)


def test_an_address_of_a_network_is_of_its_family_however_low() -> None:
    dice = Random(0)
    assert address_in(dice, "::1/128") == "::1"
    assert all(":" in address_in(dice, "::/120") for _ in range(20))
    assert address_in(dice, "0.0.0.0/32") == "0.0.0.0"


def test_an_attacker_is_somebody_else_and_outside() -> None:
    attacker = scene("ack-scan", Knowledge.NOTHING).stranger()
    assert attacker not in survey().outside_hosts
    assert not survey().is_inside(attacker)


@pytest.mark.parametrize("name", ["ack-scan", "reset-blind", "dns-spoof", "time-wait-reuse", "syn-flood", "ftp-bounce"])
def test_an_empty_ground_is_refused(name: str) -> None:
    order = ordered(name, None, {})
    empty = scene(name, order.knows, Survey(inside()))
    with pytest.raises(UsageError, match=name):
        list(order.family.forge(empty))
