import pytest

from fwsim.netfilter.steps import HashLimit, Quota, Rate, Recent, Statistic, Unknown
from fwsim.ruleset.values import Limit
from tests.iptables_reading import refused_rule, steps

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("words", "rate", "seconds", "burst"),
    [
        ("", 3, 3600, 5),
        ("--limit 5", 5, 1, 5),
        ("--limit 5/min --limit-burst 7", 5, 60, 7),
        ("--limit 1000/h", 1000, 3600, 5),
        ("--limit 2/day", 2, 86400, 5),
    ],
)
def test_a_limit_is_a_number_in_a_time(words: str, rate: int, seconds: int, burst: int) -> None:
    (step,) = steps(f"-m limit {words} -j ACCEPT")
    assert isinstance(step, Rate)
    assert (step.limit, step.kernel) == (Limit(rate, seconds * SECOND, burst), "xt")


@pytest.mark.parametrize(
    "words",
    ["5/week", "5/", "/s", "0/s", "0x5/s", "10001/s", "1/day", "1/hour --limit-burst 120", "5/s --limit-burst 0"],
)
def test_a_limit_that_the_kernel_cannot_count_is_refused(words: str) -> None:
    assert refused_rule(f"-m limit --limit {words} -j ACCEPT").startswith("rules.v4:3:")


def test_a_limit_just_within_32_bits_is_taken() -> None:
    assert steps("-m limit --limit 1/hour --limit-burst 119 -j ACCEPT")


def test_a_bucket_for_each_address_and_port() -> None:
    rule = (
        "-m hashlimit --hashlimit-name a --hashlimit-above 5/min --hashlimit-mode srcip,dstport --hashlimit-srcmask 24"
    )
    (step,) = steps(f"{rule} -j ACCEPT")
    assert step == HashLimit("a", Limit(5, 60 * SECOND, 5, True), (("src", 24), ("dport", 16)), 60 * SECOND, 0, rule)


def test_a_bucket_of_bytes_forgets_after_fifteen_seconds() -> None:
    (step,) = steps("-m hashlimit --hashlimit-name a --hashlimit-upto 512kb/s -j ACCEPT")
    assert isinstance(step, HashLimit)
    assert (step.limit, step.expire_ns) == (Limit(524288, SECOND, 0, False, "bytes"), 15 * SECOND)


def test_a_burst_of_bytes_is_a_multiple_of_the_rate() -> None:
    (step,) = steps("-m hashlimit --hashlimit-name a --hashlimit-upto 5kb/s --hashlimit-burst 6kb -j ACCEPT")
    assert isinstance(step, HashLimit)
    assert step.limit.burst == 10240


@pytest.mark.parametrize(
    "words",
    [
        "a", "a --hashlimit-upto 512kb/s --hashlimit-burst 10", "a --hashlimit-upto 5/s --hashlimit-burst 0",
        "a/b --hashlimit-upto 5/s", "a --hashlimit-upto 1/day --hashlimit-burst 10000",
        "a --hashlimit-upto 5/s --hashlimit-mode foo", "a --hashlimit-upto 5/s --hashlimit-srcmask 33",
    ],
)  # fmt: skip
def test_a_bucket_that_the_kernel_cannot_keep_is_refused(words: str) -> None:
    assert refused_rule(f"-m hashlimit --hashlimit-name {words} -j ACCEPT").startswith("rules.v4:3:")


def test_every_nth_packet_and_a_share_of_all() -> None:
    assert steps("-m statistic --mode nth --every 3 --packet 2 -j ACCEPT") == [
        Statistic(3, 2, None, False, "-m statistic --mode nth --every 3 --packet 2")
    ]
    (step,) = steps("-m statistic --mode random ! --probability 0.5 -j ACCEPT")
    assert isinstance(step, Statistic)
    assert (step.probability, step.negated) == (1 << 30, True)


@pytest.mark.parametrize(
    "words",
    [
        "nth --every 3",
        "nth --every 3 --packet 3",
        "random",
        "random --probability 1.5",
        "foo",
        "random --probability nan",
    ],
)
def test_a_share_that_makes_no_sense_is_refused(words: str) -> None:
    assert refused_rule(f"-m statistic --mode {words} -j ACCEPT").startswith("rules.v4:3:")


def test_a_quota_is_over_when_inverted() -> None:
    assert steps("-m quota ! --quota 1000 -j ACCEPT") == [Quota(1000, 0, True, None, "-m quota ! --quota 1000", "xt")]


def test_recent_addresses_have_a_list_and_a_mask() -> None:
    assert steps("-m recent ! --update --seconds 60 --hitcount 4 --rdest --mask 255.255.0.0 -j ACCEPT") == [
        Recent(
            "DEFAULT", "update", "dst", 16, 60, 4, False, False, True,
            "-m recent ! --update --seconds 60 --hitcount 4 --rdest --mask 255.255.0.0",
        )
    ]  # fmt: skip
    assert isinstance(steps("-m recent --set --mask 255.0.255.0 -j ACCEPT")[0], Unknown)


@pytest.mark.parametrize("words", ["--name x", "--set --seconds 5", "--set --rcheck", "--rcheck --reap", "--set --rttl",
                                   "--rcheck --hitcount 65536", "--set --name a/b"])  # fmt: skip
def test_what_recent_does_not_take_is_refused(words: str) -> None:
    assert refused_rule(f"-m recent {words} -j ACCEPT").startswith("rules.v4:3:")
