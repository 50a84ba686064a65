"""One tcpdump-like line per packet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwsim.report.line import Lines
from fwsim.tables import DEPARTURE, empty
from fwsim.terms import ABSENT, CtState, Evidence, Proto, Reason, RejectWith, TcpState, Verdict
from tests.batches import FakeRule, batch, naming

NO_PORTS = {"sport": ABSENT, "dport": ABSENT, "flags": ABSENT}


def line(packet: dict[str, int], decision: dict[str, int] | None = None, *, colour: bool = False) -> str:
    """The line of one packet."""
    one = batch(packet, stateful=[decision or {}])
    return Lines(("stateful",), naming(), colour=colour).lines(one, slice(None)).rstrip("\n")


@pytest.mark.parametrize(
    ("packet", "text"),
    [
        ({}, "IP 10.1.4.23.51822 > 203.0.113.80.443: Flags [S], seq 1000, win 64240, length 0"),
        (
            {"flags": 0x18, "ack": 5, "payload": 100, "seq": 4_294_967_295},
            "Flags [P.], seq 4294967295:99, ack 5, win 64240, length 100",
        ),
        (
            {**NO_PORTS, "proto": 17, "sport": 53, "dport": 4000, "payload": 12},
            "10.1.4.23.53 > 203.0.113.80.4000: UDP, length 12",
        ),
        (
            {**NO_PORTS, "proto": 1, "icmp_type": 8, "icmp_code": 0, "icmp_id": 9, "payload": 56},
            "ICMP echo request, id 9, length 56",
        ),
        ({**NO_PORTS, "proto": 1, "icmp_type": 3, "icmp_code": 4, "icmp_id": 0}, "ICMP unreachable code 4, length 0"),
        (
            {
                **NO_PORTS,
                "proto": 58,
                "family": 6,
                "icmp_type": 135,
                "icmp_code": 0,
                "src": "fe80::1",
                "dst": "ff02::1",
            },
            "IP6 fe80::1 > ff02::1: ICMP6 neighbor solicitation, length 0",
        ),
        ({**NO_PORTS, "proto": 1, "icmp_type": 77, "icmp_code": 0, "icmp_id": -1}, "ICMP type 77, length 0"),
        ({**NO_PORTS, "proto": int(Proto.GRE), "payload": 9}, "10.1.4.23 > 203.0.113.80: GRE, length 9"),
        ({**NO_PORTS, "proto": 200, "payload": -1, "length": 44}, "PROTO 200, length 44"),
        ({**NO_PORTS, "fragment": 2, "length": 1500}, "later fragment of tcp, length 1500"),
        ({**NO_PORTS, "family": 0, "proto": 0}, "not IP, length 74"),
    ],
)
def test_headers_read_as_tcpdump_prints_them(packet: dict[str, int], text: str) -> None:
    assert text in line(packet)


def test_line_begins_with_number_time_and_interfaces() -> None:
    assert line({"number": 4117}).startswith("  4117 08:00:03.000000 lan > wan IP ")
    assert " ? > wan " in line({"iif": -2})
    assert "03.000000 IP" in line({"iif": -2, "oif": -2})


@pytest.mark.parametrize(
    ("decision", "text"),
    [
        ({"rule": 3}, 'accept "public web" new NONE->SYN_SENT'),
        ({"rule": 2, "tcp_state_before": 3, "tcp_state": 3}, "accept rule 3 of forward new ESTABLISHED"),
        (
            {"rule": -2, "verdict": Verdict.DROP, "reason": Reason.POLICY, "tcp_state_before": -1, "tcp_state": -1},
            "drop policy of forward new",
        ),
        (
            {
                "verdict": Verdict.REJECT,
                "reject_with": RejectWith.TCP_RESET,
                "ct_state": CtState.INVALID,
                "rule": 1,
                "reason": Reason.TCP_SEQ_OVER,
                "tcp_state_before": -1,
                "tcp_state": int(TcpState.ESTABLISHED),
            },
            'reject with tcp-reset "broken" invalid tcp-seq-over ESTABLISHED',
        ),
        (
            {
                "verdict": Verdict.NOT_EVALUATED,
                "rule": -1,
                "chain": -1,
                "reason": Reason.EGRESS_COPY,
                "ct_state": 0,
                "tcp_state_before": -1,
                "tcp_state": -1,
            },
            "not evaluated egress-copy",
        ),
    ],
)
def test_verdict_names_who_decided_and_why(decision: dict[str, int], text: str) -> None:
    assert line({}, decision).endswith(f"length 0  {text}")


def test_comparison_tells_both_modes_and_the_mirror() -> None:
    one = batch(
        {"evidence": Evidence.LAND}, stateless=[{"mirror": 1, "rule": 3, "reason": Reason.MIRROR, "ct_state": 0}]
    )
    text = Lines(("stateless", "stateful"), naming()).lines(one, slice(None))
    assert '[land]  stateless accept "public web" (mirror) | stateful accept' in text


def test_colour_only_if_wanted() -> None:
    assert "\x1b" not in line({"evidence": Evidence.LAND})
    assert "\x1b[31mdrop\x1b[0m" in line({}, {"verdict": Verdict.DROP}, colour=True)


def test_hostile_names_are_escaped_and_several_files_named() -> None:
    names = naming([FakeRule("\x1b[2J", 1, 1)] * 4, ["a\n.pcap", "b.pcap"])
    names = replace(names, interfaces=["l\x07n"])
    text = Lines(("stateful",), names).lines(batch({"iif": 0, "oif": -1}), slice(None))
    assert text.startswith(r"a\n.pcap:     1 ")
    assert r"l\x07n >" in text
    assert r'"\x1b[2J"' in text
    assert text[:-1].isprintable()


def test_a_translated_packet_tells_what_it_became_in_the_mode_that_translates() -> None:
    one = batch({}, {})
    left = empty(DEPARTURE, 2)
    left[0] = (1, 0xC6336401, 0, 0, 0, 0xCB007150, 0, 0, 0, 1024, 443, ABSENT)
    one.departures["stateful"] = left
    first, second = Lines(("stateless", "stateful"), naming()).lines(one, slice(None)).splitlines()
    assert first.endswith(", nat 10.1.4.23.51822 => 198.51.100.1.1024")
    assert "nat" not in first.partition(" | ")[0]
    assert "nat" not in second
