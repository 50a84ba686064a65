"""Rulesets that translate, and traffic that is answered as the translation makes necessary.

Read first: `fwsim.fuzz.nat.places` (who is where), `rulesets` and `iptables` (what the rules say), `traffic`.
"""
