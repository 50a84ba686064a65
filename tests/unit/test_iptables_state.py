"""What has been read of texts of iptables: its problems."""

import pytest

from fwsim.errors import RulesetError
from fwsim.importing.iptables import read_iptables
from fwsim.importing.iptables.state import LONGEST


def test_a_message_is_short_and_can_be_printed() -> None:
    with pytest.raises(RulesetError) as caught:
        read_iptables("*filter\n:" + "\x1b[31m" + "a" * 5000 + " - [0:0]\nCOMMIT\n", "r")
    for problem in caught.value.problems:
        assert len(problem.what) <= LONGEST + 5
        assert problem.what.isprintable()
