"""What is read, and what changes it."""

from __future__ import annotations

import pytest

from fwsim.headers.selecting import Readable, There, is_changed_by, is_mirrored, is_readable, is_translated, width
from fwsim.netfilter.fields import Fib, NotSimulated, Option, Raw

MAXSEG = Option("tcp", "maxseg", "size")


@pytest.mark.parametrize(
    ("selector", "bits"),
    [
        (Raw("th", 0, 24), 24), (Raw("nh", 0, 63), 63), (Raw("nh", 64, 128), None), (There(Raw("nh", 64, 128)), 1),
        (Raw("zz", 0, 8), None), (MAXSEG, 16), (Option("tcp", "maxseg"), 8), (Option("tcp", 200), 8),
        (Option("tcp", "maxseg", "left"), None), (Option("tcp", 34, "8,16"), 16), (Option("tcp", 34, "8,64"), None),
        (Option("sctp", "data"), None), (Option("dccp", 3), None), (Option("ip", "ra"), 8),
        (Option("ip", "ra", "value"), None), (Option("ip6", "frag", "id"), 32), (Option("ip6", "rt0", "addr"), None),
        (Option("exthdr", "ah"), 8), ("hour", 32), ("day", 8), ("dst_mac", 48), ("ct_helper", None), ("ttl", None),
        (Fib(frozenset(), "type"), None), (NotSimulated("x"), None),
    ],
)  # fmt: skip
def test_what_is_read_has_a_width(selector: object, bits: int | None) -> None:
    assert width(selector) == bits  # type: ignore[arg-type]
    assert is_readable(selector) == (bits is not None)  # type: ignore[arg-type]


def test_the_mirror_image_has_the_same_time_and_as_long_headers() -> None:
    same: list[Readable] = ["hour", "dst_mac", There(Raw("th", 0, 8)), Raw("th", 0, 8), MAXSEG]
    assert [is_mirrored(each) for each in same] == [True, True, True, False, False]


def test_translation_changes_addresses_ports_and_checksums() -> None:
    changed: list[Readable] = [Raw("nh", 96, 8), Raw("nh", 80, 16), Raw("th", 16, 32), Raw("th", 130, 1)]
    same: list[Readable] = [Raw("nh", 8, 8), Raw("th", 64, 32), Raw("ih", 0, 8), MAXSEG, "hour"]
    assert [is_translated(each) for each in changed + same] == [True] * 4 + [False] * 5


@pytest.mark.parametrize(
    ("selector", "altered", "changed"),
    [
        (Raw("nh", 80, 16), "dscp", True), (Raw("nh", 8, 8), "dscp", True), (Raw("nh", 96, 32), "dscp", False),
        (Raw("th", 128, 16), "dscp", False), (Raw("th", 128, 16), "src", True), (MAXSEG, "dscp", False),
        (Raw("th", 96, 16), "tcp_flags", True), (Raw("ih", 0, 8), "tcp_flags", False), (MAXSEG, "tcp_flags", False),
        (MAXSEG, MAXSEG, True), (Option("tcp", "maxseg"), MAXSEG, True), (Option("tcp", "nop"), MAXSEG, True),
        (Option("tcp", "window"), MAXSEG, False), (Raw("th", 160, 8), MAXSEG, True), ("hour", MAXSEG, False),
        (MAXSEG, Raw("th", 168, 8), True), (Raw("nh", 8, 8), Raw("nh", 14, 2), True), ("dst_mac", "dst_mac", True),
        (Raw("nh", 8, 8), "mark", False), (Option("ip6", "frag"), MAXSEG, False), ("hour", "ttl", False),
    ],
)  # fmt: skip
def test_what_a_change_of_the_packet_changes_too(selector: object, altered: object, changed: bool) -> None:
    assert is_changed_by(selector, altered) == changed  # type: ignore[arg-type]
