"""Results into text for people and records for machines.

Read first: DESIGN section 5 (the contract). `cells` knows the contract's fields, `frames` writes them as JSON lines and
CSV, `line` as a tcpdump-like line; `tally` counts a comparison while it streams by, `figures_of` and the `summary_*`
modules put the counts into words and JSON. Nothing here prints, opens a file or decides a verdict.
"""
