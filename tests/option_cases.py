"""Options of IP headers, each with what Linux makes of it: asked of the kernel, and of the simulator.

The answers were measured on kernel 6.18.44 in a private network namespace (`tests/parity/test_kernel_options.py` asks
again), and agree with `__ip_options_compile`, `ip_rcv_options`, `ip6_parse_tlv` and `ipv6_hop_jumbo` as they are there.
"""

from __future__ import annotations

from fwsim.terms import Reason

FINE, BAD, SOURCE = Reason.NONE, Reason.BAD_IP_OPTIONS, Reason.SOURCE_ROUTED
BAD6 = Reason.BAD_HOP_BY_HOP

IPV4: tuple[tuple[str, str, Reason], ...] = (
    ("no operation", "01010101", FINE),
    ("end", "00000000", FINE),
    ("nobody reads behind the end", "00070002", FINE),
    ("a type alone at the end", "01010107", BAD),
    ("length 0", "94000000", BAD),
    ("length 1", "94010000", BAD),
    ("length 2 of an unknown option", "1e020101", FINE),
    ("longer than the header", "1e050101", BAD),
    ("unknown", "1e060102030400" + "00", FINE),
    ("an unknown one twice", "1e0401021e040102", FINE),
    ("security", "820b0000000000000000" + "0000", FINE),
    ("stream identifier", "88040001", FINE),
    ("record route", "0707040000000000", FINE),
    ("record route, full", "070708c0a8000100", FINE),
    ("record route, far beyond its end", "0707ffc0a8000100", FINE),
    ("record route without a slot", "07030400", FINE),
    ("record route, too short", "07020101", BAD),
    ("record route, pointer 3", "0707030000000000", BAD),
    ("record route, pointer into a slot: no room", "0707050000000000", BAD),
    ("record route, pointer to the last byte", "0707070000000000", BAD),
    ("record route, pointer between two slots", "070b050000000000" + "00000000", FINE),
    ("record route twice", "0703040703040000", BAD),
    ("timestamps", "4408050000000000", FINE),
    ("timestamps, too short", "44030501", BAD),
    ("timestamps, pointer 4", "4408040000000000", BAD),
    ("timestamps, no room", "4408060000000000", BAD),
    ("timestamps, full", "4408090000000000", FINE),
    ("timestamps, full, 14 hosts had no room", "440809e000000000", FINE),
    ("timestamps, full, 15 hosts had no room", "440809f000000000", BAD),
    ("timestamps, not full, 15 hosts had no room", "440805f000000000", FINE),
    ("timestamps with addresses", "440c050100000000" + "00000000", FINE),
    ("timestamps with addresses, room for four bytes", "4408050100000000", BAD),
    ("timestamps with addresses, full, 15 hosts had no room", "440c0df100000000" + "00000000", BAD),
    ("timestamps with given addresses", "440c0503c0a80001" + "00000000", FINE),
    ("timestamps with given addresses, room for four bytes", "4408050300000000", BAD),
    ("timestamps with given addresses, full, 15 hosts had no room", "440c0df300000000" + "00000000", FINE),
    ("timestamps of an unknown kind", "4408050200000000", FINE),
    ("timestamps of an unknown kind, no room", "4408060200000000", BAD),
    ("timestamps twice", "4404050044040500", BAD),
    ("timestamps and record route", "4404050007030400", FINE),
    ("loose source route", "8307040a00000900", SOURCE),
    ("loose source route, at its end", "8307080a00000900", SOURCE),
    ("loose source route without a slot", "83030400", SOURCE),
    ("loose source route, pointer 3", "8307030a00000900", BAD),
    ("loose source route, too short", "83020101", BAD),
    ("loose source route, pointer into a slot", "8307060a00000900", SOURCE),
    ("strict source route", "8907040a00000900", SOURCE),
    ("loose and strict source route", "8303048903040000", BAD),
    ("source route, then something bad", "8303040702010101", BAD),
    ("router alert", "94040000", FINE),
    ("router alert, another value", "94040001", FINE),
    ("router alert, too short", "94030000", BAD),
    ("router alert, longer", "94060000000001" + "01", FINE),
    ("router alert twice", "9404000094040000", FINE),
    ("CIPSO of an unknown domain", "860a00000001010400010000", BAD),
    ("CIPSO, too short", "86040000", BAD),
    ("CIPSO without a domain", "860a00000000010400010000", BAD),
    ("as many as fit", "01" * 40, FINE),
)  # fmt: skip
"""A name, the option area, and the fault."""

IPV6: tuple[tuple[str, str, Reason], ...] = (
    ("padding with PadN", "010400000000", FINE),
    ("padding with Pad1", "000000000000", FINE),
    ("PadN without data", "010001000100", FINE),
    ("something in the padding", "010400000100", BAD6),
    ("seven bytes of padding in a row", "3e03000000" + "01050000000000" + "0500", BAD6),
    ("seven bytes of padding, then an option", "01050000000000" + "3e050000000000", FINE),
    ("eight bytes of padding in a row", "0106000000000000" + "3e0400000000", BAD6),
    ("eight Pad1 in a row", "0000000000000000" + "3e0400000000", BAD6),
    ("seven Pad1, an option, seven Pad1", "00" * 7 + "3e060000000000" + "00" + "00" * 7, FINE),
    ("Pad1 and PadN add up to eight", "0000010400000000" + "3e0400000000", BAD6),
    ("router alert", "050200000100", FINE),
    ("router alert, length 0", "050001020000", BAD6),
    ("router alert, length 4", "050400000000", BAD6),
    ("router alert twice", "05020000" + "05020000" + "010400000000", FINE),
    ("an unknown one to be skipped", "1e0400000000", FINE),
    ("an unknown one that may change, to be skipped", "3e0400000000", FINE),
    ("an unknown one: discard", "5e0400000000", BAD6),
    ("an unknown one: discard and report", "9e0400000000", BAD6),
    ("an unknown one: discard and report unless multicast", "de0400000000", BAD6),
    ("home address, which is for destination options", "c90400000000", BAD6),
    ("an option longer than the header", "1e0500000000", BAD6),
    ("a type alone at the end", "1e030000001e", BAD6),
    ("eight options", "1e00" * 8 + "010400000000", FINE),
    ("nine options", "1e00" * 9 + "01020000", BAD6),
    ("jumbo payload of a packet with a length", "c20400010000", BAD6),
    ("jumbo payload of 65,535", "c2040000ffff", BAD6),
    ("label of an unknown domain (CALIPSO)", "0708000000010001" + "0000" + "01020000", BAD6),
    ("in-situ measurement, aligned", "0100" + "310a" + "00" * 10, FINE),
    ("in-situ measurement, not aligned", "310a" + "00" * 10 + "0100", BAD6),
)  # fmt: skip
"""A name, what follows the first two bytes of the hop-by-hop header, and the fault."""


def header6(area: str, following: int) -> bytes:
    """A hop-by-hop header with these options (hex)."""
    data = bytes.fromhex(area)
    assert len(data) % 8 == 6, area
    return bytes((following, (len(data) + 2) // 8 - 1)) + data
