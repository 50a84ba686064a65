"""Reports of what is not an office: a gateway that translates, other protocols and formats, next to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import ICMPv6TimeExceeded, IPv6

from fwsim.cli import run
from tests.browser.conftest import Open
from tests.captures_by_hand import pcap
from tests.paging import OFFICE, ROOT, capture

NAT = ROOT / "tests" / "parity" / "nat" / "captures"
GATEWAY = ["--interface", "lan=10.1.0.0/24", "--interface", "dmz=10.2.0.0/24", "--interface", "wan=any",
           *(word for own in ("10.1.0.1", "10.2.0.1", "198.51.100.1") for word in ("--local", own))]  # fmt: skip
SIMPLE = ["--interface", "lan=10.1.0.0/16", "--interface", "wan=any"]
IPTABLES = """*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan -o wan -p tcp -j ACCEPT
-A FORWARD -p udp -m bpf --bytecode "1,6 0 0 65535" -j ACCEPT
COMMIT
"""
PARTS = ["overview", "connections", "connection-1", "steps", "rules", "states", "find=1"]


def made(folder: Path, *arguments: str, status: int = 0) -> Path:
    page = folder / "report.html"
    assert run(["report", *arguments, "-o", str(page)]) == status
    return page


@pytest.fixture(scope="module")
def forwarded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gateway that forwards ports, captured on both sides."""
    folder = NAT / "dnat-forward"
    source, rules = str(folder / "both.pcapng.gz"), str(folder / "rules.nft")
    return made(tmp_path_factory.mktemp("forwarded"), source, "-r", rules, *GATEWAY)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules of iptables-save, one of which is not simulated."""
    folder = tmp_path_factory.mktemp("imported")
    rules = folder / "gateway.rules"
    rules.write_text(IPTABLES)
    return made(folder, capture("spoofed-dns.pcapng"), "-r", str(rules), *SIMPLE, status=3)


def test_both_sides_of_a_translation_are_one_connection(open_report: Open, forwarded: Path) -> None:
    seen = open_report("connection-1", forwarded)
    assert seen.text("h1") == "TCP 203.0.113.80:50080 ⇄ 198.51.100.1:80"
    first, second = seen.texts(".ladder .said")[:2]
    assert "translated: leaves as 203.0.113.80:50080 → 10.2.0.2:8080" in first
    assert second.count("does not judge") == 2
    assert "as number 1." in seen.text("main")
    seen.go("connections")
    (other,) = [row for row in seen.texts("tbody tr") if "10.2.0.2:8080" in row]
    assert "SYN_SENT" in other


def test_packets_of_both_sides_cross_in_the_right_direction(open_report: Open, forwarded: Path) -> None:
    seen = open_report("connection-1", forwarded)
    for row in seen.page.locator(".ladder li").all()[:8]:
        line = row.locator(".arrow line").first
        rightwards = float(line.get_attribute("x1") or 0) < float(line.get_attribute("x2") or 0)
        said = row.locator("svg").first.get_attribute("aria-label") or ""
        assert rightwards == said.startswith("203.0.113.80:")


@pytest.mark.parametrize("packets", ["2", "3", "200"])
def test_the_times_below_a_chart_are_told_apart(open_report: Open, tmp_path: Path, packets: str) -> None:
    seen = open_report("overview", made(tmp_path, capture("office.pcapng"), "-c", packets, "-r", OFFICE))
    times = seen.drawn("text.axis")
    assert len(set(times[:5])) == 5, times


def test_a_connection_is_drawn_from_where_it_begins(open_report: Open, tmp_path: Path) -> None:
    seen = open_report("overview", made(tmp_path, capture("handshake.pcapng"), "-c", "3", "-r", OFFICE))
    curve = seen.page.locator("path.curve").get_attribute("d") or ""
    heights = [float(word.split()[0]) for word in curve.split("V ")[1:]]
    assert curve.startswith("M 4 126 V 20.0 H ")
    assert set(heights) == {20.0}


def test_a_step_tells_both_tuples_of_a_translated_connection(open_report: Open, forwarded: Path) -> None:
    seen = open_report("packet-1", forwarded)
    assert "leaves as 203.0.113.80:50080 → 10.2.0.2:8080" in seen.texts(".mode dl")[1]
    assert "tcp 203.0.113.80:50080 → 198.51.100.1:80, answered 10.2.0.2:8080 → 203.0.113.80:50080" in seen.texts(
        "tr.changed th"
    )
    assert "translated" in seen.text("tr.changed")


@pytest.mark.parametrize("part", PARTS)
def test_a_page_of_translated_packets_opens(open_report: Open, forwarded: Path, part: str) -> None:
    assert open_report(part, forwarded).text("h1")


@pytest.mark.parametrize(
    ("name", "rules"),
    [("v6-router.pcapng", str(ROOT / "rulesets" / "v6-router.yaml")), ("forged-icmp-error.pcapng", OFFICE),
     ("fragments.pcapng", OFFICE)],
)  # fmt: skip
def test_other_protocols_have_a_page_too(open_report: Open, tmp_path: Path, name: str, rules: str) -> None:
    page = made(tmp_path, capture(name), "-r", rules, "-c", "40")
    seen = open_report("overview", page)
    for part in PARTS:
        seen.go(part)
        assert seen.text("h1")
    seen.go("connection-1")
    assert seen.page.locator(".ladder .arrow").count() >= 2


def test_what_is_not_simulated_is_told_to_be_unknown(open_report: Open, imported: Path) -> None:
    seen = open_report("overview", imported)
    assert "Unknown" in seen.text("h1")
    seen.go("packet-1")
    assert seen.texts(".mode .verdict") == ["? unknown", "? unknown"]
    seen.page.locator("#predict").check()
    assert seen.page.locator(".prediction").count() == 0


@pytest.mark.parametrize("part", PARTS)
def test_a_page_on_which_no_packet_is_shown_opens(open_report: Open, tmp_path: Path, part: str) -> None:
    page = made(tmp_path, capture("handshake.pcapng"), "-r", OFFICE, "--packets", "500-600")
    seen = open_report(part, page)
    assert seen.text("h1")
    if part == "steps":
        assert seen.text("h1") == "No packet is shown one by one"
        assert "None of them is shown one by one: packets 500 and following" in seen.text("main .note")


def test_a_filter_that_nothing_fits_says_so(open_report: Open, forwarded: Path) -> None:
    seen = open_report("connections", forwarded)
    seen.page.fill("#filter", "no such thing")
    assert "None fits." in seen.text("main")
    assert seen.page.locator("tbody tr").count() == 0


def test_what_was_refused_is_not_said_to_be_in_the_table(open_report: Open, tmp_path: Path) -> None:
    seen = open_report("connection-1", made(tmp_path, capture("ack-scan.pcapng"), "-r", OFFICE, "-c", "5"))
    assert "Stateless admits 1, stateful 0. The stateful mode remembered no connection for it." in seen.text("main")


def test_a_connection_whose_beginning_is_not_shown_is_told_by_the_end_that_opened_it(
    open_report: Open, tmp_path: Path
) -> None:
    page = made(tmp_path, capture("handshake.pcapng"), "-r", OFFICE, "--packets", "2-3")
    seen = open_report("connections", page)
    assert seen.texts("td[data-head='First from']")[0].startswith("10.1.4.23:")


SYN = IP(src="10.1.0.5", dst="203.0.113.9") / TCP(sport=4000, dport=443, flags="S", seq=7)
ANSWER = IP(src="203.0.113.9", dst="10.1.0.5") / TCP(sport=443, dport=4000, flags="SA", seq=9, ack=8)


def test_an_error_about_a_connection_goes_to_the_end_that_it_is_meant_for(open_report: Open, tmp_path: Path) -> None:
    source = tmp_path / "errors.pcap"
    errors = [IP(src="10.1.0.1", dst=ANSWER.src) / ICMP(type=3, code=1) / ANSWER,
              IP(src="203.0.113.1", dst=SYN.src) / ICMP(type=11) / SYN]  # fmt: skip
    source.write_bytes(pcap(*map(bytes, [SYN, ANSWER, *errors]), link=101))
    seen = open_report("connection-1", made(tmp_path, str(source), "-r", OFFICE, *SIMPLE))
    lines = seen.page.locator(".ladder li .arrow.accept line:first-child").all()
    rightwards = [float(line.get_attribute("x1") or 0) < float(line.get_attribute("x2") or 0) for line in lines]
    assert rightwards[::2] == rightwards[1::2] == [True, False, True, False]
    assert seen.drawn(".on-rung")[2:] == ["unreachable", "time exceeded"]


def test_errors_of_ipv6_have_their_own_names(open_report: Open, tmp_path: Path) -> None:
    source = tmp_path / "six.pcap"
    source.write_bytes(pcap(bytes(IPv6(src="fd00::1", dst="fd00::2") / ICMPv6TimeExceeded() / b"quoted"), link=101))
    seen = open_report("packet-1", made(tmp_path, str(source), "-r", OFFICE, *SIMPLE))
    assert seen.text("h1") == "Packet 1 time exceeded"
