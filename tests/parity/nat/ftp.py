"""FTP as its two ends speak it, with data connections of both kinds.

Read first: RFC 959 §4.1.2, RFC 2428. The words are sent as they are: whoever translates the addresses has to find them.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable

from tests.parity.nat.talk import SHORT, Address, Talk

Ports = tuple[int, int]
"""Of a data connection: the client's, the server's."""


def say(one: socket.socket, other: socket.socket, line: str) -> str:
    """A line from one to the other, and what arrives of it."""
    one.sendall(line.encode() + b"\r\n")
    heard = other.recv(1000).decode().strip()
    time.sleep(SHORT)
    return heard


def log_in(
    t: Talk, server: socket.socket, who: str, source: Address, to: Address
) -> tuple[socket.socket, socket.socket]:
    """A control connection with somebody logged in."""
    client = t.dial(who, source, to)
    served, _ = server.accept()
    served.settimeout(5)
    say(served, client, "220 ready")
    say(client, served, "USER anonymous")
    say(served, client, "230 welcome")
    return client, served


def leave(client: socket.socket, served: socket.socket) -> None:
    """An orderly end."""
    say(client, served, "NOOP")
    say(served, client, "200 still here")
    say(client, served, "QUIT")
    say(served, client, "221 bye")
    served.close()
    time.sleep(SHORT)
    client.close()
    time.sleep(SHORT)


def transfer(client: socket.socket, served: socket.socket, sender: socket.socket, receiver: socket.socket) -> None:
    """The server sends a listing by the data connection."""
    say(client, served, "LIST")
    say(served, client, "150 here it comes")
    sender.sendall(b"a file\r\n")
    receiver.recv(100)
    sender.close()
    time.sleep(SHORT)
    receiver.close()
    time.sleep(SHORT)
    say(served, client, "226 done")


def port_words(address: str, port: int) -> str:
    """An address and a port as RFC 959 writes them."""
    return ",".join([*address.split("."), str(port >> 8), str(port & 255)])


def read_port(heard: str) -> Address:
    """The address and the port in a line."""
    numbers = [int(number) for number in re.findall(r"\d+", heard)[-6:]]
    return ".".join(map(str, numbers[:4])), numbers[4] << 8 | numbers[5]


def read_extended(heard: str) -> Address:
    """The same of EPRT, or of 229, which has no address."""
    address, port = re.findall(r"\|\|?([0-9.]*)\|(\d+)\|", heard.replace("|1|", "||"))[-1]
    return address, int(port)


def called_back(
    t: Talk, server: socket.socket, who: str, source: Address, to: Address, data: Ports, at: str | None,
    order: str, read: Callable[[str], Address],
) -> None:  # fmt: skip
    """The client listens and says where; the server opens the data connection."""
    client, served = log_in(t, server, who, source, to)
    with t.listen(who, (source[0], data[0])) as waiting:
        told = read(say(client, served, order))
        say(served, client, "200 noted")
        sender = t.dial(SERVERS[server.getsockname()[0]], (at or to[0], data[1]), told)
        receiver, _ = waiting.accept()
        transfer(client, served, sender, receiver)
    leave(client, served)


def called(
    t: Talk, server: socket.socket, who: str, source: Address, to: Address, data: Ports, at: str | None,
    orders: tuple[str, str], read: Callable[[str], Address],
) -> None:  # fmt: skip
    """The server listens and says where; the client opens the data connection."""
    client, served = log_in(t, server, who, source, to)
    with t.listen(SERVERS[server.getsockname()[0]], (at or to[0], data[1])) as waiting:
        say(client, served, orders[0])
        address, port = read(say(served, client, orders[1]))
        receiver = t.dial(who, (source[0], data[0]), (address or to[0], port))
        sender, _ = waiting.accept()
        transfer(client, served, sender, receiver)
    leave(client, served)


SERVERS = {"203.0.113.80": "outside", "10.2.0.2": "server"}
"""Who has the address of a server."""


def active(
    t: Talk, server: socket.socket, who: str, source: Address, to: Address, data: Ports, at: str | None = None
) -> None:
    """PORT."""
    called_back(t, server, who, source, to, data, at, f"PORT {port_words(source[0], data[0])}", read_port)


def passive(
    t: Talk, server: socket.socket, who: str, source: Address, to: Address, data: Ports, at: str | None = None
) -> None:
    """PASV."""
    answer = f"227 Entering Passive Mode ({port_words(at or to[0], data[1])})"
    called(t, server, who, source, to, data, at, ("PASV", answer), lambda heard: read_port(heard.rstrip(").")))


def extended(t: Talk, server: socket.socket, who: str, source: Address, to: Address, data: Ports) -> None:
    """EPSV."""
    answer = f"229 Entering Extended Passive Mode (|||{data[1]}|)"
    called(t, server, who, source, to, data, None, ("EPSV", answer), read_extended)


def extended_active(t: Talk, server: socket.socket, who: str, source: Address, to: Address, data: Ports) -> None:
    """EPRT."""
    called_back(t, server, who, source, to, data, None, f"EPRT |1|{source[0]}|{data[0]}|", read_extended)
