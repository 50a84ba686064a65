"""The scenario language itself: numbers, frames, expectations, transcripts, captures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.utils import PcapNgReader, rdpcap

from fwsim.capture.crafting import checksum
from fwsim.terms import CtState, CtStatus, Direction, Reason, TcpState, Verdict
from tests.playbook import ExpectationError, Playbook, Raw
from tests.playbook_capture import cooked, gzipped, pcap, zstandarded
from tests.playbook_stage import Judgement, Key, Remembered

DROP, ACCEPT = Verdict.DROP, Verdict.ACCEPT


@dataclass
class Answer:
    """A decision made up by a test."""

    verdict: int = 0
    reason: int = Reason.RULE
    ct_state: int = CtState.NEW
    ct_direction: int = Direction.ORIGINAL
    tcp_state_before: int = TcpState.NONE
    tcp_state: int = TcpState.SYN_SENT
    evidence: int = 0
    rule: str = "all"


@dataclass
class Entry:
    """A connection made up by a test."""

    state: int = TcpState.SYN_SENT
    status: int = CtStatus.SEEN_REPLY
    timeout: float = 120.0


@dataclass
class Credulous:
    """A firewall that accepts everything and remembers one connection for two minutes from its first packet."""

    seen: list[tuple[bytes, int, str]] = field(default_factory=list)

    def decide(self, frame: bytes, at_ns: int, interface: str) -> Judgement:
        self.seen.append((frame, at_ns, interface))
        return Answer()

    def connection(self, key: Key, at_ns: int) -> Remembered | None:
        left = 120.0 - (at_ns - self.seen[0][1]) / 1e9
        return Entry(timeout=left) if left > 0 else None


def frames(play: Playbook) -> list[Ether]:
    """The frames of a script as scapy reads them."""
    return [Ether(frame.data) for frame in play.captured()]


def sums_are_right(packet: Ether) -> bool:
    """Whether scapy computes the very same bytes once all checksums are left to it."""
    fresh = packet.copy()
    for layer in (IP, TCP, UDP, ICMP):
        if layer in fresh:
            del fresh[layer].chksum
    if ICMPv6EchoRequest in fresh:
        del fresh[ICMPv6EchoRequest].cksum
    return bytes(fresh) == bytes(packet)


def test_a_handshake_is_three_segments_whose_numbers_follow_from_each_other() -> None:
    play = Playbook().handshake()
    syn, synack, ack = (frame[TCP] for frame in frames(play))
    assert [str(s.flags) for s in (syn, synack, ack)] == ["S", "SA", "A"]
    assert (synack.ack, ack.seq, ack.ack) == (syn.seq + 1, syn.seq + 1, synack.seq + 1)


def test_data_move_the_numbers_on_and_named_numbers_do_not() -> None:
    play = Playbook().handshake()
    play.original("PA", 100)
    play.original("PA", 50, seq=1)
    play.reply("A")
    play.original("R", seq=Raw(7))
    *_, first, again, answer, reset = (frame[TCP] for frame in frames(play))
    assert first.seq == again.seq
    assert answer.ack == first.seq + 100
    assert reset.seq == 7


def test_a_lost_packet_moves_the_numbers_but_is_not_captured() -> None:
    play = Playbook().handshake()
    play.original("PA", 100, lost=True)
    play.original("PA", 10)
    *_, ack, data = (frame[TCP] for frame in frames(play))
    assert data.seq == ack.seq + 100
    assert "(lost)" in play.transcript()


def test_every_checksum_is_right_unless_a_wrong_one_is_asked_for() -> None:
    play = Playbook()
    play.tcp(timestamps=True, wscale=7, sack_ok=True).handshake()
    play.original("PA", 101)
    play.udp().original(33)
    play.ping().original()
    play.ping("fd00:1::23", "2001:db8::80").original()
    play.udp("[fd00:1::23]:40000", "[2001:db8::53]:53").original(20)
    assert all(sums_are_right(frame) for frame in frames(play))
    play.original("A", bad_checksum=True)
    play.udp().original(1, bad_checksum=True)
    play.ping().original(bad_checksum=True)
    play.original("A", bad_header_checksum=True)
    assert not any(sums_are_right(frame) for frame in frames(play)[-4:])


def test_a_checksum_left_to_the_network_card_is_the_bare_pseudo_header_sum() -> None:
    play = Playbook()
    play.original("PA", 10, offloaded=True)
    frame = play.frames[0].data
    pseudo = frame[26:34] + bytes([0, 6]) + (20 + 10).to_bytes(2, "big")
    assert frame[50:52] == (0xFFFF - checksum(pseudo)).to_bytes(2, "big")


def test_relative_sack_edges_count_from_the_other_ends_beginning() -> None:
    play = Playbook()
    play.tcp(sack_ok=True, isn=(1000, 5000)).handshake()
    play.original("A", sack=((11, 21),))
    assert frames(play)[-1][TCP].options[-1] == ("SAck", (5011, 5021))


def test_a_packet_is_seen_where_its_sender_lives_unless_said_otherwise() -> None:
    play = Playbook()
    play.original("S")
    play.reply("SA")
    play.tcp("192.0.2.2:443", "10.1.0.5:1").original("A")
    play.original("A", seen="wan")
    assert [frame.interface for frame in play.frames] == ["lan", "wan", "dmz", "wan"]


def test_a_forwarded_copy_goes_out_behind_the_router_with_the_same_ip_id() -> None:
    play = Playbook()
    play.copies = True
    play.original("S", ttl=64)
    came, went = frames(play)
    assert (went[IP].ttl, went[IP].id) == (came[IP].ttl - 1, came[IP].id)
    assert went.src != came.src
    assert [frame.interface for frame in play.captured()] == ["lan", "wan"]


def test_ip_fields_and_tags_go_through_to_the_packet() -> None:
    play = Playbook()
    play.original("S", ttl=9, tos=0xB8, vlan=20, dont_fragment=False)
    frame = frames(play)[0]
    assert (frame[IP].ttl, frame[IP].tos, frame[IP].flags, frame[Dot1Q].vlan) == (9, 0xB8, 0, 20)


def test_a_cut_packet_keeps_its_length_on_the_wire() -> None:
    play = Playbook()
    play.original("PA", 1000, cut=96)
    assert (len(play.frames[0].data), play.frames[0].length) == (96, 14 + 40 + 1000)


def test_an_icmp_error_quotes_the_last_packet_of_a_direction() -> None:
    play = Playbook()
    play.original("S")
    play.usual.error(3, 1, source="198.51.100.1")
    error = frames(play)[-1]
    assert error[IP].dst == "10.1.0.23"
    assert bytes(error[ICMP].payload) == play.frames[0].data[14 : 14 + 28]


def test_time_passes_from_packet_to_packet_and_when_told_to() -> None:
    firewall = Credulous()
    play = Playbook(firewall)
    play.original("S").expect(ACCEPT)
    play.original("S").expect(ACCEPT)
    play.after(seconds=2).original("S").expect(ACCEPT)
    first, second, third = (at for _, at, _ in firewall.seen)
    assert (second - first, third - second) == (1_000_000, 2_000_000_000)


def test_all_that_is_expected_rightly_passes() -> None:
    play = Playbook(Credulous())
    play.original("S").expect(
        ACCEPT, ct=CtState.NEW, direction=Direction.ORIGINAL, before=TcpState.NONE, state=TcpState.SYN_SENT,
        reason=Reason.RULE, evidence=0, rule="all", remains=TcpState.SYN_SENT, timeout=120.0,
        seen_reply=True, assured=False, exists=True,
    )  # fmt: skip
    play.connection.is_(TcpState.SYN_SENT, timeout=120.0)
    play.after(seconds=120)
    play.connection.is_absent()
    play.finish()


def test_a_failure_prints_the_transcript_with_expected_against_actual() -> None:
    play = Playbook(Credulous())
    play.original("S").expect(ACCEPT)
    with pytest.raises(ExpectationError) as failure:
        play.after(seconds=1).reply("SA").expect(DROP, state=TcpState.SYN_RECV)
    lines = str(failure.value).splitlines()
    assert lines[1] == "    0.000000 lan  10.1.0.23:40000 > 203.0.113.80:443 [S] seq 0 win 64240 length 0"
    assert lines[3] == "    1.000000 wan  203.0.113.80:443 > 10.1.0.23:40000 [SA] seq 0 ack 1 win 64240 length 0"
    assert lines[4].strip() == "accept, NEW/original, NONE -> SYN_SENT, RULE, rule 'all'"
    assert lines[5].strip() == ">>>>>>> verdict: expected DROP, actual ACCEPT"
    assert lines[6].strip() == ">>>>>>> state: expected SYN_RECV, actual SYN_SENT"


def test_a_script_that_ends_without_an_expectation_is_unfinished() -> None:
    play = Playbook(Credulous())
    with pytest.raises(ExpectationError, match="without an expectation"):
        play.finish()
    play.handshake()
    play.finish()
    play.original("A")
    with pytest.raises(ExpectationError, match="without an expectation"):
        play.finish()


def test_time_that_passes_for_nothing_is_unfinished() -> None:
    play = Playbook(Credulous()).handshake()
    play.after(seconds=1)
    with pytest.raises(ExpectationError, match="without an expectation"):
        play.finish()


def test_without_a_firewall_expectations_are_only_written_down() -> None:
    play = Playbook().handshake().close()
    play.finish()
    assert len(play.frames) == 7


def test_a_conversation_begins_again_with_later_numbers() -> None:
    play = Playbook().handshake()
    play.usual.again(original=77)
    play.original("S")
    assert frames(play)[-1][TCP].seq == 77


def test_a_script_saves_itself_as_a_capture_with_interfaces_and_comments(tmp_path: Path) -> None:
    play = Playbook()
    play.at(5).original("S", label="late")
    play.at(0).original("A", seen="wan", label="early")
    play.save(tmp_path / "script.pcapng")
    with PcapNgReader(str(tmp_path / "script.pcapng")) as reader:
        packets = list(reader)
        assert [i[2]["name"] for i in reader.interfaces] == [b"lan", b"wan", b"dmz"]
    assert [p.comments for p in packets] == [[b"early"], [b"late"]]
    assert [p.sniffed_on for p in packets] == ["wan", "lan"]
    assert float(packets[1].time) == 1772438408.0


@pytest.mark.parametrize(("nanoseconds", "order"), [(False, "<"), (True, "<"), (False, ">"), (True, ">")])
def test_a_classic_capture_reads_back_in_both_orders_and_resolutions(
    tmp_path: Path, nanoseconds: bool, order: str
) -> None:
    play = Playbook().handshake()
    path = tmp_path / "script.pcap"
    path.write_bytes(pcap(play.captured(), nanoseconds=nanoseconds, order=order))
    packets = rdpcap(str(path))
    assert [bytes(p) for p in packets] == [frame.data for frame in play.captured()]
    assert float(packets[2].time - packets[0].time) == pytest.approx(0.002)


def test_cooked_frames_keep_the_packet_and_lose_the_padding() -> None:
    play = Playbook()
    play.copies = True
    play.original("S")
    play.tcp("[fd00:1::23]:1", "[2001:db8::80]:2").original("S")
    for version, head in ((1, 16), (2, 20)):
        for frame in play.captured():
            packet = cooked(frame, 3, version=version).data[head:]
            assert packet == bytes(IP(packet) if packet[0] >> 4 == 4 else IPv6(packet))
            assert frame.data[14:].startswith(packet)
    assert [cooked(frame, 3).data[10] for frame in play.captured()] == [0, 4, 0, 4]


def test_compressed_captures_hold_nothing_of_the_day_they_were_made() -> None:
    assert gzipped(b"abc") == gzipped(b"abc")
    assert gzipped(b"abc")[4:8] == bytes(4)
    assert zstandarded(b"abc") == zstandarded(b"abc")
