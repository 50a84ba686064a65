"""Whole captures: what the decoder reads stays, on every link layer, and decisions do under the mapped ruleset."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fwsim.capture import CaptureWriter
from fwsim.capture.crafting import UDP, Ip, arp, ethernet, mac_of, udp_datagram
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.ruleset import load_ruleset
from tests.anonymous import anonymous, anonymous_capture, decided, decoded, differences, mapping_of
from tests.unit.test_anonymize_transport import MAPPING, SAID, A, B

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "pcaps"
HELPERS = """\
  helpers:
    hook: prerouting
    rules:
      - {name: ftp, proto: tcp, dport: 21, helper: ftp, verdict: continue}
"""
SMALL = sorted(path for path in (ROOT / "pcaps").glob("*.pcap*") if path.stat().st_size < 100_000)
PACKET = Ip(A, B, UDP, udp_datagram(A, B, (5353, 53), SAID)).encode()
MAC = mac_of("10.0.0.7")


@pytest.mark.parametrize("seed", range(3))
def test_fuzzed_traffic_is_decided_alike(tmp_path: Path, seed: int) -> None:
    ruleset = load_ruleset(io.StringIO(EVERY_STATE.replace(HELPERS, "")))
    mapping = mapping_of(ruleset)
    before, after = tmp_path / "before.pcapng", tmp_path / "after.pcapng"
    write_traffic(str(before), f"anonymous {seed}", 600, fragments=0.0, options=0.05)
    anonymous_capture(before, after, mapping)
    for one, other in zip(decoded(before)[:2], decoded(after)[:2], strict=True):
        assert set(differences(one, other, {"quote"})) <= {"icmp_id"}  # the gateway of a redirect
    was, now = decided(before, ruleset), decided(after, anonymous(ruleset, mapping))
    for one, other in zip(was[:2], now[:2], strict=True):
        assert differences(one, other) == {}
    assert was[2] == now[2]


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name)
@pytest.mark.parametrize("name", ["office.yaml", "host.yaml", "v6-router.yaml"])
def test_the_examples_are_decided_alike(tmp_path: Path, path: Path, name: str) -> None:
    ruleset = load_ruleset(str(ROOT / "rulesets" / name))
    mapping = mapping_of(ruleset)
    anonymous_capture(path, tmp_path / "after.pcapng", mapping)
    was, now = decided(path, ruleset), decided(tmp_path / "after.pcapng", anonymous(ruleset, mapping))
    for one, other in zip(was[:2], now[:2], strict=True):
        assert differences(one, other, {"tried"}) == {}
    assert was[2] == now[2]


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")
def test_captures_of_others_are_decoded_alike(tmp_path: Path) -> None:
    from fwsim.errors import CaptureError

    read = 0
    for path in sorted(path for path in CORPUS.rglob("*") if path.is_file() and path.stat().st_size < 60_000):
        try:
            before = decoded(path)
        except CaptureError:
            continue
        anonymous_capture(path, tmp_path / "after.pcapng", MAPPING)
        after = decoded(tmp_path / "after.pcapng")
        read += len(before[0])
        for one, other in zip(before[:2], after[:2], strict=True):
            assert differences(one, other, {"quote", "number", "icmp_id"}) == {}, path
    assert read > 5_000


def written(path: Path, link_type: int, frame: bytes) -> bytes:
    """One frame, made anonymous: the capture."""
    with CaptureWriter(str(path / "before.pcapng")) as writer:
        number = writer.interface("lan", link_type)
        writer.packet(frame, 5, interface=number, comments=["a comment on 198.51.100.1"], direction=2)
    anonymous_capture(path / "before.pcapng", path / "after.pcapng", MAPPING)
    for one, other in zip(decoded(path / "before.pcapng")[:2], decoded(path / "after.pcapng")[:2], strict=True):
        assert differences(one, other, {"quote"}) == {}
    return (path / "after.pcapng").read_bytes()


@pytest.mark.parametrize(
    ("link_type", "header", "at"),
    [
        (1, MAC + MAC + b"\x81\0\0\x05\x08\0", 0),
        (113, b"\0\0\0\1\0\6" + MAC + b"\0\0\x08\0", 6),
        (276, b"\x08\0\0\0\0\0\0\5\0\1\0\6" + MAC + b"\0\0", 12),
        (101, b"", None),
        (0, b"\2\0\0\0", None),
    ],
)
def test_every_link_layer_keeps_its_packet_and_loses_its_macs(
    tmp_path: Path, link_type: int, header: bytes, at: int | None
) -> None:
    content = written(tmp_path, link_type, header + PACKET)
    assert SAID[:8] not in content
    assert b"comment" not in content
    assert b"lan" in content
    if at is not None:
        told = MAPPING.mac(int.from_bytes(MAC, "big")).to_bytes(6, "big")
        assert header[:at] + told + header[at + 12 if link_type == 1 else at + 6 :] in content or link_type == 1
        assert told in content
        assert MAC not in content


def test_what_is_not_ip_and_what_stands_behind_a_packet_goes(tmp_path: Path) -> None:
    frame = arp(1, (MAC, A), (bytes(6), B))
    content = written(tmp_path, 1, frame)
    assert frame[14:] not in content
    assert MAC not in content
    content = written(tmp_path, 1, ethernet(MAC, MAC, PACKET + b"a trailer", padded=False))
    assert b"trailer" not in content


def test_a_short_frame_does_no_harm(tmp_path: Path) -> None:
    for size in range(60):
        written(tmp_path, 1, ethernet(MAC, MAC, PACKET, padded=False)[:size])
