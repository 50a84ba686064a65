"""Rulesets as other tools write them, read into `fwsim.netfilter`.

Read first: `fwsim.netfilter`. Every importer knows its own text and that package, nothing else.
"""
