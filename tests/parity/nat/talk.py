"""What people say to each other: real sockets with ports of our choice, and messages made by hand where there are none.

Read first: `scene`. Nothing here is threaded: the kernel shakes hands by itself, and waits are short.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import subprocess
import time
from dataclasses import dataclass

from tests.parity.nat.scene import Scene

Address = tuple[str, int]

SHORT = 0.05
"""Seconds to let things happen that nobody waits for."""


def family_of(address: str) -> int:
    """The address family of a text."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@dataclass
class Talk:
    """The traffic of one scenario."""

    scene: Scene

    # --- TCP ---------------------------------------------------------------------------------------------------------

    def listen(self, who: str, at: Address) -> socket.socket:
        """A server."""
        server = self.scene.socket(who, family_of(at[0]), socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(at)
        server.listen(8)
        return server

    def dial(self, who: str, source: Address, to: Address) -> socket.socket:
        """Connect to a server."""
        client = self.scene.socket(who, family_of(to[0]), socket.SOCK_STREAM)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.bind(source)
        client.connect(to)
        return client

    def converse(
        self, server: socket.socket, who: str, source: Address, to: Address, *, closes: str = "client"
    ) -> None:
        """A connection: a question, an answer, and an orderly end."""
        client = self.dial(who, source, to)
        self.question(client, server, closes)

    def question(self, client: socket.socket, server: socket.socket, closes: str = "client") -> None:
        """The conversation of `converse` after the handshake."""
        served, _ = server.accept()
        served.settimeout(5)
        ask(client, served)
        first, second = (client, served) if closes == "client" else (served, client)
        first.shutdown(socket.SHUT_WR)
        second.recv(10)
        second.close()
        time.sleep(SHORT)
        first.close()

    def refused(self, who: str, source: Address, to: Address, patience: float = 0.2) -> None:
        """Try to connect, in vain."""
        client = self.scene.socket(who, family_of(to[0]), socket.SOCK_STREAM)
        client.settimeout(patience)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(source)
        try:
            client.connect(to)
        except (ConnectionRefusedError, TimeoutError):
            return
        except OSError as error:
            if error.errno not in (errno.EHOSTUNREACH, errno.ENETUNREACH):
                raise
            return
        finally:
            client.close()
        raise AssertionError(f"{who} could connect to {to}")

    def abort(self, one: socket.socket) -> None:
        """Close with a reset."""
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("=ii", 1, 0))
        one.close()
        time.sleep(SHORT)

    # --- UDP ---------------------------------------------------------------------------------------------------------

    def datagrams(self, who: str, at: Address) -> socket.socket:
        """A UDP socket."""
        made = self.scene.socket(who, family_of(at[0]), socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(at)
        return made

    def ask_udp(self, server: socket.socket, who: str, source: Address, to: Address, times: int = 2) -> None:
        """Questions and answers by UDP."""
        with self.datagrams(who, source) as client:
            for number in range(times):
                client.sendto(b"question %d" % number, to)
                said, peer = server.recvfrom(9000)
                server.sendto(b"answer to " + said, peer)
                client.recv(9000)

    def shout(self, who: str, source: Address, to: Address, data: bytes = b"hello") -> None:
        """One datagram, and no answer."""
        with self.datagrams(who, source) as client:
            with contextlib.suppress(OSError):  # an ICMP error may be waiting
                client.sendto(data, to)
            time.sleep(SHORT)

    # --- by hand -----------------------------------------------------------------------------------------------------

    def raw(self, who: str, address: str, protocol: int) -> socket.socket:
        """A socket for packets of a protocol, from and to an address of somebody's."""
        made = self.scene.socket(who, family_of(address), socket.SOCK_RAW, protocol)
        made.bind((address, 0))
        return made

    def ping(self, who: str, source: str, to: str, ident: int, times: int = 2, data: bytes = b"ping") -> None:
        """Echo requests with an id of our choice; the answers are awaited by the clock alone."""
        six = ":" in to
        with self.raw(who, source, 58 if six else 1) as client:
            for number in range(1, times + 1):
                client.sendto(echo(ident, number, data, six=six), (to, 0))
                time.sleep(SHORT)

    def pass_on(self, who: str, source: str, protocol: int, to: str, data: bytes) -> None:
        """One packet of some protocol."""
        with self.raw(who, source, protocol) as client:
            client.sendto(data, (to, 0))
            time.sleep(SHORT)

    def rules(self, who: str, text: str) -> None:
        """Load nft rules of somebody's own."""
        with self.scene.within(who):
            subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


def ask(client: socket.socket, served: socket.socket, question: bytes = b"question", answer: bytes = b"answer") -> None:
    """One says something, the other answers; a short while, so that nothing crosses on the way."""
    client.sendall(question)
    served.recv(4096)
    served.sendall(answer)
    client.recv(4096)
    time.sleep(SHORT)


def echo(ident: int, sequence: int, data: bytes, *, six: bool) -> bytes:
    """An echo request; the kernel fills in the checksum of ICMPv6 only."""
    head = struct.pack("!BBHHH", 128 if six else 8, 0, 0, ident, sequence)
    if six:
        return head + data
    return head[:2] + struct.pack("!H", checksum(head + data)) + head[4:] + data


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
