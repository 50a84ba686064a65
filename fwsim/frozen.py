"""Values that nothing changes, and that are made by the hundred thousand.

Read first: nothing. Python makes a `dataclass(frozen=True)` of five fields in four times the time of one that may be
changed, since it sets each field by a call. Here `frozen` is a promise that mypy keeps, and the values have a hash.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool, **options: Any) -> Callable[[type], type]:
        """As that of the library, which checks in every assignment what mypy has checked before."""
        return dataclasses.dataclass(unsafe_hash=frozen, **options)
