"""The ruleset that fuzzed traffic meets if none is given: a rule for every state that a packet can have.

Read first: `fwsim.fuzz`: packets with DSCP 62 are refused, so that openings leave nothing, and connections live on
though a packet of theirs was dropped. Control connections of FTP get the helper.
"""

REFUSED_TOS = 62 << 2
"""The TOS byte with DSCP 62, which the ruleset drops, so that openings are refused and states outlive drops."""

EVERY_STATE = """\
name: a rule for every state
interfaces:
  lan: {networks: [10.1.0.0/16, "fd00:1::/64"]}
  wan: {networks: [any]}
chains:
  helpers:
    hook: prerouting
    rules:
      - {name: ftp, proto: tcp, dport: 21, helper: ftp, verdict: continue}
  forward:
    hook: forward
    policy: drop
    rules:
      - {name: refused,               dscp: 62, verdict: drop}
      - {name: new,                   ct_state: new, verdict: accept}
      - {name: established,           ct_state: established, ct_direction: original, verdict: accept}
      - {name: established reply,     ct_state: established, ct_direction: reply, verdict: accept}
      - {name: related,               ct_state: related, ct_direction: original, verdict: accept}
      - {name: related reply,         ct_state: related, ct_direction: reply, verdict: accept}
      - {name: invalid,               ct_state: invalid, verdict: accept}
      - {name: untracked,             ct_state: untracked, verdict: accept}
"""
