"""`explain`: the packets that were asked for, and where to find them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Invoke

ROOT = Path(__file__).parent.parent.parent
FRAGMENTS = str(ROOT / "pcaps" / "fragments.pcapng")
OFFICE = str(ROOT / "rulesets" / "office.yaml")


def test_a_packet_is_explained_in_both_modes(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("explain", "demo.pcap", "-r", "demo.yaml", "-n", "9")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.lines[0].startswith("Packet 9 ")
    verdicts = [line for line in outcome.lines if line.startswith("STATE")]
    assert [line.split(",")[0] for line in verdicts] == ["STATEFUL  drop", "STATELESS  accept"]
    assert "rst-out-of-window" in outcome.out


def test_that_a_ruleset_was_guessed_is_said(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("explain", "demo.pcap", "-n", "9")
    assert outcome.status == 0
    assert outcome.err == "note: no ruleset was given (-r), so one was guessed; fwsim compare shows it\n"


def test_a_refused_opening_would_open_a_connection(invoke: Invoke, demo: Path) -> None:
    (demo / "closed.yaml").write_text("policy: drop\nrules: [{name: x, ct_state: established, verdict: accept}]\n")
    assert "it would open one" in invoke("explain", "demo.pcap", "-r", "closed.yaml", "-n", "1").out
    assert "it opens one" in invoke("explain", "demo.pcap", "-r", "demo.yaml", "-n", "1").out


@pytest.mark.parametrize(
    ("number", "told"), [("1", [1]), ("7-9", [7, 8, 9]), ("demo.pcap:16", [16]), ("1-16", list(range(1, 17)))]
)
def test_a_range_is_explained_packet_by_packet(invoke: Invoke, demo: Path, number: str, told: list[int]) -> None:
    outcome = invoke("explain", "demo.pcap", "-r", "demo.yaml", "-n", number)
    assert [int(line.split()[1]) for line in outcome.lines if line.startswith("Packet ")] == told
    assert outcome.status == 0


def test_a_packet_of_a_second_capture_is_found(invoke: Invoke, demo: Path) -> None:
    (demo / "again.pcap").write_bytes((demo / "demo.pcap").read_bytes())
    outcome = invoke("explain", "demo.pcap", "again.pcap", "-r", "demo.yaml", "-n", "again.pcap:7")
    assert outcome.lines[0].startswith("Packet again.pcap:7 ")
    assert invoke("explain", "demo.pcap", "again.pcap", "-r", "demo.yaml", "-n", "7").err.startswith(
        "error: -n 7: there are 2"
    )


def test_explanations_agree_with_the_comparison(invoke: Invoke, demo: Path) -> None:
    import json

    lines = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl").lines
    told = invoke("explain", "demo.pcap", "-r", "demo.yaml", "-n", "1-16").lines
    for mode in ("stateful", "stateless"):
        verdicts = [line.split()[1].rstrip(",") for line in told if line.startswith(f"{mode.upper()} ")]
        assert verdicts == [json.loads(line)[mode]["verdict"] for line in lines]


def test_the_next_step_that_compare_proposes_works(invoke: Invoke, demo: Path) -> None:
    proposed = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--set", "conntrack.tcp_loose=1").lines[-1]
    words = proposed.removeprefix("Next: fwsim ").partition("    (")
    outcome = invoke(*words[0].split())
    assert outcome.status == 0
    assert words[2].rstrip(")") in outcome.out


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("17", "error: -n 17: demo.pcap has 16 packets"),
        ("15-20", "error: -n 15-20: demo.pcap has 16 packets"),
        ("0", "error: -n 0: packets are numbered from 1"),
        ("nine", "error: -n nine: expected a packet's number, or FILE:NUMBER"),
    ],
)
def test_a_packet_that_is_not_there_is_a_mistake(invoke: Invoke, demo: Path, number: str, message: str) -> None:
    outcome = invoke("explain", "demo.pcap", "-r", "demo.yaml", "-n", number)
    assert outcome.status == 2
    assert outcome.err.startswith(message)


def test_the_number_is_required(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("explain", "demo.pcap", "-r", "demo.yaml")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: missing option '-n'")


def test_a_waiting_fragment_names_the_packet_that_completes_its_datagram(invoke: Invoke) -> None:
    asked = ("explain", FRAGMENTS, "-r", OFFICE, "-n")
    lines = invoke(*asked, "2-4").lines
    waiting, same, completing = [line.removeprefix("  fragments   ") for line in lines if line.startswith("  fragm")]
    assert waiting == same == "it gets the verdict on its datagram, which packet 4 completes: explain that"
    assert completing.startswith("completes a datagram, with 2, 3: ")
    alone = invoke(*asked, "2").lines
    assert lines[: len(alone)] == alone


NFT = """
table inet f {
  chain c {
    type filter hook forward priority 0; policy drop;
    meta nfproto ipv6 accept
    ct state invalid drop
    udp dport 53 accept
    tcp dport { 80, 443 } tcp flags syn / fin,syn,rst,ack goto web
    ct state established accept
  }
  chain web { tcp dport vmap { 80 : jump plain, 443 : accept }; }
  chain plain { accept; }
}
"""


def test_rules_without_a_name_are_quoted_and_what_they_imply_is_said_in_words(invoke: Invoke, demo: Path) -> None:
    Path("rules.nft").write_text(NFT)
    outcome = invoke("explain", "demo.pcap", "-r", "rules.nft", "-n", "1")
    told = [" ".join(line.split()) for line in outcome.lines]
    first = told.index("forward 5 rule 1 family is ipv4, wants ipv6 no")
    assert told[first + 1 : first + 5] == [
        "6 rule 2 ct_state is new, wants invalid no",
        "7 rule 3 proto is tcp, wants udp no",
        "8 rule 4 tcp dport { 80, 443 } tcp flags syn / fin,syn,rst... yes -> goto web",
        "11 rule 1 tcp dport vmap { 80 : jump plain, 443 : accept } yes -> accept",
    ]


def test_of_several_captures_every_packet_is_told_with_its_own(invoke: Invoke, demo: Path) -> None:
    Path("again.pcap").write_bytes(Path("demo.pcap").read_bytes())
    outcome = invoke("explain", "demo.pcap", "again.pcap", "-r", "demo.yaml", "-n", "demo.pcap:3")
    assert "opened by packet demo.pcap:1, last seen in demo.pcap:2; original direction" in outcome.out
    alone = invoke("explain", "demo.pcap", "-r", "demo.yaml", "-n", "3")
    assert "opened by packet 1, last seen in 2; original direction" in alone.out


def test_a_copy_is_told_of_which_packet_it_is(invoke: Invoke) -> None:
    capture = str(ROOT / "pcaps" / "any-interface.pcapng")
    outcome = invoke("explain", capture, "-r", OFFICE, "-n", "4")
    why = "not evaluated: a second sighting of packet 3, which was judged when it came in"
    assert [line for line in outcome.lines if line.startswith("STATE")] == [f"STATEFUL  {why}", f"STATELESS  {why}"]


def test_an_unknown_verdict_gives_status_3(invoke: Invoke, demo: Path) -> None:
    """As in every other command; one that nobody asked about does not count."""
    (demo / "unknown.yaml").write_text(
        "interfaces: {lan: {networks: [10.9.0.0/16]}}\npolicy: drop\n"
        "rules: [{name: odd, tcp_flags: == syn, iif: lan, verdict: accept}]\n"
    )
    asked = {n: invoke("explain", "demo.pcap", "-r", "unknown.yaml", "-n", n) for n in ("1", "3", "1-3")}
    assert ["STATEFUL  unknown" in outcome.out for outcome in asked.values()] == [True, False, True]
    assert [outcome.status for outcome in asked.values()] == [3, 0, 3]


def test_a_fragment_whose_datagram_is_undecided_gives_status_3(invoke: Invoke, tmp_path: Path) -> None:
    """It waits when it is explained, and is unknown in the end."""
    (tmp_path / "unknown.yaml").write_text(
        "interfaces: {lan: {networks: [10.99.0.0/16]}, wan: {networks: [10.98.0.0/16]}}\n"
        "policy: drop\nrules: [{ct_state: new, oif: lan, verdict: accept}]\n"
    )
    (tmp_path / "open.yaml").write_text("policy: accept\n")
    rules = ["-r", str(tmp_path / "unknown.yaml"), "--stateless-rules", str(tmp_path / "open.yaml")]
    outcome = invoke("explain", FRAGMENTS, *rules, "-n", "3")
    assert "waits for the rest of its datagram" in outcome.out
    assert "STATELESS  accept" in outcome.out
    assert outcome.status == 3


def test_one_of_several_rules_is_named_by_no_output(invoke: Invoke, demo: Path) -> None:
    import json

    head = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    rules = "-A FORWARD -m set --match-set blocked src -j DROP\n-A FORWARD -j DROP\n"
    (demo / "sets.rules").write_text(f"{head}{rules}COMMIT\n")
    one, *_ = invoke("replay", "demo.pcap", "-r", "sets.rules", "--format", "jsonl").lines
    decision = json.loads(one)
    assert (decision["verdict"], decision["rule"], decision["line"]) == ("drop", None, None)
    assert (decision["reason"], decision["chain"]) == ("one-of-several", "ip filter FORWARD")
    assert (
        ", by one of several rules of ip filter FORWARD"
        in invoke("explain", "demo.pcap", "-r", "sets.rules", "-n1").out
    )
    compared = invoke("compare", "demo.pcap", "-r", "sets.rules")
    (row,) = (line for line in compared.lines if line.startswith("(one of several rules)"))
    assert row.split()[-4:] == ["drop", "16", "drop", "16"]
    assert (
        "one of several rules of ip filter FORWARD"
        in invoke("compare", "demo.pcap", "-r", "sets.rules", "--by", "rule").out
    )
