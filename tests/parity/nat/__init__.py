"""Captures of real translations: how they are recorded (`record`), and what was recorded (`captures`).

Read first: `scene`, `scenarios`. Each folder of `captures` holds a ruleset, what the kernel's devices saw while real
sockets talked through it, and what the kernel did with every frame (`truth.json`).
"""
