"""Every table of the literature, in the order in which they are shown.

Read first: `TABLES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fwsim.attack.literature import ack_scan, blind_reset, full_table, rst_invalid, split_handshake
from fwsim.attack.literature.model import Table
from fwsim.errors import UsageError
from fwsim.ruleset.mistakes import unknown

TABLES: dict[str, Callable[[], Table]] = {
    "ack-scan": ack_scan.table,
    "blind-reset": blind_reset.table,
    "rst-invalid": rst_invalid.table,
    "split-handshake": split_handshake.table,
    "full-table": full_table.table,
}


def chosen(names: Sequence[str]) -> list[Callable[[], Table]]:
    """The tables of these names, all if there is none; UsageError for a name that no table has."""
    for name in names:
        if name not in TABLES:
            raise UsageError(unknown("table of the literature", name, TABLES))
    return [TABLES[name] for name in names or TABLES]
