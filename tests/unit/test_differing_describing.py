"""Regions in words."""

from __future__ import annotations

import pytest

from fwsim.checking.traffic import FLAGS, ICMP_TYPE
from fwsim.differing.describing import ANYTHING_READ, EXACT, Describing, shortness
from fwsim.differing.sides import FIRST_SLOT
from fwsim.differing.universe import start_of
from fwsim.lower.boundaries import V6_START
from fwsim.netfilter.fields import Raw
from fwsim.space.fields import CT_DIRECTION, CT_MARK, CT_STATE, CT_STATUS, DPORT, DST, IIF, PROTO, SRC
from fwsim.space.intervals import Set, minus, of_intervals, point
from fwsim.terms import ABSENT

WORDS = Describing(["lan", "eth*", "lo"], [])
START = start_of(2, 4, 3)


@pytest.mark.parametrize(
    ("field", "values", "text"),
    [
        (PROTO, point(6), "tcp"),
        (PROTO, ((0, 5), (7, 255)), "proto not tcp"),
        (DPORT, ((80, 80), (443, 445)), "dport 80,443-445"),
        (DPORT, ((0, 79), (81, 65_535)), "dport not 80"),
        (DPORT, of_intervals((n, n) for n in range(0, 30, 3)), "dport 0,3,6,9 and 6 more"),
        (SRC, ((0x0A000000, 0x0A0000FF),), "src 10.0.0.0/24"),
        (DST, ((0x0A000001, 0x0A000003),), "dst 10.0.0.1-10.0.0.3"),
        (DST, ((V6_START + 1, V6_START + 1),), "dst ::1"),
        (IIF, point(1), "iif eth*"),
        (CT_STATE, ((4, 4), (8, 8)), "ct_state related,new"),
        (FLAGS, of_intervals((f, f) for f in range(256) if f & 0x14), "tcp_flags ack or rst"),
        (FLAGS, point(2), "tcp_flags syn"),
        (FLAGS, of_intervals((f, f) for f in (0, 2, 3, 10, 40)), "tcp_flags none,syn,fin-syn,syn-psh and 1 more"),
        (FLAGS, of_intervals((f, f) for f in range(256) if f & 0x17 == 2), "tcp_flags syn/fin,syn,rst,ack"),
        (FLAGS, of_intervals((f, f) for f in range(-1, 256) if f & 3 != 3 or f < 0), "tcp_flags not fin,syn/fin,syn"),
        (CT_DIRECTION, ((ABSENT, ABSENT), (1, 1)), "ct_direction none,reply"),
        (CT_STATUS, of_intervals((s, s + 7) for s in range(0, 1 << 23, 16)), "ct_status none/confirmed"),
        (CT_STATUS, of_intervals((s + 32, s + 63) for s in range(0, 1 << 23, 64)), "ct_status dnat/dnat"),
        (CT_STATUS, ((0, 0x3FFFFF),), "ct_status none/helper_in_doubt"),
        (CT_STATUS, ((0, 7), (9, 9)), "ct_status 0x0-0x7,0x9"),
        (CT_MARK, ((ABSENT, 3),), "ct_mark absent,0x0-0x3"),
        (SRC, minus(START[SRC] or (), point(0x0A000001)), "src not 10.0.0.1"),
        (DPORT, ((0, 65_535),), ""),
        (SRC, START[SRC], ""),
    ],
)
def test_only_what_is_not_usual_is_told(field: int, values: Set, text: str) -> None:
    assert WORDS.text({**START, field: values}, START) == text


def test_ports_are_told_of_what_has_some() -> None:
    region = {**START, DPORT: ((ABSENT, 52), (54, 65_535))}
    assert WORDS.text({**region, PROTO: point(1)}, START) == "icmp"
    assert WORDS.text({**region, PROTO: point(17)}, START) == "udp dport not 53"


def test_fields_of_other_protocols_are_not_told_nor_what_is_cut_short() -> None:
    """`not syn` and `not an echo request` hold for all packets without flags, and without a type of ICMP."""
    flags = of_intervals((f, f) for f in range(-1, 256) if f < 0 or not f & 2)
    region = {**START, FLAGS: flags, ICMP_TYPE: ((ABSENT, 7), (9, 255))}
    assert WORDS.text({**region, PROTO: point(17)}, START) == "udp"
    assert WORDS.text({**region, PROTO: point(1)}, START) == "icmp icmp_type not 8"
    assert WORDS.text({**region, PROTO: point(6)}, START) == "tcp tcp_flags none/syn"


def test_what_is_read_of_headers_is_told_if_it_matters() -> None:
    words = Describing([], [Raw("nh", 48, 8)])
    assert words.text({**START, FIRST_SLOT: ANYTHING_READ}, START) == ""
    assert words.text({**START, FIRST_SLOT: point(6)}, START) == "@nh,48,8 6"


def test_nothing_is_left_out_where_it_is_to_be_recognised() -> None:
    ports = {**START, DPORT: of_intervals((n, n) for n in range(0, 30, 3))}
    assert Describing([], [], EXACT).text(ports, START) == "dport 0,3,6,9,12,15,18,21,24,27"


def test_what_leads_there_is_told_first() -> None:
    region = {**START, DPORT: point(80), SRC: point(1), PROTO: point(17), IIF: point(0)}
    assert WORDS.text(region, START) == "iif lan udp src 0.0.0.1 dport 80"
    assert shortness(WORDS.fields(region, START)) == 4
