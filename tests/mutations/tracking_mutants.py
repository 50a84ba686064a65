"""Mutants of what is tracked besides TCP, and of tracking itself; the numbers are the sections of conntrack-spec."""

from __future__ import annotations

from tests.mutations.mutant import Mutant

TRACKING_MUTANTS = [
    # --- datagram ---
    Mutant(
        "datagram", "stream-after-one-second",
        "STREAM_AFTER = 2_000_000_000",
        "STREAM_AFTER = 1_000_000_000",
        "7: a UDP exchange is a stream two seconds after it began",
    ),
    Mutant(
        "datagram", "stream-at-two-seconds",
        'if status & SEEN_REPLY and now > connection["created"] + STREAM_AFTER:',
        'if status & SEEN_REPLY and now >= connection["created"] + STREAM_AFTER:',
        "7: exactly two seconds are not enough",
    ),
    Mutant(
        "datagram", "stream-without-a-reply",
        'if status & SEEN_REPLY and now > connection["created"] + STREAM_AFTER:',
        'if now > connection["created"] + STREAM_AFTER:',
        "7: a stream needs SEEN_REPLY set before the packet",
    ),
    Mutant(
        "datagram", "stream-at-the-first-reply",
        'if status & SEEN_REPLY and now > connection["created"] + STREAM_AFTER:',
        "if status & SEEN_REPLY:",
        "7: a quick exchange stays at 30 s and is not assured",
    ),
    Mutant(
        "datagram", "stream-counts-from-the-last-question",
        'now > connection["created"] + STREAM_AFTER:',
        'now > connection["expires"] - connection["timeout"] + STREAM_AFTER:',
        "7: the two seconds count from the packet that created the connection",
    ),
    Mutant(
        "datagram", "stream-keeps-the-short-timer",
        'connection["created"] + STREAM_AFTER:\n        refresh(connection, now, settings["udp_stream"])',
        'connection["created"] + STREAM_AFTER:\n        refresh(connection, now, settings["udp"])',
        "7: a stream lives 120 s after each packet",
    ),
    Mutant(
        "datagram", "udplite-waits-two-seconds",
        'assured_packet(connection, now, settings["udp"], settings["udp_stream"])',
        "udp_packet(connection, now, settings)",
        "7: UDP-Lite is assured as soon as SEEN_REPLY was set before the packet",
    ),
    Mutant(
        "datagram", "generic-lives-as-udp",
        'refresh(connection, now, settings["generic"])',
        'refresh(connection, now, settings["udp"])',
        "10: a generic connection lives 600 s",
    ),
    # --- conntrack ---
    Mutant(
        "conntrack", "dead-one-nanosecond-late",
        'expire(tracker, packet["now"])',
        'expire(tracker, packet["now"] - 1)',
        "2 step 5: a connection with nothing left is dead",
    ),
    Mutant(
        "conntrack", "icmp-error-counts-as-reply",
        "        relate(tracker, packet, quotes, result)\n        return\n",
        "        relate(tracker, packet, quotes, result)\n"
        '        if result["direction"] == REPLY:\n'
        '            tracker.connections[result["connection"]]["status"] |= SEEN_REPLY\n'
        "        return\n",
        "8.1: an ICMP error does not set SEEN_REPLY",
    ),
    Mutant(
        "conntrack", "icmp-error-renews",
        "        relate(tracker, packet, quotes, result)\n        return\n",
        "        relate(tracker, packet, quotes, result)\n"
        '        if result["ct_state"] == RELATED:\n'
        '            connection = tracker.connections[result["connection"]]\n'
        '            connection["expires"] = packet["now"] + connection["timeout"]\n'
        "        return\n",
        "8.1: an ICMP error does not touch the timer",
    ),
    Mutant(
        "conntrack", "reopened-beside-the-old",
        "delete(tracker, found >> 1)  #",
        "found >> 1  #",
        "4.2: a SYN that opens anew takes the place of the old connection",
    ),
    Mutant(
        "conntrack", "full-table-is-invalid-only",
        "refuse(result, R_TABLE_FULL)",
        "refuse(result, R_NONE)",
        "14: a packet that finds the table full is dropped before the rules",
    ),
    Mutant(
        "settled", "made-here-is-verified",
        'if not tracker.settings[0]["checksum"] or packet["hook"] >= OUTPUT:',
        'if not tracker.settings[0]["checksum"]:',
        "1: checksums are not verified in OUTPUT",
    ),
    Mutant(
        "settled", "checksum-always-verified",
        'if not tracker.settings[0]["checksum"] or packet["hook"] >= OUTPUT:',
        'if packet["hook"] >= OUTPUT:',
        "3.1: without nf_conntrack_checksum no checksum is verified",
    ),
    Mutant(
        "settled", "neighbour-discovery-is-invalid",
        'result["ct_state"] = UNTRACKED',
        'result["ct_state"] = INVALID',
        "9: neighbour discovery is untracked, not invalid",
    ),
    Mutant(
        "settled", "last-icmp-type-is-invalid",
        'packet["icmp_type"] > ICMP_LAST',
        'packet["icmp_type"] >= ICMP_LAST',
        "8: ICMP types beyond 18 are invalid, 18 is not",
    ),
    Mutant(
        "conntrack", "seen-reply-before-the-protocol",
        "    outcome = apply(",
        '    if direction == REPLY:\n        connection["status"] |= SEEN_REPLY\n    outcome = apply(',
        "2 step 9: SEEN_REPLY is set after the protocol has judged the first reply",
    ),
    Mutant(
        "conntrack", "invalid-reply-counts",
        '    if outcome == REFUSED:\n        result["ct_state"] = INVALID\n',
        '    if outcome == REFUSED:\n        result["ct_state"] = INVALID\n'
        '        if direction == REPLY:\n            connection["status"] |= SEEN_REPLY\n',
        "2 step 9: an invalid reply does not set SEEN_REPLY",
    ),
    Mutant(
        "conntrack", "ignored-reply-does-not-count",
        "        if direction == REPLY:\n            connection",
        '        if direction == REPLY and result["reason"] != Reason.TCP_IGNORED:\n            connection',
        "2 step 9: a reply that TCP ignores sets SEEN_REPLY",
    ),
    Mutant(
        "conntrack", "deleted-only-by-the-reply",
        "if outcome == DELETE:",
        "if outcome == DELETE and direction == REPLY:",
        "3.5: the connection that the opener's RST takes back is gone at once",
    ),
    Mutant(
        "conntrack", "shortened-timer-is-missed",
        "    rearm(tracker, row)\n    return outcome",
        "    return outcome",
        "2 step 5: a timer that was cut short ends when it says",
    ),
    Mutant(
        "conntrack", "assured-may-be-evicted",
        '    if connection["status"] & ~status & ASSURED:\n        become_assured(tracker, row)\n',
        "",
        "14: what has become ASSURED is not evicted",
    ),
    Mutant(
        "conntrack", "first-reply-is-new",
        "if direction == REPLY or status & SEEN_REPLY:",
        "if status & SEEN_REPLY:",
        "2 step 7: a packet with the reply tuple is ESTABLISHED",
    ),
    Mutant(
        "conntrack", "opener-stays-new",
        "if direction == REPLY or status & SEEN_REPLY:",
        "if direction == REPLY:",
        "2 step 7: the opener's packets are ESTABLISHED once a reply was seen",
    ),
    Mutant(
        "conntrack", "any-icmp-opens",
        'if not opens(proto, tracker.tuples[2 * row]["dst_id"] >> 8):',
        'if proto == ICMPV6 and not opens(proto, tracker.tuples[2 * row]["dst_id"] >> 8):',
        "8: an echo reply that nobody asked for is invalid",
    ),
    Mutant(
        "conntrack", "flags-checked-at-the-opening-only",
        "if not flags_are_valid(flags):",
        'if not flags_are_valid(flags) and not tracker.connections[row]["status"] & CONFIRMED:',
        "3.1: impossible flags are invalid in every state",
    ),
    # --- icmp, expiry, tuples ---
    Mutant(
        "icmp", "error-goes-with-the-offender",
        'result["direction"] = found & 1\n    return R_RELATED',
        'result["direction"] = found & 1 ^ 1\n    return R_RELATED',
        "8.1: an error about an original packet has the reply direction",
    ),
    Mutant(
        "icmp", "error-to-anybody",
        "if not goes_to(packet, wanted):",
        'if not goes_to(packet, wanted) and packet["proto"] == ICMPV6:',
        "8.1: an error goes to the sender of the packet it quotes",
    ),
    Mutant(
        "icmp", "error-to-the-same-last-bits",
        '        and packet["dst1"] == wanted["dst1"]\n',
        "",
        "8.1: an error goes to the sender of the packet it quotes, all 128 bits of it",
    ),
    Mutant(
        "icmp", "source-quench-is-no-error",
        "1 << 3 | 1 << 4 | 1 << 5",
        "1 << 3 | 1 << 5",
        "8: source quench is an error too",
    ),
    Mutant(
        "icmp", "redirect-over-one-router",
        "ON_LINK_HOPS = 255",
        "ON_LINK_HOPS = 254",
        "9: a redirect that a router forwarded is invalid",
    ),
    Mutant(
        "icmp", "router-discovery-is-tracked",
        "return 130 <= kind <= 136 or",
        "return 130 <= kind <= 132 or 135 <= kind <= 136 or",
        "9: router solicitations and advertisements are untracked",
    ),
    Mutant(
        "expiry", "alive-with-nothing-left",
        'if tracker.counters[0]["armed"] > 0 and tracker.heap_key[0] <= now:',
        'if tracker.counters[0]["armed"] > 0 and tracker.heap_key[0] < now:',
        "2 step 5: a connection with nothing left is dead",
    ),
    Mutant(
        "expiry", "extended-timer-is-missed",
        'elif connection["expires"] > tracker.heap_key[0]:',
        'elif connection["expires"] > now + 1:',
        "2 step 5: a connection whose timer was prolonged lives on",
    ),
    Mutant(
        "expiry", "place-of-the-dead-is-too-late",
        'elif connection["expires"] < key:',
        'elif connection["expires"] < key - 600:',
        "2 step 5: a connection that takes another's row dies at its own time",
    ),
    Mutant(
        "expiry", "youngest-is-evicted",
        'victim = counters["oldest"]\n',
        'victim = counters["newest"]\n',
        "14 (fwsim's choice): the oldest connection that is not ASSURED is evicted",
    ),
    Mutant(
        "tuples", "icmp-code-is-no-part-of-the-key",
        'answer << 8 | source["dst_id"] & 0xFF',
        "answer << 8",
        "2.1: the answer to an ICMP query keeps its code",
    ),
    Mutant(
        "tuples", "generic-has-ports",
        '        target["src_id"] = 0  # all',
        '        target["src_id"] = max(packet["sport"], 0)  # all',
        "2.1: protocols without tracker have no ports",
    ),
    Mutant(
        "tuples", "information-replies-missed",
        "if 13 <= kind <= 18:",
        "if 13 <= kind <= 14 or 17 <= kind <= 18:",
        "2.1: information request and reply (15, 16) are each other's inverse",
    ),
]  # fmt: skip
