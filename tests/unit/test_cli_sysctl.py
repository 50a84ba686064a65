"""Settings from the output of sysctl -a."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.cli.sysctl import conntrack_settings, dotted, read_sysctls
from fwsim.errors import UsageError


def test_only_what_is_known_of_conntrack_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "sysctl"
    file.write_bytes(
        b"kernel.domainname = (none)\n\xff\xfe\n# net.netfilter.nf_conntrack_tcp_be_liberal = 1\n"
        b"net.netfilter.nf_conntrack_count = 7\nnet.netfilter.nf_conntrack_tcp_loose = 0\n"
        b"-net/netfilter/nf_conntrack_udp_timeout=31\nnet.netfilter.nf_conntrack_tcp_max_retrans\n"
    )
    assert conntrack_settings(read_sysctls(str(file))) == {"conntrack.tcp_loose": "0", "conntrack.udp_timeout": "31"}


@pytest.mark.parametrize("content", ["", "tcp_loose = 0\n"])
def test_a_file_without_such_settings_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "sysctl").write_text(content)
    with pytest.raises(UsageError, match=r"no line sets net\.netfilter\.nf_conntrack_"):
        read_sysctls(str(tmp_path / "sysctl"))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="expected the output of sysctl -a"):
            read_sysctls(str(path))


def test_settings_of_the_stack_are_taken_beside_those_of_conntrack(tmp_path: Path) -> None:
    file = tmp_path / "sysctl.conf"
    file.write_text(
        "net.ipv4.ip_forward=0\nnet/ipv4/conf/eth0.10/rp_filter = 1\nnet.ipv4.conf.eth0/11.rp_filter = 2\n"
        "net.ipv4.conf.all.arp_filter = 1\nnet.ipv4.tcp_rmem = 4096 131072 6291456\n"
    )
    assert read_sysctls(str(file)) == {
        "net.ipv4.ip_forward": "0",
        "net.ipv4.conf.eth0/10.rp_filter": "1",
        "net.ipv4.conf.eth0/11.rp_filter": "2",
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("net.ipv4.conf.eth0/10.rp_filter", "net.ipv4.conf.eth0/10.rp_filter"),
        ("net/ipv4/conf/eth0.10/rp_filter", "net.ipv4.conf.eth0/10.rp_filter"),
        ("hostname", "hostname"),
    ],
)
def test_the_first_separator_tells_what_is_one(written: str, meant: str) -> None:
    assert dotted(written) == meant
