"""Where tracking sits in a packet's path, and the table itself (conntrack-spec 1, 2, 14)."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import TCP, ethernet, tcp_segment
from fwsim.terms import CtState, Reason, Verdict
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, UNTRACKED, Ip, Playbook, State
from tests.playbook_simulator import BROKEN, KNOWN
from tests.playbook_simulator import NEW as ANY_NEW
from tests.playbook_stage import FIREWALL_MAC, NO_DIRECTION

NOT_EVALUATED = Verdict.NOT_EVALUATED


# --- before any rule (1, step 0) -------------------------------------------------------------------------------


def test_a_wrong_ipv4_header_checksum_means_that_no_rule_sees_the_packet(stage: Stager) -> None:
    """Spec 1 (K618), naive mistake 16."""
    play = stage()
    vanished = play.original("S", bad_header_checksum=True)
    vanished.expect(NOT_EVALUATED, reason=Reason.BAD_IP_CHECKSUM, rule="", exists=False)


def test_a_packet_shorter_than_it_says_is_seen_by_no_rule(play: Playbook) -> None:
    """Spec 1 (K618)."""
    short = play.original("S", length=1500)
    short.expect(NOT_EVALUATED, reason=Reason.SHORT_PACKET, exists=False)


@pytest.mark.parametrize("first_byte", [0x44, 0x65, 0x4F], ids=["ihl 4", "version 6", "ihl beyond the end"])
def test_a_malformed_ip_header_means_that_no_rule_sees_the_packet(stage: Stager, first_byte: int) -> None:
    """Spec 1 step 0: bad version or header length."""
    play = stage()
    packet = Ip("10.1.0.23", "203.0.113.80", TCP, bytes(20)).encode()
    frame = ethernet(bytes(6), FIREWALL_MAC["lan"], bytes([first_byte]) + packet[1:], ethertype=0x0800, padded=False)
    play.raw(frame, "lan", f"an IPv4 packet that begins with {first_byte:#x}").expect(NOT_EVALUATED, rule="")


def test_bytes_behind_the_packet_do_not_count(stage: Stager) -> None:
    """Spec 1: trimmed to the IP length first: neither data nor part of a checksum."""
    play = stage()
    segment = tcp_segment("10.1.0.23", "203.0.113.80", (40000, 443), (1000, 0), 2, 64240)
    trailer = Ip("10.1.0.23", "203.0.113.80", TCP, segment + b"trailer!", length=40)
    play.send(trailer, "a SYN with a trailer", play.usual.key).expect(ACCEPT, ct=NEW, state=State.SYN_SENT)
    play.usual.ends[0].isn, play.usual.ends[0].next = 1000, 1
    play.reply("SA").expect(ACCEPT, ct=ESTABLISHED)
    play.original("PA", 10).expect(ACCEPT, ct=ESTABLISHED, evidence=0)


# --- confirmed only if accepted (1) ----------------------------------------------------------------------------


def test_a_dropped_opening_leaves_nothing(stage: Stager) -> None:
    """Spec 1, naive mistake 2: its retransmission is new again, an answer to it invalid."""
    play = stage("edge")
    play.tcp("203.0.113.80:5000", "10.1.0.23:22").original("S").expect(DROP, ct=NEW, rule="policy", exists=False)
    play.original("S").expect(DROP, ct=NEW, exists=False)
    play.reply("SA").expect(DROP, ct=INVALID, reason=Reason.TCP_NOT_AN_OPENING)


def test_a_rejected_opening_leaves_nothing(stage: Stager) -> None:
    """Spec 1: the same for REJECT."""
    play = stage([KNOWN, {"name": "no", "proto": "tcp", "verdict": "reject", "reject_with": "tcp-reset"}])
    play.original("S").expect(Verdict.REJECT, ct=NEW, rule="no", exists=False)


def test_an_opening_whose_ttl_ends_leaves_nothing(play: Playbook) -> None:
    """Spec 1 (K618): ip_forward discards it before FORWARD; the entry is lost."""
    expired = play.original("S", ttl=1)
    expired.expect(NOT_EVALUATED, ct=NEW, exists=False)
    play.original("S", ttl=2).expect(ACCEPT, ct=NEW, exists=True)


def test_what_a_dropped_packet_changed_in_a_connection_stays(stage: Stager) -> None:
    """Spec 1, naive mistake 3: state, timer and status of a confirmed entry are kept."""
    play = stage([{"name": "marked", "dscp": "cs1", "verdict": "drop"}, KNOWN, ANY_NEW])
    play.original("S").expect(ACCEPT)
    play.reply("SA", tos=0x20).expect(DROP, ct=ESTABLISHED, rule="marked", state=State.SYN_RECV)
    play.connection.is_(State.SYN_RECV, timeout=60, seen_reply=True)
    play.original("A", tos=0x20).expect(DROP, ct=ESTABLISHED, rule="marked")
    play.connection.is_(State.ESTABLISHED, timeout=432000, assured=True)
    play.original("R", tos=0x20).expect(DROP, rule="marked")
    play.connection.is_(State.CLOSE, timeout=10)


def test_a_dropped_refusal_ends_the_connection_all_the_same(stage: Stager) -> None:
    """Spec 1: even the deletion of a confirmed entry is kept."""
    play = stage([{"name": "marked", "dscp": "cs1", "verdict": "drop"}, KNOWN, ANY_NEW])
    play.original("S").expect(ACCEPT)
    play.reply("RA", seq=0, tos=0x20).expect(DROP, rule="marked", exists=False)


# --- which packets are verified and tracked (1, 2) -------------------------------------------------------------


def test_checksums_of_the_machines_own_packets_are_not_verified(stage: Stager) -> None:
    """Spec 1: only on PREROUTING, never on OUTPUT."""
    play = stage(local=("10.1.0.1",))
    own = play.tcp("10.1.0.1:40000", "203.0.113.80:443")
    own.original("S", bad_checksum=True, seen="wan").expect(ACCEPT, ct=NEW)
    own.reply("SA", bad_checksum=True).expect(DROP, ct=INVALID, reason=Reason.TCP_BAD_CHECKSUM)


def test_a_packet_exempted_in_raw_is_untracked(stage: Stager) -> None:
    """Spec 1 step 2, 2 step 1."""
    free = {"name": "free", "ct_state": "untracked", "verdict": "accept"}
    chains = {
        "raw": {"hook": "prerouting", "priority": "raw", "rules": [{"name": "off", "proto": "udp", "notrack": True}]},
        "forward": {"hook": "forward", "policy": "drop", "rules": [free]},
    }
    play = stage(chains)
    exempt = play.udp().original(20)
    exempt.expect(ACCEPT, ct=UNTRACKED, direction=NO_DIRECTION, rule="free", exists=False)
    play.original("S").expect(DROP, ct=NEW)


def test_behind_tracking_notrack_takes_out_only_what_is_invalid(stage: Stager) -> None:
    """nft_notrack_eval: nothing happens to a packet that belongs to a connection; nft refuses such a rule nowhere."""
    rules = [
        {"name": "off", "notrack": True},
        {"name": "free", "ct_state": "untracked", "verdict": "accept"},
        {"name": "known", "ct_state": ["new", "established"], "verdict": "accept"},
    ]
    play = stage({"forward": {"hook": "forward", "policy": "drop", "rules": rules}})
    play.original("S").expect(ACCEPT, ct=NEW, rule="known", exists=True)
    play.reply("SA").expect(ACCEPT, rule="known")
    play.original("SF").expect(ACCEPT, rule="free")


def test_an_invalid_packet_has_no_direction_and_no_connection_that_a_rule_could_match(stage: Stager) -> None:
    """Spec 1, naive mistake 20: in nft, expressions that need an entry do not match."""
    rules = [
        {"name": "original", "ct_state": "invalid", "ct_direction": "original", "verdict": "accept"},
        {"name": "reply", "ct_state": "invalid", "ct_direction": "reply", "verdict": "accept"},
        {"name": "assured", "ct_state": "invalid", "ct_status": "assured", "verdict": "accept"},
        {"name": "not assured", "ct_state": "invalid", "ct_status": "!assured", "verdict": "accept"},
        BROKEN, KNOWN, ANY_NEW,
    ]  # fmt: skip
    play = stage(rules)
    play.handshake()
    play.original("A", ack=900_000).expect(DROP, ct=INVALID, direction=NO_DIRECTION, rule="broken")


def test_rules_match_on_direction_and_status_of_a_connection(stage: Stager) -> None:
    """Spec 1, 2.2."""
    rules = [
        {"name": "assured back", "ct_direction": "reply", "ct_status": "assured", "verdict": "accept"},
        {"name": "back", "ct_direction": "reply", "ct_status": "seen-reply", "verdict": "accept"},
        {"name": "first answer", "ct_direction": "reply", "verdict": "accept"},
        {"name": "there", "ct_direction": "original", "verdict": "accept"},
    ]
    play = stage(rules)
    play.original("S").expect(ACCEPT, rule="there")
    play.reply("SA").expect(ACCEPT, rule="back")
    play.original("A").expect(ACCEPT, rule="there")
    play.reply("A").expect(ACCEPT, rule="assured back")


def test_a_ruleset_that_never_asks_for_state_does_not_track(stage: Stager) -> None:
    """DESIGN 3, `tracking: auto`."""
    play = stage([{"name": "web", "proto": "tcp", "dport": 443, "verdict": "accept"}])
    play.original("S").expect(ACCEPT, ct=CtState.NONE, direction=NO_DIRECTION, rule="web", reason=Reason.RULE)
    play.reply("SA").expect(DROP, ct=CtState.NONE, direction=NO_DIRECTION, rule="policy", reason=Reason.POLICY)


# --- looking up (2) --------------------------------------------------------------------------------------------


def test_an_entry_is_dead_when_nothing_remains_of_its_timeout(play: Playbook) -> None:
    """Spec 2 step 5, naive mistake 22."""
    talk = play.udp()
    talk.original(10).expect(ACCEPT)
    play.after(seconds=29.999_999_999)
    talk.connection.is_()
    play.after(seconds=0.000_000_001)
    talk.reply(10).expect(ACCEPT, ct=NEW)


def test_a_reply_is_found_by_the_inverted_tuple_only(play: Playbook) -> None:
    """Spec 2.1: the same ports in the same order the other way are another connection."""
    talk = play.udp()
    talk.original(10).expect(ACCEPT)
    client, server = (f"[{end.address}]" for end in talk.ends)
    play.udp(f"{server}:40000", f"{client}:53").original(10).expect(ACCEPT, ct=NEW)


def test_an_invalid_reply_does_not_count_as_one(play: Playbook) -> None:
    """Spec 2 step 9: SEEN_REPLY is not set by INVALID packets."""
    play.original("S").expect(ACCEPT)
    play.reply("SA", ack=9_000).expect(DROP, ct=INVALID)
    play.connection.is_(State.SYN_SENT, seen_reply=False)
    play.original("S").expect(ACCEPT, ct=NEW)


# --- a full table (14) -----------------------------------------------------------------------------------------


def test_the_oldest_connection_that_is_not_assured_makes_room(stage: Stager) -> None:
    """DESIGN 3 (unlike Linux, whose victim depends on a random hash), spec 14."""
    play = stage(max=2)
    first, second, third = (play.udp(f"10.1.0.23:{port}", "203.0.113.53:53") for port in (1001, 1002, 1003))
    first.original(20).expect(ACCEPT, exists=True)
    second.original(20).expect(ACCEPT, exists=True)
    third.original(20).expect(ACCEPT, ct=NEW, exists=True)
    first.connection.is_absent()
    second.connection.is_()


def test_an_expired_connection_makes_room_before_a_living_one(stage: Stager) -> None:
    """DESIGN 3: expired connections never count towards full."""
    play = stage(max=2)
    living = play.tcp("10.1.0.23:2001", "203.0.113.80:443")
    living.original("S").expect(ACCEPT)
    dying = play.udp("10.1.0.23:1001", "203.0.113.53:53")
    dying.original(20).expect(ACCEPT)
    play.after(seconds=31)
    play.udp("10.1.0.23:1002", "203.0.113.53:53").original(20).expect(ACCEPT, exists=True)
    living.connection.is_(State.SYN_SENT)


def test_a_new_connection_is_dropped_when_all_others_are_assured(stage: Stager) -> None:
    """Spec 14: dropped inside PREROUTING, no rule sees it; what is known goes on."""
    play = stage(max=1)
    play.handshake()
    refused = play.udp().original(20)
    refused.expect(DROP, reason=Reason.TABLE_FULL, rule="", exists=False)
    play.original("PA", 10).expect(ACCEPT, ct=ESTABLISHED)


def test_a_dropped_opening_may_have_cost_another_its_place(stage: Stager) -> None:
    """Spec 14: early_drop comes before the rules."""
    play = stage("edge", max=1)
    known = play.udp()
    known.original(20).expect(ACCEPT)
    play.udp("203.0.113.9:53", "10.1.0.23:77").original(20).expect(DROP, ct=NEW, exists=False)
    known.connection.is_absent()


def test_a_maximum_of_zero_means_no_limit(stage: Stager) -> None:
    """Spec 14."""
    play = stage(max=0)
    talks = [play.udp(f"10.1.0.23:{1000 + n}", "203.0.113.53:53") for n in range(100)]
    for talk in talks:
        talk.original(20).expect(ACCEPT)
    talks[0].connection.is_()


@pytest.mark.parametrize("proto", ["tcp", "udp", "icmp"])
def test_what_is_accepted_without_a_chain_is_remembered_too(stage: Stager, proto: str) -> None:
    """Spec 1: confirmed at the end of INPUT or POSTROUTING, whatever let it through."""
    play = stage(
        [{"name": "bad only", "ct_state": "invalid", "verdict": "drop"}, {"name": "rest", "verdict": "accept"}]
    )
    if proto == "tcp":
        play.original("S").expect(ACCEPT, rule="rest", exists=True)
    else:
        talk = play.udp() if proto == "udp" else play.ping()
        talk.original(20).expect(ACCEPT, rule="rest", exists=True)
