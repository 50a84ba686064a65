"""`-w FILE --annotate`: every frame with its decisions as a comment, as Wireshark finds it."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import lz4.frame
import pytest
import zstandard

from fwsim.capture import Input, open_captures
from tests.captures_by_hand import Pcapng, ether, frames_of, ip4, ip6, pcap, tcp
from tests.cli.conftest import ROOT, Annotated, Invoke
from tests.wireshark import fingerprint, fingerprints, found, needs_tshark

OFFICE = [str(ROOT / "pcaps" / "office.pcapng"), "-r", str(ROOT / "rulesets" / "office.yaml")]


def told(invoke: Invoke, *given: str) -> list[dict[str, Any]]:
    """The frames and decisions."""
    return [json.loads(line) for line in invoke("compare", *given, "--format", "jsonl").lines]


@needs_tshark
def test_wireshark_selects_exactly_the_frames_of_a_verdict_a_rule_and_an_evidence(
    office: Annotated,
) -> None:
    wanted: dict[str, set[int]] = {}
    for frame in office.frames:
        words = [f"evidence={word};" for word in frame["evidence"]]
        for mode in ("stateless", "stateful"):
            decided = frame[mode]
            words += [f"{mode}={decided['verdict']};", f"{mode}.reason={decided['reason']};"]
            words += [f"{mode}.rule={decided['rule']};"] if decided["rule"] is not None else []
            words += [f"{mode}.ct_state={decided['ct_state']};"] if decided["ct_state"] not in (None, "none") else []
        for word in words:
            wanted.setdefault(word, set()).add(frame["n"])
    selected = fingerprints(office.capture, [f'frame.comment contains "{word}"' for word in wanted])
    for (word, numbers), one in zip(wanted.items(), selected, strict=True):
        assert one == fingerprint(numbers), word
    assert len(wanted) > 40


@needs_tshark
def test_frames_keep_their_time_interface_direction_and_their_own_comments(office: Annotated) -> None:
    path = office.capture
    kept = ("frame.number", "frame.time_epoch", "frame.interface_name", "frame.packet_flags_direction", "frame.len")
    assert found(path, "frame", *kept) == found(Path(OFFICE[0]), "frame", *kept)
    before = found(Path(OFFICE[0]), "frame.comment", "frame.number", "frame.comment")
    after = dict(line.split("\t", 1) for line in found(path, "frame.comment", "frame.number", "frame.comment"))
    assert before
    for line in before:
        number, comment = line.split("\t", 1)
        assert after[number].startswith(f"{comment},fwsim: stateless=")


@needs_tshark
def test_only_what_is_selected_is_kept(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "annotated.pcapng"
    chosen = [*OFFICE, "-Y", "evidence==spoofed-source"]
    invoke("compare", *chosen, "-q", "-w", str(path), "--annotate")
    assert len(found(path, 'frame.comment contains "evidence=spoofed-source;"')) == len(told(invoke, *chosen)) > 0
    assert found(path, 'not frame.comment contains "evidence=spoofed-source;"') == []


def test_it_needs_a_capture_to_write(invoke: Invoke) -> None:
    outcome = invoke("compare", *OFFICE, "--annotate")
    assert (outcome.status, outcome.lines) == (2, [])
    assert "expected -w FILE" in outcome.err


FIRST = 1_772_438_403_123_456_789
SYN, ACK = ip4(tcp(src=bytes([10, 1, 0, 9])), src=bytes([10, 1, 0, 9])), ip4(tcp(0x10))
SIX = ip6(tcp())
ODD = ["\u00fc, kept", "fwsim: stateful=drop; evidence=land;", "=HYPERLINK()", "\x1b[2J two\nlines"]
SLL = bytes.fromhex("0004000100060200000000010000")
SLL2 = bytes.fromhex("0000000000000003000104060200000000010000")


def blocks(order: str, resolution: int = 9) -> bytes:
    """A pcapng with interfaces of both directions, comments, and a frame that was cut."""
    made = Pcapng(order).section()
    per_second = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    tick = [FIRST * per_second // 10**9 + number for number in range(5)]
    named = [(2, name.encode()) for name in ("lan", "wan", "tun\u00e4")]
    for link, name in zip((1, 1, 101), named, strict=True):
        made.interface(link, 0, name, (9, bytes([resolution])))
    made.packet(ether(SYN), tick[0], (2, made.pack("I", 1)), *((1, text.encode()) for text in ODD))
    made.packet(ether(ACK), tick[1], (2, made.pack("I", 2)), interface=1)
    made.packet(SYN, tick[2], interface=2, length=900)
    made.packet(ether(b"\0" * 40, 0x0806), tick[3])
    made.simple(ether(SYN))
    return made.section().interface(1, 0, (2, b"second section"), (9, b"\x09")).packet(ether(ACK), FIRST).content


FORMATS: dict[str, bytes] = {
    "pcapng": blocks("<"),
    "pcapng, big endian": blocks(">"),
    "pcapng, microseconds": blocks("<", 6),
    "pcapng, 2**-20 s": blocks("<", 0x94),
    "pcap": pcap(ether(SYN), ether(ACK), lengths=[1500, 60]),
    "pcap, big endian, ns": pcap(ether(SYN), ether(ACK), order=">", nano=True, ts=FIRST),
    "pcap, raw": pcap(SYN, ACK, SIX, link=101),
    "pcap, NULL": pcap(b"\2\0\0\0" + SYN, b"\x1e\0\0\0" + SIX, link=0),
    "pcap, LOOP": pcap(b"\0\0\0\2" + SYN, link=108),
    "pcap, cooked": pcap(SLL + b"\x08\0" + SYN, SLL + b"\x86\xdd" + SIX, link=113),
    "pcap, cooked v2": pcap(b"\x08\0" + SLL2[2:] + SYN, link=276),
    "pcap, IPv4": pcap(SYN, ACK, link=228),
    "pcap, IPv6": pcap(SIX, link=229),
}
COMPRESSED = {"gzip": gzip.compress, "zstd": zstandard.compress, "lz4": lz4.frame.compress, "xz": lzma.compress}


def everything(*paths: Path) -> list[tuple[Any, ...]]:
    """What is to be kept of each frame, and its comments."""
    captures = open_captures([Input(str(path)) for path in paths], merge=False)
    found = []
    for frame in frames_of(captures):
        row = frame.frame
        seen_on = captures.interfaces[row["capture_interface"]]
        kept = [row[name] for name in ("ts", "captured", "length", "sent_or_received", "source_mac")]
        found.append((*kept, seen_on.name, seen_on.link_type, frame.packet, frame.comments))
    return found


@pytest.mark.parametrize(
    ("name", "compress"), [*((name, None) for name in FORMATS), *(("pcapng", compress) for compress in COMPRESSED)]
)
def test_every_format_keeps_every_frame_and_gets_a_comment_behind_its_own(
    invoke: Invoke, tmp_path: Path, name: str, compress: str | None
) -> None:
    source, path = tmp_path / "source", tmp_path / "annotated"
    source.write_bytes(COMPRESSED[compress](FORMATS[name]) if compress else FORMATS[name])
    assert invoke("compare", source, "-r", OFFICE[2], "-q", "-w", path, "--annotate").status == 0
    before, after = everything(source), everything(path)
    assert [one[:-1] for one in after] == [one[:-1] for one in before]
    for had, has in zip(before, after, strict=True):
        *others, ours = has[-1]
        assert ours.startswith("fwsim: stateless=")
        assert [text.replace("%3D", "=") for text in others] == had[-1]
        assert not any("stateful=" in text or "evidence=" in text for text in others)


def test_several_files_and_files_by_interface_are_one_capture_in_order(invoke: Invoke, tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    for path, content in zip(paths, ("pcapng, big endian", "pcap, big endian, ns", "pcap, raw"), strict=True):
        path.write_bytes(FORMATS[content])
    target = tmp_path / "annotated"
    assert invoke("compare", *paths, "-r", OFFICE[2], "-q", "-w", target, "--annotate").status == 0
    assert [one[:-1] for one in everything(target)] == [one[:-1] for one in everything(*paths)]
    lan, wan = f"lan={paths[1]}", f"wan={paths[0]}"
    assert invoke("replay", "--in", lan, "--in", wan, "-r", OFFICE[2], "-q", "-w", target, "--annotate").status == 0
    merged = everything(target)
    assert sorted(one[0] for one in merged) == sorted(one[0] for one in everything(*paths[:2]))
    assert [one[5] for one in merged].count("lan") == 2


@needs_tshark
@pytest.mark.parametrize("name", ["pcapng, big endian", "pcap, cooked", "pcap, big endian, ns"])
def test_wireshark_sees_the_same_frames(invoke: Invoke, tmp_path: Path, name: str) -> None:
    source, path = tmp_path / "source", tmp_path / "annotated"
    source.write_bytes(FORMATS[name])
    invoke("compare", source, "-r", OFFICE[2], "-q", "-w", path, "--annotate")
    kept = ("time_epoch", "len", "cap_len", "packet_flags_direction", "encap_type", "protocols")
    fields = [f"frame.{one}" for one in kept]
    before = found(source, "frame", *fields)
    untimed = {number for number, line in enumerate(before) if line.startswith("\t")}  # a simple packet block
    after = found(path, "frame", *fields)
    assert len(after) == len(before)
    assert [number for number in range(len(before)) if after[number] != before[number]] == sorted(untimed)


HOSTILE = ["x; stateful=accept; evidence=land;", "stateless=accept;", "fwsim: stateful=unknown;", "%3B%3D", "a;b=c"]


def test_no_name_of_a_rule_forges_an_annotation(invoke: Invoke, tmp_path: Path) -> None:
    rules = [
        {"name": name, "proto": "tcp", "sport": 40000 + number, "verdict": "drop"}
        for number, name in enumerate(HOSTILE)
    ]
    (tmp_path / "rules.json").write_text(json.dumps({"rules": rules, "policy": "accept"}))
    frames = [ether(ip4(tcp(sport=40000 + number))) for number in range(len(HOSTILE) + 1)]
    (tmp_path / "c.pcap").write_bytes(pcap(*frames))
    path = tmp_path / "annotated"
    invoke("compare", tmp_path / "c.pcap", "-r", tmp_path / "rules.json", "-q", "-w", path, "--annotate")
    comments = [one[-1][-1] for one in everything(path)]
    assert len(set(comments)) == len(comments)
    for comment in comments:
        pairs = [part.split("=") for part in comment.removeprefix("fwsim: ").removesuffix(";").split("; ")]
        assert all(len(pair) == 2 for pair in pairs)
        assert dict(pairs)["stateful"] == ("drop" if "stateful.rule=policy;" not in comment else "accept")
        assert [key for key, _ in pairs].count("stateful") == 1
        assert comment.isprintable()
