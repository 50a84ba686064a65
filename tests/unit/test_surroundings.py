"""What a capture seems to be about."""

from __future__ import annotations

import ipaddress

from fwsim.topology.surroundings import SAMPLE, Proposal, Surroundings
from tests.placed import OUT, chunk, packet


def observed(*pairs: tuple[str, str], **fields: int) -> Surroundings:
    surroundings = Surroundings()
    made = chunk(*(packet(src, dst, **fields) for src, dst in pairs))
    surroundings.observe(made.frames, made.packets)
    return surroundings


def words(proposal: Proposal) -> tuple[list[str], list[str]]:
    return [str(network) for network in proposal.inside], [str(address) for address in proposal.local]


def test_private_networks_are_inside_the_busiest_first() -> None:
    pairs = [("192.168.1.7", "198.51.100.1")] * 5 + [("10.9.0.4", "198.51.100.2")] * 9 + [("198.51.100.2", "fd00:1::4")]
    surroundings = observed(*(pair for pair in pairs if ":" not in pair[1]), ("fd00:1::4", "2001:db8::1"))
    assert words(surroundings.propose())[0] == ["10.9.0.0/24", "192.168.1.0/24", "fd00:1::/64"]


def test_network_with_hardly_a_packet_is_not_proposed() -> None:
    surroundings = observed(*[("192.168.1.7", "198.51.100.1")] * 40, ("172.16.9.9", "198.51.100.1"))
    assert words(surroundings.propose())[0] == ["192.168.1.0/24"]


def test_address_in_nearly_all_packets_is_the_machines_own() -> None:
    surroundings = observed(*[("198.51.100.77", f"203.0.113.{n}") for n in range(20)], ("198.51.100.1", "203.0.113.1"))
    assert words(surroundings.propose()) == (["198.51.100.0/24"], ["198.51.100.77"])


def test_of_two_that_talk_to_each_other_the_private_one_is_the_machines_own() -> None:
    assert words(observed(("203.0.113.1", "192.168.1.7")).propose())[1] == ["192.168.1.7"]


def test_senders_of_what_goes_out_are_the_machines_own() -> None:
    surroundings = observed(("198.51.100.5", "203.0.113.1"), ("2001:db8::5", "2001:db8:1::1"), sent_or_received=OUT)
    assert words(surroundings.propose())[1] == ["198.51.100.5", "2001:db8::5"]


def test_addresses_of_no_host_do_not_count() -> None:
    surroundings = observed(("0.0.0.0", "255.255.255.255"), ("fe80::1", "ff02::1"), ("169.254.1.1", "224.0.0.251"))
    assert not surroundings.addresses()
    assert words(surroundings.propose()) == ([], [])


def test_networks_are_counted_by_24_and_64_bits() -> None:
    surroundings = observed(("10.9.0.4", "10.9.0.5"), ("2001:db8::1", "2001:db8:0:1::1"))
    counts = {str(network): times for network, times in surroundings.networks().items()}
    assert counts == {"10.9.0.0/24": 2, "2001:db8::/64": 1, "2001:db8:0:1::/64": 1}


def test_frames_that_are_not_ip_are_not_looked_at() -> None:
    surroundings = observed(("10.9.0.4", "10.9.0.5"), family=0)
    assert surroundings.packets == {4: 0, 6: 0}
    assert not surroundings.addresses()


def test_only_the_first_packets_are_looked_at() -> None:
    surroundings = Surroundings()
    one = chunk(packet("10.9.0.4", "10.9.0.5"))
    many = SAMPLE // 2 + 3
    frames, packets = one.frames.repeat(many), one.packets.repeat(many)
    for _ in range(4):
        surroundings.observe(frames, packets)
    assert surroundings.packets == {4: SAMPLE, 6: 0}
    assert surroundings.addresses()[ipaddress.ip_address("10.9.0.4")] == SAMPLE


def test_options_name_the_inside_interface_and_local_addresses_where_the_ruleset_has_any() -> None:
    proposal = observed(("192.168.1.7", "198.51.100.1")).propose()
    assert proposal.options("office", False) == ["--interface office=192.168.1.0/24"]
    assert proposal.options("office", True) == ["--interface office=192.168.1.0/24", "--local 192.168.1.7"]
    assert proposal.options(None, True) == ["--local 192.168.1.7"]
    assert proposal.options(None, False) == ["--interface lan=192.168.1.0/24"]
