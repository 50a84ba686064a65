"""What others try on that morning, and what a capture does to honest packets: each one carries its evidence as a label.

Read first: DESIGN's table of evidence words; `fwsim.terms.Evidence`. No plain refusal is among them: whatever
the policy would block here has something wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fwsim.capture.crafting import ICMP, TCP, Ip, icmp_message, tcp_segment, udp_datagram
from pcaps.payloads import answer, tls_record
from pcaps.people import OVER, RESOLVER, SEGMENT, Incident, Morning
from tests.playbook import Raw, Tcp
from tests.playbook_stage import ORIGINAL, REPLY

SCANNER, SECOND_SCANNER = "198.51.100.66", "203.0.113.250"
WEB, MAIL = "192.0.2.2", "192.0.2.3"
FIREWALL = "203.0.113.1"


def staff_host(number: int) -> str:
    """One of the machines in lan."""
    return f"10.1.4.{20 + number % 60}"


def stray(m: Morning, source: str, target: str, flags: str, label: str, **words: Any) -> None:
    """A segment out of nowhere: no options, invented numbers, from far away. It is not forwarded in the capture."""
    dice = m.dice
    talk = m.tcp(source, target, win=1024, ttl=words.pop("ttl", 47))
    answer_to = Raw(dice.below(1 << 31)) if "A" in flags else Raw(0)
    talk.original(flags, seq=Raw(dice.below(1 << 31)), ack=answer_to, label=label, copied=False, options=b"", **words)


def ack_scan(m: Morning) -> None:
    """Bare ACKs: from port 443 to where staff surf, to the public servers, and to closed ports."""
    for number in range(110):
        m.after(m.dice.between(0.01, 0.6))
        target = f"{staff_host(number)}:{m.dice.pick((49152, 50233, 51001, 52345)) + number}"
        stray(m, f"{SCANNER}:443", target, "A", "ack-without-connection")
    for number in range(90):
        m.after(m.dice.between(0.01, 0.3))
        port = 443 if number % 4 == 0 else 1 + number * 11
        stray(
            m, f"{SECOND_SCANNER}:{40000 + number}", f"{m.dice.pick((WEB, MAIL))}:{port}", "A", "ack-without-connection"
        )


def backscatter(m: Morning) -> None:
    """SYN-ACKs and resets from a web server that somebody floods in our name."""
    for number in range(108):
        m.after(m.dice.between(0.02, 2))
        target = f"{staff_host(m.dice.below(60))}:{1024 + 557 * number % 60000}"
        flags, label = ("SA", "synack-without-syn") if number % 9 < 5 else ("RA", "rst-without-connection")
        stray(m, f"203.0.113.{80 + number % 2 * 7}:{443 if number % 8 else 6667}", target, flags, label)


def fin_probes(m: Morning) -> None:
    """FIN-ACKs for connections that are not there."""
    for number in range(22):
        m.after(m.dice.between(0.05, 1))
        stray(m, f"{SCANNER}:443", f"{staff_host(number)}:{55000 + number}", "FA", "fin-without-connection")


FLAG_PROBES = (
    ("", "flags-none", 42), ("FPU", "flags-xmas", 20), ("F", "flags-fin-only", 18), ("SF", "flags-syn-fin", 12),
    ("SR", "flags-invalid", 6), ("SRFPAU", "flags-syn-fin", 2), ("U", "flags-invalid", 4), ("RU", "flags-invalid", 2),
)  # fmt: skip


def flag_probes(m: Morning) -> None:
    """NULL, Xmas, FIN and stranger scans."""
    for flags, label, count in FLAG_PROBES:
        for number in range(count):
            m.after(m.dice.between(0.01, 0.4))
            port = m.dice.pick((443, 443, 443, 22, 80, 8443, 3306))
            stray(m, f"{SCANNER}:{42000 + number}", f"{WEB}:{port}", flags, label)


def poisoners(m: Morning) -> None:
    """Answers that nobody asked for: DNS to guessed ports, and services that reflect."""
    for number in range(25):
        m.after(m.dice.between(0.001, 0.01))
        talk = m.udp(f"{RESOLVER}:53", f"10.1.4.31:{20000 + 41 * number}", ttl=49)
        talk.original(answer("bank.example.com", SCANNER, number), label="udp-reply-without-request", copied=False)
    for number in range(38):
        m.after(m.dice.between(0.1, 3))
        talk = m.udp(f"{SECOND_SCANNER}:{m.dice.pick((19, 111, 161, 389))}", f"{WEB}:{30000 + 17 * number}", ttl=49)
        talk.original(400 + number, label="udp-reply-without-request", copied=False)


def icmp_forgeries(m: Morning) -> None:
    """Echo replies without a question, and errors about packets that nobody sent."""
    for number in range(15):
        m.after(m.dice.between(0.1, 1))
        talk = m.ping(SCANNER, staff_host(number), ident=number, ttl=47)
        talk.original(kind=0, label="icmp-reply-without-request", copied=False)
    for number in range(20):
        m.after(m.dice.between(0.1, 2))
        victim = staff_host(number)
        segment = tcp_segment(victim, "203.0.113.81", (60000 + number, 443), (m.dice.below(1 << 31), 0), 2, 64240)
        quoted = Ip(victim, "203.0.113.81", TCP, segment, ttl=50)
        kind, code = ((3, 1), (3, 4), (11, 0), (5, 1))[number % 4]
        label = "icmp-error-without-connection"
        m.icmp_error(quoted, kind, code, source=SCANNER, to=victim, ttl=47, label=label, copied=False)


def impostors(m: Morning) -> None:
    """Sources that cannot be behind the interface they come in by, or on any network."""
    for number in range(26):
        m.after(m.dice.between(0.1, 2))
        port = 443 if number % 2 else m.dice.pick((22, 25, 3389))
        stray(m, f"10.1.{number}.7:{45000 + number}", f"{WEB}:{port}", "S", "spoofed-source", seen="wan")
    for number in range(12):
        m.after(m.dice.between(0.1, 2))
        port = 443 if number % 3 else 6881
        stray(
            m,
            f"198.51.100.{200 + number}:{45000 + number}",
            f"203.0.113.80:{port}",
            "S",
            "spoofed-source",
            seen="lan",
            ttl=64,
        )
    for source in ("203.0.113.1:5000", "192.0.2.3:5001"):
        m.after(1)
        stray(m, source, f"{WEB}:443", "S", "spoofed-source", seen="wan")
    bogons = ("192.168.7.7", "172.16.31.9", "100.64.8.1", "10.200.3.4", "240.1.2.3", "0.1.2.3", "127.0.0.9")
    for number in range(14):
        m.after(m.dice.between(0.1, 2))
        port = 443 if number % 3 else 8080
        stray(m, f"{bogons[number % 7]}:{46000 + number}", f"{WEB}:{port}", "S", "bogon-source", seen="wan")
    for port in (443, 443, 25, 139):
        m.after(0.5)
        host = MAIL if port == 25 else WEB
        stray(m, f"{host}:{port}", f"{host}:{port}", "S", "spoofed-source land", seen="wan")


def denied_guest(m: Morning) -> None:
    """A badly configured guest tries ssh on the web server, in vain; it and the server go on talking all the same."""
    for number in range(4):
        m.after(5)
        talk = m.tcp(f"192.168.20.{number + 2}:{47000 + number}", f"{WEB}:22", ttl=(50, 64))
        again = "bogon-source follows-denied"
        talk.original("S", label="bogon-source", copied=False)
        m.after(1)
        talk.original("S", label=again, copied=False)
        talk.reply("SA", label="follows-denied", copied=False)
        m.after(0.02)
        talk.original("A", label=again, copied=False)
        talk.original("PA", 21, label=again, copied=False)
        talk.reply("A", label="follows-denied", copied=False)


def tiny_fragments(m: Morning) -> None:
    """TCP headers cut in two, so that a filter does not see the flags (RFC 1858): for the firewall's own ssh port."""
    for number in range(3):
        m.after(1)
        segment = tcp_segment(SCANNER, FIREWALL, (43000 + number, 22), (m.dice.below(1 << 31), 0), 2, 1024)
        for offset, more in ((0, True), (8, False)):
            piece = segment[offset : offset + 8] if more else segment[offset:]
            packet = Ip(SCANNER, FIREWALL, TCP, piece, ttl=47, ip_id=900 + number, fragment=offset, more_fragments=more)
            m.send(packet, f"{SCANNER} > {FIREWALL} fragment at {offset}", label="tiny-fragment", copied=False)


def bad_lengths(m: Morning) -> None:
    """Packets that are shorter than they say."""
    for number in range(3):
        m.after(1)
        packet = Ip(SCANNER, WEB, ICMP, icmp_message(SCANNER, WEB, 8, 0, bytes(4), bytes(56)), ttl=47, length=1500)
        m.send(packet, f"{SCANNER} > {WEB} says it has 1500 bytes", label="bad-length", copied=False)
        datagram = udp_datagram(SCANNER, WEB, (43100 + number, 53), bytes(20), udp_length=900)
        m.send(
            Ip(SCANNER, WEB, 17, datagram, ttl=47), f"{SCANNER} > {WEB} udp says 900", label="bad-length", copied=False
        )


def running_at_dawn(m: Morning) -> None:
    """Three conversations that were open before the capture began."""
    for number in range(3):
        m.at(0.05 + 0.7 * number)
        talk = m.tcp(
            f"10.1.4.{50 + number}:{41000 + number}", f"203.0.113.{90 + number}:443", win=(502, 128), ttl=(64, 54)
        )
        talk.ends[0].next, talk.ends[1].next = 9_000, 400_000
        words: dict[str, Any] = {"label": "ack-without-connection", "copied": False}
        for _ in range(2):
            talk.reply("A", tls_record(SEGMENT), **words)
        words["label"] = "midstream"
        talk.original("A", **words)
        for _ in range(5 + number):
            m.after(0.02)
            talk.reply("A", tls_record(SEGMENT), **words)
            talk.reply("PA", tls_record(700), **words)
            talk.original("A", **words)
        if number:
            m.hang_up(talk, REPLY, **words)


def wild_reset(m: Morning, talk: Tcp) -> None:
    """Resets by somebody who guesses: too high, then too low."""
    server = talk.ends[1]
    for number in (server.next + 900_000, server.next - 3):
        m.after(0.05)
        talk.reply("R", seq=number, label="rst-out-of-window", copied=False, options=b"", ttl=47)


def close_reset(m: Morning, talk: Tcp) -> None:
    """A reset that guesses well, but not exactly; the conversation goes on at once."""
    m.after(0.05)
    talk.reply("R", seq=talk.ends[1].next + 2_000, label="rst-inexact", copied=False, options=b"", ttl=47)
    m.after(0.3)
    talk.original("PA", tls_record(200))
    m.after(m.far(talk.ends[1].address))
    talk.reply("PA", tls_record(400))
    talk.original("A")


def injection(m: Morning, talk: Tcp) -> None:
    """Data far outside the window, from somebody who knows the addresses and ports."""
    for jump in (700_000, 1_500_000):
        m.after(0.05)
        words: dict[str, Any] = {"label": "seq-above-window", "copied": False, "options": b"", "ttl": 47}
        talk.reply("PA", 200, seq=talk.ends[1].next + jump, **words)


def optimist(m: Morning, talk: Tcp) -> None:
    """Acknowledgements of data that were never sent."""
    for jump in (80_000, 200_000):
        m.after(0.05)
        words: dict[str, Any] = {"label": "ack-above-window", "copied": False, "options": b"", "ttl": 47}
        talk.reply("A", ack=talk.ends[0].next + jump, **words)


def syn_probe(m: Morning, talk: Tcp) -> None:
    """A SYN into an open connection, to provoke an answer (RFC 5961 §4), in the name of the end that is outside."""
    m.after(0.05)
    words: dict[str, Any] = {"label": "syn-in-connection", "copied": False, "options": b"", "ttl": 47}
    outside = REPLY if talk.ends[0].address.startswith("10.") else ORIGINAL
    m.say(talk, outside, "S", seq=Raw(m.dice.below(1 << 31)), **words)


def torn_off(m: Morning, talk: Tcp) -> object:
    """The browser's window is closed: it resets, and what is still under way arrives after the end."""
    m.after(0.05)
    talk.original("R")
    for _ in range(2):
        talk.reply("A", tls_record(SEGMENT), label="after-close", copied=False)
    return OVER


def bit_error(m: Morning, talk: Tcp) -> None:
    """A segment that was damaged on the way, and is sent again."""
    start = talk.ends[1].next
    m.after(0.05)
    talk.reply("PA", tls_record(600), bad_checksum=True, label="bad-checksum", copied=False)
    m.after(0.21)
    talk.reply("PA", tls_record(600), seq=start)
    talk.original("A")


def short_memory(m: Morning, talk: Tcp) -> None:
    """Segments of which the capture kept 96 bytes only."""
    for _ in range(3):
        talk.reply("A", tls_record(SEGMENT), cut=96, copied=False)
        talk.original("A")


INCIDENTS: tuple[tuple[Incident, int], ...] = (
    (wild_reset, 15), (close_reset, 7), (injection, 12), (optimist, 6), (syn_probe, 5), (torn_off, 5),
    (bit_error, 9), (short_memory, 4),
)  # fmt: skip
"""What happens within conversations, and how often."""


def incidents() -> Iterator[Incident | None]:
    """One incident after another, with a quiet visit after each."""
    for incident, times in INCIDENTS:
        for _ in range(times):
            yield incident
            yield None
    while True:
        yield None


RAIDS: tuple[tuple[float, Callable[[Morning], None]], ...] = (
    (610.0, ack_scan), (1_500.0, backscatter), (1_900.0, fin_probes), (2_790.0, flag_probes), (3_300.0, poisoners),
    (3_700.0, icmp_forgeries), (4_200.0, impostors), (5_000.0, denied_guest), (5_300.0, tiny_fragments),
    (5_400.0, bad_lengths),
)  # fmt: skip
"""What happens outside of conversations, and when it begins (seconds from 08:00:03)."""
