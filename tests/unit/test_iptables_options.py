import pytest

from fwsim.importing.iptables.options import Given, check, option, read
from fwsim.importing.iptables.values import RefusedError


def test_a_declaration_says_all_about_an_option() -> None:
    declared = option("+! ttl-eq|ttl u8 0..63 -ttl-lt -ttl-gt &x")
    assert declared.names == ("ttl-eq", "ttl")
    assert (declared.low, declared.high, declared.needed, declared.inverts, declared.repeats) == (
        0,
        63,
        True,
        True,
        False,
    )
    assert (declared.excludes, declared.requires) == (("ttl-lt", "ttl-gt"), ("x",))


def test_a_highest_value_of_zero_is_that_of_the_kind() -> None:
    assert option("seconds u32 1..0").high == 0xFFFFFFFF


@pytest.mark.parametrize(
    ("declaration", "word", "value"),
    [
        ("a u8", "0x10", 16),
        ("a u16:", "5:7", (5, 7)),
        ("a u16:", ":7", (0, 7)),
        ("a mark", "1/0xff", (1, 255)),
        ("a plenmask", "255.255.0.0", 16),
        ("a plenmask", "33", 32),
        ("a one", "x", ("x",)),
    ],
)
def test_a_word_is_read_by_its_kind(declaration: str, word: str, value: object) -> None:
    assert read(option(declaration), [word], 4) == value


def test_a_refusal_names_the_option() -> None:
    with pytest.raises(RefusedError, match="--ttl: `300` is no number from 0 to 255"):
        read(option("ttl u8"), ["300"], 4)


def test_options_are_missed_and_kept_apart() -> None:
    declared = [option("+ a text"), option("b flag -c"), option("c flag"), option("d flag &c")]
    given = {name: Given("", False, "") for name in "abcd"}
    check("x", declared, {name: given[name] for name in "acd"})
    with pytest.raises(RefusedError, match="--a must be given"):
        check("x", declared, {})
    with pytest.raises(RefusedError, match="together"):
        check("x", declared, given)
    with pytest.raises(RefusedError, match="also needs --c"):
        check("x", declared, {name: given[name] for name in "ad"})
