from fwsim.importing.iptables.services import ANY_PROTOCOL, PROTOCOLS, SERVICES


def test_services_have_ports_of_their_protocols() -> None:
    assert SERVICES["tcp"]["http"] == 80
    assert SERVICES["udp"]["bootps"] == 67
    assert "http" not in SERVICES["udp"]
    assert ANY_PROTOCOL["dicom"] == 104  # the first of two


def test_protocols_are_there_in_small_letters_only() -> None:
    assert PROTOCOLS["ospf"] == 89
    assert PROTOCOLS["icmpv6"] == PROTOCOLS["ipv6-icmp"] == 58
    assert "ospfigp" not in PROTOCOLS  # the file has it in capitals, and iptables looks for small letters
