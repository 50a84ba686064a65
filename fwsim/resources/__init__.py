"""What keeping state costs in a run: the connection table over time, look-ups, the time that each mode takes.

Read first: `meter`, which measures a run from outside the engine; then `timeline`. Nothing here changes what is
decided: a run is only cut into smaller chunks, where the table is looked at. What is printed is in `fwsim.report`.
"""
