"""The simulator as a firewall for playbooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.errors import UsageError
from fwsim.expectations.playbook import ACCEPT, DROP, REJECT, State
from fwsim.expectations.simulated import SimulatedPlaybook, source_of, tuple_fields
from fwsim.tables import V6
from fwsim.terms import RejectWith
from tests.expecting import RULES, loaded


def test_a_playbook_is_made_of_a_ruleset_its_path_or_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    for given in (loaded(RULES), str(tmp_path / "rules.yaml")):
        play = SimulatedPlaybook(given)
        answer = RejectWith.TCP_RESET
        play.packet("tcp 10.1.4.23 > 9.9.9.9:113").expect(REJECT, rule="ident", chain="forward", reject_with=answer)
        play.finish()
    mapped = SimulatedPlaybook({"policy": "drop", "rules": [{"proto": "tcp", "verdict": "accept"}]})
    mapped.packet("tcp 10.1.4.23 > 9.9.9.9:22").expect(ACCEPT)


def test_either_mode_may_have_the_word() -> None:
    ack = "tcp 203.0.113.80:443 > 10.1.4.23:51822 ack"
    SimulatedPlaybook(loaded(RULES), mode="stateful").packet(ack).expect(DROP, rule="broken")
    SimulatedPlaybook(loaded(RULES), mode="stateless").packet(ack).expect(ACCEPT, rule="out")


def test_the_connection_is_remembered_between_packets() -> None:
    play = SimulatedPlaybook(loaded(RULES))
    play.tcp("10.1.4.23:51822", "203.0.113.80:443").handshake()
    play.connection.is_(State.ESTABLISHED, assured=True)
    play.close()
    play.connection.is_(State.TIME_WAIT, timeout=120.0)


def test_a_packet_comes_in_where_it_is_said_to_and_else_where_its_source_is() -> None:
    play = SimulatedPlaybook(loaded(RULES))
    play.packet("tcp 10.1.4.23 > 9.9.9.9:22 in wan").expect(DROP, rule="policy")
    play.packet("tcp 10.1.4.23 > 9.9.9.9:23").expect(ACCEPT, rule="out")


def test_what_the_firewall_sends_itself_goes_out() -> None:
    rules = {
        "local": ["192.0.2.1"],
        "chains": {
            "out": {"hook": "output", "policy": "drop", "rules": []},
            "in": {"hook": "input", "policy": "accept", "rules": []},
        },
    }
    play = SimulatedPlaybook(rules)
    play.packet("udp 192.0.2.1:53 > 9.9.9.9:53").expect(DROP, rule="policy")
    play.packet("udp 9.9.9.9:53 > 192.0.2.1:53").expect(ACCEPT, rule="policy")


def test_a_conversation_without_ends_or_a_wrong_line_is_refused() -> None:
    play = SimulatedPlaybook(loaded(RULES))
    with pytest.raises(UsageError, match="without ends"):
        play.handshake()
    with pytest.raises(UsageError, match="column 15: unknown port"):
        play.packet("tcp 1.1.1.1 > 2.2.2.2:httpz")


def test_a_script_can_be_saved_and_is_decided_alike_when_it_is_read(tmp_path: Path) -> None:
    import fwsim

    play = SimulatedPlaybook(loaded(RULES))
    play.packet("tcp 10.1.4.23:51822 > 203.0.113.80:443 handshake")
    play.packet("reply rst seq=+1000000").expect(DROP)
    play.save(tmp_path / "script.pcapng")
    decisions = fwsim.replay(tmp_path / "script.pcapng", loaded(RULES)).decisions
    assert decisions["verdict"].tolist() == [0, 0, 0, 1]


def test_the_source_is_read_from_frames_of_both_families() -> None:
    play = SimulatedPlaybook(loaded(RULES))
    for line in (
        "udp 10.1.4.23 > 9.9.9.9:53",
        "udp [fd00:1::23] > [2001:db8::1]:53",
        "udp 10.1.4.9 > 9.9.9.9:53 vlan=3",
    ):
        play.packet(line)
    assert [source_of(frame.data) for frame in play.frames] == ["10.1.4.23", "fd00:1::23", "10.1.4.9"]


def test_an_original_tuple_is_looked_up_by_its_fields() -> None:
    fields = tuple_fields((17, "10.1.0.1", 5, "2001:db8::1", 53))
    assert (fields["src0"], fields["src_id"], fields["dst_id"]) == (0x0A010001, 5, 53)
    assert (fields["dst0"], fields["dst3"]) == (V6 + 0x20010DB8, 1)
