"""The machine itself as `ip` and `sysctl` show it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fwsim.errors import KernelError
from fwsim.topology.live import live_host, live_sysctls
from tests.parity.private_network import in_private_network

NETWORK = """
set -e
ip link set dev lo up
ip tuntap add name eth0 mode tap
ip tuntap add name tun0 mode tun
ip link set dev eth0 up
ip link set dev tun0 up
ip addr add 10.0.0.1/24 brd + dev eth0
ip addr add 10.0.7.1/24 dev eth0 noprefixroute
ip addr add 10.8.0.1 peer 10.8.0.2 dev tun0
ip -6 addr add 2001:db8::1/64 dev eth0
ip route add default via 10.0.0.254
ip route add unreachable 10.9.0.0/16
ip route add blackhole 10.10.0.0/16 metric 7
ip route add prohibit 10.11.0.0/16
ip route add throw 10.12.0.0/16
ip route add 10.20.0.0/16 nexthop via 10.0.0.2 nexthop via 10.8.0.2 dev tun0
ip route add 172.16.0.0/12 via inet6 fe80::1 dev eth0
ip route add 10.30.0.0/16 dev tun0 table 100
ip -6 route add default via 2001:db8::2
ip -6 route add unreachable 2001:db8:9::/48
ip rule add from 10.1.0.0/16 table 100
ip link add name br0 type bridge && ip link add name v0 type veth peer name v1 && ip link set dev v0 master br0 || true
ip link add link eth0 name office type vlan id 10 || true
echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter
"""
COMPARE = """
folder=$(mktemp -d)
ip -j -d link > $folder/link; ip -j addr > $folder/addr; ip -j route show table all > $folder/route
ip -j rule > $folder/rule4; ip -j -6 rule > $folder/rule6
%s - $folder <<'END'
import sys
from pathlib import Path
from fwsim.cli.sysctl import read_sysctls
from fwsim.ruleset.host import Host, read_topology, united
from fwsim.topology.live import live_host, live_sysctls
folder = Path(sys.argv[1])
files = united(read_topology(folder / name) for name in ("link", "addr", "route", "rule4", "rule6"))
lines = [f"{name} = {value}" for name, value in live_sysctls().items()]
(folder / "sysctl").write_text("\\n".join(lines))
files = united([files, Host(sysctls=read_sysctls(str(folder / "sysctl")))])
live = live_host()
for part in ("links", "addresses", "routes", "rules", "sysctls"):
    one, other = getattr(files, part), getattr(live, part)
    assert one == other, (part, one, other)
assert live == files
print(len(live.links), len(live.routes), live.sysctls["net.ipv4.conf.eth0.rp_filter"], *live.rules)
END
rm -r $folder
"""


def test_it_is_what_ip_and_sysctl_say_of_the_same_machine() -> None:
    done = in_private_network(NETWORK + COMPARE % sys.executable)
    if "Operation not permitted" in done.stderr or "No such device" in done.stderr:
        pytest.skip(f"no such devices can be made here: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    links, routes, strict, *rules = done.stdout.split()
    assert int(links) >= 3
    assert int(routes) > 20
    assert strict == "1"
    assert " ".join(rules) == "32765: from 10.1.0.0/16 lookup 100"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_no_privilege_is_needed() -> None:
    host = live_host()
    assert any(link.loopback for link in host.links.values())
    assert "net.ipv4.ip_forward" in host.sysctls


def test_elsewhere_it_is_told_that_linux_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(KernelError, match="--live asks Linux for its interfaces and routes, not darwin"):
        live_host()


def test_settings_are_named_as_sysctl_prints_them(tmp_path: Path) -> None:
    for name, value in {"conf/eth0.10/rp_filter": "2\n", "conf/eth0.10/tag": "7\n", "ip_forward": "1\n"}.items():
        path = tmp_path / "net/ipv4" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value)
    assert live_sysctls(tmp_path) == {"net.ipv4.conf.eth0/10.rp_filter": "2", "net.ipv4.ip_forward": "1"}
    assert live_sysctls(tmp_path / "missing") == {}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_settings_that_may_not_be_read_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "net/ipv4/ip_forward"
    path.parent.mkdir(parents=True)
    path.write_text("1\n")
    path.chmod(0o200)
    assert live_sysctls(tmp_path) == {}
