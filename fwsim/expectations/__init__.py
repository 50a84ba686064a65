"""Expectations: what a firewall should do with packets, written beside its rules, and whether it does.

Read first: `playbook` (the language for Python), then `model` (the files). Nothing is imported here: what a test runner
loads at its start must be light.

| module | holds |
|---|---|
| `playbook`, `stage`, `talk`, `sctp`, `ground` | scripts of packets with expectations between them, for any firewall |
| `simulated` | the simulator as such a firewall |
| `lines`, `speaking` | a packet in a line, read and sent |
| `model`, `facts`, `checks`, `reading`, `schema` | a file of expectations: as models, checked, located, for editors |
| `expected` | what is expected of each packet, once all that is inherited is known; and whether it is so |
| `preparing`, `playing`, `selected`, `suites`, `choosing` | files, run |
| `results`, `text`, `as_json`, `junit`, `markdown` | what came of it, and how it is told |
"""
