"""Settings of the stack that decide whether a packet gets to the rules: forwarding and reverse-path filtering.

Read first: Documentation/networking/ip-sysctl.rst; `IN_DEV_RPFILTER` and its like (include/linux/inetdevice.h). Names
have dots; a dot in the name of an interface is a slash, as `sysctl -a` prints it. A setting of an interface that is not
given is that of `default`, as if the interface had come after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

V4_CONF = "net.ipv4.conf."
V6_CONF = "net.ipv6.conf."

CONNTRACK = "net.netfilter.nf_conntrack_"

OF_INTERFACES = {
    V4_CONF: (
        "rp_filter", "forwarding", "accept_local", "route_localnet", "bc_forwarding", "mc_forwarding",
        "src_valid_mark", "accept_source_route",
    ),
    V6_CONF: ("forwarding", "force_forwarding", "mc_forwarding", "disable_ipv6"),
}  # fmt: skip
"""The settings of interfaces that are looked at here."""


RP_FILTERS = {"off": 0, "strict": 1, "loose": 2}
"""The values of rp_filter by the words of a ruleset (RFC 3704: strict 2.2, loose 2.4)."""


class Filtering(Protocol):
    """What asks for reverse-path filtering: a ruleset, or one of its interfaces."""

    @property
    def rp_filter(self) -> str:
        """A word of RP_FILTERS."""


def declared_settings(whole: Filtering, interfaces: Mapping[str, Filtering]) -> dict[str, str]:
    """The settings that a ruleset asks for, of all interfaces and of each."""
    asked = {"all": whole, **{name.replace(".", "/"): one for name, one in interfaces.items()}}
    return {
        f"{V4_CONF}{name}.rp_filter": str(RP_FILTERS[one.rp_filter])
        for name, one in asked.items()
        if one.rp_filter != "off"
    }


class Unsimulated(NamedTuple):
    """A setting that would change verdicts, the value it is simulated with, and what is not done with another."""

    name: str
    value: str
    what: str


UNSIMULATED = (
    Unsimulated(V4_CONF + "*.accept_local", "0", "packets with an own source address are discarded all the same"),
    Unsimulated(V4_CONF + "*.route_localnet", "0", "packets to and from 127.0.0.0/8 are discarded all the same"),
    Unsimulated(V4_CONF + "*.bc_forwarding", "0", "directed broadcasts are not forwarded"),
    Unsimulated(V4_CONF + "*.mc_forwarding", "0", "multicast is not forwarded"),
    Unsimulated(V6_CONF + "*.mc_forwarding", "0", "multicast is not forwarded"),
    Unsimulated(V6_CONF + "*.disable_ipv6", "0", "IPv6 is simulated all the same"),
    Unsimulated(V4_CONF + "*.src_valid_mark", "0", "the mark does not count in reverse-path filtering"),
    Unsimulated("net.ipv4.ipfrag_time", "30", "fragments wait for 30 seconds"),
    Unsimulated("net.ipv4.ipfrag_max_dist", "64", "fragments are given up after 64 others of their sender"),
    Unsimulated("net.bridge.bridge-nf-call-iptables", "0", "frames that a bridge passes on do not meet the rules"),
    Unsimulated("net.bridge.bridge-nf-call-ip6tables", "0", "frames that a bridge passes on do not meet the rules"),
)
"""What is told if it is set otherwise; `*` stands for an interface. A source route needs both of two settings."""

SOURCE_ROUTES = "source-routed packets are discarded all the same"


def is_looked_at(name: str) -> bool:
    """Whether a setting may change a verdict."""
    if name.startswith(CONNTRACK) or name == "net.ipv4.ip_forward":
        return True
    if any(name == one.name for one in UNSIMULATED):
        return True
    return any(name.startswith(conf) and name.rpartition(".")[2] in known for conf, known in OF_INTERFACES.items())


def _number(text: str) -> int:
    """The number of a setting; what is none counts as 0, as the kernel refuses to set it."""
    text = text.strip()
    return int(text) if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() and len(text) < 12 else 0


@dataclass(frozen=True)
class Settings:
    """The settings by name. Without any, everything is forwarded and nothing is filtered by its reverse path."""

    values: Mapping[str, str] = field(default_factory=dict)

    def forwards_v4(self, interface: str | None) -> bool:
        """Whether IPv4 packets that come in there are forwarded; None is an interface that is not known.

        Setting `ip_forward` sets it for all interfaces, so one that has its own value was set behind it.
        """
        own = None if interface is None else self._given(V4_CONF, interface, "forwarding")
        for name in (V4_CONF + "all.forwarding", "net.ipv4.ip_forward"):
            own = self.values.get(name) if own is None else own
        return own is None or _number(own) != 0

    def forwards_v6(self, interface: str | None = None) -> bool:
        """Whether IPv6 packets are forwarded: one switch for all interfaces, and one that forces it for each."""
        switch = self.values.get(V6_CONF + "all.forwarding")
        if switch is None or _number(switch) != 0:
            return True
        forced = None if interface is None else self._given(V6_CONF, interface, "force_forwarding")
        return forced is not None and _number(forced) != 0

    def rp_filter(self, interface: str) -> int:
        """0 off, 1 strict, 2 loose (IN_DEV_MAXCONF)."""
        own = self._given(V4_CONF, interface, "rp_filter")
        own = self.values.get(V4_CONF + "default.rp_filter") if own is None else own
        return max(_number(own or "0"), _number(self.values.get(V4_CONF + "all.rp_filter", "0")))

    def _given(self, conf: str, interface: str, setting: str) -> str | None:
        """The value of an interface's own setting, or that of all interfaces written as `*`."""
        name = interface.replace(".", "/")
        return self.values.get(f"{conf}{name}.{setting}", self.values.get(f"{conf}*.{setting}"))

    def notes(self, *, bridged: bool) -> list[str]:
        """What is set so that Linux would decide otherwise than is simulated, one sentence each.

        `bridged`: the machine has bridges.
        """
        found = {}
        for name, value in self.values.items():
            for one in UNSIMULATED:
                if one.name.startswith("net.bridge.") and not bridged:
                    continue
                if _is_named(name, one.name) and _number(value) != _number(one.value):
                    found[name] = f"{name} = {value} is not simulated: {one.what}"
        whole = _number(self.values.get(V4_CONF + "all.accept_source_route", "0"))
        if whole:
            found["source"] = f"{V4_CONF}all.accept_source_route = {whole} is not simulated: {SOURCE_ROUTES}"
        return list(found.values())


UNSET = Settings()


def _is_named(name: str, pattern: str) -> bool:
    """Whether a setting is meant, `*` being one part of a name."""
    before, star, after = pattern.partition("*")
    if not star:
        return name == pattern
    return name.startswith(before) and name.endswith(after) and "." not in name[len(before) : -len(after)]


def reverse_path_notes(settings: Settings, interfaces: Iterable[str], *, complete: bool) -> list[str]:
    """What to say if sources are filtered by their reverse path, but not all routes are known."""
    filtered = [name for name in interfaces if settings.rp_filter(name)]
    if not filtered or complete:
        return []
    return [
        f"rp_filter on {', '.join(filtered)}: without all routes of the machine (--topology), sources that no known "
        "network holds are let through"
    ]
