"""fwsim: what a stateful and a stateless firewall would do with every packet of a capture, and why.

```python
import fwsim

ruleset = fwsim.load_ruleset("rulesets/office.yaml")
result = fwsim.compare("pcaps/office.pcapng", ruleset)
for batch in result:
    ...  # batch.stateless, batch.stateful: rows of fwsim.tables.DECISION
```

Importing fwsim imports nothing heavy: the names below are loaded when first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fwsim.decisions import Decision, Decisions
    from fwsim.errors import CaptureError, FwsimError, KernelError, Problem, RulesetError, UsageError
    from fwsim.kernel import KernelFirewall
    from fwsim.result import Result, compare, replay
    from fwsim.ruleset import Ruleset, load_ruleset
    from fwsim.simulator import Batch, Simulator
    from fwsim.terms import CtState, Direction, Evidence, Hook, Reason, TcpState, Verdict

__version__ = "0.1.0"

_HOMES = {
    "fwsim.errors": ("CaptureError", "FwsimError", "KernelError", "Problem", "RulesetError", "UsageError"),
    "fwsim.ruleset": ("Ruleset", "load_ruleset"),
    "fwsim.kernel": ("KernelFirewall",),
    "fwsim.result": ("Result", "compare", "replay"),
    "fwsim.decisions": ("Decision", "Decisions"),
    "fwsim.simulator": ("Batch", "Simulator"),
    "fwsim.terms": ("CtState", "Direction", "Evidence", "Hook", "Reason", "TcpState", "Verdict"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022  # in the order of the modules
    "CaptureError", "FwsimError", "KernelError", "Problem", "RulesetError", "UsageError",
    "Ruleset", "load_ruleset",
    "Batch", "Decision", "Decisions", "Result", "Simulator", "compare", "replay",
    "KernelFirewall",
    "CtState", "Direction", "Evidence", "Hook", "Reason", "TcpState", "Verdict",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'fwsim' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    """The public names, also before they are loaded."""
    return sorted([*globals(), *__all__])
