"""What came of expectations, as JUnit XML.

The content model below is that of junit-10.xsd, the schema of Jenkins' xunit plugin: which attributes an element must
and may have, and what may stand in it.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from fwsim.expectations.junit import junit_of
from fwsim.expectations.suites import run_files
from tests.expecting import run, write

Content = tuple[set[str], set[str], set[str]]
HARM: Content = (set(), {"type", "message"}, set())
MODEL: dict[str, Content] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name"}, {"time", "classname", "group"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": HARM, "error": HARM, "skipped": HARM, "system-out": (set(), set(), set()),
}  # fmt: skip
TEXTS = ("failure", "error", "skipped", "system-out", "system-err")

RULES = """\
table inet filter {
\tchain forward {
\t\ttype filter hook forward priority 0;
\t\tudp dport 9 meta cpu 1 drop comment "<odd> & \x27quoted\x27"
\t\ttcp dport 22 reject
\t}
}
"""
CASES = """\
- {name: 'a < b & "c" ]]>', packet: "tcp 10.1.4.23 > 9.9.9.9:80", verdict: accept, points: 2}
- {packet: "tcp 10.1.4.23 > 9.9.9.9:22", verdict: accept, points: 1.5}
- {packet: "udp 10.1.4.23 > 9.9.9.9:9", verdict: accept}
"""


def check(element: ElementTree.Element) -> None:
    """Hold an element, and all in it, against the content model."""
    required, optional, children = MODEL[element.tag]
    given = set(element.attrib)
    assert required <= given <= required | optional, f"<{element.tag}> has {sorted(given)}"
    assert element.tag in TEXTS or not (element.text or "").strip()
    for child in element:
        assert child.tag in children, f"<{child.tag}> in <{element.tag}>"
        assert not (child.tail or "").strip()
        check(child)


def document(folder: Path) -> ElementTree.Element:
    return ElementTree.fromstring(junit_of(run(folder, CASES, RULES)))


def test_the_document_holds_to_the_schema(tmp_path: Path) -> None:
    root = document(tmp_path)
    assert root.tag == "testsuites"
    check(root)


def test_cases_are_counted_and_points_are_properties(tmp_path: Path) -> None:
    root = document(tmp_path)
    counts = {"tests": "3", "failures": "1", "errors": "1"}
    assert {name: root.get(name) for name in counts} == counts
    (suite,) = root
    assert {name: suite.get(name) for name in counts} == counts
    assert suite.get("name") == str(tmp_path / "small.fwsim.yaml")
    points = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert points == {"points": "2", "possible_points": "3.5"}


def test_a_case_that_fails_tells_why_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    passed, failed, unknown = document(tmp_path).iter("testcase")
    assert (passed.get("name"), len(passed)) == ('a < b & "c" ]]>', 0)
    (failure,) = failed
    assert failure.tag == "failure"
    assert "stateful verdict: expected accept, is reject" in (failure.get("message") or "")
    text = failure.text or ""
    assert text.startswith(f"{tmp_path / 'small.fwsim.yaml'}:4: ")
    assert "STATEFUL  reject, by rule 2 of inet filter forward (line 5)" in text
    assert [one.tag for one in unknown] == ["error"]
    assert '"<odd>' in (unknown[0].text or "")


def test_the_same_cases_give_the_same_bytes(tmp_path: Path) -> None:
    first = junit_of(run(tmp_path, CASES, RULES))
    assert first == junit_of(run(tmp_path, CASES, RULES))
    assert first.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ')


def test_a_file_with_mistakes_is_an_error(tmp_path: Path) -> None:
    good = write(tmp_path, CASES, RULES)
    bad = tmp_path / "bad.fwsim.yaml"
    bad.write_text(good.read_text().replace("packet", "<paket>"))
    root = ElementTree.fromstring(junit_of(run_files([str(bad), str(good)])))
    check(root)
    assert [(root.get("tests"), root.get("errors")), *((one.get("tests"), one.get("errors")) for one in root)] == [
        ("4", "2"), ("1", "1"), ("3", "1"),
    ]  # fmt: skip
    error = root[0][0][0]
    assert (error.tag, error.get("type"), (error.text or "").count("unknown key '<paket>'")) == ("error", "mistake", 3)
