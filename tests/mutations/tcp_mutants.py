"""Mutants of TCP tracking; the numbers are the sections of conntrack-spec."""

from __future__ import annotations

from tests.mutations.mutant import Mutant

TCP_MUTANTS = [
    # --- tcp: openings and pick-up ---
    Mutant(
        "tcp", "syn-grants-itself-a-window",
        'opener["maxend"] = opener["end"]\n',
        'opener["maxend"] = wrap(opener["end"] + packet["win"])\n',
        "3.3: a SYN grants its sender nothing; only the peer's window does",
    ),
    Mutant(
        "tcp", "options-of-the-syn-unread",
        "        read_options(opener, packet)\n",
        "",
        "3.3: window scale and SACK are those of the SYN's options",
    ),
    Mutant(
        "tcp", "data-picks-up-without-loose",
        'elif not settings["loose"]:',
        'elif not settings["loose"] and packet["payload"] == 0:',
        "3.3: without tcp_loose no ACK picks a connection up, with data or without",
    ),
    Mutant(
        "tcp", "pick-up-is-liberal-to-one-side",
        'sides[1]["flags"] = SACK_PERMITTED | BE_LIBERAL',
        'sides[1]["flags"] = SACK_PERMITTED',
        "3.3: in a connection that was picked up neither side's packets fail the window check",
    ),
    # --- tcp: reopening and what is ignored ---
    Mutant(
        "tcp", "reopen-in-time-wait-only",
        "if new == SYN_SENT and (old == TIME_WAIT or old == CLOSE):",
        "if new == SYN_SENT and old == TIME_WAIT:",
        "4.2: a SYN opens anew in CLOSE as well as in TIME_WAIT",
    ),
    Mutant(
        "tcp", "reopen-only-by-the-opener",
        "if may_reopen(connection, sides, base, direction):",
        "if direction == ORIGINAL and may_reopen(connection, sides, base, direction):",
        "4.2: in TIME_WAIT the former server may open anew as well",
    ),
    Mutant(
        "tcp", "syn-that-may-not-reopen-is-invalid",
        "        new = CELL_IGNORE\n",
        "        return INVALID\n",
        "4.2: a SYN that does not qualify to reopen is ignored, not invalid",
    ),
    Mutant(
        "tcp", "reopen-after-any-reset",
        'return connection["last_direction"] == direction and connection["last_index"] == CLASS_RST',
        'return connection["last_index"] == CLASS_RST',
        "4.2: after a RST without FIN only the side that sent it may open anew",
    ),
    Mutant(
        "tcp", "reopen-needs-the-openers-fin",
        'if (sides[base]["flags"] | sides[base + 1]["flags"]) & CLOSE_INIT:',
        'if sides[base]["flags"] & CLOSE_INIT:',
        "4.2: the FIN of either side makes a close orderly",
    ),
    Mutant(
        "tcp", "ignored-is-invalid",
        'result["reason"] = REASON_IGNORED\n            return ACCEPT',
        'result["reason"] = REASON_IGNORED\n            return INVALID',
        "4.1: what the table ignores is let through as ESTABLISHED or NEW",
    ),
    Mutant(
        "tcp", "ignored-renews-the-timer",
        'result["reason"] = REASON_IGNORED\n            return ACCEPT',
        'result["reason"] = REASON_IGNORED\n            renew(connection, connection["timeout"], packet["now"])\n'
        "            return ACCEPT",
        "4.1: what the table ignores does not renew the timer",
    ),
    Mutant(
        "tcp", "resync-without-its-acknowledgement",
        '        and packet["ack"] == connection["last_end"]\n    )\n\n\n@hot\ndef resynchronise',
        "    )\n\n\n@hot\ndef resynchronise",
        "4.1: only a SYN-ACK that acknowledges the ignored SYN resynchronises",
    ),
    Mutant(
        "tcp", "resync-is-established-at-once",
        'result["reason"] = REASON_RESYNC\n        new = SYN_RECV',
        'result["reason"] = REASON_RESYNC\n        new = ESTABLISHED',
        "4.1: a resynchronised connection is in SYN_RECV",
    ),
    Mutant(
        "tcp", "resync-keeps-the-old-scale",
        '    opener["scale"] = connection["last_wscale"]\n',
        "",
        "4.1: the opener's window scale is that of the ignored SYN",
    ),
    Mutant(
        "tcp", "resync-forgets-liberal",
        'answerer["flags"] &= BE_LIBERAL',
        'answerer["flags"] = 0',
        "3.3: a connection that was picked up stays liberal through a resynchronisation",
    ),
    Mutant(
        "tcp", "resync-keeps-what-the-answerer-sent",
        '    answerer["maxwin"] = 0\n',
        "",
        "4.1: the answering side is met anew with its SYN-ACK",
    ),
    Mutant(
        "tcp", "ignored-syn-ends-at-its-seq",
        'connection["last_end"] = segment_end(packet)',
        'connection["last_end"] = packet["seq"]',
        "4.1: the answer acknowledges the number behind the ignored SYN",
    ),
    # --- tcp: challenge ACKs and simultaneous opens ---
    Mutant(
        "tcp", "challenge-ack-expected-for-ever",
        '        connection["last_flags"] &= ~EXPECT_CHALLENGE_ACK\n        result["reason"]',
        '        result["reason"]',
        "4.3: one challenge ACK is let through in LAST_ACK; the next ACK leads to TIME_WAIT",
    ),
    Mutant(
        "tcp", "challenge-ack-from-the-syns-sender",
        '        connection["last_direction"] != direction\n        and connection["last_index"] == CLASS_SYN\n'
        '        and connection["last_flags"]',
        '        connection["last_index"] == CLASS_SYN\n        and connection["last_flags"]',
        "4.3: a challenge ACK comes from the other side than the ignored SYN",
    ),
    Mutant(
        "tcp", "challenged-number-is-the-seq",
        'connection["last_ack"] = packet["ack"]  #',
        'connection["last_ack"] = packet["seq"]  #',
        "4.1: of a challenge ACK in SYN_SENT the acknowledgement is remembered, which the opener's RST carries",
    ),
    Mutant(
        "tcp", "reply-data-completes-the-handshake",
        'elif new == SYN_RECV and kind == CLASS_ACK and connection["last_flags"] & SIMULTANEOUS_OPEN:',
        "elif new == SYN_RECV and kind == CLASS_ACK:",
        "4.4: a reply's ACK leads from SYN_RECV to ESTABLISHED in a simultaneous open only",
    ),
    # --- tcp: window and commit ---
    Mutant(
        "tcp", "old-data-is-invalid",
        "if window == IGNORED:\n        return ACCEPT",
        "if window == IGNORED:\n        return INVALID",
        "5.3: late copies and old acknowledgements are let through",
    ),
    Mutant(
        "tcp", "hopeless-close-lives-on",
        '        hasten_hopeless_close(connection, kind, direction, packet["now"], settings)\n',
        "",
        "6.3: FINs of both sides outside of the window cut the timer to 300 s",
    ),
    Mutant(
        "tcp", "orderly-only-when-complete",
        "if new == FIN_WAIT:",
        "if new == TIME_WAIT:",
        "3.5: the first FIN begins an orderly close, also if a RST ends it",
    ),
    Mutant(
        "tcp", "refusal-only-by-the-reply",
        "        if kind == CLASS_RST:\n            result",
        "        if kind == CLASS_RST and direction == REPLY:\n            result",
        "3.5: a RST of either direction deletes an unreplied connection",
    ),
    Mutant(
        "tcp", "refusal-until-assured",
        'if not connection["status"] & SEEN_REPLY:',
        'if not connection["status"] & ASSURED:',
        "3.5: a RST deletes the connection only before any reply, not until it is assured",
    ),
    Mutant(
        "tcp", "syn-again-renews-the-timer",
        "if kind == CLASS_SYN and old == SYN_SENT:",
        "if kind == CLASS_SYN and old == SYN_SENT and direction == REPLY:",
        "3.5: a SYN sent again does not prolong an unanswered opening",
    ),
    Mutant(
        "tcp", "unreplied-pick-up-lives-for-days",
        'timeout = min(timeout, settings["unacknowledged"])',
        'timeout = max(timeout, settings["unacknowledged"])',
        "3.5: an unreplied ESTABLISHED connection lives no longer than 300 s",
    ),
    Mutant(
        "tcp", "assured-one-packet-late",
        "elif new == ESTABLISHED and (old == SYN_RECV or old == ESTABLISHED):",
        "elif new == ESTABLISHED and old == ESTABLISHED:",
        "6.4: the third packet of the handshake assures",
    ),
    Mutant(
        "tcp", "pick-up-is-never-assured",
        "elif new == ESTABLISHED and (old == SYN_RECV or old == ESTABLISHED):",
        "elif new == ESTABLISHED and old == SYN_RECV:",
        "6.4: a connection that was picked up is assured by the packet after its first reply",
    ),
    Mutant(
        "tcp", "fin-after-the-answer-assures",
        "elif new == ESTABLISHED and (old == SYN_RECV or old == ESTABLISHED):",
        "elif old == SYN_RECV or old == ESTABLISHED:",
        "6.4: a FIN right after the SYN-ACK does not assure",
    ),
    # --- tcp: resets ---
    Mutant(
        "tcp", "low-reset-passes",
        "if standing == RESET_LOW:\n        result",
        'if standing == RESET_LOW and not settings["be_liberal"]:\n        result',
        "4.5: a RST below the number expected is invalid, also with be_liberal",
    ),
    Mutant(
        "tcp", "inexact-reset-closes",
        'result["reason"] = REASON_RST_INEXACT\n        new = old\n',
        'result["reason"] = REASON_RST_INEXACT\n',
        "4.5: a RST elsewhere in the window leaves an assured connection open",
    ),
    Mutant(
        "tcp", "exact-reset-skips-the-window",
        "elif standing == RESET_UNMEASURED and answers_what_was_ignored(connection, packet, direction):",
        "elif answers_what_was_ignored(connection, packet, direction):",
        "4.5: a RST that could be measured is held against the window",
    ),
    Mutant(
        "tcp", "reset-while-closing-is-measured",
        "if closes_unchecked(old):",
        "if closes_unchecked(old) and old != FIN_WAIT:",
        "4.5: any RST closes from FIN_WAIT on",
    ),
    # --- the table, the bounds, the worth of a RST, the timers ---
    Mutant(
        "tcp_table", "ack-of-a-fin-stays-in-fin-wait",
        '"ES -- ES ES CW CW TW TW CL --"',
        '"ES -- ES ES FW CW TW TW CL --"',
        "3.4: any ACK in FIN_WAIT leads to CLOSE_WAIT, the FIN sender's own too",
    ),
    Mutant(
        "tcp_table", "syn-ack-again-is-invalid",
        '"-- SR .. .. .. .. .. .. .. SR"',
        '"-- SR -- .. .. .. .. .. .. SR"',
        "3.4: a SYN-ACK sent again is ignored",
    ),
    Mutant(
        "tcp_table", "bare-fin-is-valid",
        "RST | ACK, FIN | ACK, FIN",
        "RST | ACK, FIN, FIN | ACK, FIN",
        "3.1: no TCP sends a FIN without ACK",
    ),
    Mutant(
        "tcp_window", "bound-i-is-exclusive",
        "if after(seq, highest_seq(sender)):",
        "if not before(seq, highest_seq(sender)):",
        "5.3: a packet may begin exactly where the window ends (bound I)",
    ),
    Mutant(
        "tcp_window", "least-ack-window-forgotten",
        'wrap(receiver["end"] - max(sender["maxwin"], LEAST_ACK_WINDOW))',
        'wrap(receiver["end"] - sender["maxwin"])',
        "5.3: acknowledgements reach back by at least 66,000 (bound IV)",
    ),
    Mutant(
        "tcp_window", "overshoot-one-more",
        'return overshoot(sender, end) <= receiver["maxwin"]',
        'return overshoot(sender, end) <= receiver["maxwin"] + 1',
        "5.3: the overshoot is tolerated up to the receiver's window and no further",
    ),
    Mutant(
        "tcp_window", "syn-windows-are-scaled",
        '    if not flags & SYN:\n        win = win << sender["scale"]',
        '    win = win << sender["scale"]',
        "5.3: the window of a SYN or SYN-ACK is never scaled",
    ),
    Mutant(
        "tcp_window", "sack-by-the-senders-own-offer",
        'return wrap((packet["sack_right"] if receiver["flags"] & SACK_PERMITTED else packet["ack"]) - offset)',
        'return wrap(packet["sack_right"] - offset)',
        "5.1: SACK blocks count only if the other side offered SACK",
    ),
    Mutant(
        "tcp_window", "sacked-is-acknowledged",
        '    if ack == receiver["end"]:',
        '    if sack == receiver["end"]:',
        "5.3: only the exact acknowledgement ends the 300 s of unacknowledged data; a SACK block does not",
    ),
    Mutant(
        "tcp_reset", "reset-of-an-unassured-connection-must-be-exact",
        'if not open_and_assured or seq == receiver["maxack"]:',
        'if seq == receiver["maxack"]:',
        "4.5: outside of an assured ESTABLISHED connection a RST in the window closes",
    ),
    Mutant(
        "tcp_reset", "reset-with-number-0-is-low",
        "if seq == 0 and not open_and_assured:",
        "if seq == 0 and False:",
        "4.5: a RST with number 0 to a connection that is not assured goes to the window check",
    ),
    Mutant(
        "tcp_reset", "closed-is-not-closing",
        "return FIN_WAIT <= state <= CLOSE",
        "return FIN_WAIT <= state < CLOSE",
        "4.5: any RST closes again in CLOSE",
    ),
    Mutant(
        "tcp_reset", "reset-behind-the-other-sides-data",
        '        and connection["last_direction"] == direction\n',
        "",
        "4.5: a RST may follow the last data of its own side, not of the other",
    ),
    Mutant(
        "tcp_timers", "inexact-reset-keeps-the-timer",
        "if kind == CLASS_RST:\n        return",
        "if kind == CLASS_RST and state != ESTABLISHED:\n        return",
        "6.1: a RST that leaves the connection open cuts its timer to 10 s (6.18)",
    ),
    Mutant(
        "tcp_timers", "fourth-repetition",
        'connection["retrans"] >= settings["max_retrans"]',
        'connection["retrans"] > settings["max_retrans"]',
        "6.1: the third repetition cuts the timer to 300 s",
    ),
    Mutant(
        "tcp_timers", "hopeless-close-below-two-minutes",
        "if remaining >= HOPELESS_LEAST and remaining",
        "if remaining",
        "6.3: what has less than 120 s left is not set to the 300 s timer",
    ),
]  # fmt: skip
