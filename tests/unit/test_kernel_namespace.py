"""What a namespace needs, and how its absence is told. Entering one is for a process of its own (tests/parity)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fwsim.errors import KernelError
from fwsim.kernel import namespace


def test_another_system_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(KernelError, match="needs Linux, not darwin"):
        namespace.enter()


def test_the_forbidden_call_is_named_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    asked: list[int] = []

    def refuse(flags: int) -> str:
        asked.append(flags)
        return "Operation not permitted"

    monkeypatch.setattr(namespace, "unshare", refuse)
    with pytest.raises(KernelError, match=r"unshare\(CLONE_NEWUSER \| CLONE_NEWNET\): Operation not permitted; run as"):
        namespace.enter()
    assert asked == [namespace.CLONE_NEWNET, namespace.CLONE_NEWNET | namespace.CLONE_NEWUSER]


def test_what_may_be_had_without_a_user_namespace_is_taken_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(namespace, "unshare", lambda flags: "" if flags == namespace.CLONE_NEWNET else "no")
    monkeypatch.setattr(namespace, "be_root_inside", lambda *_: pytest.fail("no user namespace was entered"))
    namespace.enter()


@pytest.mark.skipif(sys.platform != "linux", reason="unshare(2) is Linux's")
def test_an_error_of_the_call_comes_in_words() -> None:
    assert namespace.unshare(0x1) == "Invalid argument"


@pytest.mark.skipif(not Path("/proc/sys").is_dir(), reason="no sysctls here")
def test_a_sysctl_that_is_not_there_is_named() -> None:
    assert not namespace.has_sysctl("net/no/such")
    for ask in (lambda: namespace.write_sysctl("net/no/such", 1), lambda: namespace.read_sysctl("net/no/such")):
        with pytest.raises(KernelError, match=r"sysctl net\.no\.such"):
            ask()
    assert namespace.read_sysctl("kernel/ostype") == "Linux"
