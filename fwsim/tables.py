"""The row types: everything the engine knows is rows of 64-bit integers in flat tables.

Read first: `fwsim.terms`. Nothing here computes on packets.

Two things hold for all of them:

* A **field** is an int64, also where one byte would do. 32-bit quantities (addresses, sequence numbers)
  are kept in 0 .. 2**32-1. `ABSENT` (-1) and `UNKNOWN_VALUE` (-2) stand for a field that a packet
  does not have, or whose value cannot be known. Only what chains the rows of a connection table is an int32: row
  numbers are below 2**31, and a row must be small.
* An **address** is four fields, `..0` to `..3`. IPv6: its four 32-bit words, the first with `V6` (2**32) added.
  IPv4: the address in the first field, the other three 0. So both families share one ordered key space
  (all IPv4 before all IPv6), and one comparison, one hash and one interval table serve both.

Compiled code reads a table as a NumPy structured array. Uncompiled, a NumPy field access costs 180 ns
and a dict's 15 ns (measured), so uncompiled code reads the same tables through `Rows`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Row = dict[str, int]
"""The type of a row in signatures: a record of a structured array (compiled) or a dict (uncompiled)."""
Table = Any
"""The type of a table in signatures: a structured array (compiled) or `Rows` (uncompiled)."""

V6 = 1 << 32
"""Added to the first word of an IPv6 address; an address whose first field is below it is IPv4."""


def row_type(fields: str) -> np.dtype[np.void]:
    """A row type: the named fields, all int64, in this order."""
    return np.dtype([(name, np.int64) for name in fields.split()])


FRAME = row_type(
    """
    number file ts offset captured length network capture_interface ifindex interface sent_or_received source_mac
    reason transport_fault option_fault route_fault nat_fault evidence connection further pkttype egress copy_of copy_in
    """
)
"""One captured frame: where it is, and what is known about it apart from its headers.

`number` counts from 1 in each `file`; `ts` is its own timestamp in ns since the epoch; `offset` is where its
link-layer bytes begin in the chunk's buffer, `captured` how many are there and `length` how many were on the wire;
`network` is how many come before its IP header.
`capture_interface` numbers the capture interfaces of a run, `ifindex` is that of a Linux cooked v2 header (else 0),
`interface` the declared interface it was seen on (or UNKNOWN_VALUE), `sent_or_received` 0 not known, 1 inbound,
2 outbound (pcapng epb_flags, cooked packet type), `source_mac` 48 bits or ABSENT.
`reason` is a `Reason` when the frame cannot be evaluated at all, else 0; `transport_fault` one that makes conntrack
call the packet invalid (short header, bad checksum), else 0; `option_fault` one that makes the stack discard what it
receives with such options in its IP header, else 0; `route_fault` one for which routing discards it behind
prerouting (TTL, martians, multicast), else 0; `nat_fault` what of it translation cannot write, a `NAT_FAULT_*` of
`fwsim.engine.transport`, or 0. `evidence` holds the `Evidence` bits; `connection` its number or 0.
`further` is 1 for a fragment whose datagram is counted at another of its frames: it has that one's evidence.
`pkttype` is what the link layer says of its destination: a PACKET_* of linux/if_packet.h, or UNKNOWN_VALUE.
`egress` is 0 unless it was seen going out; then its bit 0 is set, and behind it a bit for each declared interface that
captures were taken on. `copy_of` and `copy_in` are the number and the file of the frame that
came in as it, of an egress copy; 0 if that is not known.
"""

PACKET = row_type(
    """
    now family proto src0 src1 src2 src3 dst0 dst1 dst2 dst3 length ttl dscp ip_id fragment
    sport dport flags seq ack win payload tcp_options wscale sack_right
    icmp_type icmp_code icmp_id quote
    vlan iif oif hook mark ct_state ct_direction ct_status ct_mark ct_helper
    """
)
"""The header fields a firewall can see, where it was seen, and its time: what rules match on.

`now` (ns) is the running maximum of the timestamps; `family` 4, 6 or 0; `length` the IP packet's bytes;
`fragment` 0 whole, 1 first, 2 later; `payload` bytes behind the transport header;
`tcp_options` the `TCP_OPTION_*` bits; `wscale` as offered, at most 14;
`sack_right` the highest right edge of the SACK blocks
(RFC 2018) beyond `ack`, else `ack`;
`icmp_id` the id of a query, and the call id of GRE version 1; `quote` the row of `QUOTE` of an ICMP error, an SCTP
packet or a line of FTP, else negative. `iif` and `oif` are interface numbers; `hook` the first filter hook (INPUT,
FORWARD or OUTPUT). The last six are set while a packet is walked through the chains.
"""

SLOTS = 16
"""How many values of headers and of the clock a ruleset may ask for that are no fields of PACKET."""

EXTRA = row_type(
    """
    wanted pkttype src_mac th_sport th_dport ct_family ct_proto
    ct_src0 ct_src1 ct_src2 ct_src3 ct_dst0 ct_dst1 ct_dst2 ct_dst3 ct_sport ct_dport
    reply_src0 reply_src1 reply_src2 reply_src3 reply_dst0 reply_dst1 reply_dst2 reply_dst3 reply_sport reply_dport
    origin elapsed row cut translated
    """
    + " ".join(f"slot{number}" for number in range(SLOTS))
)
"""What else rules may see of a packet, filled in only if a ruleset asks for any of it (`wanted`).

`pkttype` as in FRAME; `src_mac` 48 bits; `th_sport` and `th_dport` the first and second two bytes behind the IP header
whatever the protocol; the others are the original and the reply tuple of its connection; `elapsed` the ns since the
first packet, which came at `origin`.
`slot0` on hold whatever values the ruleset asks for besides (`fwsim.headers`), read before the walk: the packet's are
in `row` of a matrix. Their bits in `cut` tell what lies beyond the captured bytes, in `translated` what NAT changes.
It lies behind the row of PACKET that rules see: its fields have the numbers behind those of PACKET.
"""

TCP_OPTION_AREA, TCP_OPTION_WSCALE, TCP_OPTION_SACK_PERMITTED = 1, 2, 4
"""The TCP header is longer than 20 bytes; a well-formed option was read: window scale (RFC 7323 §2), SACK permitted
(RFC 2018 §2)."""

QUOTE = row_type(
    """
    usable proto src0 src1 src2 src3 dst0 dst1 dst2 dst3 src_id dst_id
    newline vtag init_tag kinds chunks list0 list1 list2 list3
    """
)
"""What tracking reads of a packet beyond its headers.

Of an ICMP error, the tuple of the packet that it quotes; `usable` is 0 if the kernel could not build it, UNKNOWN_VALUE
if the capture cut it off. Of an SCTP packet, its verification tag `vtag`, the tag that an INIT or INIT-ACK names
(`init_tag`, ABSENT if that is too short), one bit for each of the `kinds` of its chunks, and so many `chunks` in the
list that `fwsim.engine.sctp_header` packs into `list0` to `list3`; `usable` is 0 if conntrack would not look at them.
Of a TCP segment that begins like a line of FTP: `usable` what it announces (`fwsim.engine.ftp_line`), `src_id` the
direction in which it counts, `dst_id` the port, `newline` 1 if it ends a line; `list0` the word that it begins with,
`list1` how many bytes name the address and the port (UNKNOWN_VALUE in a line that was perhaps rewritten)."""

TUPLE = np.dtype(
    [
        *row_type("src0 dst0 src_id dst_id proto").descr,
        ("next", np.int32),
        ("previous", np.int32),
        *row_type("src1 src2 src3 dst1 dst2 dst3").descr,
    ]
)
"""One direction of a connection. Rows 2c and 2c+1 are the original and reply tuple of connection c.

`src_id`/`dst_id`: ports; for ICMP the id, and type * 256 + code; 0 otherwise. `next` and `previous` chain those of a
hash bucket (-1 ends them). What is compared for IPv4 comes first: it is one cache line, or part of two.
"""

SIDE = row_type("end maxend maxwin maxack scale flags")
"""The window of one sender (`struct ip_ct_tcp_state`). Row 2c + direction belongs to who sends in that direction.

Of an SCTP association: `end` the verification tag that packets of that direction carry, `flags` 1 after an INIT."""

EXPECTATION = row_type(
    """
    line00 line01 line10 line11 expects direction port expires older newer
    follows saved turn0 before0 after0 turn1 before1 after1
    """
)
"""What the FTP helper remembers of a connection that has one: where lines begin, and what is expected.
The connection names the row (`CONNECTION["extension"]`).

`line..` are two sequence numbers behind a newline for each direction (ABSENT: none yet). `expects` 1: a connection
from who is spoken to, `direction` being that of the announcement, to who has announced it, at its `port`, until
`expires` (ns); 2: perhaps, and `port` may be UNKNOWN_VALUE. `older`/`newer` chain the connections that expect one, by
their rows in the table (-1 ends); `newer` chains the free rows here too.

Of a translated connection: `follows` 1 if the one that it expects is to be translated like it, to the `saved` port that
the announcement named. The lines are rewritten, some to another length: sequence numbers of direction 0 beyond `turn0`
are sent on with `after0` added, those up to it with `before0` (`struct nf_ct_seqadj`); so for direction 1."""

CONNECTION = row_type(
    """
    number opened_frame opened_file last_frame last_file created
    status state timeout expires mark evidence extension
    last_direction last_index last_seq last_ack last_end last_win last_wscale last_flags retrans
    heap_position heap_key
    """
)
"""What conntrack remembers of a connection, apart from its tuples and windows (`struct nf_conn`): three cache lines.

`status` holds `CtStatus` bits; `state` a `TcpState` or `SctpState`; `timeout` the ns last chosen; `expires` when it
dies (ns), dead at `expires <= now`; `evidence` that of its opening packet. A `mark` below 0 is not known:
UNKNOWN_VALUE, less WALK["lost_ct"].
`extension` is what only some have: the row of EXPECTATION of one that has a helper; of a ghost, the rule that refused
its opening (`DECISION["rule"]`).
`last_*` and `retrans` as in `struct ip_ct_tcp`.
`heap_position` is its row's place in the expiry heap (-1 none) and `heap_key` the key there, also of one that is gone.
"""

NEIGHBOURS = np.dtype([("older", np.int32), ("newer", np.int32)])
"""Row c: the neighbours of connection c in its age chain (-1 none); `newer` chains free rows too."""

TRACK = row_type(
    """
    ct_state direction connection fresh reason state_before state_after replied_before sender_end ack_offset stray
    """
)
"""What tracking says of one packet. `connection` is the row in the table or -1; `fresh` 1 if it is the
unconfirmed row 0; the states are `TcpState` numbers or -1 where the packet is not TCP or has no connection.

A packet that its own connection made invalid keeps `connection` and `direction` here, for the explanation: rules see
neither. `replied_before` is 1 if the connection had seen a reply before this packet, `sender_end` the `end` of its
sender's SIDE before it. `reason` TABLE_FULL: tracking itself drops the packet. `ack_offset` is by how much the packet
acknowledges more than its receiver has sent, as long as the status of its connection has SEQ_ADJUST. `stray` 1: whether
the packet is one of its connection at all is not known."""

COUNTERS = row_type(
    """
    next_number used free live peak created expired evicted dropped
    oldest newest oldest_assured newest_assured evict_assured hash_key armed
    newest_expecting helped helped_used helped_free vague apart astray
    """
)
"""The bookkeeping of a connection table, one row of it.

`next_number` is what the next connection is numbered. Rows 2 .. `used`-1 have been used (row 0 is the unconfirmed
connection, row 1 stays blank); those that are free again are chained from `free` (-1 none). `live` connections now,
`peak` the most at any time; `created`, `expired` (timed out), `evicted` (to make room) and `dropped` (packets, no room)
count up. `oldest`..`newest` end the chain of those that are not ASSURED, in the order of their creation, `..._assured`
that of the others, in the order in which they became so (-1 none).
`evict_assured` 1: these may be evicted too (ghosts).
`hash_key` is the secret of a run: it spreads tuples over buckets and changes no result.
`armed` is how many places of the expiry heap are taken, also by rows that are free again.
`newest_expecting` begins the chain of EXPECTATION; `helped` of its rows are taken now, `helped_used` have ever been,
and `helped_free` begins the chain of those that are free again. `vague` says which parts have been unknown of tuples of
connections (`fwsim.engine.vague.MIXTURES`). `apart` is the row of one that is taken for not being there while a packet
is translated, or 0. `astray` is when a packet first may have been of a connection that is not all known (ns), or 0.
"""

BOUNDS = row_type(
    """
    seq end sack highest_seq lowest_end highest_sack lowest_sack tolerated_end expected_seq violated tolerated
    """
)
"""How a TCP packet lies in its window (`fwsim.engine.tcp_window`): its numbers as they are compared, the limits of
bounds I, II, III, IV in this order of fields, and the furthest `end` that Linux still tolerates beyond bound I.

`expected_seq` is the number that the receiver acknowledged last, at which alone a RST closes. A limit is ABSENT where
nothing is known yet. `violated` is the first bound violated, 1 to 4, or 0;
`tolerated` 1 if I is overshot within measure.
"""

DECISION = row_type(
    """
    verdict reason reject_with hook chain rule mirror tried
    ct_state ct_direction tcp_state_before tcp_state connection
    """
)
"""The verdict and why. `chain` and `rule` number rows of `CHAIN` and rules of the ruleset, or -1;
`rule` -2 means the chain's policy; -3 one of several rules (or a policy) that all give this verdict, without it being
known which, and `chain` is -3 then if they stand in different ones. `tried` counts the rules looked at.
`connection` is the number of the connection or 0."""

DEPARTURE = row_type("left src0 src1 src2 src3 dst0 dst1 dst2 dst3 sport dport icmp_id")
"""How a packet looked on the other side of a firewall that translates addresses: LEFT, when it left, behind its last
hook; or CAME, if its frame was captured when it had left, when it came in (`left` is one of these).

`left` is 0 if it did not leave, or looked as it came: then the others are 0. They are as in PACKET: what is not known
is UNKNOWN_VALUE (of an address, in the first field). Of a packet whose verdict is not known: as it leaves if it does.
"""

LEFT = 1
CAME = 2

RULE_POLICY = -2
"""In `DECISION["rule"]`: no rule decided, but the policy of the chain."""
RULE_SEVERAL = -3
"""In `DECISION["rule"]`: one of several that say the same decided; which, hangs on something that is not known.
In `DECISION["chain"]`: these stand in several chains."""

SOURCE = np.dtype([(name, np.int32) for name in ("older", "newer", "bucket", "out")])
"""Row c: connection c in the chain of those whose first packets came from the same address and port, by its bucket (0:
it hangs in none); the newest is first. `out` of a masqueraded connection is 1 + the interface by which it leaves."""

SETTINGS = row_type(
    """
    loose be_liberal ignore_invalid_rst max_retrans checksum max tracking translating helping clock_frozen
    syn_sent syn_recv established fin_wait close_wait last_ack time_wait close max_retrans_timeout unacknowledged
    udp udp_stream icmp icmpv6 generic gre gre_stream
    sctp_closed sctp_cookie_wait sctp_cookie_echoed sctp_established
    sctp_shutdown_sent sctp_shutdown_recd sctp_shutdown_ack_sent sctp_heartbeat_sent
    """
)
"""Conntrack's sysctls (`net.netfilter.nf_conntrack_*`); all timeouts in ns. `tracking` is 0 or 1;
`translating` has bits 1 and 2 if addresses of IPv4 and IPv6 may be translated; `helping` is 1 if some rule gives a
helper."""


def empty(row: np.dtype[np.void], count: int) -> npt.NDArray[np.void]:
    """A table of `count` rows of zeros."""
    return np.zeros(count, dtype=row)


def words(table: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """The same memory as a matrix, shape (rows, fields): for fields that a rule names by number."""
    return table.view(np.int64).reshape(len(table), -1)


def number_in_seen(field: str) -> int:
    """The number under which a rule names a field of PACKET or EXTRA."""
    assert PACKET.names is not None
    return number_of(PACKET, field) if field in PACKET.names else len(PACKET.names) + number_of(EXTRA, field)


def number_of(row: np.dtype[np.void], field: str) -> int:
    """The number of a field in its row type."""
    assert row.names is not None
    return row.names.index(field)


class Rows:
    """A table for uncompiled code: each row a dict of Python integers.

    A row is loaded from the array when first touched and written back by `flush`. Reading a field is then ten times
    faster than through NumPy, and arithmetic is on Python integers.
    """

    def __init__(self, table: npt.NDArray[np.void]) -> None:
        """Wrap a structured array, whose memory stays the truth between runs."""
        self.table = table
        self.names: tuple[str, ...] = table.dtype.names or ()
        self.loaded: dict[int, dict[str, int]] = {}

    def __len__(self) -> int:
        """How many rows the table has."""
        return len(self.table)

    def __getitem__(self, index: int) -> dict[str, int]:
        """The row, to be read and written in place."""
        row = self.loaded.get(index)
        if row is None:
            row = self.loaded[index] = dict(zip(self.names, self.table[index].item(), strict=True))
        return row

    def __setitem__(self, index: int, row: dict[str, int]) -> None:
        """Copy another row of the same type into this one."""
        self[index].update(row)

    def load(self, indices: Iterable[int]) -> None:
        """Load many rows at once (three times cheaper than one by one)."""
        wanted = list(indices)
        for index, values in zip(wanted, self.table[wanted].tolist(), strict=True):
            self.loaded[index] = dict(zip(self.names, values, strict=True))

    def flush(self) -> None:
        """Write every loaded row back and forget it."""
        if self.loaded:
            self.table[list(self.loaded)] = [tuple(row.values()) for row in self.loaded.values()]
            self.loaded.clear()


class Words:
    """The matrix view of a `Rows` table: `words[row, field number]`, with the fields of a second table behind it."""

    def __init__(self, rows: Rows, more: Rows | None = None) -> None:
        """View the same rows by field number."""
        every = (rows,) if more is None else (rows, more)
        self.fields = [(table, name) for table in every for name in table.names]

    def __getitem__(self, place: tuple[int, int]) -> int:
        """One field, named by number."""
        rows, name = self.fields[place[1]]
        return rows[place[0]][name]

    def __setitem__(self, place: tuple[int, int], value: int) -> None:
        """Give one field a value."""
        rows, name = self.fields[place[1]]
        rows[place[0]][name] = value


def plain(row: Any) -> dict[str, int]:
    """A row as a dict of Python integers, whichever way it was stored."""
    if isinstance(row, dict):
        return dict(row)
    return dict(zip(row.dtype.names, row.item(), strict=True))


def each(table: npt.NDArray[np.void]) -> Iterator[dict[str, int]]:
    """Every row of a table as a dict of Python integers."""
    names = table.dtype.names or ()
    for values in table.tolist():
        yield dict(zip(names, values, strict=True))
