"""Lines of FTP's control connection: announcements right and wrong in every way, and all else that is said there.

Read first: RFC 959 §4.1.2 (PORT), RFC 1123 §4.1.2.6 (227), RFC 2428 (EPRT, 229); `fwsim.engine.ftp_line`, which reads
them.
"""

from __future__ import annotations

from random import Random

from fwsim.capture.crafting import packed
from fwsim.fuzz.hosts import Pair

PORTS = (*[1024, 1025, 1026] * 5, 5000, 65_535, 21, 0, 70_000)
"""Of data connections: the last two are none."""
ENDS = (*["\r\n"] * 16, "\n", "\r", "", "\r\nX")
DELIMITERS = "|" * 24 + "!-,.1\x7f:"
CHATTER = (
    b"220 ready\r\n", b"USER a\r\n", b"331 go on\r\n", b"QUIT\r\n", b"200 ok\r\n", b"p\n", b"\n",
    b"230-many\r\n230 ok\r\n",
)  # fmt: skip
FRAGMENTARY = (b"x", b"P", b"PO", b"PORT", b"E", b"2", b"22", b"227 ", b"229 (", b"EPRT |")
FOREIGN_V4 = ("10.1.0.99", "253.0.0.1", "253.0.0.0", "0.0.0.0")
"""Addresses of others; an IPv6 address that begins with such bytes is not one of them."""
FOREIGN_V6 = (
    "::1", "::", "fd00::", "1::2::3", ":::", "fd00:::1", "00000fd00::1", "fd00:0::1", "fd00:0:0:0:0:0:0::1", "g::1",
    "0:0:0:0:0:0:0:0:1", "", "::fd00:1:2:3:4:5:6:7", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7::8",
)  # fmt: skip
TYPING_ERRORS = ("", "x", "0", ",", "|", ":", "\xff", "99999999999", " ")


def line(chance: Random, side: int, pair: Pair) -> tuple[int | None, bytes]:
    """What an end says, with the port that it announces, if it seems to announce one."""
    fate = chance.random()
    if fate < 0.15:
        return None, chance.choice(CHATTER)
    if fate < 0.2:
        return None, chance.choice(FRAGMENTARY)
    port = chance.choice(PORTS)
    text = announcement(chance, side, pair, port) + chance.choice(ENDS)
    if fate < 0.25:
        text = text[: chance.randrange(1, len(text) + 1)]
    elif fate < 0.3:
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice(TYPING_ERRORS) + text[place + 1 :]
    elif fate < 0.33:
        text = "200 first\r\n" + text
    return port & 0xFFFF, (text or "x").encode("latin-1")


def announcement(chance: Random, side: int, pair: Pair, port: int) -> str:
    """One of the four, mostly one that this end and its family would use, without its end."""
    own = pair[side]
    v6 = ":" in own
    usual = ("EPRT", "EPRT", "EPRT", "PORT") if side == 0 else ("229", "229", "229", "227")
    kinds = usual if v6 else (usual[0], usual[3])
    kind = chance.choice(("PORT", "EPRT", "227", "229") if chance.random() < 0.08 else kinds)
    delimiter = chance.choice(DELIMITERS)
    if kind == "PORT":
        return chance.choice((*["PORT "] * 5, "port ", "PoRT ", "PORT  ", "PORTX ")) + six_numbers(chance, own, port)
    if kind == "227":
        before, behind = chance.choice(("Entering Passive Mode (", "=", "", "Passive ")), chance.choice(")) ,.")
        return f"227 {before}{six_numbers(chance, own, port)}{behind}"
    if kind == "229":
        before = chance.choice(("Entering Extended Passive Mode (", "(", "ok ("))
        return f"229 {before}{delimiter * 3}{port}{delimiter}{chance.choice((')', ')', ''))}"
    address = spelled(chance, own) if v6 else four_numbers(chance, own)
    fields = (str(2 if v6 else 1), address, str(port))
    return chance.choice(("EPRT ", "eprt ")) + delimiter + delimiter.join(fields) + delimiter


def four_numbers(chance: Random, own: str) -> str:
    """The end's own IPv4 address, sometimes another; an IPv6 end has none."""
    return chance.choice(FOREIGN_V4) if ":" in own or chance.random() < 0.08 else own


def six_numbers(chance: Random, own: str, port: int) -> str:
    """Address and port as PORT and 227 have them."""
    return f"{four_numbers(chance, own)}.{port >> 8}.{port & 255}".replace(".", ",")


def spelled(chance: Random, own: str) -> str:
    """The end's own IPv6 address in one of its spellings, sometimes another, or none at all."""
    raw = packed(own)
    words = [int.from_bytes(raw[place : place + 2], "big") for place in range(0, 16, 2)]
    return chance.choice(
        (
            *[own] * 8,
            *[":".join(f"{word:x}" for word in words)] * 4,
            ":".join(f"{word:04X}" for word in words),
            own + chance.choice(("0", ":")),
            chance.choice(FOREIGN_V6),
        )
    )
