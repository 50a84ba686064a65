"""Frames and decisions as Arrow tables and as Parquet files: the fields of JSON lines, column by column.

Read first: `fwsim.naming` (the fields). `vocabulary` turns numbers into words, `addresses` makes text, `columns` turns
batches into record batches, `parquet` writes these. pyarrow is an extra, `fwsim[parquet]`, and comes in only here.
"""

from __future__ import annotations

from fwsim.errors import UsageError


def require_pyarrow() -> None:
    """Raise UsageError if pyarrow is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise UsageError("Arrow and Parquet need pyarrow, which is an extra: pip install 'fwsim[parquet]'") from None
