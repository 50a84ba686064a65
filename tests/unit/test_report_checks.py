"""The forms in which findings are told, together."""

from __future__ import annotations

from fwsim.report import checks
from fwsim.report.checks.as_json import as_json
from fwsim.report.checks.markdown import as_markdown
from fwsim.report.checks.sarif import as_sarif
from tests.findings import checked, tcp


def test_the_same_ruleset_gives_the_same_bytes() -> None:
    rules = [tcp("1-10", "drop"), tcp("5-20"), tcp("5")]
    for form in (as_json, as_sarif, as_markdown):
        assert form([checked(rules)]) == form([checked(rules)])
    assert set(checks.__all__) == {"Checked", "Counts", "counted_findings"}
