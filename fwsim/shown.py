"""How results look in a notebook: asked of `fwsim.notebook`, by name, since that stands above whatever it shows.

Read first: `fwsim.notebook`. Nothing is imported before a notebook asks.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Shown:
    """What a notebook shows as HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """What IPython and its like ask for."""
        return str(notebook().html(self))


def notebook() -> Any:
    """The package that knows how things look."""
    return import_module("fwsim.notebook")
