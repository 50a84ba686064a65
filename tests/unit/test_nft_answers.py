import pytest

from tests.nft_reading import accepted, refused, statement_of


def test_log_with_all_its_options() -> None:
    found = statement_of('log prefix "a b" group 1 snaplen 2 queue-threshold 3 level info flags tcp options,sequence')
    assert (found.prefix.name, found.group, found.snaplen, found.queue_threshold, found.level) == (
        "a b",
        1,
        2,
        3,
        "info",
    )
    assert found.flags == ("tcp options", "tcp sequence")


def test_reject_with_codes_by_name_and_number() -> None:
    assert statement_of("reject").kind is None
    assert statement_of("reject with icmp type port-unreachable").code.name == "port-unreachable"
    assert statement_of("reject with icmpx 1").code.value == 1
    assert statement_of("reject with tcp reset").kind == "tcp"


def test_variables_in_a_prefix_must_be_defined() -> None:
    accepted('define x = "a"\nadd rule t c log prefix "$x:"\n')
    assert "'x' is not defined" in refused('log prefix "$x:"')


@pytest.mark.parametrize(
    "text", ["log level foo", "log flags foo", "log prefix", "reject with tcp", "reject with icmp", "reject icmpx 1"]
)
def test_what_does_not_belong_is_refused(text: str) -> None:
    assert refused(text)
