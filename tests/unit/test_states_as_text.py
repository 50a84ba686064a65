"""Lines of `conntrack -L`, as conntrack-tools 1.4.7 prints them, read; the wrong ones told with their number."""

from __future__ import annotations

import pytest

from fwsim.states.as_json import WrongError
from fwsim.states.as_text import state_of
from fwsim.states.model import BITS, STATES, inverse_of
from fwsim.terms import CtStatus

TCP = (
    "tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=2.3.4.5 sport=1000 dport=80 "
    "src=2.3.4.5 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=7 use=1"
)
UDP = (
    "udp      17 29 src=10.0.0.1 dst=2.3.4.5 sport=1000 dport=53 [UNREPLIED] "
    "src=2.3.4.5 dst=9.9.9.9 sport=53 dport=4711 mark=0 use=1"
)
ICMP = (
    "icmpv6   58 20 src=2001:db8::1 dst=2001:db8::2 type=128 code=0 id=9 "
    "src=2001:db8::2 dst=2001:db8::1 type=129 code=0 id=9 mark=0 use=2"
)
GRE = (
    "gre      47 170 src=10.0.0.1 dst=2.3.4.5 srckey=0x0 dstkey=0x1267 "
    "src=2.3.4.5 dst=10.0.0.1 srckey=0x1267 dstkey=0x0 mark=0 use=1"
)
OTHER = "unknown  50 599 src=10.0.0.1 dst=2.3.4.5 [UNREPLIED] src=2.3.4.5 dst=10.0.0.1 mark=0 use=1"


def test_each_kind_of_line_is_read() -> None:
    comment = "conntrack v1.4.7 (conntrack-tools): 5 flow entries have been shown.\n\n# by hand\n"
    tcp, udp, icmp, gre, other = state_of(comment + "\n".join([TCP, UDP, ICMP, GRE, OTHER])).entries
    assert (tcp.left_ns, tcp.state, tcp.mark) == (431999 * 10**9, STATES[6]["ESTABLISHED"], 7)
    assert tcp.status == BITS["seen_reply"] | BITS["assured"]
    assert tcp.reply == inverse_of(tcp.original)
    assert udp.status == CtStatus.SNAT
    assert icmp.original["dst_id"] == 128 << 8
    assert icmp.original["src_id"] == 9
    assert gre.original["dst_id"] == 0x1267
    assert (other.proto, other.original["src_id"]) == (50, 0)


def test_the_long_form_and_counters_are_read_too() -> None:
    (entry,) = state_of("ipv4     2 " + TCP.replace("dport=80 ", "dport=80 packets=5 bytes=9 ", 1)).entries
    assert entry.mark == 7
    tcp, icmp = state_of(f"{TCP} id=2881115430\n{ICMP} id=2315543309\n").entries  # -o id
    assert (tcp.original["src_id"], icmp.original["src_id"]) == (1000, 9)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hello", "expected a line of conntrack -L"),
        (TCP.replace("431999", "?"), "seconds left"),
        (TCP.replace("ESTABLISHED", "OPEN"), "one of"),
        (TCP.replace("ESTABLISHED ", ""), "one of"),
        (UDP.replace("29 ", "29 ESTABLISHED "), "no state"),
        (TCP.replace("tcp ", "udp "), "not protocol"),
        (TCP.replace("sport=1000 ", "", 1), "sport"),
        (TCP.replace("dport=80", "dport=http"), "dport"),
        (TCP.replace("dport=80", "dport=99999"), "dport"),
        (TCP.replace("src=10.0.0.1", "src=?", 1), r"'\?'"),
        (TCP.replace("mark=7", "mark=7 zone=3"), "zone: cannot be loaded"),
        (TCP.replace("mark=7", "mark=x"), "mark"),
        (TCP.replace("mark=7", "helper=ftp"), "helper"),
        (TCP.replace("[ASSURED]", "[ODD]"), "ODD"),
        (ICMP.replace("type=128", "type=3"), "opens no connection|expected"),
        (TCP + " src=1.2.3.4", "twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line: str, said: str) -> None:
    with pytest.raises(WrongError, match=rf"line 2: .*({said})"):
        state_of(f"{UDP}\n{line}\n")
