import pytest

from fwsim.nft.durations import milliseconds
from tests.nft_reading import member_of, mistakes_in


@pytest.mark.parametrize(
    ("text", "value"),
    [("1d2h3m4s5ms", 93_784_005), ("30s", 30_000), ("120", 120_000), ("5ms", 5), ("1h30m", 5_400_000)],
)
def test_a_duration_is_counted_in_milliseconds(text: str, value: int) -> None:
    assert milliseconds(text) == value


def test_a_duration_needs_units() -> None:
    assert member_of("set s { type mark; timeout 30s; }").timeout == "30s"
    for text in ("30", "foo", "1w"):
        assert mistakes_in(f"table t {{ set s {{ type mark; timeout {text}; }}; }}\n")
