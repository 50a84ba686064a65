"""Baselines: the decisions of a run, kept in a file, and what another run decides otherwise.

Read first: `kinds` (a decision in words, by number), then `stored` (the file), `changes` (what may become of a
decision) and `counted` (all of it added up, by connection and by rule). The command line is in `fwsim.cli.saving` and
`fwsim.cli.against`, the words in `fwsim.report.changes_text`.
"""
