"""Checkpoints: a run that is saved at rest, and goes on later to the same end, byte for byte.

Read first: `container` (the file), `saved` (reading what may be hostile), then `legs` (a run that rests now and then).
The other modules say for one group of tables each what is saved of it, and put it back into fresh tables. What reports
have counted is in `fwsim.report.saved_counts`, the options and files of a run in `fwsim.cli.resuming`.
"""
