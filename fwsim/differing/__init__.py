"""Which packets two rulesets decide about differently: over all packets, with proof and with witnesses.

Read first: `fwsim.space`, `sides`, `aligning`, `comparing`.
"""

from __future__ import annotations
