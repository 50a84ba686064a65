"""FTP: connections that are expected because the control connection has announced them (conntrack-spec 13)."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.terms import Reason
from tests.conftest import Stager
from tests.playbook import (
    ACCEPT,
    DROP,
    ESTABLISHED,
    INVALID,
    NEW,
    ORIGINAL,
    RELATED,
    REPLY,
    Playbook,
    State,
    Tcp,
)

GIVE = {"name": "ftp", "proto": "tcp", "dport": 21, "helper": "ftp"}
KNOWN = {"name": "known", "ct_state": "established", "verdict": "accept"}
ANNOUNCED = {"name": "announced", "ct_state": "related", "verdict": "accept"}
CONTROL = {"name": "control", "proto": "tcp", "dport": 21, "ct_state": "new", "verdict": "accept"}

CHAINS: dict[str, Any] = {
    "helpers": {"hook": ["prerouting", "output"], "rules": [GIVE]},
    "filter": {"hook": ["forward", "input", "output"], "policy": "drop", "rules": [KNOWN, ANNOUNCED, CONTROL]},
}
"""A policy that lets nothing through but control connections, and what they announce."""

PORT = 1041
"""Of data connections: 4 * 256 + 17."""


@pytest.fixture(params=[4, 6], ids=["v4", "v6"])
def play(stage: Stager, request: pytest.FixtureRequest) -> Playbook:
    return stage(CHAINS, family=request.param)


def ends(talk: Tcp) -> tuple[str, str]:
    """The two addresses of a conversation, bracketed if they are of IPv6."""
    client, server = (f"[{end.address}]" if ":" in end.address else end.address for end in talk.ends)
    return client, server


def active(talk: Tcp, port: int = PORT) -> bytes:
    """The command of a client that wants to be connected to."""
    address = talk.ends[0].address
    if ":" in address:
        return f"EPRT |2|{address}|{port}|\r\n".encode()
    return f"PORT {address.replace('.', ',')},{port >> 8},{port & 255}\r\n".encode()


def passive(talk: Tcp, port: int = PORT) -> bytes:
    """The answer of a server that wants to be connected to."""
    address = talk.ends[1].address
    if ":" in address:
        return f"229 Entering Extended Passive Mode (|||{port}|)\r\n".encode()
    return f"227 Entering Passive Mode ({address.replace('.', ',')},{port >> 8},{port & 255}).\r\n".encode()


def from_server(play: Playbook, talk: Tcp, port: int = PORT) -> Tcp:
    client, server = ends(talk)
    return play.tcp(f"{server}:20", f"{client}:{port}")


def from_client(play: Playbook, talk: Tcp, port: int = PORT, sport: int = 50000) -> Tcp:
    client, server = ends(talk)
    return play.tcp(f"{client}:{sport}", f"{server}:{port}")


def test_an_active_data_connection_is_related(play: Playbook) -> None:
    """RFC 959 §3.2, RFC 2428 §2: the server opens it, and is let in."""
    control = play.ftp()
    control.original("PA", active(control)).expect(ACCEPT, ct=ESTABLISHED, rule="known")
    data = from_server(play, control)
    data.original("S").expect(ACCEPT, ct=RELATED, direction=ORIGINAL, rule="announced", reason=Reason.EXPECTED)
    data.original("S").expect(ACCEPT, ct=RELATED, rule="announced")
    data.reply("SA").expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, state=State.SYN_RECV)
    data.original("A").expect(ACCEPT, ct=ESTABLISHED, assured=True)


def test_a_passive_data_connection_is_related(play: Playbook) -> None:
    control = play.ftp()
    control.reply("PA", passive(control)).expect(ACCEPT, ct=ESTABLISHED)
    data = from_client(play, control)
    data.original("S").expect(ACCEPT, ct=RELATED, rule="announced")
    data.reply("SA").expect(ACCEPT, ct=ESTABLISHED)


def test_without_the_helper_nothing_is_expected(stage: Stager) -> None:
    """Spec 13: since 6.0 only where a rule gives it."""
    play = stage({"filter": CHAINS["filter"]})
    control = play.ftp()
    control.original("PA", active(control)).expect(ACCEPT)
    from_server(play, control).original("S").expect(DROP, ct=NEW)


def test_the_helper_must_be_given_before_the_connection_is_confirmed(stage: Stager) -> None:
    """nft_ct_helper_obj_eval: a confirmed connection gets none any more."""
    late = {"late": {"hook": "prerouting", "rules": [{**GIVE, "ct_state": "established"}]}, "filter": CHAINS["filter"]}
    play = stage(late)
    control = play.ftp()
    control.original("PA", active(control)).expect(ACCEPT)
    from_server(play, control).original("S").expect(DROP, ct=NEW)


@pytest.mark.parametrize("proto", [{}, {"proto": ["tcp", "udp"]}], ids=["any", "tcp and udp"])
def test_a_rule_that_is_not_of_tcp_alone_gives_the_helper_to_tcp(stage: Stager, proto: dict[str, Any]) -> None:
    """nft_ct_helper_obj_eval: to a connection of another protocol nothing happens; nft refuses such a rule nowhere."""
    everybody = {"name": "ftp", "ct_state": "new", "helper": "ftp", **proto}
    play = stage({"helpers": {"hook": "prerouting", "rules": [everybody]}, "filter": CHAINS["filter"]})
    control = play.ftp()
    control.original("PA", active(control)).expect(ACCEPT)
    from_server(play, control).original("S").expect(ACCEPT, ct=RELATED)
    play.udp().original(20).expect(DROP, ct=NEW)


@pytest.mark.parametrize("port", [PORT - 1, PORT + 1])
def test_another_port_is_not_expected(play: Playbook, port: int) -> None:
    control = play.ftp()
    control.original("PA", active(control)).expect(ACCEPT)
    from_server(play, control, port).original("S").expect(DROP, ct=NEW)
    from_server(play, control).original("S").expect(ACCEPT, ct=RELATED)


def test_somebody_else_is_not_expected(play: Playbook) -> None:
    control = play.ftp()
    control.original("PA", active(control)).expect(ACCEPT)
    client, _ = ends(control)
    stranger = "[2001:db8::99]" if play.family == 6 else "203.0.113.99"
    play.tcp(f"{stranger}:20", f"{client}:{PORT}").original("S").expect(DROP, ct=NEW)


def test_an_expectation_is_used_up_by_the_first_packet(play: Playbook) -> None:
    control = play.ftp()
    control.reply("PA", passive(control)).expect(ACCEPT)
    from_client(play, control).original("S").expect(ACCEPT, ct=RELATED)
    from_client(play, control, sport=50001).original("S").expect(DROP, ct=NEW)


def test_a_packet_that_opens_nothing_uses_it_up_too(play: Playbook) -> None:
    """Spec 13 (K618): a RST burns it."""
    control = play.ftp()
    control.reply("PA", passive(control)).expect(ACCEPT)
    from_client(play, control).original("R").expect(DROP, ct=INVALID)
    from_client(play, control, sport=50001).original("S").expect(DROP, ct=NEW)


def test_a_packet_that_a_rule_drops_uses_it_up_too(stage: Stager) -> None:
    """Spec 13 (K618)."""
    picky = {**CHAINS, "first": {"hook": "forward", "priority": -5, "rules": [{"ttl": 9, "verdict": "drop"}]}}
    play = stage(picky)
    control = play.ftp()
    control.reply("PA", passive(control)).expect(ACCEPT)
    from_client(play, control).original("S", ttl=10).expect(DROP, ct=RELATED, exists=False)
    from_client(play, control).original("S").expect(DROP, ct=NEW)


def test_one_connection_expects_one_other(play: Playbook) -> None:
    """Spec 13: a new announcement takes the place of the old one."""
    control = play.ftp()
    control.reply("PA", passive(control)).expect(ACCEPT)
    control.reply("PA", passive(control, 2000)).expect(ACCEPT)
    from_client(play, control).original("S").expect(DROP, ct=NEW)
    from_client(play, control, 2000).original("S").expect(ACCEPT, ct=RELATED)


@pytest.mark.parametrize(("seconds", "ct"), [(299, RELATED), (300, NEW)])
def test_it_is_expected_for_five_minutes(play: Playbook, seconds: int, ct: int) -> None:
    control = play.ftp()
    control.reply("PA", passive(control)).expect(ACCEPT)
    play.after(seconds=seconds)
    from_client(play, control).original("S").expect(ct=ct)


def test_nothing_is_expected_when_the_control_connection_is_gone(stage: Stager) -> None:
    """Spec 13: deleted with the master."""
    play = stage(CHAINS, tcp_timeout_close=2)
    control = play.ftp()
    control.reply("PA", passive(control)).expect(ACCEPT)
    control.original("R").expect(ACCEPT, state=State.CLOSE)
    play.after(seconds=1)
    from_client(play, control, sport=50001).original("S").expect(ACCEPT, ct=RELATED)
    control = play.ftp("10.1.0.24:40000")
    control.reply("PA", passive(control)).expect(ACCEPT)
    control.original("R").expect(ACCEPT)
    play.after(seconds=2)
    from_client(play, control).original("S").expect(DROP, ct=NEW)


def test_the_expected_connection_has_the_mark_of_the_control_connection(stage: Stager) -> None:
    """init_conntrack."""
    marked = {**CHAINS, "helpers": {"hook": "prerouting", "rules": [{**GIVE, "set_ct_mark": 7}]}}
    marked["filter"] = {
        "hook": "forward",
        "policy": "drop",
        "rules": [KNOWN, CONTROL, {"ct_mark": 7, "verdict": "accept"}],
    }
    play = stage(marked)
    control = play.ftp()
    control.original("PA", active(control)).expect(ACCEPT)
    from_server(play, control).original("S").expect(ACCEPT, ct=RELATED)


# --- what is listened to ---------------------------------------------------------------------------------------


def test_the_first_line_of_a_side_is_not_read(play: Playbook) -> None:
    """Spec 13: a line begins behind a newline that was seen."""
    control = play.tcp(*play.ends(None, None, 21))
    control.handshake()
    control.reply("PA", b"220 ready\r\n").expect(ACCEPT)
    control.original("PA", active(control)).expect(ACCEPT)
    from_server(play, control).original("S").expect(DROP, ct=NEW)
    control.original("PA", active(control)).expect(ACCEPT)
    from_server(play, control).original("S").expect(ACCEPT, ct=RELATED)


def test_a_line_in_the_middle_of_a_segment_is_not_read(play: Playbook) -> None:
    control = play.ftp()
    control.original("PA", b"TYPE I\r\n" + active(control)).expect(ACCEPT)
    from_server(play, control).original("S").expect(DROP, ct=NEW)


def test_a_line_sent_again_is_read_again(play: Playbook) -> None:
    control = play.ftp()
    at = control.ends[0].next
    control.original("PA", active(control)).expect(ACCEPT)
    from_server(play, control).original("S").expect(ACCEPT, ct=RELATED)
    control.original("PA", active(control), seq=at).expect(ACCEPT)
    client, server = ends(control)
    play.tcp(f"{server}:2020", f"{client}:{PORT}").original("S").expect(ACCEPT, ct=RELATED)


@pytest.mark.parametrize(
    "half", [b"P", b"POR", b"PORT", b"EPRT", b"PORT 10,1,0", b"port 1,2,3,4,5\r\n", b"EPRT |1|\r\n"]
)
def test_a_command_that_is_not_there_in_full_is_dropped(stage: Stager, half: bytes) -> None:
    """Spec 13 (K618): the helper drops it, although the rules have accepted it."""
    control = stage(CHAINS).ftp()
    control.original("PA", half).expect(DROP, ct=ESTABLISHED, rule="", reason=Reason.HELPER_PARTIAL)


@pytest.mark.parametrize("half", [b"2", b"22", b"227 ", b"229 no port\r\n", b"229 (|||0|)\r\n", b"227 (1,2,3,4,5,6"])
def test_an_answer_that_is_not_there_in_full_is_dropped(stage: Stager, half: bytes) -> None:
    control = stage(CHAINS).ftp()
    control.reply("PA", half).expect(DROP, ct=ESTABLISHED, reason=Reason.HELPER_PARTIAL)
    control.original("PA", half).expect(ACCEPT, ct=ESTABLISHED)


@pytest.mark.parametrize("text", [b"QUIT\r\n", b"PASV\r\n", b"EPSV\r\n", b"PWD\r\n", b"\r\n", b"x"])
def test_other_lines_pass(stage: Stager, text: bytes) -> None:
    control = stage(CHAINS).ftp()
    control.original("PA", text).expect(ACCEPT, ct=ESTABLISHED, rule="known")


def test_an_address_that_is_not_the_senders_is_not_believed(stage: Stager) -> None:
    """Spec 13: nothing is opened to third hosts (the FTP bounce attack)."""
    play = stage(CHAINS)
    control = play.ftp()
    control.original("PA", b"PORT 10,1,0,99,4,17\r\n").expect(ACCEPT)
    for address in ("10.1.0.99", "10.1.0.23"):
        play.tcp("203.0.113.80:20", f"{address}:{PORT}").original("S").expect(DROP, ct=NEW)


def test_two_connections_cannot_announce_the_same_port(play: Playbook) -> None:
    """expect_clash: the later announcement is dropped."""
    client, _ = play.ends(None, None, 21)
    one, other = play.ftp(), play.ftp(client.replace("40000", "40001"))
    one.original("PA", active(one)).expect(ACCEPT)
    other.original("PA", active(other)).expect(DROP, ct=ESTABLISHED, reason=Reason.HELPER_CLASH)
    other.original("PA", active(other, 3000)).expect(ACCEPT)
    from_server(play, one).original("S").expect(ACCEPT, ct=RELATED)


def test_a_line_that_the_rules_drop_is_not_read(stage: Stager) -> None:
    """Spec 13: the helper comes behind the rules."""
    picky = {**CHAINS, "first": {"hook": "forward", "priority": -5, "rules": [{"ttl": 9, "verdict": "drop"}]}}
    play = stage(picky)
    control = play.ftp()
    control.original("PA", active(control), ttl=10).expect(DROP)
    from_server(play, control).original("S").expect(DROP, ct=NEW)
