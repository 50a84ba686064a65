"""Rulesets in the languages of other firewalls.

Read first: `nft` (the whole), then `ruling`, `matching`, `stating` (one rule). `observing` is what `fwsim.kernel` adds
to learn how the kernel has decided; `sysctls` are the settings that nft has no words for.
"""

from __future__ import annotations

from .nft import to_nft
from .observing import Observe, behind_confirmation
from .sysctls import sysctls

__all__ = ["Observe", "behind_confirmation", "sysctls", "to_nft"]
