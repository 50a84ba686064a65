"""How long the text is that the FTP helper writes in place of an address and a port (`nf_nat_ftp_fmt_cmd`).

Read first: `fwsim.engine.ftp_line`. It is never longer because of how the old one was written: numbers have no zeros in
front, the delimiter is `|`, and an IPv6 address has all its digits.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.ftp_line import EPRT, EXTENDED_PASSIVE
from fwsim.tables import V6, Row

IPV6_DIGITS = 39
"""Of `fd00:0000:0000:0000:0000:0000:0000:0001`."""


@shared
def text_length(kind: int, first: int, port: int) -> int:
    """The bytes of an announcement that begins with this word, and of an address with this first word."""
    if kind == EXTENDED_PASSIVE:
        return 4 + digits(port)  # |||1024|
    if kind == EPRT:
        return 5 + (IPV6_DIGITS if first >= V6 else dotted(first)) + digits(port)  # |1|10.0.0.1|1024|
    return dotted(first) + 2 + digits(port >> 8) + digits(port & 255)  # 10,0,0,1,4,0


@hot
def dotted(word: int) -> int:
    """The bytes of an IPv4 address; the first word of an IPv6 address is written like one."""
    ends = digits(word >> 24 & 255) + digits(word & 255)
    return ends + digits(word >> 16 & 255) + digits(word >> 8 & 255) + 3


@hot
def digits(number: int) -> int:
    """The digits of a number below 65,536."""
    if number < 100:
        return 1 if number < 10 else 2
    if number < 10000:
        return 3 if number < 1000 else 4
    return 5


@hot
def growth_of(said: Row, first: int) -> int:
    """By how many bytes a line grows if its address is replaced by one with this first word."""
    return text_length(said["list0"], first, said["dst_id"]) - int(said["list1"])
