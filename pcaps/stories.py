"""The small example captures, one script each; what each one tells stands in `pcaps/README.md`.

Read first: `tests.playbook`. The labels are the words of `fwsim.terms.Evidence` that hold for the packet; a label that
begins with `note:` is no evidence, but says what only the script knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fwsim.capture.crafting import TCP, Ip, ethernet, fragment_of, mac_of, tcp_segment
from pcaps.payloads import answer, question, solicit
from tests.playbook import Playbook, Raw, Tcp
from tests.playbook_capture import LINKTYPE_SLL2, Frame, cooked, gzipped, pcap, pcapng, zstandarded
from tests.playbook_stage import FIREWALL_MAC, REPLY, UPSTREAM_MAC

CLIENT, SERVER = "10.1.4.23:51822", "203.0.113.80:443"
ATTACKER = "198.51.100.66"
RESOLVER = "198.51.100.53:53"
PUBLIC_WEB = "192.0.2.2"
OFFICE = ("lan", "wan", "dmz")


def saved(play: Playbook, interfaces: tuple[str, ...] = OFFICE) -> bytes:
    """The script as a pcapng capture."""
    return pcapng(play.captured(), interfaces)


def handshake() -> bytes:
    """Three segments, then a question and its answer."""
    play = Playbook(step_ns=11_000_000)
    play.tcp(CLIENT, SERVER, mss=1460, sack_ok=True, wscale=7, win=502).handshake()
    play.original("PA", 120)
    play.reply("A")
    play.reply("PA", 900)
    play.original("A")
    return saved(play)


def orderly_close() -> bytes:
    """A short conversation that both ends close, and the last FIN sent once more."""
    play = Playbook(step_ns=11_000_000)
    web = play.tcp(CLIENT, SERVER)
    play.handshake()
    play.original("PA", 120)
    play.reply("PA", 900)
    play.original("A")
    play.close()
    play.after(0.4)
    web.reply("FA", seq=901)
    web.original("A")
    return pcap(play.captured())


def ack_scan() -> bytes:
    """Bare ACKs from port 443 to the ports from which staff surf, and to the public server."""
    play = Playbook(step_ns=7_000_000)
    for number in range(96):
        target = f"10.1.{4 + number % 3}.{20 + number // 3}:{49152 + 131 * number}"
        scan(play, f"{ATTACKER}:443", target, "A", "ack-without-connection")
    for port in (22, 25, 80, 443, 3306, 8080):
        scan(play, f"{ATTACKER}:61000", f"{PUBLIC_WEB}:{port}", "A", "ack-without-connection")
    return saved(play)


def scan(play: Playbook, source: str, target: str, flags: str, label: str) -> None:
    """One probe that belongs to no conversation; its acknowledgement number is invented."""
    probe = play.tcp(source, target, win=1024)
    probe.original(flags, seq=Raw(0x51AB0000), ack=Raw(0x2C9E1000) if "A" in flags else Raw(0), label=label)


def unsolicited_synack() -> bytes:
    """SYN-ACKs that answer nothing: a scan, or the backscatter of somebody else's flood."""
    play = Playbook(step_ns=40_000_000)
    for number in range(30):
        target = f"10.1.{4 + number % 4}.{30 + number}:{50000 + 17 * number}"
        scan(play, f"203.0.113.{80 + number % 3}:443", target, "SA", "synack-without-syn")
    scan(play, f"{ATTACKER}:443", f"{PUBLIC_WEB}:443", "SA", "synack-without-syn")
    return saved(play)


def fetch(play: Playbook, segments: int = 4, opener: str = CLIENT, other: str = SERVER) -> Tcp:
    """An open conversation in which the server has sent some full segments, all acknowledged."""
    web = play.tcp(opener, other, isn=(0x5EED0000 + len(play.sent), 0xC0DE0000 + len(play.sent)))
    web.handshake()
    web.original("PA", 120)
    for _ in range(segments):
        web.reply("A", 1460)
    web.original("A")
    return web


def blind_reset() -> bytes:
    """Three resets by somebody who sees nothing: far off, inside the window, and exactly at the expected number."""
    play = Playbook(step_ns=11_000_000)
    far = fetch(play)
    play.after(0.5)
    far.reply("R", seq=1_000_000, ttl=51, label="rst-out-of-window")
    far.reply("R", seq=100, ttl=51, label="rst-out-of-window")
    far.reply("PA", 500)
    far.original("A")
    near = fetch(play, opener="10.1.4.23:51823")
    play.after(0.5)
    near.reply("R", seq=30_000, ttl=51, label="rst-inexact")
    play.after(2)
    near.reply("PA", 500)
    near.original("A")
    exact = fetch(play, opener="10.1.4.23:51824")
    play.after(0.5)
    exact.reply("R", seq=5841, ttl=51, label="note: forged, at the exact number: nothing gives it away")
    play.after(2)
    exact.reply("PA", 500, label="after-close")
    return saved(play)


def data_injection() -> bytes:
    """Forged data: far outside the window, slightly beyond it, inside it; and an acknowledgement of unsent data."""
    play = Playbook(step_ns=11_000_000)
    web = fetch(play)
    play.after(0.5)
    web.reply("PA", 400, seq=1_000_000, ttl=51, label="seq-above-window")
    web.reply("PA", 400, seq=72_000, ttl=51, label="seq-above-window")
    web.reply("PA", 400, seq=5841, ack=2_000_000, ttl=51, label="ack-above-window")
    web.reply("PA", 400, seq=5841, ttl=51, label="note: forged, in order: nothing gives it away")
    play.after(0.2)
    web.reply("PA", 1460)
    web.original("A")
    return saved(play)


def flag_scan() -> bytes:
    """NULL, Xmas, FIN and SYN-FIN scans of the public server and a staff host, and two more impossible combinations."""
    play = Playbook(step_ns=9_000_000)
    words = {"": "flags-none", "FPU": "flags-xmas", "F": "flags-fin-only", "SF": "flags-syn-fin", "SR": "flags-invalid"}
    for flags, label in [*words.items(), ("FR", "flags-invalid")]:
        for port in (22, 25, 80, 443):
            scan(play, f"{ATTACKER}:40125", f"{PUBLIC_WEB}:{port}", flags, label)
        scan(play, f"{ATTACKER}:443", "10.1.4.23:49152", flags, label)
    return saved(play)


def spoofed_dns() -> bytes:
    """Forged DNS answers: to guessed ports, without any question; then one to the right port, before the true one."""
    play = Playbook(step_ns=600_000)
    name = "intranet.example.net"
    ask = play.udp("10.1.4.23:54321", RESOLVER)
    ask.original(question(name))
    for guess in range(40):
        blind = play.udp(RESOLVER, f"10.1.4.23:{54280 + guess}", ttl=49)
        blind.original(answer(name, "198.51.100.99", guess), label="udp-reply-without-request")
    ask.reply(answer(name, "198.51.100.99"), ttl=49, label="note: forged, to the right port: nothing gives it away")
    ask.reply(answer(name, "203.0.113.80"))
    return saved(play)


def fragments() -> bytes:
    """Large answers in fragments, in order and not; one that is never complete; forged ones, overlapping and tiny."""
    play = Playbook(step_ns=2_000_000)
    ask = play.udp("10.1.4.23:54321", RESOLVER, dont_fragment=False)
    for number, order in enumerate([(0, 1, 2), (2, 0, 1), (0, 1, 1, 2), (0, 2)]):
        name = f"large{number}.example.net"
        ask.original(question(name))
        ask.reply(answer(name, "203.0.113.80").ljust(3000, b"\0"), pieces=1480, order=order)
    play.after(31)
    blind = play.udp(RESOLVER, "10.1.4.23:54999", ttl=49, dont_fragment=False)
    blind.original(bytes(2000), pieces=1480, label="udp-reply-without-request")
    teardrop = play.udp(f"{ATTACKER}:53", f"{PUBLIC_WEB}:53", ttl=47).packet(0, bytes(600))
    for start, end in ((0, 296), (400, 600), (200, 400)):
        piece = fragment_of(teardrop, start, end)
        play.send(piece, f"{ATTACKER} > {PUBLIC_WEB} {start} to {end}", label="overlapping-fragment")
    return saved(play)


def forged_icmp_error() -> bytes:
    """ICMP errors: about a connection that exists, about none, about it but to the wrong host; and a redirect."""
    play = Playbook(step_ns=11_000_000)
    web = fetch(play)
    router = "198.51.100.1"
    web.error(3, 4, source=router, label="note: as a true router would send it")
    unknown = Ip("10.1.4.23", "203.0.113.80", 6, tcp_segment("10.1.4.23", "203.0.113.80", (40404, 443), (1, 1), 16, 1))
    forged = "icmp-error-without-connection"
    play.icmp_error(unknown, 3, 1, source=ATTACKER, to="10.1.4.23", label=forged)
    play.icmp_error(web.last[0], 3, 1, source=ATTACKER, to="10.1.4.99", label=forged)
    play.icmp_error(unknown, 5, 1, source=ATTACKER, to="10.1.4.23", label=forged)
    web.reply("PA", 300)
    web.original("A")
    return saved(play)


def midstream() -> bytes:
    """A download that was running when the capture began: no handshake, data and acknowledgements, the end."""
    play = Playbook(step_ns=11_000_000)
    web = play.tcp(CLIENT, SERVER)
    web.ends[0].next, web.ends[1].next = 7000, 250_000
    web.reply("A", 1460, label="ack-without-connection")
    web.reply("A", 1460, label="ack-without-connection")
    web.original("A", label="midstream")
    for _ in range(6):
        web.reply("A", 1460, label="midstream")
        web.original("A", label="midstream")
    web.close(REPLY, label="midstream")
    return saved(play)


def split_handshake() -> bytes:
    """A server that answers the SYN with a SYN of its own, so that the client opens the connection backwards."""
    play = Playbook(step_ns=11_000_000)
    web = play.tcp(CLIENT, SERVER)
    web.original("S")
    web.reply("S", label="note: instead of a SYN-ACK")
    web.original("SA")
    web.reply("A", label="note: so the server has accepted a connection it never opened")
    web.reply("PA", 600)
    web.original("A")
    return saved(play)


FLOOD_SOURCES = 100_000


def syn_flood() -> bytes:
    """100,000 SYNs from as many invented sources to the public web server, and one true visitor in between."""
    play = Playbook(step_ns=30_000_000)
    visitor = play.at(2).tcp("203.0.113.44:51000", f"{PUBLIC_WEB}:443")
    visitor.handshake()
    visitor.original("PA", 200)
    visitor.reply("PA", 1200)
    visitor.original("A")
    visitor.close()
    frames = sorted([*play.captured(), *flood(play.start_ns)], key=lambda frame: frame.at_ns)
    return zstandarded(pcap(frames))


def flood(begin_ns: int) -> Iterator[Frame]:
    """The SYNs, 20,000 a second. Sources lie close together and numbers are constant, so that the file packs well."""
    segment = tcp_segment("0.0.0.0", PUBLIC_WEB, (0, 443), (0x1000, 0), 2, 512)
    packet = Ip("0.0.0.0", PUBLIC_WEB, TCP, segment, ttl=240, ip_id=1, dont_fragment=False)
    model = ethernet(UPSTREAM_MAC, FIREWALL_MAC["wan"], packet.encode())
    for number in range(FLOOD_SOURCES):
        third, fourth = number // 250 % 4 * 60 + 7, number % 250 + 1
        source = (88 + number // 50_000) << 24 | (72 + number // 1000 % 50) << 16 | third << 8 | fourth
        data = from_another(model, source, 1025 + number // 1000)
        yield Frame(begin_ns + number * 50_000, "wan", data, len(data))


def from_another(model: bytes, source: int, port: int) -> bytes:
    """The TCP frame with another source than its 0.0.0.0:0, and with checksums to match (RFC 1624)."""
    address = source.to_bytes(4, "big")
    ip_sum = raised(model[24:26], (source >> 16) + (source & 0xFFFF))
    tcp_sum = raised(model[50:52], (source >> 16) + (source & 0xFFFF) + port)
    return model[:24] + ip_sum + address + model[30:34] + port.to_bytes(2, "big") + model[36:50] + tcp_sum + model[52:]


def raised(checksum: bytes, words: int) -> bytes:
    """A checksum after the sum of what it covers has been raised."""
    total = (~int.from_bytes(checksum, "big") & 0xFFFF) + words
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2, "big")


def asymmetric() -> bytes:
    """A conversation of which the firewall sees one direction only, as with a second way out that the answers take."""
    play = Playbook(step_ns=11_000_000)
    web = play.tcp(CLIENT, SERVER)
    web.original("S")
    web.reply("SA", lost=True)
    web.original("A", label="ack-without-connection")
    web.original("PA", 120, label="ack-without-connection")
    for _ in range(5):
        web.reply("A", 1460, lost=True)
        web.original("A", label="ack-without-connection")
    web.reply("FA", lost=True)
    web.original("FA", label="fin-without-connection")
    return gzipped(saved(play))


def tuple_reuse() -> bytes:
    """A client that uses the same port again: while the old connection is in TIME_WAIT, and after a reset."""
    play = Playbook(step_ns=11_000_000)
    web = play.tcp(CLIENT, SERVER)
    web.handshake()
    web.original("PA", 120)
    web.reply("PA", 900)
    web.original("A")
    web.close()
    play.after(20)
    web.again()
    web.handshake()
    web.reply("RA", label="note: the server aborts; no FIN was seen")
    play.after(3)
    web.again()
    web.original("S", label="syn-in-connection")
    web.reply("SA", label="note: both ends agree, so conntrack follows them")
    web.original("A")
    web.original("PA", 120)
    web.reply("PA", 900)
    web.original("A")
    return saved(play)


def any_interface() -> bytes:
    """`tcpdump -i any` on the firewall: every forwarded packet twice, in Linux cooked frames."""
    play = Playbook(step_ns=11_000_000)
    play.copies = True
    fetch(play).close()
    ask = play.udp("10.1.4.23:54321", RESOLVER)
    ask.original(question("www.example.net"))
    ask.reply(answer("www.example.net", "203.0.113.80"))
    echo = play.ping("10.1.4.23", "203.0.113.80")
    echo.original()
    echo.reply()
    numbers = {"lan": 2, "wan": 3, "dmz": 4}
    frames = [cooked(frame, numbers[frame.interface]) for frame in play.captured()]
    return pcapng(frames, ("any",), link_type=LINKTYPE_SLL2)


def host() -> bytes:
    """A capture on a single machine: what it sends has its checksums left to the network card."""
    play = Playbook(step_ns=9_000_000)
    me = "192.0.2.10"
    ssh = play.tcp("203.0.113.7:50022", f"{me}:22")
    ssh.original("S")
    ssh.reply("SA", offloaded=True)
    ssh.original("A")
    ssh.reply("PA", 40, offloaded=True)
    ssh.original("A")
    web = play.tcp(f"{me}:44000", SERVER)
    web.original("S", offloaded=True)
    web.reply("SA")
    web.original("A", offloaded=True)
    web.original("PA", 120, offloaded=True)
    web.reply("PA", 900)
    web.original("A", offloaded=True)
    scan(play, f"{ATTACKER}:443", f"{me}:44001", "A", "ack-without-connection")
    frames = [replace(frame, interface="eth0", data=at_home(frame.data, me)) for frame in play.captured()]
    return pcap([replace(f, length=len(f.data)) for f in frames], nanoseconds=True, order=">")


def at_home(data: bytes, me: str) -> bytes:
    """The frame between the machine and its router, instead of past a firewall."""
    router = b"\x02\x00\x5e\x00\x02\x01"
    sends = data[26:30] == mac_of(me)[2:]
    return (router + mac_of(me) if sends else mac_of(me) + router) + data[12:]


def v6_router() -> bytes:
    """IPv6 past a router: neighbour discovery, web, ping, a packet that is too big, and a forged answer."""
    play = Playbook(step_ns=5_000_000)
    host6, web6 = "fd00:1::23", "2001:db8::80"
    solicit(play, host6, "fe80::1")
    web = play.tcp(f"[{host6}]:51822", f"[{web6}]:443")
    web.handshake()
    web.original("PA", 120)
    web.reply("A", 1440)
    web.error(2, 0, about=REPLY, source="fd00:1::ffff", seen="lan", quoted=1192, rest=(1280).to_bytes(4, "big"))
    web.reply("A", 1172, seq=1)
    web.reply("PA", 268, seq=1173)
    web.original("A")
    web.close()
    echo = play.ping(host6, web6, ident=77)
    for _ in range(3):
        echo.original()
        echo.reply()
    scan(play, f"[{web6}]:443", f"[{host6}]:50000", "SA", "synack-without-syn")
    return saved(play, ("lan", "wan"))
