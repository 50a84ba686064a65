"""What messages say of words that iptables does not know."""

from __future__ import annotations

import pytest

from fwsim.importing.iptables.commands import VERDICTS
from fwsim.importing.iptables.hints import of_option, of_target


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("dport", ": `-p tcp` or udp, sctp, dccp must come before it"),
        ("syn", ": `-p tcp` must come before it"),
        ("dports", ": `-m multiport` must come before it"),
        ("ctstat", ": did you mean `--ctstate`?"),
        ("qqqq", ""),
    ],
)
def test_an_option_is_told_what_it_lacks_or_which_is_meant(option: str, hint: str) -> None:
    assert of_option(option, 4) == hint


@pytest.mark.parametrize(
    ("target", "hint"),
    [("ACEPT", ": did you mean `ACCEPT`?"), ("MASQERADE", ": did you mean `MASQUERADE`?"), ("qqqq", "")],
)
def test_the_target_that_is_near_is_named(target: str, hint: str) -> None:
    assert of_target(target, VERDICTS) == hint
