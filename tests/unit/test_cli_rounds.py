"""The rounds of `fwsim parity`: fuzzed or spoiled captures of the seed, with the ruleset that they meet."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from fwsim.capture import CaptureWriter, Input, open_captures
from fwsim.capture.crafting import TCP, UDP, Ip, ethernet, tcp_segment, udp_datagram
from fwsim.capture.ends import ends_of
from fwsim.cli.options import InputOptions
from fwsim.cli.rounds import ROUND, kept, rounds
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.parity.records import Record, records
from tests.kernel_stage import needs_kernel

NOTHING = InputOptions(
    captures=(), named=(), rules=None, stateless_rules=None, interfaces={}, local=(), settings={}, sysctl=None,
    checksum="auto", count=None, seed=None,
)  # fmt: skip
TWO_WAYS = """
interfaces:
  inner: {networks: [192.168.7.0/24, "fd00:7::/64"]}
  outer: {networks: [any]}
rules: []
"""


def frames_of(inputs: InputOptions) -> list[Record]:
    (path,) = inputs.captures
    return records(open_captures([Input(path)], digest=False))


def test_without_fuzzing_the_captures_are_read_once_as_they_are(tmp_path: Path) -> None:
    asked = replace(NOTHING, captures=("a", "b"))
    assert list(rounds(asked, None, tmp_path)) == [asked]


def test_fuzzed_rounds_are_captures_of_the_seed_with_a_ruleset_for_every_state(tmp_path: Path) -> None:
    made = rounds(NOTHING, 60.0, tmp_path)
    first = next(made)
    assert first.rules is not None
    assert Path(first.rules).read_text() == EVERY_STATE
    assert sum(len(chunk) for chunk in open_captures([Input(first.captures[0])], digest=False)) >= ROUND
    content = Path(first.captures[0]).read_bytes()
    second = next(made)
    assert second.captures != first.captures
    assert not Path(first.captures[0]).exists()
    again = next(rounds(NOTHING, 60.0, tmp_path))
    assert Path(again.captures[0]).read_bytes() == content


def test_fuzzed_traffic_meets_the_ruleset(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(TWO_WAYS)
    (met,) = islice(rounds(replace(NOTHING, rules=str(tmp_path / "two.yaml")), 60.0, tmp_path), 1)
    assert {frame.interface for frame in frames_of(met)} == {"inner", "outer"}
    sources = {
        int(chunk.packets["src0"][row]) for chunk in open_captures([Input(met.captures[0])], digest=False)
        for row in range(len(chunk)) if chunk.packets["family"][row] == 4
    }  # fmt: skip
    assert {0xC0A8070B, 0xC0A8070C} <= sources


def test_what_was_made_is_kept_where_one_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, elsewhere, gone = tmp_path / "made", tmp_path / "elsewhere", tmp_path / "gone"
    for path in (folder, elsewhere, gone):
        path.mkdir()
    (folder / "x.pcapng").write_text("x")
    asked = replace(NOTHING, captures=(str(folder / "x.pcapng"),), rules="own.yaml")
    monkeypatch.chdir(elsewhere)
    assert kept(asked, folder, io.StringIO()) == replace(asked, captures=("x.pcapng",))
    assert (elsewhere / "x.pcapng").read_text() == "x"
    elsewhere.joinpath("x.pcapng").unlink()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: str(elsewhere))
    assert kept(asked, folder, io.StringIO()).captures == (str(elsewhere / "x.pcapng"),)


def test_captures_that_were_given_are_not_copied(tmp_path: Path) -> None:
    asked, out = replace(NOTHING, captures=("a",), rules="b"), io.StringIO()
    assert kept(asked, tmp_path, out) == asked
    assert out.getvalue() == ""


FORWARDING = """table ip nat {
  chain pre {
    type nat hook prerouting priority -100
    iifname "wan" ip daddr 203.0.113.7 udp dport 53 dnat to 10.2.0.21:5353
  }
}
table ip filter {
  chain forward {
    type filter hook forward priority 0; policy drop
    iifname "wan" oifname "dmz" ip daddr 10.2.0.21 udp dport 5353 accept
    iifname "dmz" ip saddr 10.2.0.0/24 accept
  }
}
"""


@pytest.mark.kernel
def test_packets_made_from_rules_that_translate_are_answered_by_whom_they_came_to(tmp_path: Path) -> None:
    needs_kernel()
    (tmp_path / "forwarding.nft").write_text(FORWARDING)
    asked = replace(NOTHING, rules=str(tmp_path / "forwarding.nft"))
    (made,) = rounds(asked, None, tmp_path, from_rules=400)
    ends = [ends_of(frame.data[frame.packet]) for frame in frames_of(made)]
    asking = {one[:2] for one in ends if one is not None and one[2:] == ("203.0.113.7", 53)}
    answering = {one[2:] for one in ends if one is not None and one[:2] == ("10.2.0.21", 5353)}
    assert asking & answering


@pytest.fixture
def taken(tmp_path: Path) -> InputOptions:
    """A capture of two interfaces, two link types, both directions, padded frames, and one that is not IP."""
    path = tmp_path / "taken.pcapng"
    pair = ("10.1.0.11", "198.51.100.21")
    with CaptureWriter(str(path)) as writer:
        lan, wan = writer.interface("lan"), writer.interface("wan", 101)
        for number in range(300):
            segment = tcp_segment(*pair, (1000 + number, 80), (5, 6), 0x10, 500)
            writer.packet(
                ethernet(b"abcdef", b"ghijkl", Ip(*pair, TCP, segment).encode()), number, interface=lan, direction=1
            )
            answer = udp_datagram(*pair[::-1], (53, 1000 + number), b"answer")
            writer.packet(Ip(*pair[::-1], UDP, answer).encode(), number, interface=wan, direction=2)
        writer.packet(ethernet(b"abcdef", b"ghijkl", b"\0\1\2\3", ethertype=0x0806), 300, interface=lan)
    (tmp_path / "every.yaml").write_text(EVERY_STATE)
    return replace(NOTHING, captures=(str(path),), rules=str(tmp_path / "every.yaml"))


def test_spoiled_rounds_change_packets_but_not_what_surrounds_them(taken: InputOptions, tmp_path: Path) -> None:
    originals = {frame.data: frame for frame in frames_of(taken)}
    spoiled = frames_of(next(rounds(taken, 60.0, tmp_path)))
    changed = [frame for frame in spoiled if frame.data not in originals]
    assert 200 < len(changed) < 1500
    for frame in spoiled:
        lan = frame.interface == "lan"
        assert (frame.link_type, frame.length) == (1 if lan else 101, len(frame.data))
        if frame.packet.stop:
            assert frame.direction == (1 if lan else 2)
        if lan:
            assert frame.data[:12] == b"ghijklabcdef"
            assert len(frame.data) == 60
            assert frame.data[54:] == bytes(6) or not frame.packet.stop
    assert len(originals) * 9 < len(spoiled) < len(originals) * 11


def test_each_round_is_spoiled_otherwise_and_the_same_for_the_same_seed(taken: InputOptions, tmp_path: Path) -> None:
    first, second = (Path(one.captures[0]).read_bytes() for one in islice(rounds(taken, 60.0, tmp_path), 2))
    again = Path(next(rounds(taken, 60.0, tmp_path)).captures[0]).read_bytes()
    other = Path(next(rounds(replace(taken, seed=5), 60.0, tmp_path)).captures[0]).read_bytes()
    assert first == again
    assert len({first, second, other}) == 3


def test_only_the_beginning_of_long_captures_is_spoiled(tmp_path: Path) -> None:
    path = str(tmp_path / "long.pcapng")
    write_traffic(path, 1, ROUND + 500)
    (tmp_path / "every.yaml").write_text(EVERY_STATE)
    asked = replace(NOTHING, captures=(path,), rules=str(tmp_path / "every.yaml"))
    last = records(open_captures([Input(path)], digest=False))[-1].ts
    assert max(frame.ts for frame in frames_of(next(rounds(asked, 60.0, tmp_path)))) == last - 500_000


def test_without_a_ruleset_it_is_guessed_from_the_captures_themselves(taken: InputOptions, tmp_path: Path) -> None:
    first, second = islice(rounds(replace(taken, rules=None), 60.0, tmp_path), 2)
    assert first.rules == second.rules
    assert first.rules is not None
    assert "chains:" in Path(first.rules).read_text() or "rules:" in Path(first.rules).read_text()


def test_captures_named_by_interface_are_spoiled_as_one(taken: InputOptions, tmp_path: Path) -> None:
    given = replace(taken, captures=(), named=(("lan", taken.captures[0]),))
    spoiled = next(rounds(given, 60.0, tmp_path))
    assert spoiled.named == ()
    assert {frame.interface for frame in frames_of(spoiled)} == {"lan"}
