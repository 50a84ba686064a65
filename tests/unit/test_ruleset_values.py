"""What values can do by themselves."""

from __future__ import annotations

from fwsim.ruleset.values import Location, Names, Numbers, Source, merged, source_text


def test_merged_intervals_neither_overlap_nor_touch() -> None:
    assert merged([(5, 9), (1, 2), (3, 4), (20, 30), (25, 26)]) == ((1, 9), (20, 30))


def test_names_are_matched_whole_or_by_their_beginning() -> None:
    assert [Names(("lan",), ("eth",)).matches(name) for name in ("lan", "lan2", "eth0", "eth", "et")] == [
        True,
        False,
        True,
        True,
        False,
    ]


def test_sources_are_shown_on_one_line() -> None:
    sources: list[Source] = ["a", 5, True, ("a", 5), {"rate": "1/second", "over": True}]
    shown = [source_text(source) for source in sources]
    assert shown == ["a", "5", "true", "[a, 5]", "{rate: 1/second, over: true}"]


def test_values_are_equal_however_they_were_spelled() -> None:
    assert Numbers(((80, 80),), source="http") == Numbers(((80, 80),), source=80)
    assert Location("a", 1, 2, "x") == Location("b", 3, 4, "y")
