"""The way from a thing to how it looks in a notebook."""

from __future__ import annotations

import pytest

from fwsim.shown import Shown, notebook
from tests.unit.test_init import modules_after


def test_nothing_of_it_is_loaded_before_a_notebook_asks() -> None:
    assert not any(name.startswith("fwsim.notebook") for name in modules_after("import fwsim\nfwsim.Simulator"))


def test_what_nobody_knows_how_to_show_is_refused() -> None:
    class Other(Shown):
        pass

    with pytest.raises(TypeError, match="Other is not shown in notebooks"):
        Other()._repr_html_()
    assert notebook().__name__ == "fwsim.notebook"
