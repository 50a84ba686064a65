"""TAP devices, where they cannot be had; the network itself is tested in tests/parity."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pyroute2.netlink.exceptions import NetlinkError

from fwsim.errors import KernelError
from fwsim.kernel import network

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="TAP devices are Linux's")


def test_a_missing_device_node_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(network, "TUN", str(tmp_path / "tun"))
    with pytest.raises(KernelError, match="tun: No such file or directory; it needs the module tun"):
        network.tap("lan")


def test_a_refused_device_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tun").write_bytes(b"")
    monkeypatch.setattr(network, "TUN", str(tmp_path / "tun"))
    with pytest.raises(KernelError, match=r"ioctl\(TUNSETIFF\) for lan"):
        network.tap("lan")


def test_what_netlink_refuses_is_named_with_its_error() -> None:
    with pytest.raises(KernelError, match="netlink, device lan: Operation not permitted"), network.named("device lan"):
        raise NetlinkError(1, "no")
