"""Captures and rulesets that can be shown around: addresses mapped by a key, payloads gone, the same decisions.

Read first: `mapping` (which address becomes which), then `packets` and `transport` (a frame, layer by layer),
`captures` (a whole capture) and `rulesets`. What is mapped and what stays is said in the docstring of each.
"""
