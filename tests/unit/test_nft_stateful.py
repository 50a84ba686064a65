import pytest

from tests.nft_reading import refused, statement_of


def test_rates_in_packets_and_in_bytes() -> None:
    found = statement_of("limit rate over 10/minute burst 5 packets")
    assert (found.over, found.rate, found.unit, found.per, found.burst) == (True, 10, "packets", "minute", 5)
    for text in ("2 mbytes/second", "2 mbytes / second"):
        found = statement_of(f"limit rate {text} burst 3 kbytes")
        assert (found.rate, found.unit, found.per, found.burst) == (2 << 20, "bytes", "second", 3072)


def test_counters_quotas_connection_limits_and_last() -> None:
    assert statement_of("counter packets 1 bytes 2").bytes == 2
    quota = statement_of("quota over 1 kbytes used 5 bytes")
    assert (quota.over, quota.bytes, quota.used) == (True, 1024, 5)
    assert statement_of("ct count over 5").over
    assert statement_of("last used never").used == "never"


@pytest.mark.parametrize(
    "text",
    [
        "limit rate 5/foo", "limit rate until 5/second", "limit rate 5/second burst 0 packets",
        "limit rate 5 foo/second",
        "limit rate 5/second burst 5", "quota 5", "quota 5 foo", "ct count", "counter packets", "limit",
    ],
)  # fmt: skip
def test_incomplete_or_unknown_units_are_refused(text: str) -> None:
    assert refused(text)
