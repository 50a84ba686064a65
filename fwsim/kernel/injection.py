"""Packets into the kernel: frames by the devices, the firewall's own by raw sockets; and what was heard of them.

Read first: `fwsim.kernel.orders`, `fwsim.kernel.observers`. The source MAC of a frame is the packet's number, which the
log messages return at every hook, also for the datagram that its fragments become. A packet of our own carries its
number as a mark to the first output hook, which reports it and takes it away, so that the rules see none; all
messages without a MAC that follow are about it, because sending is synchronous.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable

from fwsim.kernel.network import Network
from fwsim.kernel.nflog import AT_ONCE, GATHERED, Listener, Note
from fwsim.kernel.observers import ANSWERS, END_MARK, GROUP, INVALID_GROUP, MADE, OURS
from fwsim.kernel.orders import Heard, Injection, Play, Played, Way

SO_MARK = 36
SO_BINDTODEVICE = 25
IPV6_HDRINCL = 36
MCAST_JOIN_GROUP = 42
IPV4_TYPE, IPV6_TYPE = b"\x08\x00", b"\x86\xdd"
LINK_SCOPE = 2
MOST_DETOURS = 10_000
"""Each is a route; the oldest go first. One that is needed again is made again."""
DRAIN_EVERY = 500
"""Packets played between two looks at the socket: far fewer than its buffer holds."""

LAST_PACKET = bytes.fromhex("45000014 00000000 4000f6e6 c0000201 c0000202")
"""An IPv4 packet without payload, from the documentation's addresses."""
EPERM = 1
"""What a raw socket says when a rule dropped its packet."""


class Injector:
    """Plays packets on a network and gathers what the observers said."""

    def __init__(self, network: Network, listener: Listener, pause: Callable[[float], None]) -> None:
        """The last device of the network is that of the end mark; `pause` waits so many seconds."""
        self.network = network
        self.listener = listener
        self.joined: set[tuple[int, bytes]] = set()
        self.memberships: dict[int, socket.socket] = {}
        self.detours: dict[bytes, int] = {}
        """By destination, the device by which it is led instead of that of the routes."""
        self.senders: dict[tuple[int, int], socket.socket] = {}
        self.making = 0
        self.latest = 0
        self.pause = pause
        self.anchor: tuple[int, int] | None = None
        """When the first packet was played, by the monotonic clock and by the capture (ns)."""

    def play(self, request: Play, after: Callable[[int, Played], None] | None = None) -> Played:
        """Play packets in order; `after` is called behind each one."""
        played = Played()
        for count, injection in enumerate(request.injections, 1):
            if request.real_time:
                self.wait_for(injection.at, request.real_time)
            try:
                self.inject(injection)
            except OSError as error:
                if error.errno != EPERM:
                    played.failed[injection.number] = error.strerror or str(error)
            if after is not None:
                after(injection.number, played)
            if count % DRAIN_EVERY == 0:
                self.drain(played)
        self.finish(played)
        return played

    def wait_for(self, at: int, times: float) -> None:
        """Wait until a moment of the capture comes, which is played so many times faster."""
        if self.anchor is None:
            self.anchor = time.monotonic_ns(), at
        begun, first = self.anchor
        left = begun + round((at - first) / times) - time.monotonic_ns()
        if left > 0:
            self.pause(left / 1e9)

    def inject(self, injection: Injection) -> None:
        """Play one packet."""
        if injection.way == Way.SENT:
            self.send(injection)
            return
        if injection.detour >= 0 or self.detours:
            self.take_detour(injection)
        data = injection.data
        if (data[18:19] >= b"\xe0" and data[:2] == IPV4_TYPE) or (data[26:27] == b"\xff" and data[:2] == IPV6_TYPE):
            self.join(injection.device, data)
        self.write(injection.device, injection.number, data)

    def write(self, device: int, number: int, data: bytes) -> None:
        """Write a frame to a device; `data` from the EtherType on."""
        frame = self.network.macs[device] + b"\x02" + number.to_bytes(5, "big") + data
        os.write(self.network.descriptors[device], frame)

    def join(self, device: int, data: bytes) -> None:
        """Make the firewall a member of a group within the link, as the simulator has it of all such groups."""
        v6 = data[:2] == IPV6_TYPE
        group = data[26:42] if v6 else data[18:22]
        if v6 and (len(group) < 16 or group[1] & 15 != LINK_SCOPE):
            return
        if not v6 and group[:3] != b"\xe0\0\0":
            return
        if (device, group) in self.joined:
            return
        self.joined.add((device, group))
        family, level = (socket.AF_INET6, socket.IPPROTO_IPV6) if v6 else (socket.AF_INET, socket.IPPROTO_IP)
        if family not in self.memberships:
            self.memberships[family] = socket.socket(family, socket.SOCK_DGRAM)
        address = struct.pack("=HHI16s", family, 0, 0, group) if v6 else struct.pack("=HH4s", family, 0, group)
        request = struct.pack("=I4x128s", self.network.indices[device], address)
        try:
            self.memberships[family].setsockopt(level, MCAST_JOIN_GROUP, request)
        except OSError as error:
            if error.errno != 98:  # EADDRINUSE: a member already
                raise

    def take_detour(self, injection: Injection) -> None:
        """Lead the packet's destination out by the device by which the capture shows it leaving, or by none else."""
        v6 = injection.data[:2] == IPV6_TYPE
        destination = injection.data[26:42] if v6 else injection.data[18:22]
        if self.detours.get(destination, -1) == injection.detour:
            return
        if injection.detour < 0:
            self.end_detour(destination)
            return
        self.network.redirect(prefix_of(destination), injection.detour)
        self.detours.pop(destination, None)
        self.detours[destination] = injection.detour
        if len(self.detours) > MOST_DETOURS:
            self.end_detour(next(iter(self.detours)))

    def end_detour(self, destination: bytes) -> None:
        """Leave a destination to the routes again."""
        self.network.restore(prefix_of(destination), self.detours.pop(destination))

    def send(self, injection: Injection) -> None:
        """Send a packet as the firewall's own."""
        v6 = injection.data[0] >> 4 == 6
        sender = self.sender(6 if v6 else 4, injection.device)
        sender.setsockopt(socket.SOL_SOCKET, SO_MARK, OURS | injection.number)
        if v6:
            to = socket.inet_ntop(socket.AF_INET6, injection.data[24:40])
            sender.sendto(injection.data, (to, 0))
        else:
            sender.sendto(injection.data, (socket.inet_ntoa(injection.data[16:20]), 0))

    def sender(self, version: int, device: int) -> socket.socket:
        """The raw socket that sends by a device."""
        if (version, device) not in self.senders:
            self.senders[version, device] = self.new_sender(version, device)
        return self.senders[version, device]

    def new_sender(self, version: int, device: int) -> socket.socket:
        """A raw socket that takes packets with their header. It hears nothing: its protocol is no real one."""
        family = socket.AF_INET6 if version == 6 else socket.AF_INET
        made = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        if version == 6:
            made.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        if device >= 0:
            name = self.network.names[device].encode()
            made.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, name)
        return made

    # --- listening ---------------------------------------------------------------------------------------------

    def finish(self, played: Played) -> None:
        """Wait for everything the observers said: write the end mark, and listen until it is reported."""
        self.listener.gather(GROUP, AT_ONCE)
        self.write(len(self.network.names) - 1, 0, IPV4_TYPE + LAST_PACKET)
        while not self.drain(played, wait=True):
            pass
        self.listener.gather(GROUP, GATHERED)

    def drain(self, played: Played, *, wait: bool = False) -> bool:
        """Take what has come; whether the end mark was among it."""
        ended = False
        while True:
            notes = list(self.listener.receive(wait=wait and not ended))
            if not notes:
                return ended
            for note in notes:
                ended |= note.prefix == END_MARK
                self.hear(note, played)
            if ended:
                return True

    def hear(self, note: Note, played: Played) -> None:
        """Put one message to its packet."""
        if note.prefix == MADE:
            self.making = note.mark & ~OURS
        number = note.mac or self.making
        if note.group == INVALID_GROUP:
            played.invalid.setdefault(number, note.prefix)
            return
        if note.prefix.startswith(ANSWERS):  # the stack's: what it answers is the packet that it is busy with
            number = self.latest
        self.latest = number
        if note.packet:
            played.left[number] = note.packet
        if note.prefix not in (MADE, END_MARK):
            played.heard.append(Heard(number, note.hook, note.prefix))


def prefix_of(address: bytes) -> str:
    """The network of one address, as routes are written."""
    text = socket.inet_ntop(socket.AF_INET6 if len(address) == 16 else socket.AF_INET, address)
    return f"{text}/{8 * len(address)}"
