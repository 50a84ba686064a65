"""Results in notebooks: the figures of the terminal, and nothing replayed by looking."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import fwsim
from fwsim.capture import Input, open_captures
from fwsim.cli import run
from fwsim.report.figures import count
from tests.shown_html import NFT, Read, assert_harmless

ROOT = Path(__file__).parent.parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")
CAPTURE = str(ROOT / "pcaps" / "blind-reset.pcapng")


def test_looking_at_a_result_reads_nothing() -> None:
    result = fwsim.compare(CAPTURE, OFFICE)
    assert "Nothing has been read yet" in Read(result._repr_html_()).text
    assert result.packets == 0
    assert len(result.decisions) == 36


def test_the_figures_are_those_of_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    read = Read(fwsim.compare(CAPTURE, OFFICE).run()._repr_html_())
    run(["compare", CAPTURE, "-r", OFFICE])
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    answer = next(line for line in printed if line[:1] == ["Keeping"])
    assert " ".join(answer) in read.text
    evidence = {row[0].strip(): row[1:4] for row in read.rows if len(row) == 5}
    for line in printed:
        if line and line[0] in ("rst-out-of-window", "all"):
            assert evidence[line[0]] == line[1:4]
    assert {"rst-out-of-window", "all"} <= set(evidence)
    head = ["chain", "rule", "line", "stateless hits", "by mirror", "stateful hits"]
    hits = read.rows[read.rows.index(head) + 1 :]
    for column in (3, 5):
        numbers = [row[column].removeprefix("drop ").replace(",", "") for row in hits]
        assert sum(int(number) for number in numbers if number != "-") == 36
    mirrored = {row[1]: row[4] for row in hits}
    assert f"({count(int(hits[2][3]) - int(mirrored['staff web']))}+{mirrored['staff web']})" in [
        word for line in printed if line[:2] == ["staff", "web"] for word in line
    ]
    assert any(line[-1:] == [count(36)] for line in [row[:2] for row in read.rows])


def test_the_packet_that_tells_most_is_proposed_with_the_way_to_it() -> None:
    asked = ".explain(10)"
    assert asked in Read(fwsim.compare(CAPTURE, OFFICE).run()._repr_html_()).text
    several = fwsim.compare([CAPTURE, str(ROOT / "pcaps" / "handshake.pcapng")], OFFICE).run()
    assert f".explain('{CAPTURE}:10')" in Read(several._repr_html_()).text
    once = fwsim.compare(open_captures([Input(CAPTURE)]), OFFICE).run()
    assert "Worth a look: packet 10" in Read(once._repr_html_()).text
    assert ".explain(" not in once._repr_html_()


def test_notes_name_arguments_of_python() -> None:
    result = fwsim.compare(str(ROOT / "pcaps" / "host.pcap"), OFFICE).run()
    assert '(checksum="verify" judges it)' in Read(result._repr_html_()).text
    assert "--" not in result._repr_html_()


def test_one_mode_has_one_column() -> None:
    read = Read(fwsim.replay(CAPTURE, OFFICE, mode="stateless").run()._repr_html_())
    assert ["", "packets", "stateless admits", ""] in read.rows
    assert "Stateless mode admits" in read.text


def test_what_was_broken_off_says_so() -> None:
    result = fwsim.compare(str(ROOT / "pcaps" / "office.pcapng"), OFFICE)
    for _ in result:
        break
    assert "Not the whole capture: read so far are 500 packets." in Read(result._repr_html_()).text
    assert not result.read_whole


def test_names_of_strangers_are_text(tmp_path: Path) -> None:
    rules = fwsim.load_ruleset(io.StringIO(NFT))
    assert_harmless(fwsim.compare(CAPTURE, rules).run()._repr_html_())
    path = tmp_path / "<b>\u202e.pcapng"
    path.write_bytes(Path(CAPTURE).read_bytes())
    unread = fwsim.compare(str(path), OFFICE)
    for text in (unread._repr_html_(), unread.run()._repr_html_()):
        assert "<b>\\u202e.pcapng" in Read(text).text
