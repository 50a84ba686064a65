"""How a translated connection gets a tuple that no other one has."""

from __future__ import annotations

from tests.deciding import icmp, tcp, udp
from tests.natted import HOST, PEER, PUBLIC, SERVER, Gateway


def leading(how: str) -> Gateway:
    """A gateway with one rule for who comes from outside."""
    chain = f'type nat hook prerouting priority dstnat; iifname "wan" {how}'
    return Gateway(f"table ip nat {{ chain pre {{ {chain}\n}}\n}}\n")


def test_ports_of_a_destination_are_tried_in_their_order() -> None:
    gate = leading(f"udp dport {{ 1, 2, 3 }} dnat to {SERVER}:7000-7001")
    found = []
    for port in (1, 2, 3):
        gate.ask(udp(PEER, PUBLIC, ports=(5000, port)))
        found.append(gate.left)
    # nothing is free for the third: it gets the last one, and another source, whose port is drawn
    assert found == [f"{PEER}.5000 > {SERVER}.7000", f"{PEER}.5000 > {SERVER}.7001", f"{PEER}.? > {SERVER}.7001"]


def test_ids_of_queries_are_tried_from_zero_on() -> None:
    gate = leading(f"meta l4proto icmp dnat to {SERVER}")
    gate.ask(icmp(8, PEER, PUBLIC, ident=7))
    assert gate.left == f"{PEER} > {SERVER} id 7"
    gate.ask(icmp(8, PEER, "203.0.113.2", ident=7))
    assert gate.left == f"{PEER} > {SERVER} id 0"


def test_a_destination_without_ports_is_the_same_whether_another_one_may_have_it_or_not() -> None:
    """That of a drawn port may: then the source is what is not known."""
    rules = f"""table ip nat {{
      chain pre {{ type nat hook prerouting priority dstnat; ip daddr {PUBLIC} dnat to {SERVER}
      }}
      chain post {{ type nat hook postrouting priority srcnat; oifname "lan" masquerade random
      }}
    }}
    """
    gate = Gateway(rules)
    gate.ask(udp(PEER, PUBLIC, ports=(5000, 53)))
    assert gate.left == f"10.1.0.1.? > {SERVER}.53"
    gate.ask(udp("203.0.113.81", PUBLIC, ports=(5001, 53)))
    assert gate.left == f"10.1.0.1.? > {SERVER}.53"


def test_a_connection_that_is_over_makes_room_for_one_with_later_numbers() -> None:
    chain = 'type nat hook postrouting priority srcnat; oifname "wan" meta l4proto tcp masquerade to :4000'
    gate = Gateway(f"table ip nat {{ chain post {{ {chain}\n}}\n}}\n")
    gate.ask(tcp("S", HOST, PEER, seq=1000))
    gate.ask(tcp("SA", PEER, PUBLIC, ports=(443, 4000), seq=5000, ack=1001))
    gate.ask(tcp("A", HOST, PEER, seq=1001, ack=5001))
    gate.ask(tcp("S", SERVER, PEER, seq=9000))
    assert gate.left is None  # dropped
    gate.ask(tcp("RA", PEER, PUBLIC, ports=(443, 4000), seq=5001, ack=1001))
    gate.ask(tcp("S", SERVER, PEER, seq=9000))
    assert gate.left == f"{PUBLIC}.4000 > {PEER}.443"
