"""The families of attacks, one module for each group of them; `fwsim.attack.registry` lists them all.

A family's `forge` takes a `Scene` and gives shots: those that aim at hosts in the order of their times.
"""
