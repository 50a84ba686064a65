"""Whether the kernel can be used, told in words."""

from __future__ import annotations

import pytest

from fwsim.errors import KernelError
from fwsim.kernel import firewall, probe


def test_the_forbidden_call_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise KernelError("unshare(CLONE_NEWNET): Operation not permitted")

    monkeypatch.setattr(firewall, "Process", refuse)
    assert probe() == "unshare(CLONE_NEWNET): Operation not permitted"


def test_nothing_is_the_answer_where_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    class Willing:
        def ask(self, request: object) -> None:
            asked.append(request)

        def close(self) -> None:
            asked.append("closed")

    monkeypatch.setattr(firewall, "Process", Willing)
    assert probe() == ""
    assert asked[-1] == "closed"
