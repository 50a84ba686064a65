"""Linux netfilter itself as a firewall, in a private network namespace.

Read first: `firewall`. The parts, from the outside in: `plan` (ruleset -> devices, routes, nft texts), `framing`
(captured frames -> packets), `process` | `worker` (the two sides of the pipe, which speak `orders`), `namespace`,
`network`, `injection`, `nflog` and `connections` (in the namespace), `observers`, `answers` and `translated` (what is
heard).

Importing this imports nothing heavy: the worker must enter its namespace before any thread is started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fwsim.kernel.answers import Answer
    from fwsim.kernel.firewall import KernelFirewall
    from fwsim.kernel.probing import probe

__all__ = ["Answer", "KernelFirewall", "probe"]

_HOMES = {"Answer": "answers", "KernelFirewall": "firewall", "probe": "probing"}


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'fwsim.kernel' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"fwsim.kernel.{_HOMES[name]}"), name)
