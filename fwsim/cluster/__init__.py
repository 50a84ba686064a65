"""The same run on a Dask cluster, over many capture files: with the decisions, numbers and figures of one process.

Read first: `plan`, which says what waits for what. `reading`, `locating`, `deciding` and `joining` are the tasks, each
a plain function of what it is given, so that Dask may run it anywhere and again; `connecting` finds or makes the
cluster, `running` is the client's side. Dask is an extra, `fwsim[dask]`, and comes in only here.
"""

from __future__ import annotations

from fwsim.errors import UsageError


def require_dask() -> None:
    """Raise UsageError if Dask is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise UsageError("--engine dask needs Dask, which is an extra: pip install 'fwsim[dask]'") from None
