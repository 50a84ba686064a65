"""The attack lab: labelled attack traffic, alone or mixed into a capture, and what each packet would do to a host.

Read first: `fwsim.attack.model` (Family, Forged), then `fwsim.attack.lab.attack`. Families stand in
`fwsim.attack.families` and are listed in `fwsim.attack.registry`. Nothing is decided here: that is a firewall's part.
"""
