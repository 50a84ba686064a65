"""What is said about a run."""

from __future__ import annotations

from dataclasses import replace

from tests.report_summaries import about


def test_a_run_is_complete_if_every_capture_is() -> None:
    whole = about()
    assert whole.complete
    damaged = replace(whole.captures[0], complete=False)
    assert not replace(whole, captures=(whole.captures[0], damaged)).complete
