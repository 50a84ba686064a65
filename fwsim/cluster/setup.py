"""What every task of a run must know, and the process that it runs in: its simulator, compiled or not.

Read first: `fwsim.simulator`. A worker makes a simulator only once for a run; tasks take from it what never changes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import uuid4

from fwsim.compiling import WORTH_COMPILING, WORTH_LOADING
from fwsim.engine import compile_engine, is_cached, is_compiled
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.simulator import Simulator


@dataclass(frozen=True)
class Setup:
    """A run: the rules, how captures are read, and how many shards there are.

    `key` keys the hashes, and must be the same for all; `packets` is about how many there are; `seed` decides what
    rules leave to chance.
    """

    ruleset: Ruleset
    interfaces: dict[str, list[str]]
    stateless_rules: Ruleset | None
    checksum: str
    digest: bool
    key: int
    shards: int
    packets: int
    host: Host | None = None
    seed: int = 0
    token: str = field(default_factory=lambda: uuid4().hex)

    def __hash__(self) -> int:
        """By the token, which no other run has."""
        return hash(self.token)

    def __eq__(self, other: object) -> bool:
        """By the token."""
        return isinstance(other, Setup) and self.token == other.token

    @property
    def counts_all(self) -> bool:
        """Whether a rule counts the packets of all connections, in either mode (`limit`)."""
        return any(lowered.counts for lowered in simulator_of(self).lowered.values())

    @property
    def translates(self) -> bool:
        """Whether addresses may be translated."""
        return simulator_of(self).lowered["stateful"].translates


@lru_cache(maxsize=2)
def simulator_of(setup: Setup) -> Simulator:
    """The simulator of a run in this process, of which only what never changes is used."""
    return Simulator(
        setup.ruleset,
        interfaces=setup.interfaces,
        stateless_rules=setup.stateless_rules,
        key=setup.key,
        host=setup.host,
    )


def compiling_pays(packets: int) -> bool:
    """Whether so many packets cost more uncompiled than getting compiled code does."""
    return packets > WORTH_COMPILING or (packets > WORTH_LOADING and is_cached())


_at_work = threading.Condition()
_uncompiled = 0


@contextmanager
def at_work(setup: Setup) -> Iterator[None]:
    """Run a task; the first one that finds it worth while goes over to compiled code.

    Tables are wrapped for uncompiled code, which cannot change its mind while another thread works on them: such tasks
    are waited for.
    """
    global _uncompiled
    with _at_work:
        if not is_compiled() and compiling_pays(setup.packets):
            _at_work.wait_for(lambda: not _uncompiled)
            compile_engine()
        compiled = is_compiled()
        _uncompiled += not compiled
    try:
        yield
    finally:
        with _at_work:
            _uncompiled -= not compiled
            _at_work.notify_all()
