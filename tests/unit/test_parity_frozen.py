"""A clock that stands still lets nothing expire."""

from __future__ import annotations

import io

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.packet import Packet, Raw

from fwsim.capture import from_scapy
from fwsim.parity import frozen, hastened, standing_still
from fwsim.parity.frozen import RATE
from fwsim.result import Result
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import CtState, Verdict


def at(seconds: float, packet: Packet) -> Packet:
    packet.time = seconds
    return packet


def test_all_packets_come_at_the_time_of_the_first() -> None:
    captures = from_scapy([at(5 + n, IP(dst="192.0.2.1") / TCP()) for n in range(7)], chunk_rows=3)
    chunks = list(frozen(captures))
    assert [int(now) for chunk in chunks for now in chunk.packets["now"]] == [5 * 10**9] * 7
    assert [int(ts) for chunk in chunks for ts in chunk.frames["ts"]] == [n * 10**9 for n in range(5, 12)]


def test_a_connection_outlives_its_timeout() -> None:
    request = IP(src="192.0.2.9", dst="192.0.2.1") / ICMP(id=3)
    answer = IP(src="192.0.2.1", dst="192.0.2.9") / ICMP(type=0, id=3)
    rules = Ruleset.model_validate({"policy": "accept", "rules": [{"ct_state": "invalid", "verdict": "drop"}]})

    def states(still: bool) -> list[int]:
        captures = from_scapy([at(5, request.copy()), at(500, answer.copy())])
        (batch,) = Result(frozen(captures) if still else captures, Simulator(rules))
        return [int(state) for state in batch.stateful["ct_state"]]

    assert states(still=False) == [CtState.NEW, CtState.INVALID]
    assert states(still=True) == [CtState.NEW, CtState.ESTABLISHED]


def admitted(limit: object, count: int, gap: float) -> list[bool]:
    """Which of some packets pass a limit, in a ruleset made still."""
    rules = [{"name": "few", "limit": limit, "verdict": "accept"}]
    simulator = Simulator(standing_still(Ruleset.model_validate({"policy": "drop", "rules": rules})))
    packets = [at(5 + gap * n, IP(dst="192.0.2.1", len=100) / TCP() / Raw(bytes(60))) for n in range(count)]
    (batch,) = Result(from_scapy(packets), simulator)
    return [verdict == Verdict.ACCEPT for verdict in batch.stateful["verdict"].tolist()]


def test_a_limit_holds_as_many_packets_as_before_and_does_not_fill_again() -> None:
    assert admitted({"rate": "10/second", "burst": 3}, 6, gap=1) == [True] * 3 + [False] * 3


def test_a_byte_limit_holds_as_many_bytes_as_before() -> None:
    assert admitted({"rate": "200 bytes/second", "burst": "150 bytes"}, 5, gap=1) == [True] * 3 + [False] * 2


def test_a_limit_that_matches_what_exceeds_it_still_does() -> None:
    assert admitted({"rate": "1/second", "burst": 2, "over": True}, 4, gap=2) == [False, False, True, True]


def test_rules_in_chains_are_made_still_and_all_else_is_kept() -> None:
    chains = {"forward": {"hook": "forward", "policy": "drop", "rules": [{"limit": "5/minute", "verdict": "accept"}]}}
    ruleset = Ruleset.model_validate({"name": "x", "chains": chains, "conntrack": {"tcp_loose": False}})
    still = standing_still(ruleset)
    assert list(still.all_chains) == ["forward"]
    (rule,) = still.all_chains["forward"].rules
    assert rule.limit is not None
    assert (rule.limit.rate, rule.limit.burst) == (1, 5)
    assert (still.name, still.conntrack.tcp_loose) == ("x", False)
    assert still.conntrack.tcp_timeout_close == 100 * ruleset.conntrack.tcp_timeout_close
    assert still.conntrack.tcp_timeout_established == ruleset.conntrack.tcp_timeout_established
    assert ruleset.all_chains["forward"].rules[0].limit != rule.limit


def test_hastened_timeouts_are_shorter_and_rates_higher() -> None:
    chains = {"forward": {"hook": "forward", "rules": [{"limit": {"rate": "5/minute", "burst": 7}}, {"proto": "tcp"}]}}
    ruleset = Ruleset.model_validate({"chains": chains, "conntrack": {"udp_timeout": "3s"}})
    fast = hastened(ruleset, 10)
    second = 10**9
    assert fast.conntrack.tcp_timeout_syn_sent == 12 * second
    assert fast.conntrack.udp_timeout == second  # the kernel knows no less
    limit = fast.all_chains["forward"].rules[0].limit
    assert limit is not None
    assert (limit.rate, limit.burst) == (50, 7)
    assert fast.conntrack.tcp_loose == ruleset.conntrack.tcp_loose


def test_no_bound_is_put_on_the_table_for_the_kernel_takes_none() -> None:
    for made in (standing_still, lambda ruleset: hastened(ruleset, 2)):
        bounded = Ruleset.model_validate({"policy": "drop", "conntrack": {"max": 5}})
        assert (made(bounded).conntrack.max, "max" in made(bounded).conntrack.model_fields_set) == (0, True)
        free = made(Ruleset.model_validate({"policy": "drop"}))
        assert (free.conntrack.max, "max" in free.conntrack.model_fields_set) == (0, False)


def test_slowed_down_a_timeout_is_at_most_what_the_kernel_takes() -> None:
    slow = hastened(Ruleset.model_validate({"policy": "drop"}), 0.01)
    assert slow.conntrack.tcp_timeout_close == 1000 * 10**9
    assert slow.conntrack.tcp_timeout_established == 2_147_483 * 10**9


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("limit rate 10/second burst 5 packets", "limit rate 10/hour burst 5 packets"),
        ("limit rate over 5 mbytes/minute", "limit rate over 5 mbytes/hour"),
        ("-m limit --limit 3/min --limit-burst 7", "-m limit --limit 3/hour --limit-burst 7"),
        ("-m hashlimit --hashlimit-above 1000/sec", "-m hashlimit --hashlimit-above 1000/hour"),
        ("ip saddr 10.0.0.0/8 timeout 30s", "ip saddr 10.0.0.0/8 timeout 30s"),
    ],
)
def test_rates_of_nft_and_iptables_are_those_of_an_hour(text: str, wanted: str) -> None:
    assert RATE.sub(r"\1hour", text) == wanted


def test_a_ruleset_of_nft_is_read_again_with_slow_rates() -> None:
    text = "table ip t {\n\tchain c {\n\t\tlimit rate 10/second accept\n\t}\n}\n"
    ruleset = standing_still(load_ruleset(io.StringIO(text), overrides={"conntrack.udp_timeout": "30"}))
    (rule,) = ruleset.netfilter.tables[0].chains["c"].rules
    assert rule.location.text == "limit rate 10/hour accept"
    assert "10/hour" in ruleset.netfilter.sources[0][1]
    assert ruleset.conntrack.udp_timeout == 3000 * 10**9
