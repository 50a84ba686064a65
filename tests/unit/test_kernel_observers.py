"""The chains around a ruleset."""

from __future__ import annotations

from fwsim.kernel.observers import GROUP, stack
from fwsim.kernel.plan import OBSERVE


def test_all_observers_log_to_one_group_so_that_messages_keep_their_order() -> None:
    assert {OBSERVE.decisions, OBSERVE.tracking, OBSERVE.ends} == {GROUP}
    assert OBSERVE.hooks is None  # nobody reads these
    assert stack("last").count(f"group {GROUP}") == 2


def test_the_stacks_own_packets_are_dropped_before_they_are_tracked() -> None:
    made = stack("last").partition("chain made")[2].partition("}")[0]
    assert made.index("meta mark & 1073741824 == 0 drop") < made.index("log prefix") < made.index("meta mark set 0")
    assert "hook output priority -500" in made


def test_the_end_mark_goes_no_further() -> None:
    assert 'iifname "last" drop' in stack("last")


def test_the_stacks_copy_of_its_own_broadcast_goes_no_further() -> None:
    arrived = stack("last").partition("chain arrived")[2]
    assert arrived.index("ether saddr != 00:00:00:00:00:00 accept") < arrived.rindex("drop")
    assert arrived.index('iifname "lo" accept') < arrived.rindex("drop")
    assert "pkttype" not in arrived
