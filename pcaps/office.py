"""A morning at the office, as `rulesets/office.yaml` protects it: ordinary traffic with every kind of trouble mixed in.

Read first: `pcaps/README.md`. What ordinary people do is told in `people`, what others try in `trouble`; here is the
schedule. Seconds count from 08:00:03. Conversations are written one after the other; saving sorts them by time.
"""

from __future__ import annotations

from dataclasses import replace

from pcaps.payloads import listen, question, solicit, who_has
from pcaps.people import Morning
from pcaps.trouble import MAIL, RAIDS, WEB, incidents, running_at_dawn, staff_host, syn_probe
from tests.playbook_capture import OUTBOUND, pcapng
from tests.playbook_stage import ORIGINAL, REPLY

LENGTH = 8_040.0
"""Two hours and fourteen minutes."""

COPIES = (2_400.0, 2_700.0)
"""The five minutes in which forwarded packets were captured going out as well, as by `tcpdump -i lan -i wan`."""

VISITS, VISITORS, V6_VISITS = 126, 44, 14


def office() -> bytes:
    """The capture."""
    m = Morning()
    running_at_dawn(m)
    neighbours(m)
    surf(m)
    visitors(m)
    v6(m)
    downloads(m)
    mail(m)
    shells(m)
    clocks_and_probes(m)
    for begin, raid in RAIDS:
        m.at(begin)
        raid(m)
    low, high = (m.start_ns + round(1e9 * second) for second in COPIES)
    kept = [f for f in m.captured() if f.direction != OUTBOUND or low <= f.at_ns < high]
    # Such a capture does not say which way a frame was going.
    return pcapng([replace(frame, direction=0) for frame in kept], ("lan", "wan", "dmz"))


def neighbours(m: Morning) -> None:
    """Hosts wake up: ARP, neighbour discovery, multicast."""
    for number in range(18):
        m.at(20 + 41 * number)
        host, host6 = staff_host(number), f"fd00:1::{20 + number}"
        who_has(m, host, "10.1.0.1")
        if number % 2:
            listen(m, f"fe80::{20 + number}", "ff02::fb")
            solicit(m, host6, "fe80::1")
        if number % 3 == 0:
            words = {"seen": "lan", "ttl": 255, "copied": False}
            m.udp(f"{host}:5353", "224.0.0.251:5353").original(question("printer.local", 0), **words)
    for number, host in enumerate((WEB, MAIL)):
        m.at(30 + number)
        who_has(m, host, "192.0.2.1", interface="dmz")


def surf(m: Morning) -> None:
    """Staff visit web sites all morning; to some of the visits something happens."""
    happens = incidents()
    for number in range(VISITS):
        m.at(60 + 7_700 * number / VISITS + m.dice.between(0, 40))
        client, server = staff_host(m.dice.below(60)), f"203.0.113.{80 + m.dice.below(16)}"
        m.look_up(client, f"www{server[-2:]}.example.com", server)
        plain = number % 16 == 15
        incident = next(happens)
        m.browse(client, server, port=80 if plain else 443, requests=1 + m.dice.below(2), incident=incident)


def visitors(m: Morning) -> None:
    """The world visits the public web server."""
    for number in range(VISITORS):
        m.at(90 + 7_600 * number / VISITORS + m.dice.between(0, 90))
        client = f"{m.dice.pick(('203.0.113', '198.51.100'))}.{100 + m.dice.below(90)}"
        m.browse(client, WEB, requests=1 + m.dice.below(2), incident=syn_probe if number % 9 == 4 else None)


def v6(m: Morning) -> None:
    """Some of it goes over IPv6."""
    for number in range(V6_VISITS):
        m.at(200 + 520 * number + m.dice.between(0, 100))
        client, server = f"fd00:1::{20 + number}", f"2001:db8:{1 + number % 3}::80"
        m.look_up(client, "www.example.org", server)
        m.browse(client, server)
    m.at(6_000)
    m.probe("fd00:1::25", "2001:db8:1::80", 6)


def downloads(m: Morning) -> None:
    """Three large downloads with losses on either side of the firewall, and one reader that cannot keep up."""
    for number, (before, behind) in enumerate((((40, 95), (12, 70)), ((), (33, 139)), ((5, 18, 60), ()))):
        m.at(700 + 2_210 * number)
        talk = m.connect(staff_host(7 * number), f"198.51.100.{20 + number}", 443)
        talk.original("PA", 400)
        m.after(0.02)
        m.transfer(talk, REPLY, [1448] * 140, before=before, behind=behind)
        m.hang_up(talk, REPLY)
    m.at(4_600)
    talk = m.connect(staff_host(33), "198.51.100.24", 443)
    talk.original("PA", 400)
    m.after(0.02)
    m.transfer(talk, REPLY, [1448] * 40)
    talk.original("A", win=0)
    for _ in range(3):
        m.after(0.4)
        talk.reply("A", seq=talk.ends[1].next - 1)
        talk.original("A", win=0)
    talk.original("A", win=480)
    m.transfer(talk, REPLY, [1448] * 20)
    m.hang_up(talk, ORIGINAL)


def mail(m: Morning) -> None:
    """Mail comes in and goes out."""
    for number in range(9):
        m.at(300 + 800 * number + m.dice.between(0, 300))
        m.mail("203.0.113.25", MAIL, m.dice.below(12_000))
    for number in range(6):
        m.at(500 + 1_150 * number + m.dice.between(0, 300))
        m.look_up(MAIL, "mx.example.net", "203.0.113.25")
        m.mail(MAIL, "203.0.113.25", m.dice.below(12_000))


def shells(m: Morning) -> None:
    """Administrators at work; the last of them leaves the session open."""
    for number, (client, server) in enumerate((("10.1.0.5", WEB), ("10.1.0.9", "203.0.113.22"), ("10.1.0.12", MAIL))):
        m.at(420 + 1_300 * number)
        talk = m.shell(client, server, 60)
        if number < 2:
            m.hang_up(talk, ORIGINAL)


def clocks_and_probes(m: Morning) -> None:
    """Machines ask for the time; people ask whether others are there, and by which way."""
    for number in range(24):
        m.at(64 + 330 * number)
        m.set_clock(f"10.1.0.{5 + number % 2}")
    for number, begin in enumerate((900.0, 901.5, 903.0, 5_700.0)):
        m.at(begin)
        m.probe(staff_host(number), f"203.0.113.{80 + number}", 20)
    m.at(2_450)
    m.probe(staff_host(9), "198.51.100.20", 10)
    for number in range(2):
        m.at(1_100 + 4_000 * number)
        m.trace(staff_host(number), f"203.0.113.{85 + number}", 6)
    m.at(LENGTH + 0.3)
    m.look_up(staff_host(3), "home.example.org", "203.0.113.99")
