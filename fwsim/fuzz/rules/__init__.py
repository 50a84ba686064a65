"""Traffic made from a ruleset's own rules: values at, beside and between the boundaries that they mention.

Read first: `conditions` (what a packet must be to come to a rule), `aim` (a packet that is, or just fails to be),
`places` (interfaces and networks, for rules that come without), `talks` (what is said before and after).
"""
