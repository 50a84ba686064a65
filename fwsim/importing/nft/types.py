"""The data types of nft: how wide they are, and how their values are written.

Read first: `symbols`. A type has no width of its own (0 bits) where what is looked at gives it one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from fwsim.importing.services import PROTOCOLS, SERVICES

from .symbols import SYMBOLS

NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)\Z", re.ASCII)
DOTTED = re.compile(r"[0-9a-fA-FxX.]+\Z", re.ASCII)
LINK_ADDRESS = re.compile(r"[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2})*\Z", re.ASCII)
DURATION = re.compile(r"(?:([0-9]{1,8})d)?(?:([0-9]{1,8})h)?(?:([0-9]{1,8})m)?(?:([0-9]{1,8})s)?(?:([0-9]{1,8})ms)?\Z")
CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2}))?\Z", re.ASCII)
PLAIN = {str(number): number for number in range(256)}
"""The parts of nearly every IPv4 address."""
DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
SECOND = 1_000_000_000


class DataType(NamedTuple):
    """`base` is what nft calls its base type: integer, bitmask, string, verdict or invalid."""

    name: str
    bits: int = 0
    base: str = "integer"

    @property
    def is_bitmask(self) -> bool:
        """Whether values are bits that may be joined."""
        return self.base == "bitmask"


class UnreadableError(Exception):
    """A word that the data type does not know; the text says why."""


MOST_DIGITS = 40
"""More than any number of nft has: those of 128 bits are the widest."""


def _is_decimal(text: str) -> bool:
    """Whether a text is decimal digits alone."""
    return text.isascii() and text.isdigit()


def _decimal(text: str) -> int:
    """Decimal digits as a number."""
    if len(text) > MOST_DIGITS:
        raise UnreadableError(f"expected a number of at most {MOST_DIGITS} digits")
    return int(text)


def _integer(text: str) -> int:
    """A number in decimal, hexadecimal or octal."""
    if not NUMBER.match(text):
        raise UnreadableError("expected a number")
    if text[:2] in ("0x", "0X"):
        return int(text, 16)
    if len(text) > 1 and text[0] == "0":
        if set(text) - set("01234567"):
            raise UnreadableError("expected a number")
        return int(text, 8)
    return _decimal(text)


def _symbolic(name: str) -> Callable[[str], int]:
    """A reader of the constants of a type; what is no constant must be a number."""
    symbols = SYMBOLS[name]

    def read(text: str) -> int:
        found = symbols.get(text)
        if found is not None:
            return found
        if NUMBER.match(text):
            return _integer(text)
        raise UnreadableError(f"expected a number or one of {', '.join(list(symbols)[:12])}")

    return read


def _address4(text: str) -> int:
    """An IPv4 address; a number alone, and octal parts, mean what inet_aton makes of them."""
    parts = text.split(".")
    if len(parts) == 4 and all(map(PLAIN.__contains__, parts)):
        return PLAIN[parts[0]] << 24 | PLAIN[parts[1]] << 16 | PLAIN[parts[2]] << 8 | PLAIN[parts[3]]
    if not DOTTED.match(text) or len(parts) > 4:
        raise UnreadableError("expected an IPv4 address (names of hosts are not resolved)")
    numbers = [_integer(part) for part in parts]
    value = numbers[-1]
    if value >= 1 << (8 * (5 - len(parts))) or any(number > 255 for number in numbers[:-1]):
        raise UnreadableError("expected an IPv4 address")
    for place, number in enumerate(numbers[:-1]):
        value |= number << (24 - 8 * place)
    return value


def _address6(text: str) -> int:
    """An IPv6 address."""
    try:
        return int(ipaddress.IPv6Address(text))
    except ValueError:
        raise UnreadableError("expected an IPv6 address (names of hosts are not resolved)") from None


def _link_address(text: str) -> int:
    """An Ethernet address; fewer bytes than six are its last ones."""
    if not LINK_ADDRESS.match(text) or text.count(":") > 5:
        raise UnreadableError("expected an address such as 00:11:22:33:44:55")
    value = 0
    for byte in text.split(":"):
        value = value << 8 | int(byte, 16)
    return value


def _service(text: str) -> int:
    """A port, or the name of a service."""
    if NUMBER.match(text):
        port = _integer(text)
        if port > 0xFFFF:
            raise UnreadableError("a port is at most 65535")
        return port
    if text not in SERVICES:
        raise UnreadableError("expected a port or the name of a service")
    return SERVICES[text]


def _protocol(text: str) -> int:
    """A protocol by number or name."""
    number = _integer(text) if NUMBER.match(text) else KEYWORDS.get(text, PROTOCOLS.get(text))
    if number is None:
        raise UnreadableError("expected the number or name of a protocol")
    if number > 255:
        raise UnreadableError("a protocol is at most 255")
    return number


KEYWORDS = {"comp": 108}
"""Protocols that are keywords of nft and stand in no /etc/protocols."""


def seconds(text: str) -> int:
    """`1d2h3m4s`, or a number of seconds."""
    return milliseconds(text) // 1000


def milliseconds(text: str) -> int:
    """`1d2h3m4s5ms` in milliseconds; a number alone is seconds."""
    if _is_decimal(text):
        return _decimal(text) * 1000
    found = DURATION.match(text)
    if not text or found is None:
        raise UnreadableError("expected a duration such as 1h30m")
    parts = [int(part or 0) for part in found.groups()]
    scale = (86_400_000, 3_600_000, 60_000, 1000, 1)
    return sum(count * each for count, each in zip(parts, scale, strict=True))


def _time_of_day(text: str) -> int:
    """`10:00`, `10:00:30`, or seconds since midnight; Unlike Linux: always UTC."""
    if _is_decimal(text):
        return _decimal(text)
    found = CLOCK.match(text)
    if found is None:
        raise UnreadableError("expected a time such as 10:00")
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    if hours > 23 or minutes > 59 or rest > 60:
        raise UnreadableError("expected a time such as 10:00")
    return hours * 3600 + minutes * 60 + rest


def _date(text: str) -> int:
    """`2020-01-01 10:00` in ns since the epoch, or a number of seconds; Unlike Linux: always UTC."""
    if _is_decimal(text):
        return _decimal(text) * SECOND
    for pattern in DATES:
        try:
            when = datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
        return int(when.timestamp()) * SECOND
    raise UnreadableError("expected a date such as 2020-01-01 10:00")


def _class(text: str) -> int:
    """`1:2`, `root`, `none`, or a number in hexadecimal."""
    if text in SYMBOLS["classid"]:
        return SYMBOLS["classid"][text]
    high, colon, low = text.partition(":")
    try:
        if colon:
            return (int(high or "0", 16) & 0xFFFF) << 16 | int(low or "0", 16) & 0xFFFF
        return int(text, 16)
    except ValueError:
        return 0  # nft takes any word for 0


def _nothing(text: str) -> int:
    """Of types that words are never read as."""
    raise UnreadableError("what is compared has no type that a value could be read as")


READERS: dict[str, Callable[[str], int]] = {
    **{name: _symbolic(name) for name in SYMBOLS},
    "integer": _integer, "bitmask": _integer, "mark": _integer, "ct_label": _integer, "cgroupsv2": _integer,
    "iface_index": _integer, "uid": _integer, "gid": _integer,
    "ipv4_addr": _address4, "ipv6_addr": _address6, "ether_addr": _link_address, "ll_addr": _link_address,
    "inet_service": _service, "inet_proto": _protocol, "expiration": milliseconds, "time": _date,
    "hour": _time_of_day, "classid": _class, "invalid": _nothing,
}  # fmt: skip
"""How a word is read, by the name of the type."""

BITMASKS = frozenset(["tcp_flag", "ct_state", "ct_status", "ct_event", "ct_label"])
WIDTHS = {
    "boolean": 1, "nf_proto": 8, "ether_type": 16, "arp_op": 16, "tcp_flag": 8, "ct_state": 32, "ct_dir": 8,
    "ct_status": 32, "ct_event": 32, "ct_label": 128, "pkt_type": 8, "fib_addrtype": 32, "dscp": 6, "ecn": 2,
    "dccp_pkttype": 4, "icmp_type": 8, "icmp_code": 8, "icmpv6_type": 8, "icmpv6_code": 8, "icmpx_code": 8,
    "igmp_type": 8, "mh_type": 8, "day": 8, "hour": 32, "time": 64, "expiration": 32, "mark": 32, "uid": 32,
    "gid": 32, "iface_index": 32, "iface_type": 16, "devgroup": 32, "classid": 32, "realm": 32, "cgroupsv2": 64,
    "ipv4_addr": 32, "ipv6_addr": 128, "ether_addr": 48, "inet_service": 16, "inet_proto": 8,
}  # fmt: skip

TYPES: dict[str, DataType] = {
    **{name: DataType(name, bits, "bitmask" if name in BITMASKS else "integer") for name, bits in WIDTHS.items()},
    "integer": DataType("integer"), "bitmask": DataType("bitmask"), "ll_addr": DataType("ll_addr"),
    "string": DataType("string", 0, "string"), "ifname": DataType("ifname", 128, "string"),
    "verdict": DataType("verdict", 0, "verdict"), "invalid": DataType("invalid", 0, "invalid"),
}  # fmt: skip
"""All of them by name, as the type of a set names them."""
