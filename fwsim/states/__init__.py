"""Connection tables as files: a run that starts from an explicit state, and one that leaves its own behind.

Read first: `model` (a connection as such a file has it), then `as_json` and `as_text` (the two formats), `reading`
(which one a file is) and `loading` (from files to tables). All of it may come from anywhere: every mistake is a
UsageError that names file and place.
"""
