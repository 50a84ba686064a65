"""Scans: the flags that each is known by, as tshark reads them, and what they leave."""

from __future__ import annotations

import pytest

from fwsim.attack.families.scans import SCANS
from tests.attacking import admitted, dissected, forge, needs_tshark, outcomes

BITS = {
    "syn-scan": 0x02, "ack-scan": 0x10, "fin-scan": 0x01, "null-scan": 0, "xmas-scan": 0x29, "maimon-scan": 0x11,
    "window-scan": 0x10,
}  # fmt: skip


def test_every_scan_of_the_literature_is_there() -> None:
    assert {scan.name for scan in SCANS} == set(BITS)


@needs_tshark
@pytest.mark.parametrize("name", BITS)
def test_each_probe_has_its_flags_goes_to_one_port_and_has_right_checksums(name: str) -> None:
    probes = forge(name, ports="22,80-82", targets=1)
    rows = dissected(probes, "tcp.flags", "tcp.dstport", "tcp.checksum.status", "ip.checksum.status", "tcp.len")
    assert [int(row[0], 16) for row in rows] == [BITS[name]] * 4
    assert sorted(int(row[1]) for row in rows) == [22, 80, 81, 82]
    assert {row[2:] for row in rows} == {("1", "1", "0")}


@needs_tshark
def test_a_syn_offers_a_segment_size_and_an_ack_number_stands_only_with_its_flag() -> None:
    fields = ("tcp.options.mss_val", "tcp.ack_raw", "tcp.window_size_value")
    (syn,) = dissected(forge("syn-scan", ports="80", targets=1), *fields)
    assert syn == ("1460", "0", "1024")
    (ack,) = dissected(forge("ack-scan", ports="80", targets=1), "tcp.ack_raw")
    assert int(ack[0]) > 0


def test_state_stops_an_ack_scan_that_a_list_without_state_takes_for_a_reply() -> None:
    found = outcomes("ack-scan", ports="443", targets=1)
    assert admitted(found) == (1, 1, 0)
    assert found[0].evidence == ("ack-without-connection",)


@pytest.mark.parametrize("scan", SCANS, ids=lambda scan: scan.name)
def test_the_evidence_that_a_scan_leaves_is_what_is_promised(scan: object) -> None:
    name = scan.name  # type: ignore[attr-defined]
    words = {word for one in outcomes(name, ports="443,22", targets=2) for word in one.evidence}
    assert words == set(scan.evidence)  # type: ignore[attr-defined]
