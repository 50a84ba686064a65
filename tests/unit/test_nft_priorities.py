import pytest

from fwsim.errors import RulesetError
from fwsim.nft.priorities import priority_number
from tests.nft_reading import accepted


def number(text: str, family: str = "ip", hook: str = "prerouting", before: str = "") -> int:
    script = accepted(f"{before}table t {{ chain c {{ type filter hook input priority {text}; }}; }}\n")
    return priority_number(script.commands[-1].body.chains[0].base.priority, family, hook)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "family", "hook", "value"),
    [
        ("raw", "ip", "output", -300), ("mangle - 5", "ip6", "input", -155), ("dstnat", "inet", "prerouting", -100),
        ("filter", "ip", "input", 0), ("security + 1", "ip", "input", 51), ("srcnat", "ip", "postrouting", 100),
        ("filter", "bridge", "input", -200), ("out", "bridge", "output", 100), ("dstnat", "bridge", "prerouting", -300),
        ("filter", "netdev", "ingress", 0), ("-7", "arp", "input", -7),
    ],
)  # fmt: skip
def test_names_stand_for_numbers_of_their_family(text: str, family: str, hook: str, value: int) -> None:
    assert number(text, family, hook) == value


def test_variables_may_hold_names_numbers_and_offsets() -> None:
    assert number("$p", before="define p = -5\n") == -5
    assert number("$p", before="define p = raw\n") == -300
    assert number("$p", before='define p = "raw + 5"\n') == -295


@pytest.mark.parametrize(
    ("text", "family", "hook"),
    [
        ("dstnat", "ip", "input"),
        ("out", "ip", "output"),
        ("foo", "ip", "input"),
        ("raw", "netdev", "ingress"),
        ("4294967296", "ip", "input"),
    ],
)
def test_names_that_mean_nothing_there_are_refused_with_their_place(text: str, family: str, hook: str) -> None:
    with pytest.raises(RulesetError, match=r"<text>:1:44: "):
        number(text, family, hook)


def test_an_offset_in_digits_of_another_script_is_no_offset() -> None:
    with pytest.raises(RulesetError, match=r"<text>:2:44: "):
        number("$p", before='define p = "raw + \N{SUPERSCRIPT TWO}"\n')
