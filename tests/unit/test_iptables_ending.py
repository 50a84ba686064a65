import pytest

from fwsim.netfilter.steps import Verdict
from fwsim.terms import RejectWith
from tests.iptables_reading import refused_rule, steps


@pytest.mark.parametrize(
    ("words", "family", "answer"),
    [
        ("", 4, RejectWith.ICMP_PORT_UNREACHABLE), ("", 6, RejectWith.ICMPV6_PORT_UNREACHABLE),
        ("--reject-with icmp-admin-prohibited", 4, RejectWith.ICMP_ADMIN_PROHIBITED),
        ("--reject-with icmp-h", 4, RejectWith.ICMP_HOST_UNREACHABLE),
        ("--reject-with adm-prohibited", 6, RejectWith.ICMPV6_ADMIN_PROHIBITED),
        ("--reject-with icmp6-policy-fail", 6, RejectWith.ICMPV6_POLICY_FAIL),
    ],
)  # fmt: skip
def test_a_reject_answers_as_asked(words: str, family: int, answer: RejectWith) -> None:
    assert steps(f"-j REJECT {words}".strip(), family=family)[-1] == Verdict(
        "reject", None, answer, f"-j REJECT {words}".strip()
    )


def test_a_reset_is_for_tcp_only_and_a_reject_for_the_table_filter() -> None:
    last = steps("-p tcp -j REJECT --reject-with tcp-reset")[-1]
    assert isinstance(last, Verdict)
    assert last.reject_with is RejectWith.TCP_RESET
    assert "needs `-p tcp`" in refused_rule("-j REJECT --reject-with tcp-reset")
    assert "table filter only" in refused_rule("-j REJECT", "mangle")
    assert "no reject type" in refused_rule("-j REJECT --reject-with icmp6-no-route")


def test_queues_end_a_rule() -> None:
    assert steps("-j NFQUEUE --queue-num 5 --queue-bypass")[-1] == Verdict(
        "queue", text="-j NFQUEUE --queue-num 5 --queue-bypass"
    )
    assert steps("-j QUEUE")[-1] == Verdict("queue", text="-j QUEUE")
    assert "should be less" in refused_rule("-j NFQUEUE --queue-balance 3:0")


def test_what_becomes_of_a_packet_may_be_unknown() -> None:
    assert steps("-p tcp -j SYNPROXY --mss 1460")[-1] == Verdict("unknown", text="-j SYNPROXY --mss 1460")
    assert "no place at output" in refused_rule("-p tcp -j SYNPROXY", chain="OUTPUT")
