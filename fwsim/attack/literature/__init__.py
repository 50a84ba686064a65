"""Tables of the literature, found again by sending the packets: each figure beside the one that was published.

Read first: `fwsim.attack.literature.model`, then `tables`, which lists them all. No figure of a result is written down
here: firewalls are the simulator with a ruleset of its own, hosts are those of `fwsim.attack.host`, and what is
published stands beside what came out, with its source.
"""
