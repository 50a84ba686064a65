"""Files of expectations for tests: written, read and run, against a small ruleset."""

from __future__ import annotations

import io
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from fwsim.expectations.results import CaseResult, Report
from fwsim.expectations.suites import Chooser, run_files
from fwsim.ruleset import Ruleset, load_ruleset

RULES = """\
name: small
interfaces:
  lan: {networks: [10.1.0.0/16, "fd00:1::/64"], addresses: [10.1.0.1]}
  wan: {networks: [any], addresses: [203.0.113.1]}
conntrack: {tcp_loose: false}
chains:
  forward:
    hook: forward
    policy: drop
    rules:
      - {name: known, ct_state: [established, related], verdict: accept}
      - {name: broken, ct_state: invalid, verdict: drop}
      - {name: ident, proto: tcp, dport: 113, verdict: reject, reject_with: tcp-reset}
      - {name: out, iif: lan, oif: wan, ct_state: new, verdict: accept}
"""


def loaded(rules: str = RULES, **options: Any) -> Ruleset:
    """A ruleset from its text."""
    return load_ruleset(io.StringIO(rules), **options)


def write(folder: Path, cases: str, rules: str = RULES, head: str = "") -> Path:
    """A file with these cases (a list in YAML), and its ruleset beside it."""
    (folder / "small.yaml").write_text(rules)
    path = folder / "small.fwsim.yaml"
    path.write_text(f"ruleset: small.yaml\n{dedent(head)}cases:\n{indent(dedent(cases), '  ')}")
    return path


def run(folder: Path, cases: str, rules: str = RULES, head: str = "", choose: Chooser | None = None) -> Report:
    """What comes of these cases; raises what is wrong in their file."""
    return sound(run_files([str(write(folder, cases, rules, head))], choose=choose))


def sound(report: Report) -> Report:
    """The report, if every file could be run."""
    for error in report.refused.values():
        raise error
    return report


def only(folder: Path, case: str, rules: str = RULES, head: str = "") -> CaseResult:
    """What comes of one case."""
    (result,) = run(folder, case, rules, head).results
    return result


def told(result: CaseResult) -> list[str]:
    """What was not as expected."""
    return [str(difference) for failure in result.failures for difference in failure.differences]
