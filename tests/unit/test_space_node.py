"""Where a region has come to."""

from __future__ import annotations

from fwsim.space.index import View
from fwsim.space.intervals import point
from fwsim.space.node import Node


def test_with_other_values_the_chain_is_to_be_asked_anew() -> None:
    node = Node(3, (point(1), point(2), None), view=View(1, (), 0), at=7)
    other = node.seeing(1, point(5))
    assert other.region == (point(1), point(5), None)
    assert (other.view, other.stop, other.at) == (None, 3, 7)
