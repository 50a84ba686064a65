"""The FTP bounce: the conversation, whose PORT names a third host, and the connection that comes of it."""

from __future__ import annotations

import pytest

from fwsim.attack.families.ftp import told
from fwsim.attack.segment import SYN, addresses, taken_apart
from tests.attacking import dissected, forge, needs_tshark


@needs_tshark
@pytest.mark.parametrize("style", ["inside", "outside"])
def test_the_server_is_told_a_third_address_and_goes_there_from_port_20(style: str) -> None:
    found = forge(f"ftp-bounce:{style}", port=25)
    rows = dissected(found, "ftp.request.command", "ftp.request.arg", "ftp.active.cip", "ftp.active.port")
    (told_,) = [row for row in rows if row[0] == "PORT"]
    bounced = taken_apart(found[-1].packet)
    server = addresses(found[0].packet)[1]
    assert told_[2:] == (bounced.dst, "25")
    assert (bounced.src, bounced.sport, bounced.dport, bounced.flags) == (server, 20, 25, SYN)
    assert bounced.dst not in (server, addresses(found[0].packet)[0])


def test_only_what_the_server_says_on_its_own_is_innocent() -> None:
    found = forge("ftp-bounce")
    server = addresses(found[0].packet)[1]
    assert [one.innocent for one in found[:-1]] == [addresses(one.packet)[0] == server for one in found[:-1]]
    assert not found[-1].innocent


def test_the_control_connection_is_in_order() -> None:
    expected: dict[str, int] = {}
    for one in forge("ftp-bounce")[:-1]:
        segment = taken_apart(one.packet)
        assert expected.get(segment.src, segment.seq) == segment.seq
        expected[segment.src] = (segment.seq + segment.length) & 0xFFFFFFFF


def test_an_address_is_told_as_rfc_959_and_rfc_2428_want_it() -> None:
    assert told("192.0.2.7", 1025) == "PORT 192,0,2,7,4,1"
    assert told("2001:db8::7", 1025) == "EPRT |2|2001:db8::7|1025|"
