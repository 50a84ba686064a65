"""What an IP packet carries: headers stay, payloads become zeros of the same length, checksums stay what they were.

Read first: `fwsim.anonymize.sums`. What is kept is in `KEPT`, by protocol: what tracking and rules read of the header.
Options of TCP are in `options`, ICMP is in `messages`. Of a packet in one piece, the checksum of what it has become
tells nothing of the payload. Of a fragment, the sum of 16 bits of its payload must stay: it is written where the
payload began.
"""

from __future__ import annotations

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.messages import message
from fwsim.anonymize.network import Inside
from fwsim.anonymize.options import tcp_options
from fwsim.anonymize.sums import blank, crc_field, get, put, summed, updated
from fwsim.terms import Proto

TCP, UDP, UDPLITE, ICMP, ICMPV6, SCTP, GRE = (
    int(proto) for proto in (Proto.TCP, Proto.UDP, Proto.UDPLITE, Proto.ICMP, Proto.ICMPV6, Proto.SCTP, Proto.GRE)
)
KEPT = {TCP: 20, UDP: 8, UDPLITE: 8, ICMP: 8, ICMPV6: 8, SCTP: 12, GRE: 16, 33: 16, 50: 8, 51: 12, 135: 6}
"""Bytes by protocol, of a header that has no length of its own; DCCP, ESP, AH and the
mobility header are the last four."""
OTHERS_KEPT = 4
"""Of other protocols: what rules may take for ports."""
FIELDS = {TCP: 16, UDP: 6, UDPLITE: 6, ICMP: 2, ICMPV6: 2}
"""Where the checksum stands."""
CRC_AT = 8
CHUNK = 4
"""Bytes that all chunks of SCTP begin with: kind, flags, length."""
CHUNK_KEPT = {0: 16, 1: 20, 2: 20, 3: 16, 7: 8, 12: 8, 13: 8, 128: 8, 192: 8, 193: 8}
"""Bytes by kind of chunk that stay, its numbers: DATA, INIT, INIT ACK, SACK, SHUTDOWN, ECNE, CWR, ASCONF ACK, FORWARD
TSN, ASCONF. Behind them stand data, parameters and causes of errors: addresses, texts (RFC 9260, 3758, 5061)."""
CONTROL = 21


class Carried:
    """Strips what IP packets carry, and counts what that may matter to."""

    def __init__(self, mapping: Mapping) -> None:
        """Nothing was stripped yet."""
        self.mapping = mapping
        self.ftp_lines = 0
        """Segments of FTP's control connections that had a payload."""
        self.lost = 0
        """Fragments of ICMP and SCTP: what they quote, or their checksum, does not survive."""

    def strip(self, data: bytearray, inside: Inside, family: int) -> None:
        """Strip one packet in its place."""
        self.lost += inside.fragment and inside.proto in (ICMP, ICMPV6, SCTP)
        if inside.offset or (inside.fragment and not self._has_checksum(inside)):
            self._piece(data, inside, family)
        elif inside.proto == SCTP:
            self._sctp(data, inside)
        else:
            self._whole(data, inside, family)

    def _has_checksum(self, inside: Inside) -> bool:
        """Whether the checksum of a first fragment is in it."""
        return inside.end - inside.start >= FIELDS.get(inside.proto, 0) + 2 and inside.proto in FIELDS

    def _whole(self, data: bytearray, inside: Inside, family: int) -> None:
        """A packet in one piece, or a first fragment with its checksum."""
        start, end, field = inside.start, inside.end, FIELDS.get(inside.proto)
        was = bytes(data[start:end])
        if inside.proto in (ICMP, ICMPV6):
            message(data, start, end, inside.proto == ICMPV6, family, self.mapping)
        else:
            kept = header_size(data, inside)
            if inside.proto == TCP and end - start > kept and CONTROL in (get(data, start), get(data, start + 2)):
                self.ftp_lines += 1
            blank(data, start + kept, end)
            if inside.proto == TCP:
                tcp_options(data, start + KEPT[TCP], min(start + kept, end))
        if field is None or end - start < field + 2:
            return
        stored = get(data, start + field)
        if (inside.proto in (UDP, UDPLITE) and stored == 0) or not any(was):
            return  # there is none; or all is zero, which no right checksum says
        pseudo = 0 if inside.proto == ICMP else inside.change
        if self._left_to_card(was, inside, stored):
            put(data, start + field, offloaded(stored, inside.change))
            return
        covered = self._covered(was, inside)
        put(
            data, start + field, updated(stored, pseudo + summed(data[start : start + covered]) - summed(was[:covered]))
        )

    def _covered(self, was: bytes, inside: Inside) -> int:
        """How many bytes the checksum is of: UDP-Lite says so."""
        length = int.from_bytes(was[4:6], "big")
        return min(length, len(was)) if inside.proto == UDPLITE and length >= 8 else len(was)

    def _left_to_card(self, was: bytes, inside: Inside, stored: int) -> bool:
        """Whether a checksum is only that of the pseudo-header, and not right as it stands."""
        if inside.proto not in (TCP, UDP, ICMPV6) or inside.fragment or not inside.whole:
            return False
        pseudo = inside.before + inside.proto
        if (pseudo + inside.size + summed(was)) % 0xFFFF == 0:
            return False
        return stored % 0xFFFF in (pseudo % 0xFFFF, (pseudo + inside.size) % 0xFFFF)

    def _piece(self, data: bytearray, inside: Inside, family: int) -> None:
        """A fragment that has no header, or only part of one: what stands in it of the header stays."""
        start, end = inside.start, inside.end
        kept = max(min(KEPT.get(inside.proto, OTHERS_KEPT) - inside.offset, end - start), 0)
        field = FIELDS.get(inside.proto, -2) - inside.offset
        if field >= 0 and field + 2 <= end - start and inside.proto != ICMP:
            put(data, start + field, updated(get(data, start + field), inside.change))
        begin = start + kept
        if end - begin < 2:
            return
        total = summed(data[begin:end]) if kept % 2 == 0 else 0
        data[begin:end] = bytes(end - begin)
        put(data, begin, total)

    def _sctp(self, data: bytearray, inside: Inside) -> None:
        """An SCTP packet: its chunks stay, what they carry does not, nor what fills them up."""
        start, end = inside.start, inside.end
        was = bytes(data[start:end])
        at = start + KEPT[SCTP]
        while at + CHUNK <= end and (size := get(data, at + 2)):  # none of length 0 is gone beyond
            begin, at = at, at + max((size + 3) // 4 * 4, CHUNK)
            blank(data, begin + CHUNK_KEPT.get(data[begin], CHUNK), min(at, end))
        blank(data, at + (CHUNK if at + CHUNK <= end else 0), end)
        if len(was) < KEPT[SCTP]:
            return
        stored = int.from_bytes(was[CRC_AT : CRC_AT + 4], "big")
        right = crc_field(was[:CRC_AT] + bytes(4) + was[CRC_AT + 4 :])
        fresh = crc_field(data[start : start + CRC_AT] + bytes(4) + data[start + CRC_AT + 4 : end])
        if stored:  # one of 0 is left to the network card
            data[start + CRC_AT : start + CRC_AT + 4] = (fresh ^ stored ^ right).to_bytes(4, "big")


def header_size(data: bytearray, inside: Inside) -> int:
    """How many bytes of the transport header stay."""
    start, end = inside.start, inside.end
    if inside.proto == TCP and end - start > 12:
        return max(data[start + 12] >> 4, 5) * 4
    if inside.proto == GRE and end - start >= 4:
        flags = data[start]
        acknowledged = 4 * (data[start + 1] >> 7)
        return max(4 + 4 * bool(flags & 0xC0) + 4 * (flags >> 5 & 1) + 4 * (flags >> 4 & 1) + acknowledged, 8)
    return KEPT.get(inside.proto, OTHERS_KEPT)


def offloaded(stored: int, change: int) -> int:
    """The sum of a pseudo-header after its addresses have changed; folded as the decoder does it, which has no 0."""
    return (stored + change) % 0xFFFF or 0xFFFF
