"""The clock of a stage with a firewall, and failures that explain themselves."""

from __future__ import annotations

import pytest

from fwsim.errors import UsageError
from fwsim.expectations.playbook import ACCEPT, DROP, Playbook
from fwsim.expectations.simulated import SimulatedFirewall, SimulatedPlaybook
from fwsim.expectations.stage import ExpectationError
from fwsim.simulator import Simulator
from tests.expecting import RULES, loaded

CLIENT, SERVER = "10.1.4.23:51822", "203.0.113.80:443"


def play() -> Playbook:
    return SimulatedPlaybook(loaded(RULES))


def test_time_may_be_told_from_the_start_and_goes_forward_only() -> None:
    stage = play()
    stage.packet(f"udp {CLIENT} > 9.9.9.9:53").expect(ACCEPT)
    stage.at(29)
    stage.packet("reply").expect(ACCEPT, rule="known")
    stage.at(160)
    stage.packet("reply").expect(DROP)
    assert [round((sent.at_ns - stage.start_ns) / 1e9) for sent in stage.sent] == [0, 29, 160]
    with pytest.raises(ValueError, match="does not go back"):
        stage.at(3)


def test_time_that_is_told_for_nothing_is_unfinished() -> None:
    stage = play()
    stage.packet(f"tcp {CLIENT} > {SERVER}").expect(ACCEPT)
    stage.finish()
    with pytest.raises(ExpectationError, match="without an expectation"):
        stage.at(60).finish()


def test_a_failure_explains_the_packet_as_it_was_then() -> None:
    stage = play()
    stage.tcp(CLIENT, SERVER).handshake()
    wrong = stage.reply("R", seq=1_000_000)
    stage.packet("tcp 198.51.100.7 > 10.1.4.23:22").expect(DROP)
    with pytest.raises(ExpectationError) as failure:
        wrong.expect(ACCEPT)
    text = str(failure.value)
    assert ">>>>>>> verdict: expected ACCEPT, actual DROP" in text
    assert "Packet 4  " in text
    assert "opened by packet 1, last seen in 3" in text


def test_copies_of_packets_that_go_out_are_not_counted_as_packets_that_came() -> None:
    firewall = SimulatedFirewall(Simulator(loaded(RULES), key=1))
    stage = Playbook(firewall, ground=firewall.ground)
    stage.copies = True
    stage.packet(f"tcp {CLIENT} > {SERVER}").expect(ACCEPT)
    assert stage.packet("reply syn-ack").expect(ACCEPT).number == 2


def test_a_look_at_the_connection_tells_what_was_expected_and_what_is() -> None:
    stage = play()
    stage.tcp(CLIENT, SERVER).handshake()
    with pytest.raises(ExpectationError) as failure:
        stage.connection.is_("TIME_WAIT", assured=False)
    first, *rest = str(failure.value).splitlines()
    assert first.startswith(
        "remains: expected TIME_WAIT, actual ESTABLISHED; assured: expected False, actual True (the "
    )
    assert rest[-2].strip() == ">>>>>>> remains: expected TIME_WAIT, actual ESTABLISHED"


def test_words_stand_for_what_they_mean_and_unknown_ones_are_refused_with_the_nearest() -> None:
    stage = play()
    sent = stage.packet(f"tcp {CLIENT} > {SERVER}").expect("accept", ct="new", state="syn_sent", reason="rule")
    with pytest.raises(UsageError, match="unknown verdict 'allowed', expected one of ACCEPT, DROP"):
        sent.expect("allowed")
    with pytest.raises(UsageError, match="unknown fact 'asured', did you mean 'assured'"):
        stage.connection.is_(asured=True)


def test_the_connection_is_that_of_the_last_line_where_there_is_no_usual_one() -> None:
    stage = play()
    stage.packet(f"tcp {CLIENT} > {SERVER}").expect("accept")
    stage.connection.is_("SYN_SENT")
