"""Text in a manual page: whatever it holds, it is shown as it is and asks groff and mandoc for nothing."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from fwsim.cli.manual.roff import as_typed, bold, italic, listed, paragraph, plain, section, title

HOSTILE = r""".so /etc/passwd 'ig \fB \*[x] \(dq -o "quoted" `back` ^ ~ \
.sh -c evil"""


def shown(lines: list[str]) -> str:
    """The page as groff shows it, without its head and foot, hyphenation and bold."""
    source = "\n".join([*title("x", "2026-01-02", "fwsim 1"), ".SH X", *lines, ""])
    command = ["groff", "-man", "-Tutf8", "-ww", "-P-cbou", "-rLL=200n"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return "\n".join(line.strip() for line in done.stdout.splitlines()[3:-1] if line.strip() != "X").strip()


def test_what_roff_would_read_is_escaped() -> None:
    assert plain("-o a\\b 'c'") == r"\-o a\eb \(aqc\(aq"
    assert paragraph(".fwsim.yaml") == [r"\&.fwsim.yaml"]
    assert as_typed([".x", "", "'y"]) == [".RS 4", ".nf", r"\&.x", r"\&", r"\(aqy", ".fi", ".RE"]
    assert plain("µ\x1b[31m") == r"\[u00B5]\ex1b[31m"
    assert (bold("-r"), italic("FILE")) == (r"\fB\-r\fR", r"\fIFILE\fR")


def test_a_line_that_comes_to_begin_with_a_dot_is_guarded() -> None:
    lines = paragraph("word " * 15 + ".TH EVIL 1")
    assert len(lines) == 2
    assert lines[1].startswith(r"\&.TH")


def test_a_section_without_lines_is_not_there() -> None:
    assert section("X", []) == []
    assert listed(bold("-x"), "") == [".TP", r"\fB\-x\fR", r"\&"]


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_hostile_text_is_shown_as_it_is() -> None:
    assert shown(as_typed(HOSTILE.splitlines())).splitlines() == HOSTILE.splitlines()
    assert shown(paragraph(HOSTILE)) == " ".join(HOSTILE.split())
    assert shown(listed(bold(".x"), "µ \x1b")).split() == [".x", "µ", r"\x1b"]
