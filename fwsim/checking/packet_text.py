"""A packet in a line: `tcp 198.51.100.7:40000 > 192.0.2.2:443 syn`, and its fields for programs.

Read first: `ground` (Sample), `confirming` (Packet).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fwsim.lower import Lowered
from fwsim.space.fields import CT_MARK, CT_STATE, DST, IIF, MARK, OIF, SRC, written
from fwsim.terms import CtState, Hook, Proto, TcpFlag, word

from .confirming import NAMES, Packet
from .traffic import FRAGMENT

LATER = 2
"""In PACKET["fragment"]: not the first one."""
SHOWN = ("vlan", "dscp")
ANOTHER = "another interface"


def text_of(packet: Packet, *, bad_checksum: bool = False) -> str:
    """A packet by the names that rules use."""
    proto = packet["proto"]
    known = {int(one) for one in Proto}
    parts = [Proto(proto).name.lower() if proto in known else f"protocol {proto}"]
    src, dst = written(SRC, packet["src"]), written(DST, packet["dst"])
    if packet["sport"] >= 0:
        ends = (f"[{end}]" if packet["family"] == 6 else end for end in (src, dst))
        src, dst = (f"{end}:{port}" for end, port in zip(ends, (packet["sport"], packet["dport"]), strict=True))
    parts.append(f"{src} > {dst}")
    if proto == Proto.TCP and packet["tcp_flags"] >= 0:
        flags = [flag.name.lower() for flag in TcpFlag if packet["tcp_flags"] & flag and flag.name]
        parts.append(",".join(flags) or "no flags")
    if packet["icmp_type"] >= 0:
        parts.append(f"type {packet['icmp_type']} code {packet['icmp_code']}")
    parts += [f"{name} {packet[name]}" for name in SHOWN if packet.get(name, 0) > 0]
    if packet["ttl"] != 64:
        parts.append(f"ttl {packet['ttl']}")
    return " ".join([*parts, *(["with a wrong checksum"] if bad_checksum else [])])


def named(packet: Mapping[int, int]) -> Packet:
    """A packet by the numbers of its fields, by the names that rules use."""
    return {name: packet.get(field, -1) for name, field in NAMES.items()}


def sample_text(hook: int, packet: Mapping[int, int], lowered: Lowered) -> str:
    """A packet with where it goes, and what rules see of its connection, as far as they ask for it."""
    parts = [text_of(named(packet))]
    asked, names, uses_ct = lowered.uses_fields, lowered.interfaces, lowered.uses_ct
    if hook != Hook.OUTPUT and "iif" in asked:
        parts.append(f"in {interface(packet[IIF], names)}")
    if hook in (Hook.FORWARD, Hook.OUTPUT) and "oif" in asked:
        parts.append(f"out {interface(packet[OIF], names)}")
    if packet.get(MARK):
        parts.append(f"mark {packet[MARK]:#x}")
    if packet[FRAGMENT] == LATER:
        parts.append("later fragment")
    if uses_ct:
        parts.append(word(CtState(packet[CT_STATE])))
        if packet.get(CT_MARK, 0) > 0:
            parts.append(f"ct mark {packet[CT_MARK]:#x}")
    return " ".join(parts)


def interface(number: int, names: Sequence[str]) -> str:
    """An interface by its number."""
    return names[number] if 0 <= number < len(names) else ANOTHER


def fields_of(packet: Packet) -> tuple[tuple[str, int | str], ...]:
    """A packet for programs: what it has, addresses as text."""
    ends = (("src", written(SRC, packet["src"])), ("dst", written(DST, packet["dst"])))
    rest = ((name, value) for name, value in packet.items() if value >= 0 and name not in ("src", "dst"))
    return (*ends, *rest)


def sample_fields(hook: int, packet: Mapping[int, int], names: Sequence[str]) -> tuple[tuple[str, int | str], ...]:
    """A sample for programs."""
    ways = [(name, packet[field]) for name, field in (("iif", IIF), ("oif", OIF)) if field in packet]
    where = tuple((name, interface(number, names)) for name, number in ways)
    state = (("ct_state", word(CtState(packet[CT_STATE]))),)
    return (("hook", "local" if hook not in set(Hook) else word(Hook(hook))), *where, *fields_of(named(packet)), *state)
