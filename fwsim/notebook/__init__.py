"""What notebooks show of results, rulesets, decisions, connections and explanations, as HTML.

Read first: `markup`, the one place where text becomes HTML; `fwsim.report`, whose figures and words these are.
Classes come here through `fwsim.shown`. There is no script, no style but alignment, and no colour: what is shown takes
on those of the notebook, light or dark.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from fwsim.connections import Connections
from fwsim.decisions import Decision, Decisions
from fwsim.explanation import Explanation
from fwsim.notebook.connections import connections_html, listed
from fwsim.notebook.counting import Counting
from fwsim.notebook.decisions import decision_html, decisions_html
from fwsim.notebook.explaining import explained, explanation_html
from fwsim.notebook.results import result_html
from fwsim.notebook.rules import ruleset_html
from fwsim.result import Result
from fwsim.ruleset import Ruleset

__all__ = ["Counting", "explained", "html", "listed"]


@singledispatch
def html(shown: Any) -> str:
    """Something as HTML."""
    raise TypeError(f"{type(shown).__name__} is not shown in notebooks")


html.register(Connections, connections_html)
html.register(Decision, decision_html)
html.register(Decisions, decisions_html)
html.register(Explanation, explanation_html)
html.register(Result, result_html)
html.register(Ruleset, ruleset_html)
