"""What a line of FTP's control connection announces: the port of a data connection to come.

Read first: RFC 959 §4.1.2 (PORT), RFC 1123 §4.1.2.6 (227), RFC 2428 (EPRT, 229), `fwsim.tables.QUOTE`. Lines are read
as `nf_conntrack_ftp.c` reads them, quirks and all: what counts is the beginning of a segment. Whether anybody listens
to it, and what then happens, is decided in `fwsim.engine.ftp`.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.transport import clear_quote
from fwsim.engine.wire import Buffer, u8
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Direction

Row = Any
Table = Any

ORIGINAL = int(Direction.ORIGINAL)
REPLY = int(Direction.REPLY)

ENDS_LINE = -3
"""In PACKET["quote"]: the payload ends in a newline, and begins with nothing that FTP could mean."""

# In QUOTE["usable"] of a line.
BROKEN_OFF = 0
"""A command or answer that is not there in full, or is malformed: FTP's helper drops it."""
EXPECTS = 1
"""It names the sender's own address, and a port."""
ELSEWHERE = 2
"""It names another address than the sender's: nothing comes of it."""

NOTHING = 0
PORT = 0x706F7274
EPRT = 0x65707274
PASSIVE = 0x32323720
EXTENDED_PASSIVE = 0x32323920
"""`port`, `eprt`, `227 `, `229 ` as 32-bit words, letters in lower case."""
LOWER_CASE = 0x20202020

NEWLINE = 10
RETURN = 13
SPACE = 32
PARENTHESIS = 40
COMMA = 44
DOT = 46
COLON = 58
ANY_END = -1


@hot
def line(buffer: Buffer, packet: Row, quotes: Table, at: int, end: int, captured: int, decoder: Row) -> None:
    """Read the payload of a TCP segment, from `at` to `end`; sets `quote`.

    That is ABSENT if the payload is no line, ENDS_LINE if it only ends one, UNKNOWN_VALUE if it was not captured.
    """
    if captured < end:
        packet["quote"] = UNKNOWN_VALUE
        return
    ends = 1 if u8(buffer, end - 1) == NEWLINE else 0
    kind = command(buffer, at, end)
    if kind == NOTHING:
        if ends:
            packet["quote"] = ENDS_LINE
        return
    packet["quote"] = decoder["quotes"]
    decoder["quotes"] += 1
    row = quotes[packet["quote"]]
    clear_quote(row)
    row["newline"] = ends
    row["src_id"] = ORIGINAL if kind == PORT or kind == EPRT else REPLY
    row["list0"] = kind
    row["usable"] = BROKEN_OFF if end - at <= 4 else announcement(buffer, packet, row, kind, at + 4, end)


@hot
def command(buffer: Buffer, at: int, end: int) -> int:
    """Which of the four words a payload begins with, or is the beginning of; NOTHING if with none."""
    first = u8(buffer, at)
    if first | 0x20 != PORT >> 24 and first | 0x20 != EPRT >> 24 and first != PASSIVE >> 24:
        return NOTHING
    size = min(end - at, 4)
    word = 0
    for i in range(size):
        word = word << 8 | u8(buffer, at + i)
    lower = word | LOWER_CASE >> 8 * (4 - size)
    if lower == PORT >> 8 * (4 - size):
        return PORT
    if lower == EPRT >> 8 * (4 - size):
        return EPRT
    if word == PASSIVE >> 8 * (4 - size):
        return PASSIVE
    return EXTENDED_PASSIVE if word == EXTENDED_PASSIVE >> 8 * (4 - size) else NOTHING


@shared
def announcement(buffer: Buffer, packet: Row, row: Row, kind: int, at: int, end: int) -> int:
    """What stands behind the word: EXPECTS, with the port in `dst_id`, ELSEWHERE or BROKEN_OFF.

    How many bytes say so is left in `list1`.

    Unlike Linux: an IPv6 address that ends in an IPv4 one is not read; UNKNOWN_VALUE.
    """
    if kind == PASSIVE:
        while at < end and not is_digit(u8(buffer, at)):
            at += 1
        row["list1"] = numbers(buffer, row, at, end, 6, COMMA, ANY_END)
        return whose(packet, row) if row["list1"] else BROKEN_OFF
    start = PARENTHESIS if kind == EXTENDED_PASSIVE else SPACE
    while at < end and u8(buffer, at) != start:
        at += 1
    at += 1
    if kind == PORT:
        row["list1"] = numbers(buffer, row, at, end, 6, COMMA, RETURN)
        return whose(packet, row) if row["list1"] else BROKEN_OFF
    if end - at <= 3 or not is_delimiter(u8(buffer, at)) or u8(buffer, at + 2) != u8(buffer, at):
        return BROKEN_OFF
    delimiter = u8(buffer, at)
    if kind == EXTENDED_PASSIVE:
        if u8(buffer, at + 1) != delimiter:
            return BROKEN_OFF
        return EXPECTS if port(buffer, row, at, 3, end, delimiter) else BROKEN_OFF
    if packet["family"] == 4:
        return eprt_ipv4(buffer, packet, row, at, end, delimiter)
    return eprt_ipv6(buffer, packet, row, at, end, delimiter)


@hot
def eprt_ipv4(buffer: Buffer, packet: Row, row: Row, at: int, end: int, delimiter: int) -> int:
    """`|1|10.0.0.1|1024|`, from the first delimiter on."""
    if u8(buffer, at + 1) != 0x31:
        return BROKEN_OFF
    length = numbers(buffer, row, at + 3, end, 4, DOT, delimiter)
    if length == 0 or not port(buffer, row, at, 4 + length, end, delimiter):
        return BROKEN_OFF
    return whose(packet, row)


@hot
def eprt_ipv6(buffer: Buffer, packet: Row, row: Row, at: int, end: int, delimiter: int) -> int:
    """`|2|fd00::1|1024|`, from the first delimiter on."""
    if u8(buffer, at + 1) != 0x32:
        return BROKEN_OFF
    length = ipv6_text(buffer, row, at + 3, end, delimiter)
    if length < 0:
        return length
    words, gap = row["chunks"], row["kinds"]
    if length == 0 or not port(buffer, row, at, 4 + length, end, delimiter):
        return BROKEN_OFF
    return EXPECTS if is_source(buffer, packet, at + 3, at + 3 + length, words, gap) else ELSEWHERE


@hot
def is_digit(byte: int) -> bool:
    """Whether a byte is 0 to 9."""
    return 48 <= byte <= 57


@hot
def is_delimiter(byte: int) -> bool:
    """Whether a byte can delimit the parts of EPRT and 229 (RFC 2428 §2)."""
    return 33 <= byte <= 126 and not is_digit(byte)


@hot
def whose(packet: Row, row: Row) -> int:
    """Whether the address in `dst0` is the sender's. Over IPv6 Linux compares no more than its first word."""
    return EXPECTS if row["dst0"] == packet["src0"] & 0xFFFFFFFF else ELSEWHERE


@hot
def numbers(buffer: Buffer, row: Row, at: int, end: int, count: int, separator: int, terminator: int) -> int:
    """Read `count` numbers (`try_number`): the first four are an address, `dst0`, the other two a port, `dst_id`.

    Returns how many bytes come before what ends the last, 0 if they are not such numbers. Too large ones wrap around.
    """
    value = 0
    place = 0
    address = 0
    number = 0
    for i in range(at, end):
        byte = u8(buffer, i)
        if place == count:
            return 0
        if is_digit(byte):
            value = (value * 10 + byte - 48) & 0xFFFFFFFF
            continue
        if byte != separator and (place < count - 1 or (terminator >= 0 and byte != terminator)):
            return 0
        if place < 4:
            address |= value << (24 - 8 * place)
        else:
            number = number << 8 | value
        if byte != separator:
            row["dst0"] = address & 0xFFFFFFFF
            row["dst_id"] = number & 0xFFFF
            return i - at
        place += 1
        value = 0
    return 0


@hot
def port(buffer: Buffer, row: Row, at: int, skipped: int, end: int, delimiter: int) -> bool:
    """Read a port up to a delimiter into `dst_id` (`get_port`); 0 is none, a larger one than 65,535 wraps around.

    It begins `skipped` bytes behind `at`; from there on, the bytes including the delimiter are counted in `list1`.
    """
    value = 0
    for i in range(at + skipped, end):
        byte = u8(buffer, i)
        if byte == delimiter:
            row["dst_id"] = value
            row["list1"] = i + 1 - at
            return value != 0
        if not is_digit(byte):
            return False
        value = (value * 10 + byte - 48) & 0xFFFF
    return False


# --- IPv6 addresses ----------------------------------------------------------------------------------------------

MAY_DIGIT = 1
MAY_END = 2
MAY_COLON_1 = 4
"""One colon, between two numbers."""
MAY_COLON_2 = 8
"""The second of two colons."""
MAY_COLON_1_2 = 16
"""The first of two colons."""
MAY_COLON = MAY_COLON_1 | MAY_COLON_2 | MAY_COLON_1_2
NO_WORD = 32
MAY_DOT = 64


@hot
def sort_of(byte: int, delimiter: int) -> int:
    """What a byte is in an address: of MAY_END, MAY_COLON, MAY_DOT, MAY_DIGIT, or 0 (`xdigit2bin`)."""
    if byte == delimiter or byte == 0:
        return MAY_END
    if byte == COLON:
        return MAY_COLON
    if byte == DOT:
        return MAY_DOT
    return MAY_DIGIT if hex_value(byte) >= 0 else 0


@hot
def hex_value(byte: int) -> int:
    """The value of a hexadecimal digit, or -1."""
    if is_digit(byte):
        return byte - 48
    letter = byte | 0x20
    return letter - 87 if 97 <= letter <= 102 else ABSENT


@hot
def ipv6_text(buffer: Buffer, row: Row, at: int, end: int, delimiter: int) -> int:
    """How many bytes an IPv6 address takes (`in6_pton`): 0 if there is none, UNKNOWN_VALUE if it has dots.

    Leaves in `chunks` how many 16-bit words it has, in `kinds` before which of them the gap `::` is (ABSENT: none).
    """
    may = MAY_COLON_1_2 | MAY_DIGIT | NO_WORD
    words = 0
    gap = ABSENT
    value = 0
    for i in range(at, end + 1):
        byte = u8(buffer, i) if i < end else 0
        sort = sort_of(byte, delimiter)
        if sort & may == 0:
            return 0
        if sort == MAY_DOT:
            return UNKNOWN_VALUE
        if sort == MAY_DIGIT:
            value = (value << 4 | hex_value(byte)) & 0xFFFF
            may = behind_digit(value, words, gap)
        else:
            words += 0 if may & NO_WORD else 1
            value = 0
            if sort == MAY_END:
                row["chunks"] = words
                row["kinds"] = gap
                return i - at
            if may & MAY_COLON == MAY_COLON_2:
                gap = words
            may = behind_colon(may, words)
        if words >= 8:
            may &= ~(MAY_DIGIT | MAY_COLON)
        if words == 6 or (gap >= 0 and words < 6):
            may |= MAY_DOT
    return 0


@hot
def behind_digit(value: int, words: int, gap: int) -> int:
    """What may follow a digit of word number `words`."""
    may = MAY_COLON_1 | MAY_END
    if value & 0xF000 == 0:
        may |= MAY_DIGIT
    if gap < 0 and words < 7:
        may = (may | MAY_COLON_1_2) & ~MAY_END
    if words >= 7:
        may &= ~(MAY_COLON_1 | MAY_COLON_1_2)
    return may


@hot
def behind_colon(may: int, words: int) -> int:
    """What may follow a colon, which was allowed by `may`."""
    colons = may & MAY_COLON
    if colons == MAY_COLON_2:
        return MAY_DIGIT | MAY_END | (NO_WORD if words >= 8 else 0)
    if colons == MAY_COLON_1 | MAY_COLON_1_2:
        return MAY_DIGIT | MAY_COLON_2
    return MAY_COLON_2 if colons == MAY_COLON_1_2 else MAY_DIGIT


@hot
def is_source(buffer: Buffer, packet: Row, at: int, end: int, words: int, gap: int) -> bool:
    """Whether an address that `ipv6_text` has read is the packet's source."""
    if gap < 0:
        gap = words
    for place in range(gap, gap + 8 - words):
        if source_word(packet, place) != 0:
            return False
    value = 0
    word = 0
    for i in range(at, end):
        byte = u8(buffer, i)
        if byte != COLON:
            value = (value << 4 | hex_value(byte)) & 0xFFFF
        elif i > at:
            if source_word(packet, word if word < gap else word + 8 - words) != value:
                return False
            word += 1
            value = 0
    return word == words or source_word(packet, word if word < gap else word + 8 - words) == value


@hot
def source_word(packet: Row, place: int) -> int:
    """One of the eight 16-bit words of an IPv6 source."""
    word = packet["src0"]
    if place >= 6:
        word = packet["src3"]
    elif place >= 4:
        word = packet["src2"]
    elif place >= 2:
        word = packet["src1"]
    return int(word & 0xFFFF if place & 1 else (word >> 16) & 0xFFFF)
