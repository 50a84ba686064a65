"""What has been read of texts of iptables: its families and problems."""

import pytest

from fwsim.errors import RulesetError
from fwsim.importing.iptables import read_iptables
from fwsim.importing.iptables.state import LONGEST, MOST_PROBLEMS, Reading
from tests.iptables_reading import refused, saved


def test_all_mistakes_are_told_up_to_a_number() -> None:
    assert refused(saved("-A FORWARD -j A\n-A FORWARD -j B")).splitlines() == [
        "rules.v4:2:12: there is no chain and no target `A`",
        "rules.v4:3:12: there is no chain and no target `B`",
    ]
    assert len(refused(saved("-A FORWARD -j A\n" * 200)).splitlines()) == MOST_PROBLEMS


def test_families_are_there_in_the_order_of_their_use() -> None:
    reading = Reading(None)
    reading.machine(6)
    reading.machine(4)
    reading.machine(6)
    assert reading.order == [6, 4]


def test_a_message_is_short_and_can_be_printed() -> None:
    with pytest.raises(RulesetError) as caught:
        read_iptables("*filter\n:" + "\x1b[31m" + "a" * 5000 + " - [0:0]\nCOMMIT\n", "r")
    for problem in caught.value.problems:
        assert len(problem.what) <= LONGEST + 5
        assert problem.what.isprintable()
