"""A packet of a result explained: its captures read once more, up to where it comes, by a firewall that is new.

Read first: `fwsim.explain.reaching`; `fwsim.cli.explain` does the same for the command line.
"""

from __future__ import annotations

from fwsim.errors import UsageError
from fwsim.explain import explain
from fwsim.explain.frame_numbers import single_frame
from fwsim.explain.reaching import before_each
from fwsim.explain.waiting import Explanations
from fwsim.explanation import Explanation
from fwsim.notebook.markup import block, preformatted
from fwsim.report.figures import counted
from fwsim.result import Result
from fwsim.run_names import naming_of


def explained(result: Result, number: int | str) -> Explanation:
    """What led to the verdicts on a packet; the result itself stays as far as it has been read."""
    paths = [file.path for file in result.captures.files]
    what = "explain"
    frame = single_frame(str(number), paths, what)
    captures, simulator = result.reopened(), result.simulator.anew(jobs=1)
    naming, telling = naming_of(captures, simulator), Explanations(simulator, paths)
    for batch, row in before_each(simulator, captures, frame, telling.wait):
        telling.add(explain(simulator, batch, row, naming), batch, row)
    texts = telling.rest()
    if not texts:
        raise UsageError(
            f"{what} {number}: {paths[frame.file]} has {counted(captures.files[frame.file].packets, 'packet')}"
        )
    return Explanation("".join(texts))


def explanation_html(explanation: Explanation) -> str:
    """Lines as they stand."""
    return block(preformatted(explanation.rstrip("\n")))
