"""A ruleset in the terms of netfilter, as text for another firewall: nft, iptables-save, our YAML; or without state.

Read first: `fwsim.netfilter.steps`, then `drafting` (how a rule that a format cannot say in one becomes several).
What a format cannot say exactly is a `RulesetError` that names the construct and its place.
"""

from __future__ import annotations
