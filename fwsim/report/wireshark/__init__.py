"""A profile of Wireshark for annotated captures: colour rules, columns, saved filters and buttons.

Read first: `fwsim.report.annotations` (what stands in the comments), then `expressions` (how Wireshark is asked for
it), `colours` and `saved` (the rules and filters), `files` (how the files of a profile are written).
"""
