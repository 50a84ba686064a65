"""The example notebook runs, and shows what is stored in it.

After a change that is meant, run `pytest tests/golden --update-golden` and read the difference: that of the outputs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

NEEDS = "running the example notebook needs nbclient, ipykernel, pandas and pyarrow"
nbclient, nbformat, *_ = (
    pytest.importorskip(name, reason=NEEDS) for name in ("nbclient", "nbformat", "ipykernel", "pandas", "pyarrow")
)

ROOT = Path(__file__).parent.parent.parent
NOTEBOOK = ROOT / "rulesets" / "office.ipynb"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""Nothing of the machine on which it was run."""


def run(notebook: Any, private: Path) -> None:
    """Run it where it lies; what it imports is this fwsim, and IPython keeps what it keeps in a folder of our own."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    client = nbclient.NotebookClient(
        notebook,
        timeout=300,
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
        record_timing=False,
        coalesce_streams=True,
    )
    client.execute(env={**os.environ, "PYTHONPATH": path, "IPYTHONDIR": str(private), "JUPYTER_PLATFORM_DIRS": "1"})


def shown(notebook: Any) -> list[tuple[str, list[Any]]]:
    """What each cell shows."""
    return [(cell.source, [told(output) for output in cell.outputs]) for cell in notebook.cells if "outputs" in cell]


def told(output: Any) -> Any:
    """One output, without its number; how pandas marks its tables up is its own affair, so of them the text."""
    if output.output_type not in ("execute_result", "display_data"):
        return dict(output)
    kind = "text/html" if is_ours(output) else "text/plain"
    return output.data[kind]


def is_ours(output: Any) -> bool:
    return "text/html" in output.data and 'class="dataframe"' not in output.data["text/html"]


def bare(notebook: Any) -> None:
    """Leave out what is of the machine or of the moment: with HTML of ours, the text tells addresses in memory."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        for output in cell.get("outputs", []):
            if "data" in output and is_ours(output):
                output.data.pop("text/plain", None)


def test_the_example_notebook_shows_what_is_stored_in_it(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    stored = nbformat.read(NOTEBOOK, as_version=4)
    fresh = nbformat.read(NOTEBOOK, as_version=4)
    run(fresh, tmp_path)
    bare(fresh)
    if request.config.getoption("--update-golden"):
        nbformat.write(fresh, NOTEBOOK)
        stored = nbformat.read(NOTEBOOK, as_version=4)
    assert shown(fresh) == shown(stored)
    numbers = [cell.execution_count for cell in stored.cells if "outputs" in cell]
    assert numbers == list(range(1, len(numbers) + 1))
    assert stored.metadata == METADATA
