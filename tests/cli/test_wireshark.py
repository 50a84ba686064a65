"""`report --wireshark`: the profile and the annotated capture, as Wireshark reads them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fwsim.capture import CaptureWriter
from tests.cli.conftest import ROOT, Annotated, Invoke
from tests.wireshark import fingerprint, fingerprints, found, needs_tshark, tshark

RULES = ROOT / "rulesets" / "office.yaml"
HANDSHAKE = ROOT / "pcaps" / "handshake.pcapng"
UNSUSPICIOUS = {"midstream", "follows-denied", "bad-checksum", "cut"}
FILES = ["colorfilters", "dfilter_buttons", "dfilters", "preferences", "recent"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a profile of the name fwsim is looked for, if `tmp_path` is Wireshark's folder."""
    return tmp_path / "profiles" / "fwsim"


def is_suspicious(frame: dict[str, Any]) -> bool:
    return not set(frame["evidence"]) <= UNSUSPICIOUS


def outcome(frame: dict[str, Any]) -> str:
    """What the colour of a frame should be called, told from the decisions alone."""
    verdicts = [frame[mode]["verdict"] for mode in ("stateless", "stateful")]
    if "unknown" in verdicts:
        return "unknown"
    if verdicts == ["not_evaluated", "not_evaluated"]:
        return "not evaluated"
    admitted = tuple(verdict == "accept" for verdict in verdicts)
    name = {
        (True, True): "both admit",
        (True, False): "only stateless admits",
        (False, True): "only stateful admits",
        (False, False): "neither admits",
    }[admitted]
    return f"{name}, suspicious" if is_suspicious(frame) else name


def saved(folder: Path) -> dict[str, str]:
    """The saved filters by their names."""
    pairs = [line.removeprefix('"').split('" ', 1) for line in (folder / "dfilters").read_text().splitlines()]
    return dict(pairs)


def buttons(folder: Path) -> dict[str, str]:
    """The expressions of the buttons by what stands on them."""
    rows = [line[1:-1].split('","') for line in (folder / "dfilter_buttons").read_text().splitlines()[1:]]
    assert all(len(row) == 4 and row[0] == "TRUE" for row in rows)
    return {label: expression.replace("\\x22", '"') for _, label, expression, _ in rows}


@needs_tshark
def test_every_frame_is_of_the_colour_that_its_decisions_call_for(
    invoke: Invoke, office: Annotated, folder: Path, tmp_path: Path
) -> None:
    assert invoke("report", "--wireshark", folder).status == 0
    fields = ("-T", "fields", "-e", "frame.number", "-e", "frame.coloring_rule.name")
    lines = tshark("-C", "fwsim", "-2", "--color", "-r", office.capture, *fields, profiles=tmp_path).splitlines()
    wanted = [f"{frame['n']}\t{outcome(frame)}" for frame in office.frames]
    assert [line for line in zip(lines, wanted, strict=True) if line[0] != line[1]] == []
    assert len(Counter(map(outcome, office.frames))) == 8


VERDICTS = ("accept", "drop", "reject", "not_evaluated", "unknown")


@needs_tshark
def test_every_pair_of_verdicts_has_its_colour_and_filters(invoke: Invoke, folder: Path, tmp_path: Path) -> None:
    cases = [(first, second, evidence) for first in VERDICTS for second in VERDICTS for evidence in ([], ["land"])]
    path, frames = tmp_path / "pairs.pcapng", []
    with CaptureWriter(str(path)) as writer:
        for number, (first, second, evidence) in enumerate(cases, 1):
            words = "".join(f" evidence={one};" for one in evidence)
            comment = f"fwsim: stateless={first}; stateful={second};{words}"
            writer.packet(bytes(60), number * 10**9, interface=writer.interface(None), comments=[comment])
            decided = {"rule": None, "chain": None, "mirror": False, "ct_state": None}
            frames.append({"n": number, "evidence": evidence, "stateless": {"verdict": first, **decided},
                           "stateful": {"verdict": second, **decided}})  # fmt: skip
    assert invoke("report", "--wireshark", folder).status == 0
    fields = ("-T", "fields", "-e", "frame.coloring_rule.name")
    lines = tshark("-C", "fwsim", "-2", "--color", "-r", path, *fields, profiles=tmp_path).splitlines()
    assert lines == [outcome(frame) for frame in frames]
    filters, wanted = saved(folder), expected(frames)
    for name, one in zip(filters, fingerprints(path, list(filters.values())), strict=True):
        assert one == fingerprint(wanted[name]), name


@needs_tshark
def test_every_saved_filter_selects_exactly_the_frames_that_it_names(
    invoke: Invoke, office: Annotated, folder: Path
) -> None:
    assert invoke("report", "-r", RULES, "--wireshark", folder).status == 0
    filters, wanted = saved(folder), expected(office.frames)
    assert set(wanted) == set(filters)
    for name, one in zip(filters, fingerprints(office.capture, list(filters.values())), strict=True):
        assert one == fingerprint(wanted[name]), name
    assert sum(bool(numbers) for numbers in wanted.values()) > 60


def expected(frames: list[dict[str, Any]]) -> dict[str, list[int]]:
    """The frames of each saved filter, told from the decisions alone; all names, also where there is no frame."""
    groups = {
        "spoofed": "spoofed-source bogon-source land",
        "malformed": "bad-length",
        "capture": " ".join(UNSUSPICIOUS),
    }
    names = {word: name for name, words in groups.items() for word in words.split()}
    found: dict[str, list[int]] = {name: [] for name in always()}
    for frame in frames:
        of_frame = {outcome(frame), outcome(frame).removesuffix(", suspicious"), "annotated"}
        of_frame |= {"suspicious"} if is_suspicious(frame) else set()
        of_frame |= {"the modes differ"} if outcome(frame).startswith("only") else set()
        for word in frame["evidence"]:
            group = names.get(word, "malformed" if word.startswith(("flags-", "tiny-", "over")) else "out of state")
            of_frame |= {f"evidence {word}", f"evidence of the group {group}"}
        for mode in ("stateless", "stateful"):
            decided = frame[mode]
            of_frame |= {f"{mode}: {decided['verdict']}", f"{mode}: rule {decided['rule']} of {decided['chain']}"}
            of_frame |= {f"{mode}: decided by a policy"} if decided["rule"] == "policy" else set()
        of_frame |= {"stateless: through the mirror"} if frame["stateless"]["mirror"] else set()
        of_frame.add(f"ct state {frame['stateful']['ct_state']}")
        for name in of_frame & set(found):
            found[name].append(frame["n"])
    return found


def always() -> list[str]:
    """The names of all filters for `rulesets/office.yaml`."""
    verdicts = ("accept", "drop", "reject", "not_evaluated", "unknown")
    rules = [line.split("name: ")[1].split(",")[0] for line in RULES.read_text().splitlines() if "- {name: " in line]
    outcomes = ["both admit", "only stateless admits", "only stateful admits", "neither admits"]
    evidence = (
        "spoofed-source bogon-source land ack-without-connection synack-without-syn rst-without-connection "
        "fin-without-connection udp-reply-without-request icmp-reply-without-request icmp-error-without-connection "
        "seq-above-window ack-above-window rst-out-of-window rst-inexact syn-in-connection after-close flags-none "
        "flags-xmas flags-fin-only flags-syn-fin flags-invalid tiny-fragment overlapping-fragment bad-length midstream "
        "follows-denied bad-checksum cut"
    )
    return [
        "the modes differ", "suspicious", "unknown", "annotated", "stateless: through the mirror",
        *outcomes, *(f"{name}, suspicious" for name in outcomes), "admitted, suspicious", "blocked, suspicious",
        *(f"evidence {word}" for word in evidence.split()),
        *(f"evidence of the group {group}" for group in ("spoofed", "out of state", "malformed", "capture")),
        *(f"{mode}: {verdict}" for mode in ("stateless", "stateful") for verdict in verdicts),
        *(f"{mode}: rule {rule} of forward" for mode in ("stateless", "stateful") for rule in rules),
        *(f"{mode}: decided by a policy" for mode in ("stateless", "stateful")),
        *(f"ct state {state}" for state in ("new", "established", "related", "invalid", "untracked")),
    ]  # fmt: skip


@needs_tshark
def test_a_capture_of_one_mode_has_colours_too(invoke: Invoke, folder: Path, tmp_path: Path) -> None:
    sources, path = [ROOT / "pcaps" / f"{name}.pcapng" for name in ("blind-reset", "any-interface")], tmp_path / "one"
    for mode in ("stateless", "stateful"):
        invoke("replay", *sources, "-r", RULES, "--mode", mode, "-q", "-w", path, "--annotate")
        invoke("report", "--wireshark", folder)
        fields = ("-T", "fields", "-e", "frame.coloring_rule.name")
        lines = tshark("-C", "fwsim", "-2", "--color", "-r", path, *fields, profiles=tmp_path).splitlines()
        verdicts = found(path, f'frame.comment contains "{mode}=accept;"')
        assert {line.split(",")[0] for line in lines} <= {"admitted", "blocked", "not evaluated"}
        assert sum(line.startswith("admitted") for line in lines) == len(verdicts) > 0
        copies = found(path, f'frame.comment contains "{mode}=not_evaluated;"')
        assert sum(line.startswith("not evaluated") for line in lines) == len(copies) > 0
    assert "blocked, suspicious" in lines


@needs_tshark
def test_the_columns_tell_the_decision_in_words_and_the_buttons_are_filters(
    invoke: Invoke, office: Annotated, folder: Path, tmp_path: Path
) -> None:
    invoke("report", "--wireshark", folder)
    (line,) = tshark(
        "-C", "fwsim", "--color", "-r", office.capture, "-Y", "frame.number == 106", profiles=tmp_path
    ).splitlines()
    assert " only stateless admits, suspicious " in line
    assert "stateful.rule=broken;" in line
    expressions = buttons(folder)
    selected = dict(zip(expressions, fingerprints(office.capture, list(expressions.values())), strict=True))
    wanted: dict[str, Callable[[dict[str, Any]], bool]] = {
        "differ": lambda frame: outcome(frame).startswith("only"),
        "only stateless": lambda frame: outcome(frame).startswith("only stateless"),
        "only stateful": lambda frame: outcome(frame).startswith("only stateful"),
        "neither": lambda frame: outcome(frame).startswith("neither"),
        "suspicious": is_suspicious,
        "suspicious, both admit": lambda frame: outcome(frame) == "both admit, suspicious",
        "unknown": lambda frame: outcome(frame) == "unknown",
    }
    assert selected == {
        label: fingerprint(frame["n"] for frame in office.frames if holds(frame)) for label, holds in wanted.items()
    }


def test_a_profile_alone_needs_no_capture(invoke: Invoke, folder: Path) -> None:
    told = invoke("report", "--wireshark", folder)
    assert (told.status, told.err) == (0, "")
    assert told.out.startswith("Next: fwsim compare CAPTURE ")
    assert sorted(path.name for path in folder.iterdir()) == FILES


def test_with_a_capture_its_annotated_copy_lies_beside(invoke: Invoke, folder: Path, tmp_path: Path) -> None:
    told = invoke("report", HANDSHAKE, "-r", RULES, "--wireshark", folder)
    assert (told.status, told.err) == (0, "")
    assert told.lines[-1] == f"Next: wireshark -C fwsim {folder}/annotated.pcapng"
    invoke("compare", HANDSHAKE, "-r", RULES, "-q", "-w", tmp_path / "same.pcapng", "--annotate")
    assert (folder / "annotated.pcapng").read_bytes() == (tmp_path / "same.pcapng").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, "annotated.pcapng"])


def test_the_page_is_written_besides_if_asked_for(invoke: Invoke, folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    told = invoke("report", HANDSHAKE, "-r", RULES, "-o", page, "--wireshark", folder)
    assert (told.status, told.err) == (0, "")
    assert page.read_text().startswith("<!doctype html>")
    invoke("compare", HANDSHAKE, "-r", RULES, "-q", "-w", tmp_path / "same.pcapng", "--annotate")
    assert (folder / "annotated.pcapng").read_bytes() == (tmp_path / "same.pcapng").read_bytes()
    on_stdout = invoke("report", HANDSHAKE, "-r", RULES, "-o", "-", "--wireshark", folder)
    assert on_stdout.out.endswith("</html>\n")
    assert on_stdout.err.startswith("Next: ")


@pytest.mark.parametrize("place", ["profile", "profile/annotated.pcapng", "profile/../profile/colorfilters"])
def test_page_and_profile_do_not_go_to_the_same_place(invoke: Invoke, tmp_path: Path, place: str) -> None:
    folder, page = tmp_path / "profile", tmp_path / place
    if place != "profile":
        assert invoke("report", HANDSHAKE, "-r", RULES, "--wireshark", folder).status == 0
    before = {path: path.read_bytes() for path in folder.glob("*")}
    told = invoke("report", HANDSHAKE, "-r", RULES, "-o", page, "--wireshark", folder)
    assert (told.status, told.out) == (2, "")
    assert told.err == f"error: -o {page} and --wireshark {folder} cannot go to the same place\n"
    assert {path: path.read_bytes() for path in folder.glob("*")} == before
    assert folder.exists() == bool(before)


def test_that_a_ruleset_was_guessed_is_said(invoke: Invoke, folder: Path) -> None:
    told = invoke("report", HANDSHAKE, "--wireshark", folder)
    assert (told.status, told.err.count("\n")) == (0, 1)
    assert told.err.startswith("note: no ruleset was given")


def test_a_folder_elsewhere_is_to_be_copied_and_that_is_said(invoke: Invoke, tmp_path: Path) -> None:
    told = invoke("report", HANDSHAKE, "-r", RULES, "--wireshark", tmp_path / "out")
    assert told.lines[-1].endswith(f"so copy {tmp_path}/out there")


def test_a_profile_of_ones_own_is_left_alone(invoke: Invoke, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "preferences").write_text("gui.column.format: mine\n")
    told = invoke("report", "--wireshark", folder)
    assert (told.status, told.out) == (2, "")
    assert f"{folder}/preferences: is there already, in a folder that is not fwsim's" in told.err
    assert (folder / "preferences").read_text() == "gui.column.format: mine\n"


def test_one_that_fwsim_wrote_is_written_anew_but_for_what_wireshark_remembers(invoke: Invoke, folder: Path) -> None:
    invoke("report", "--wireshark", folder)
    before = {name: (folder / name).read_bytes() for name in FILES}
    (folder / "preferences").write_text("changed\n")
    (folder / "recent").write_text("gui.zoom_level: 2\n")
    assert invoke("report", "--wireshark", folder).status == 0
    assert (folder / "preferences").read_bytes() == before["preferences"]
    assert (folder / "recent").read_text() == "gui.zoom_level: 2\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--wireshark", "a-file"], "a-file: is a file, expected a folder"),
        (["--wireshark", "a-file/sub"], "a-file/sub: cannot be made: Not a directory"),
        (["--wireshark", ""], "expected the name of a folder"),
        (["--wireshark", "x", "--packets", "3"], "expected -o FILE with it"),
        (["own/annotated.pcapng", "--wireshark", "own"], "own/annotated.pcapng: is read and cannot be written"),
        (["missing.pcap", "--wireshark", "x"], "missing.pcap: no such file"),
    ],
)
def test_what_cannot_be_written_is_told_in_a_line(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").write_text("")
    (tmp_path / "own").mkdir()
    shutil.copy(HANDSHAKE, tmp_path / "own" / "annotated.pcapng")
    told = invoke("report", *arguments)
    assert told.status == 2
    assert expected in told.err
    assert told.err.count("\n") == 1
