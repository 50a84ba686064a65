import pytest

from fwsim.importing.iptables.arguments import LONGEST, MOST, placed, split
from fwsim.importing.iptables.values import RefusedError


@pytest.mark.parametrize(
    ("line", "parameters"),
    [
        ("-A FORWARD\t-j  DROP", ["-A", "FORWARD", "-j", "DROP"]),
        (r'--comment "a \"b\" c" -j', ["--comment", 'a "b" c', "-j"]),
        (r'"a\\b"', ["a\\b"]),
        ("'a b'", ["'a", "b'"]),
        ('""', [""]),
        ('--comment "" -j DROP', ["--comment", "", "-j", "DROP"]),
        ('"a b"\t"c"  d', ["a b", "c", "d"]),
        ('-j "a""b"', ["-j", "a", "b"]),
        ('-j "a b"c', ["-j", "a b", "c"]),
        ('-j a"b c"', ["-j", "ab c"]),
        ('a"b c"d', ["ab c", "d"]),
        (r"a\b", [r"a\b"]),
        ('"abc -j DROP', ["abc -j DROP\n"]),
        ("a\u00a0b", ["a\u00a0b"]),
    ],
)
def test_a_line_is_cut_as_iptables_restore_cuts_it(line: str, parameters: list[str]) -> None:
    assert split(line) == parameters
    assert [text for text, _ in placed(line)] == parameters


def test_places_are_columns_from_one() -> None:
    assert placed(' -A  "x y" z') == [("-A", 2), ("x y", 6), ("z", 12)]


def test_limits_are_those_of_iptables_restore() -> None:
    assert split("x" * LONGEST) == ["x" * LONGEST]
    with pytest.raises(RefusedError, match="longer"):
        split("x" * (LONGEST + 1))
    with pytest.raises(RefusedError, match="more than"):
        split("x " * (MOST + 1))
