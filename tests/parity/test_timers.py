"""Timers that run: a few seconds of conversations at the capture's own pace, with timeouts of seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.kernel import KernelFirewall
from fwsim.parity.difference import COMPARED
from fwsim.simulator import Simulator
from fwsim.terms import CtState, CtStatus
from tests.kernel_stage import needs_kernel
from tests.parity.tables import Tuple, differing, of_kernel, of_simulator
from tests.playbook import Playbook
from tests.playbook_simulator import POLICIES, stage_rules
from tests.replaying import pieces_of

LATE = 0.5
"""Seconds that the kernel may get a packet late; no packet of the script is nearer to the end of a timeout."""

TIMEOUTS = {
    "udp_timeout": 2,
    "udp_timeout_stream": 4,
    "tcp_timeout_syn_sent": 2,
    "tcp_timeout_close": 2,
    "icmp_timeout": 2,
}

STREAM: Tuple = ("10.1.0.23", "203.0.113.80", 17, 1000, 53)


def script() -> Playbook:
    """Conversations with pauses on either side of their timeouts."""
    play = Playbook()
    stream, lone = play.udp("10.1.0.23:1000"), play.udp("10.1.0.23:2000")
    closed, unanswered = play.tcp("10.1.0.23:3000"), play.tcp("10.1.0.23:4000")
    ping = play.ping(ident=5)
    stream.original(5)
    lone.original(5)
    unanswered.original("S")
    ping.original()
    stream.reply(5)
    closed.handshake()
    closed.original("RA")  # CLOSE
    play.at(1.1)
    stream.original(5)
    closed.reply("A", seq=1)  # still known
    play.at(2.55)
    stream.reply(5)  # a conversation of more than two seconds is a stream
    play.at(3.7)
    lone.reply(5)  # forgotten, and so new
    unanswered.reply("SA")  # invalid: nobody has asked
    ping.reply()
    play.at(4.3)
    closed.reply("A", 5)  # forgotten, and picked up as new
    play.at(5.15)
    stream.original(5)  # within the stream's four seconds, though not within two
    return play


@pytest.mark.kernel
def test_timers_run_out_as_in_the_kernel(tmp_path: Path) -> None:
    needs_kernel()
    path = tmp_path / "timers.pcapng"
    script().save(path)
    ruleset = stage_rules(POLICIES["open"], local=[], **TIMEOUTS)
    simulator = Simulator(ruleset, key=4711)
    captures = open_captures([Input(str(path))], digest=False)
    (chunk,) = captures
    simulator.topology.locate(captures, chunk)
    decided, tables = [], []
    for piece in pieces_of(chunk, range(1, len(chunk))):
        decided.append(simulator.run(piece).stateful[0])
        tables.append(of_simulator(simulator, int(piece.packets["now"][0])))
    with KernelFirewall(ruleset, topology=simulator.topology, real_time=1.0) as kernel:
        answer = kernel.answer(chunk, connections=True)
    for row, (ours, table) in enumerate(zip(decided, tables, strict=True)):
        theirs = answer.decisions[row]
        assert [ours[name] for name in COMPARED] == [theirs[name] for name in COMPARED], f"frame {row + 1}"
        assert differing(table, of_kernel(answer.connections[row]), LATE) == [], f"frame {row + 1}"
    states = [CtState(one["ct_state"]) for one in decided]
    assert states.count(CtState.NEW) == 7  # five at first, and two again
    assert states[-1] == CtState.ESTABLISHED
    assert tables[-1][STREAM].status & CtStatus.ASSURED
    assert tables[-1][STREAM].timeout == 4
