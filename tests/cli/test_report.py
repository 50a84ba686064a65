"""`fwsim report`: the file that it writes, and what it says."""

from __future__ import annotations

import json
import re
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from tests.paging import OFFICE, capture

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
EMPTY = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
MARKUP = "</script><img src=x onerror=alert(1)>"


def data_of(page: Path) -> dict[str, Any]:
    (found,) = DATA.findall(page.read_text(encoding="utf-8"))
    data: dict[str, Any] = json.loads(found)
    return data


def test_a_page_is_written_and_nothing_is_said(invoke: Invoke, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    outcome = invoke("report", capture("handshake.pcapng"), "-r", OFFICE, "-o", page)
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    assert data_of(page)["packets"]["count"] == data_of(page)["overview"]["packets"]
    assert list(tmp_path.iterdir()) == [page]


def test_two_runs_write_the_same_bytes(invoke: Invoke, tmp_path: Path) -> None:
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        assert invoke("report", capture("fragments.pcapng"), "-r", OFFICE, "-o", page).status == 0
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_it_goes_to_standard_output_too(invoke: Invoke) -> None:
    outcome = invoke("report", capture("handshake.pcapng"), "-r", OFFICE, "-o", "-")
    assert outcome.out.startswith("<!doctype html>")
    assert outcome.out.endswith("</html>\n")


def test_a_ruleset_is_guessed_where_none_is_given(invoke: Invoke, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    outcome = invoke("report", capture("handshake.pcapng"), "-o", page)
    assert outcome.status == 0
    assert "so one was guessed" in outcome.err
    assert "so one was guessed" in data_of(page)["overview"]["notes"][0]
    invoke("report", capture("handshake.pcapng"), "-r", OFFICE, "-o", page)
    assert not any("guessed, as" in one for one in data_of(page)["overview"]["notes"])


def test_packets_that_are_not_there_are_told(invoke: Invoke, tmp_path: Path) -> None:
    asked = ("report", capture("handshake.pcapng"), "-r", OFFICE, "-o", tmp_path / "report.html", "--packets")
    outcome = invoke(*asked, "1001-1200")
    assert outcome.status == 0
    assert outcome.err == "note: --packets begins at 1,001, and there are 7: none is shown one by one\n"
    assert invoke(*asked, "7-1200").err == ""


def test_without_an_output_the_request_is_wrong(invoke: Invoke) -> None:
    outcome = invoke("report", capture("handshake.pcapng"), "-r", OFFICE)
    assert outcome.status == 2
    assert "--output" in outcome.err


def test_the_capture_is_not_written_over(invoke: Invoke, tmp_path: Path) -> None:
    copy = tmp_path / "copy.pcapng"
    shutil.copy(capture("handshake.pcapng"), copy)
    outcome = invoke("report", copy, "-r", OFFICE, "-o", copy)
    assert outcome.status == 2
    assert copy.read_bytes() == Path(capture("handshake.pcapng")).read_bytes()


def test_a_damaged_capture_gives_a_page_a_warning_and_status_2(invoke: Invoke, tmp_path: Path) -> None:
    cut, page = tmp_path / "cut.pcapng", tmp_path / "report.html"
    cut.write_bytes(Path(capture("handshake.pcapng")).read_bytes()[:-20])
    outcome = invoke("report", cut, "-r", OFFICE, "-o", page)
    assert outcome.status == 2
    assert outcome.err.startswith("warning: ")
    assert data_of(page)["overview"]["captures"][0]["complete"] is False


def test_asked_packets_are_shown_and_that_is_said(invoke: Invoke, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert invoke("report", capture("handshake.pcapng"), "-r", OFFICE, "-o", page, "--packets", "2-3").status == 0
    data = data_of(page)
    assert data["packets"]["columns"]["n"] == [2, 3]
    assert data["window"]["chosen"] == "as asked for with --packets"


def test_two_captures_keep_their_own_numbers(invoke: Invoke, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    outcome = invoke("report", capture("handshake.pcapng"), capture("blind-reset.pcapng"), "-r", OFFICE, "-o", page)
    assert outcome.status == 0
    data = data_of(page)
    assert data["files"] == ["handshake.pcapng", "blind-reset.pcapng"]
    assert data["packets"]["columns"]["n"].count(1) == 2


def test_an_empty_capture_gives_a_page_too(invoke: Invoke, tmp_path: Path) -> None:
    empty, page = tmp_path / "empty.pcap", tmp_path / "report.html"
    empty.write_bytes(EMPTY)
    assert invoke("report", empty, "-r", OFFICE, "-o", page).status == 0
    assert data_of(page)["packets"]["count"] == 0


@pytest.mark.parametrize("name", [MARKUP.replace("/", "\\"), "a\u202eb", "\x1b[31mred"])
def test_a_hostile_file_name_stays_text(invoke: Invoke, tmp_path: Path, name: str) -> None:
    source, page = tmp_path / f"{name}.pcapng", tmp_path / "report.html"
    shutil.copy(capture("handshake.pcapng"), source)
    assert invoke("report", source, "-r", OFFICE, "-o", page).status == 0
    written = page.read_text(encoding="utf-8")
    assert name not in written
    assert written.count("<script") == 2
    assert "<img" not in written


def test_hostile_names_of_rules_stay_text(invoke: Invoke, tmp_path: Path) -> None:
    rules, page = tmp_path / "rules.yaml", tmp_path / "report.html"
    rules.write_text(Path(OFFICE).read_text().replace("name: staff web", f"name: '{MARKUP}'"))
    assert invoke("report", capture("handshake.pcapng"), "-r", rules, "-o", page).status == 0
    assert MARKUP in {row["name"] for row in data_of(page)["rules"]["rows"]}
    assert "<img" not in page.read_text(encoding="utf-8")


def test_quiet_says_nothing_on_any_way(invoke: Invoke, tmp_path: Path) -> None:
    page, folder = tmp_path / "report.html", tmp_path / "profile"
    for target in (["-o", page], ["--wireshark", folder], ["-o", page, "--wireshark", folder]):
        outcome = invoke("report", capture("handshake.pcapng"), *target, "-q")
        assert (outcome.status, outcome.err) == (0, ""), target
        assert outcome.out.count("\n") == ("-o" not in target), "the answer, where there is no page"
    assert invoke("report", "--wireshark", folder, "-q").out == ""
