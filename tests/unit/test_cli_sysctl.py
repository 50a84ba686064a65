"""Settings from the output of sysctl -a."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.cli.sysctl import conntrack_settings
from fwsim.errors import UsageError


def test_only_what_is_known_of_conntrack_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "sysctl"
    file.write_bytes(
        b"kernel.domainname = (none)\n\xff\xfe\n# net.netfilter.nf_conntrack_tcp_be_liberal = 1\n"
        b"net.netfilter.nf_conntrack_count = 7\nnet.netfilter.nf_conntrack_tcp_loose = 0\n"
        b"-net/netfilter/nf_conntrack_udp_timeout=31\nnet.netfilter.nf_conntrack_tcp_max_retrans\n"
    )
    assert conntrack_settings(str(file)) == {"conntrack.tcp_loose": "0", "conntrack.udp_timeout": "31"}


@pytest.mark.parametrize("content", ["", "tcp_loose = 0\n"])
def test_a_file_without_such_settings_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "sysctl").write_text(content)
    with pytest.raises(UsageError, match=r"no line sets net\.netfilter\.nf_conntrack_"):
        conntrack_settings(str(tmp_path / "sysctl"))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="expected the output of sysctl -a"):
            conntrack_settings(str(path))
