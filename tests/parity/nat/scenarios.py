"""Who says what in each scenario, by its name. The rules stand in the folder of the same name in `captures`.

Read first: `scene`, `talk`. Each scenario is about one construct of NAT; what is unsolicited, late or wrong is sent as
well, since there a translation goes wrong.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

from tests.parity.nat import ftp
from tests.parity.nat.by_hand import ACK, SYN, SYN_ACK, gre, sctp_talk, segment
from tests.parity.nat.scene import GATEWAY
from tests.parity.nat.talk import SHORT, Address, Talk, ask, echo

ANN, BOB, INNER = "10.1.0.11", "10.1.0.12", "10.1.0.20"
ANN6, BOB6 = "fd00:1::11", "fd00:1::12"
SERVER, SERVER6 = "10.2.0.2", "fd00:2::2"
WEB, OTHER, FAR = "203.0.113.80", "203.0.113.81", "192.0.2.9"
WEB6, OTHER6 = "2001:db8:80::80", "2001:db8:80::81"
PUBLIC, PUBLIC6 = "198.51.100.1", "2001:db8:51::1"

Play = Callable[[Talk], None]
SCENARIOS: dict[str, Play] = {}


def scenario(play: Play) -> Play:
    """Register a scenario under its name."""
    SCENARIOS[play.__name__.replace("_", "-")] = play
    return play


def surf(t: Talk, *, clients: tuple[str, ...] = (ANN, BOB), first: int = 40001) -> None:
    """TCP, UDP and pings to somebody outside, each client with ports of its own."""
    with t.listen("outside", (WEB, 80)) as web, t.datagrams("outside", (WEB, 53)) as names:
        for number, client in enumerate(clients):
            t.converse(web, "inside", (client, first + number), (WEB, 80))
            t.ask_udp(names, "inside", (client, first + number), (WEB, 53))
            t.ping("inside", client, WEB, first + number)


def in_pieces(t: Talk, who: str, source: Address, to: Address, whom: str, at: Address) -> None:
    """A question of three fragments, and an answer of two."""
    with t.datagrams(whom, at) as server, t.datagrams(who, source) as client:
        client.sendto(bytes(3000), to)
        _, peer = server.recvfrom(9000)
        server.sendto(bytes(2000), peer)
        client.recv(9000)


def strays(t: Talk, port: int = 40001) -> None:
    """What nobody asked for, from outside: to the gateway, to translated ports, and to inside addresses."""
    t.refused("outside", (OTHER, 50001), (PUBLIC, 22))
    t.shout("outside", (OTHER, 50002), (PUBLIC, 161))
    t.shout("outside", (OTHER, 53), (PUBLIC, port))
    t.ping("outside", OTHER, PUBLIC, 77, 1)
    t.ping("outside", OTHER, ANN, 78, 1)
    for flags in (SYN_ACK, ACK):
        t.pass_on("outside", OTHER, 6, PUBLIC, segment(OTHER, PUBLIC, (80, port), flags))
    t.refused("outside", (OTHER, 50003), (ANN, 80))


@scenario
def routed(t: Talk) -> None:
    """No translation at all: what the other scenarios are measured by."""
    surf(t)
    strays(t)
    visit(t, SERVER, (8080, 8080))
    t.refused("outside", (WEB, 50443), (SERVER, 8443))
    t.shout("outside", (WEB, 50009), (SERVER, 9))
    in_pieces(t, "inside", (ANN, 40003), (WEB, 53), "outside", (WEB, 53))
    in_pieces(t, "outside", (WEB, 50001), (SERVER, 5353), "server", (SERVER, 5353))


@scenario
def masquerade(t: Talk) -> None:
    surf(t)
    strays(t)


@scenario
def masquerade_iptables(t: Talk) -> None:
    surf(t)
    strays(t)


@scenario
def masquerade_offloaded(t: Talk) -> None:
    """Checksums are left to devices that are none, segments are long: what captures of containers look like."""
    with t.listen("outside", (WEB, 80)) as web, t.dial("inside", (ANN, 40001), (WEB, 80)) as client:
        served, _ = web.accept()
        served.sendall(bytes(8000))
        received = 0
        while received < 8000:
            received += len(client.recv(8000))
        ask(client, served)
        served.close()
        time.sleep(SHORT)
    with t.datagrams("outside", (WEB, 53)) as names:
        t.ask_udp(names, "inside", (BOB, 40002), (WEB, 53))


@scenario
def masquerade_clashes(t: Talk) -> None:
    """Two clients with the same port, or the same id, to the same server at the same time."""
    with t.listen("outside", (WEB, 80)) as web:
        ann, bob = (t.dial("inside", (client, 40000), (WEB, 80)) for client in (ANN, BOB))
        t.question(ann, web)
        t.question(bob, web)
    with t.datagrams("outside", (WEB, 53)) as names:
        for client in (ANN, BOB, ANN):
            t.ask_udp(names, "inside", (client, 40000), (WEB, 53), 1)
    for client in (ANN, BOB, ANN):
        t.ping("inside", client, WEB, 4242, 1)
    with t.datagrams("outside", (OTHER, 53)) as names:
        t.ask_udp(names, "inside", (BOB, 40000), (OTHER, 53), 1)  # another server: no clash


@scenario
def masquerade_random(t: Talk) -> None:
    """`random` and `fully-random`: the port is nobody's choice."""
    surf(t)


@scenario
def masquerade_ports(t: Talk) -> None:
    """`masquerade to :1024-1031`: eight ports for all."""
    surf(t)


@scenario
def snat_address(t: Talk) -> None:
    surf(t)
    strays(t)
    t.shout("outside", (OTHER, 53), ("198.51.100.2", 40001))


@scenario
def snat_range(t: Talk) -> None:
    """Three addresses, ten ports."""
    surf(t)
    with t.datagrams("outside", (OTHER, 53)) as names:
        for port in range(5):
            t.ask_udp(names, "inside", (ANN, 41000 + port), (OTHER, 53), 1)


@scenario
def snat_addresses(t: Talk) -> None:
    """A range of addresses with the ports kept: which address is a matter of both ends, or with `persistent` of one."""
    with t.datagrams("outside", (WEB, 53)) as names, t.datagrams("outside", (OTHER, 53)) as others:
        for client in (ANN, BOB, INNER):
            t.ask_udp(names, "inside", (client, 40001), (WEB, 53), 1)
            t.ask_udp(others, "inside", (client, 40001), (OTHER, 53), 1)
    with t.listen("outside", (WEB, 80)) as web, t.listen("outside", (OTHER, 80)) as other:
        for client in (ANN, BOB, INNER):
            t.converse(web, "inside", (client, 40002), (WEB, 80))
            t.converse(other, "inside", (client, 40002), (OTHER, 80))


def visit(t: Talk, public: str, *ports: tuple[int, int]) -> None:
    """Visitors come to a public address; pairs of the port they ask for and the one where somebody listens."""
    for asked, at in ports:
        with t.listen("server", (SERVER, at)) as web:
            t.converse(web, "outside", (WEB, 50000 + asked % 100), (public, asked), closes="server")


@scenario
def dnat_forward(t: Talk) -> None:
    visit(t, PUBLIC, (80, 8080))
    with t.datagrams("server", (SERVER, 5353)) as names:
        t.ask_udp(names, "outside", (WEB, 50053), (PUBLIC, 53))
    t.refused("outside", (WEB, 50443), (PUBLIC, 443))  # forwarded to where nobody listens
    t.refused("outside", (WEB, 50022), (PUBLIC, 22))  # not forwarded
    t.shout("outside", (OTHER, 50053), (PUBLIC, 123))
    t.refused("outside", (WEB, 50080), (SERVER, 8080))  # to the inside address itself
    with t.listen("outside", (WEB, 25)) as mail:
        t.converse(mail, "server", (SERVER, 45000), (WEB, 25))  # the server goes out itself


@scenario
def dnat_iptables(t: Talk) -> None:
    dnat_forward(t)


@scenario
def dnat_map(t: Talk) -> None:
    visit(t, PUBLIC, (80, 8080), (443, 8443), (2222, 22))
    visit(t, "198.51.100.2", (80, 8090))
    t.refused("outside", (WEB, 50025), (PUBLIC, 25))
    t.refused("outside", (WEB, 50026), ("198.51.100.2", 443))


@scenario
def dnat_ports(t: Talk) -> None:
    """`dnat to ADDRESS:8080-8083`, to a range of ports and from one to another; and `dnat to` two addresses."""
    visit(t, PUBLIC, (80, 8080), (80, 8080), (8081, 8081))
    with t.listen("inside", (ANN, 7000)) as one, t.listen("inside", (BOB, 7000)) as two:
        for port in (50001, 50002):
            for source in (WEB, OTHER):
                client = t.dial("outside", (source, port), (PUBLIC, 7000))
                one.setblocking(False)
                two.setblocking(False)
                for server in (one, two):
                    try:
                        served, _ = server.accept()
                    except BlockingIOError:
                        continue
                    served.setblocking(True)
                    ask(client, served)
                    served.close()
                time.sleep(SHORT)
                client.close()


@scenario
def dnat_clash(t: Talk) -> None:
    """Two public ports lead to the same one inside: who comes to both from one port cannot keep it."""
    with t.listen("server", (SERVER, 8080)) as web:
        one = t.dial("outside", (WEB, 50000), (PUBLIC, 80))
        two = t.dial("outside", (WEB, 50000), (PUBLIC, 8000))
        t.question(one, web)
        t.question(two, web)


@scenario
def null_binding_clash(t: Talk) -> None:
    """No rule translates the second connection, but its reply would be the first one's."""
    with t.datagrams("server", (SERVER, 5353)) as names:
        t.ask_udp(names, "outside", (WEB, 50000), (PUBLIC, 53), 1)
        t.ask_udp(names, "outside", (WEB, 50000), (SERVER, 5353), 1)
        t.ask_udp(names, "outside", (OTHER, 50000), (SERVER, 5353), 1)


@scenario
def redirect(t: Talk) -> None:
    with t.listen(GATEWAY, ("0.0.0.0", 3128)) as proxy, t.datagrams(GATEWAY, (ANY, 5353)) as names:
        t.converse(proxy, "inside", (ANN, 40001), (WEB, 80), closes="server")
        t.converse(proxy, "inside", (BOB, 40002), ("10.1.0.1", 3128))
        t.refused("outside", (WEB, 50001), (PUBLIC, 3128))
        with t.datagrams("inside", (ANN, 40003)) as client:
            client.sendto(b"question", (WEB, 53))
            said, peer = names.recvfrom(100)
            names.sendto(b"answer to " + said, peer)
            client.recv(100)
    surf(t, clients=(BOB,), first=40010)


ANY = "0.0.0.0"


@scenario
def redirect_iptables(t: Talk) -> None:
    redirect(t)


@scenario
def prefix(t: Talk) -> None:
    """Each inside address has a public one with the same last bits."""
    surf(t)
    with t.listen("inside", (ANN, 8080)) as web:
        t.converse(web, "outside", (WEB, 50001), ("198.51.100.75", 8080))
    t.ping("outside", WEB, "198.51.100.76", 9)
    t.shout("outside", (WEB, 50002), ("198.51.100.76", 9))


@scenario
def netmap_iptables(t: Talk) -> None:
    prefix(t)


@scenario
def netmap_ip6tables(t: Talk) -> None:
    prefix6(t)


@scenario
def prefix6(t: Talk) -> None:
    """Prefix translation of IPv6: 2001:db8:77::/64 is fd00:1::/64."""
    surf6(t)
    with t.listen("inside", (ANN6, 8080)) as web:
        t.converse(web, "outside", (WEB6, 50001), ("2001:db8:77::11", 8080))
    t.ping("outside", WEB6, "2001:db8:77::12", 9)


def surf6(t: Talk) -> None:
    """As `surf`, by IPv6."""
    with t.listen("outside", (WEB6, 80)) as web, t.datagrams("outside", (WEB6, 53)) as names:
        for number, client in enumerate((ANN6, BOB6)):
            t.converse(web, "inside", (client, 40001 + number), (WEB6, 80))
            t.ask_udp(names, "inside", (client, 40001 + number), (WEB6, 53))
            t.ping("inside", client, WEB6, 40001 + number)


@scenario
def masquerade6(t: Talk) -> None:
    surf6(t)
    t.ping("inside", ANN6, OTHER6, 4242, 1)
    t.ping("inside", BOB6, OTHER6, 4242, 1)
    t.refused("outside", (OTHER6, 50001), (PUBLIC6, 22))
    t.shout("outside", (OTHER6, 53), (PUBLIC6, 40001))
    t.shout("inside", (ANN6, 40009), (WEB6, 9))  # closed: the error comes back through the translation


@scenario
def dnat6(t: Talk) -> None:
    with t.listen("server", (SERVER6, 8080)) as web:
        t.converse(web, "outside", (WEB6, 50001), (PUBLIC6, 80))
    t.refused("outside", (WEB6, 50443), (PUBLIC6, 443))
    t.shout("outside", (WEB6, 50002), (PUBLIC6, 53))
    t.refused("outside", (WEB6, 50022), (PUBLIC6, 22))


@scenario
def hairpin(t: Talk) -> None:
    """From inside to the public address of an inside server: on the same link, and on another."""
    with t.listen("inside", (INNER, 8080)) as web:
        t.converse(web, "inside", (ANN, 40001), (PUBLIC, 80))
        t.converse(web, "outside", (WEB, 50001), (PUBLIC, 80))
        one = t.dial("inside", (ANN, 40002), (PUBLIC, 80))
        two = t.dial("inside", (BOB, 40002), (PUBLIC, 80))
        t.question(one, web)
        t.question(two, web)
    with t.listen("server", (SERVER, 8443)) as web:
        t.converse(web, "inside", (ANN, 40003), (PUBLIC, 443))
    t.refused("inside", (BOB, 40004), (PUBLIC, 25))


@scenario
def hairpin_iptables(t: Talk) -> None:
    hairpin(t)


@scenario
def output_dnat(t: Talk) -> None:
    """What the gateway itself sends is led elsewhere."""
    with t.listen("server", (SERVER, 8080)) as web:
        t.converse(web, GATEWAY, (PUBLIC, 40001), (FAR, 80))
        t.converse(web, GATEWAY, ("10.2.0.1", 40002), (SERVER, 8080))
    with t.listen("outside", (WEB, 80)) as web:
        t.converse(web, GATEWAY, (PUBLIC, 40003), (WEB, 80))
    with t.datagrams("server", (SERVER, 53)) as names:
        t.ask_udp(names, GATEWAY, (PUBLIC, 40004), (OTHER, 53))


@scenario
def icmp_errors(t: Talk) -> None:
    """Errors about translated packets, in both directions."""
    t.shout("outside", (WEB, 50009), (PUBLIC, 9))  # closed at the server
    t.shout("inside", (ANN, 40009), (WEB, 9))  # closed at the outside
    with t.datagrams("inside", (ANN, 40010)) as client:
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 2)
        client.sendto(b"trace", (FAR, 33434))
        time.sleep(SHORT)
    with t.datagrams("inside", (BOB, 40011)) as client:
        client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
        client.sendto(bytes(1372), (FAR, 53))
        time.sleep(SHORT)
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        client.sendto(b"trace", (FAR, 33434))  # ends at the gateway
        time.sleep(SHORT)
    with t.raw("inside", ANN, 1) as client:
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 2)
        client.sendto(echo_of(4711), (FAR, 0))
        time.sleep(SHORT)
    t.refused("inside", (ANN, 40012), ("192.0.2.77", 80), patience=0.1)
    forged = struct.pack("!BBHI", 3, 3, 0, 0) + bytes(28)
    t.pass_on("outside", OTHER, 1, PUBLIC, forged)


IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3


def echo_of(ident: int) -> bytes:
    """An echo request."""
    return echo(ident, 1, b"trace", six=False)


@scenario
def fragments(t: Talk) -> None:
    """Datagrams in pieces, through both translations."""
    in_pieces(t, "inside", (ANN, 40001), (WEB, 53), "outside", (WEB, 53))
    in_pieces(t, "outside", (WEB, 50001), (PUBLIC, 53), "server", (SERVER, 5353))


@scenario
def ftp_masquerade(t: Talk) -> None:
    """Clients inside: both kinds of data connections, both families of commands."""
    with t.listen("outside", (WEB, 21)) as server:
        ftp.active(t, server, "inside", (ANN, 40021), (WEB, 21), data=(40100, 20))
        ftp.passive(t, server, "inside", (ANN, 40022), (WEB, 21), data=(40101, 30001))
        ftp.extended(t, server, "inside", (BOB, 40023), (WEB, 21), data=(40102, 30002))
        ftp.extended_active(t, server, "inside", (BOB, 40024), (WEB, 21), data=(40103, 20))


@scenario
def ftp_dnat(t: Talk) -> None:
    """The server inside: its 227 names an address that nobody outside can reach."""
    with t.listen("server", (SERVER, 21)) as server:
        ftp.passive(t, server, "outside", (WEB, 50021), (PUBLIC, 21), data=(50101, 30001), at=SERVER)
        ftp.active(t, server, "outside", (WEB, 50022), (PUBLIC, 21), data=(50102, 20), at=SERVER)


@scenario
def sctp(t: Talk) -> None:
    sctp_talk(t, "inside", ANN, "outside", WEB, PUBLIC, (40001, 2905))


@scenario
def generic(t: Talk) -> None:
    """Protocols without ports: GRE, ESP, and one that nobody knows."""
    for protocol, data in ((47, gre(0)), (50, struct.pack("!II", 7, 1) + bytes(16)), (253, b"experiment")):
        with t.raw("outside", WEB, protocol), t.raw("inside", ANN, protocol), t.raw("inside", BOB, protocol):
            t.pass_on("inside", ANN, protocol, WEB, data)
            t.pass_on("outside", WEB, protocol, PUBLIC, data)
            t.pass_on("inside", BOB, protocol, OTHER, data)
            t.pass_on("outside", OTHER, protocol, PUBLIC, data)
    t.pass_on("outside", WEB, 254, PUBLIC, b"unasked")


@scenario
def generic_clash(t: Talk) -> None:
    """Two clients, one server, no ports: the translation of the second is taken already."""
    with t.raw("outside", WEB, 253), t.raw("inside", ANN, 253), t.raw("inside", BOB, 253):
        t.pass_on("inside", ANN, 253, WEB, b"first")
        t.pass_on("inside", BOB, 253, WEB, b"second")
        t.pass_on("outside", WEB, 253, PUBLIC, b"to whom")


@scenario
def tcp_troubles(t: Talk) -> None:
    """Lost packets, resets, and ports that come again."""
    with t.listen("outside", (WEB, 80)) as web:
        lost = "table ip lost { chain input { type filter hook input priority 0; tcp dport 80 drop; }; }"
        t.rules("outside", lost)
        client = t.scene.socket("inside", socket.AF_INET, socket.SOCK_STREAM)
        client.bind((ANN, 40001))
        client.setblocking(False)
        client.connect_ex((WEB, 80))
        time.sleep(0.2)
        t.rules("outside", "delete table ip lost")
        time.sleep(1.2)
        client.setblocking(True)
        client.settimeout(3)
        t.question(client, web, closes="server")
        for _ in range(2):  # the server is in TIME_WAIT, the port comes again
            t.converse(web, "inside", (ANN, 40001), (WEB, 80), closes="server")
        aborted = t.dial("inside", (BOB, 40002), (WEB, 80))
        served, _ = web.accept()
        ask(aborted, served)
        t.abort(aborted)
        served.close()
        again = t.dial("inside", (BOB, 40002), (WEB, 80))
        served, _ = web.accept()
        ask(again, served)
        t.abort(served)
        again.close()
    t.refused("inside", (ANN, 40003), (WEB, 81))
    t.pass_on("outside", WEB, 6, PUBLIC, segment(WEB, PUBLIC, (80, 40001), ACK))
    t.pass_on("inside", ANN, 6, WEB, segment(ANN, WEB, (40004, 80), ACK))
    t.pass_on("outside", WEB, 6, PUBLIC, segment(WEB, PUBLIC, (80, 40005), SYN))


@scenario
def two_tables(t: Talk) -> None:
    """NAT chains in several tables and at several priorities: the first that translates a side has the last word."""
    surf(t)
    visit(t, PUBLIC, (80, 8080), (443, 8443))


@scenario
def docker(t: Talk) -> None:
    """A published port and a masqueraded network, as container engines write them with iptables."""
    with t.listen("server", (SERVER, 80)) as web:
        t.converse(web, "outside", (WEB, 50001), (PUBLIC, 8080))
        t.converse(web, "inside", (ANN, 40001), (PUBLIC, 8080))
        t.converse(web, GATEWAY, ("10.1.0.1", 40002), (PUBLIC, 8080))
    with t.listen("outside", (WEB, 80)) as web:
        t.converse(web, "server", (SERVER, 45000), (WEB, 80))
    t.refused("outside", (WEB, 50002), (SERVER, 80))
    t.refused("outside", (WEB, 50003), (PUBLIC, 80))
