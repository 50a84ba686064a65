"""What `fwsim check` has found, for people and for programs: text, JSON, SARIF 2.1.0, JUnit XML, Markdown.

Read first: `fwsim.checking.kinds`, `model`. The same findings give the same bytes: there is no time and no name of a
machine in any of them.
"""

from __future__ import annotations

from .model import Checked, Counts, counted_findings

__all__ = ["Checked", "Counts", "counted_findings"]
