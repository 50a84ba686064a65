"""Whether the kernel can be used as a firewall here.

Read first: `fwsim.kernel.firewall`. The only honest probe is to build a small firewall and let a rule decide.
"""

from __future__ import annotations

from fwsim.errors import KernelError
from fwsim.kernel.firewall import KernelFirewall
from fwsim.ruleset import Ruleset

SMALLEST = {"chains": {"forward": {"hook": "forward", "rules": [{"ct_state": "new", "verdict": "accept"}]}}}


def probe() -> str:
    """Why the kernel cannot be used: the call that it forbids, or what is missing. Empty if it can."""
    try:
        with KernelFirewall(Ruleset.model_validate(SMALLEST)):
            return ""
    except KernelError as error:
        return str(error)
