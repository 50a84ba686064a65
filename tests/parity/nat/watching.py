"""What the gateway's devices see, and what its kernel does with every frame.

Read first: packet(7); `SO_RCVMARK` in socket(7); `fwsim.kernel.nflog`. Every packet that comes in, or is made here,
gets a mark of its own before anything else sees it. The device's tap tells the mark of a frame that leaves: so it is
known which frame became which. A frame that comes in has no mark at the tap; `log` tells it behind, with the packet.
"""

from __future__ import annotations

import socket
import struct
import subprocess
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fwsim.kernel.nflog import ATTRIBUTE, BEGINNING, BIND, HEADER, MESSAGE_PACKET, config
from tests.parity.nat.ring import Ring
from tests.parity.nat.truth import IN, OUT, Fate

ETH_P_ALL = 3
SO_RCVMARK, SO_RCVBUFFORCE = 75, 33
PACKET_OUTGOING = 4
BUFFER = 8 << 20
FRAME_MAX = 65_600
IPV6_MULTICAST = b"\x33\x33"
NETLINK_NETFILTER = 12
COPY_PACKET = 2

ARRIVED, TRACKED, LEFT, TAKEN, MADE = 51, 52, 53, 54, 55
"""Groups of log messages: first of all, tracked (with the state as prefix), behind all rules on the way out, behind all
rules on the way in, and sent by the gateway itself."""

FIRST_MADE = 1_000_000
"""Marks of packets that the gateway makes begin here."""

STATES = ("invalid", "new", "untracked", "established original", "established reply", "related original",
          "related reply")  # fmt: skip

WITNESS = """table inet witness {{
  chain arrived {{ type filter hook prerouting priority -500; meta mark set numgen inc mod 900000 offset 1
    log group {ARRIVED}; }}
  chain tracked {{ type filter hook prerouting priority -50; {states}; }}
  chain left {{ type filter hook postrouting priority 500; log group {LEFT}; }}
  chain taken {{ type filter hook input priority 500; log group {TAKEN}; }}
  chain made {{ type filter hook output priority -500; meta mark set numgen inc mod 900000 offset {FIRST_MADE}
    log group {MADE}; }}
  chain named {{ type filter hook output priority -50; {states}; }}
}}"""


def witness() -> str:
    """The table that watches beside the rules."""
    rules = []
    for state in STATES:
        ct, _, direction = state.partition(" ")
        of = f" ct direction {direction}" if direction else ""
        rules.append(f'ct state {ct}{of} log prefix "{state}" group {TRACKED}')
    return WITNESS.format(states="; ".join(rules), **{n: globals()[n] for n in ("ARRIVED", "LEFT", "TAKEN", "MADE")},
                          FIRST_MADE=FIRST_MADE)  # fmt: skip


class Seen(NamedTuple):
    """A frame at a device: when, which way (1 in, 2 out), and its mark if it goes out."""

    at_ns: int
    device: str
    way: int
    mark: int
    data: bytes


class Note(NamedTuple):
    """A log message."""

    group: int
    mark: int
    prefix: str
    data: bytes


@dataclass
class Watch:
    """The taps and the log; made in the gateway's namespace."""

    ring: Ring = field(init=False)
    tap: socket.socket = field(init=False)
    log: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        """Listen from now on."""
        self.ring = Ring(ETH_P_ALL)
        self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        for option, value in ((SO_RCVBUFFORCE, BUFFER), (SO_RCVMARK, 1)):
            self.tap.setsockopt(socket.SOL_SOCKET, option, value)
        self.log = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.log.bind((0, 0))
        self.log.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        for group in (ARRIVED, TRACKED, LEFT, TAKEN, MADE):
            self.log.send(config(group, CMD=BIND))
            self.log.recv(FRAME_MAX)
            mode = {"copy_range": 0xFFFF, "copy_mode": COPY_PACKET, "pad": 0}
            self.log.send(config(group, MODE=mode, NLBUFSIZ=FRAME_MAX, TIMEOUT=1, QTHRESH=1))

    def frames(self) -> list[Seen]:
        """What came by, but for the loopback device and what hosts tell IPv6 groups by the clock."""
        passed = list(self.ring.frames())
        tapped = list(self.tapped())
        if len(passed) != len(tapped):
            raise ValueError(f"{len(passed)} frames were copied, {len(tapped)} tapped")
        return [
            Seen(copy.at_ns, device, way, mark, copy.data)
            for copy, (device, way, mark) in zip(passed, tapped, strict=True)
            if device != "lo" and not copy.data.startswith(IPV6_MULTICAST)
        ]

    def tapped(self) -> Iterator[tuple[str, int, int]]:
        """The device, the way and the mark of each frame."""
        while True:
            try:
                _, extra, _, place = self.tap.recvmsg(FRAME_MAX, 256, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            values = {code: value for _, code, value in extra}
            mark = struct.unpack("=I", values[SO_RCVMARK_SENT])[0] if SO_RCVMARK_SENT in values else 0
            yield (place[0], OUT, mark) if place[2] == PACKET_OUTGOING else (place[0], IN, 0)

    def notes(self) -> list[Note]:
        """What was logged since the last time."""
        found: list[Note] = []
        while True:
            try:
                data = self.log.recv(4 * FRAME_MAX, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return found
            at = 0
            while at < len(data):
                length, kind = BEGINNING.unpack_from(data, at)
                if kind == MESSAGE_PACKET:
                    found.append(note_of(data[at : at + length]))
                at += (length + 3) & ~3


SO_RCVMARK_SENT = 36
"""SO_MARK: what SO_RCVMARK gives comes under this name."""

A_MARK, A_PAYLOAD, A_PREFIX = 2, 9, 10


def note_of(message: bytes) -> Note:
    """One log message."""
    group = int.from_bytes(message[HEADER + 2 : HEADER + 4], "big")
    mark, prefix, payload = 0, "", b""
    at = HEADER + 4
    while at < len(message):
        length, kind = ATTRIBUTE.unpack_from(message, at)
        value = message[at + 4 : at + length]
        if kind == A_MARK:
            mark = int.from_bytes(value, "big")
        elif kind == A_PAYLOAD:
            payload = value
        elif kind == A_PREFIX:
            prefix = value.rstrip(b"\0").decode()
        at += (length + 3) & ~3
    return Note(group, mark, prefix, payload)


class Events:
    """`conntrack -E`: which connections came to be, with both tuples."""

    def __init__(self) -> None:
        """Begin to listen."""
        command = ["conntrack", "-E", "-e", "NEW,DESTROY"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        time.sleep(0.3)  # it says nothing when it is ready

    def lines(self) -> list[str]:
        """Stop, and what it said."""
        time.sleep(0.2)
        self.process.terminate()
        said, _ = self.process.communicate()
        return [" ".join(line.split()) for line in said.splitlines()]


# --- what became of each frame ----------------------------------------------------------------------------------------

ETHERNET = 14
IPV4, IPV6 = 0x0800, 0x86DD


def packet_of(frame: bytes) -> bytes:
    """The IP packet in a frame, without padding; none in others."""
    kind = int.from_bytes(frame[12:14], "big")
    body = frame[ETHERNET:]
    if kind == IPV4:
        return body[: int.from_bytes(body[2:4], "big")]
    return body[: 40 + int.from_bytes(body[4:6], "big")] if kind == IPV6 else b""


def fates(frames: list[Seen], notes: list[Note]) -> list[Fate]:
    """What became of each frame."""
    marks = marks_of(frames, notes)
    taken = {note.mark for note in notes if note.group == TAKEN}
    states = {note.mark: note.prefix for note in notes if note.group == TRACKED}
    numbered = list(enumerate(zip(frames, marks, strict=True), 1))
    left: dict[int, list[int]] = defaultdict(list)
    for number, (frame, mark) in numbered:
        if frame.way == OUT and mark:
            left[mark].append(number)
    came = {mark: number for number, (frame, mark) in numbered if frame.way == IN}
    return [
        Fate(states.get(mark, ""), left[mark], taken=mark in taken)
        if frame.way == IN
        else Fate(states.get(mark, ""), cause=came.get(mark, 0), way=OUT)
        for _, (frame, mark) in numbered
    ]


def marks_of(frames: list[Seen], notes: list[Note]) -> list[int]:
    """The mark of each frame: of one that comes in, that which was logged with the same bytes; 0 if none was."""
    arrived: dict[bytes, deque[int]] = defaultdict(deque)
    for note in notes:
        if note.group == ARRIVED:
            arrived[note.data].append(note.mark)
    found = []
    for frame in frames:
        waiting = arrived[packet_of(frame.data)] if frame.way == IN else deque([frame.mark])
        found.append(waiting.popleft() if waiting else 0)
    return together(frames, notes, found)


def together(frames: list[Seen], notes: list[Note], marks: list[int]) -> list[int]:
    """The pieces of a datagram under one mark: that with which the whole was tracked."""
    whole = {note.mark for note in notes if note.group == TRACKED}
    pieces: dict[bytes, list[int]] = defaultdict(list)
    keys = [piece_of(packet_of(frame.data)) if frame.way == IN else b"" for frame in frames]
    for key, mark in zip(keys, marks, strict=True):
        if key:
            pieces[key].append(mark)
    named = {key: next((mark for mark in group if mark in whole), group[0]) for key, group in pieces.items()}
    return [named.get(key, mark) for key, mark in zip(keys, marks, strict=True)]


def piece_of(packet: bytes) -> bytes:
    """What the pieces of one datagram have in common (IPv4 only); nothing if it is whole."""
    if packet[:1] < b"\x40" or packet[:1] >= b"\x50" or not int.from_bytes(packet[6:8], "big") & 0x3FFF:
        return b""
    return packet[4:6] + packet[9:10] + packet[12:20]
