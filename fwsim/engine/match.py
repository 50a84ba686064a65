"""The chains of a hook against one packet: which rule, or which policy, decides.

Read first: RULE, CHAIN and WALK in `rule_rows`, then `instructions.follow` (one rule) and `index.candidate` (which
rule is next). A chain that accepts hands the packet on to the next base chain of the hook; drop and reject are final.

Unknown: a rule that may apply (MAYBE) is taken both ways in one pass. What the packet may be doing elsewhere is kept
in three places: a verdict that it may have got, in `possible`; a calling rule behind which it may be waiting, in the
lowest bit of its place on the stack; and `waiting`, if it may have returned to the policy. If only one verdict turns
out to be possible, the packet gets it, else UNKNOWN; if several rules may have given it, none of them is named
(RULE_SEVERAL). Where the index needs a value that is not known, it leaves the
rules that ask for it in, and all their matches are asked (`vague`).
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.base_chains import MAY_ACCEPT, begin_walk, next_base, pass_by
from fwsim.engine.index import candidate, forget
from fwsim.engine.instructions import follow
from fwsim.engine.program import (
    FALSE,
    MAYBE,
    TRUE,
    V_CONTINUE,
    V_GOTO,
    V_JUMP,
    V_RETURN,
    V_UNKNOWN,
    Memory,
    Numbers,
    Program,
    Table,
)
from fwsim.tables import RULE_POLICY, RULE_SEVERAL
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook, Reason, Verdict

__all__ = ["Memory", "Program", "walk", "walk_hook", "walk_linear"]

Row = Any

ACCEPT = int(Verdict.ACCEPT)
DROP = int(Verdict.DROP)
REJECT = int(Verdict.REJECT)
UNKNOWN = int(Verdict.UNKNOWN)
MAY_DROP = 1 << DROP
MAY_REJECT = 1 << REJECT

R_RULE = int(Reason.RULE)
R_POLICY = int(Reason.POLICY)
R_ONE_OF_SEVERAL = int(Reason.ONE_OF_SEVERAL)
R_NO_CHAIN = int(Reason.NO_CHAIN)
R_NOT_SIMULATED = int(Reason.NOT_SIMULATED)
PREROUTING = int(Hook.PREROUTING)
POSTROUTING = int(Hook.POSTROUTING)

FINISHED = -1
"""Instead of the rule to go on with: the base chain is done with."""


@hot
def walk(
    program: Program,
    memory: Memory,
    hook: int,
    from_priority: int,
    to_priority: int,
    seen: Row,
    words: Numbers,
    decision: Row,
    quiet: int,
) -> int:
    """The verdict of the base chains at a hook with `from_priority` <= priority < `to_priority`; fills `decision`.

    `seen` is the packet as rules see it and `words` the same row as a matrix of one row; rules write marks
    there. `quiet` 1 counts no hit and takes no token. Without a chain in that range the packet is accepted, and
    `decision` keeps what an earlier chain said; `tried` is added to.
    """
    memory.state[0]["linear"] = 0
    return walk_hook(program, memory, hook, hook, from_priority, to_priority, seen, words, decision, quiet)


@hot
def walk_linear(
    program: Program,
    memory: Memory,
    hook: int,
    from_priority: int,
    to_priority: int,
    seen: Row,
    words: Numbers,
    decision: Row,
    quiet: int,
) -> int:
    """The same as `walk`, looking at one rule after the other without the index."""
    memory.state[0]["linear"] = 1
    return walk_hook(program, memory, hook, hook, from_priority, to_priority, seen, words, decision, quiet)


@hot
def walk_hook(
    program: Program,
    memory: Memory,
    hook: int,
    behind: int,
    from_priority: int,
    to_priority: int,
    seen: Row,
    words: Numbers,
    decision: Row,
    quiet: int,
) -> int:
    """Walk base chain after base chain `behind` a row of BASE, as long as the packet may get to the next.

    Where addresses are translated the walk stops, and `state["halt"]` is the row behind which it goes on.
    """
    state = memory.state[0]
    begin_walk(state, hook)
    base = next_base(program.bases, state, behind, from_priority, to_priority, seen)
    while base >= 0:
        chain = program.bases[base]["chain"]
        rule = begin_chain(program.chains, state, chain)
        while rule != FINISHED:
            rule = step(program, memory, chain, rule, seen, words, quiet)
        finish_chain(state, memory.hits, quiet)
        if program.bases[base]["nat"] and seen["ct_state"] == UNKNOWN_VALUE:
            pass_by(state)
        base = next_base(program.bases, state, base, from_priority, to_priority, seen)
    return conclude(program.rules, state, hook, decision)


@hot
def begin_chain(chains: Table, state: Row, chain: int) -> int:
    """Enter a base chain: its first rule. What an earlier chain accepted is not accepted yet."""
    state["possible"] &= ~MAY_ACCEPT
    state["sure"] = 1 if state["possible"] == 0 else 0
    state["waiting"] = 0
    state["depth"] = 0
    return enter(chains, state, chain)


@hot
def enter(chains: Table, state: Row, chain: int) -> int:
    """Go into a chain: its first rule."""
    state["chain"] = chain
    forget(state)
    return int(chains[chain]["first"])


@hot
def step(program: Program, memory: Memory, base: int, rule: int, seen: Row, words: Numbers, quiet: int) -> int:
    """Find the next rule that may match, from `rule` on, and do what it says; returns the rule to go on with."""
    state = memory.state[0]
    chain = program.chains[state["chain"]]
    if state["linear"] == 0:
        found = candidate(chain, program.columns, program.numbers, memory.places, state, rule, words)
        state["tried"] += (found if found < chain["last"] else found - 1) + 1 - rule
        rule = found
    if rule >= chain["last"]:
        return go_back(program, memory, base, quiet)
    row = program.rules[rule]
    start = row["first"] if state["linear"] or state["vague"] else row["rest"]
    state["tried"] += state["linear"]
    truth = TRUE
    if start < row["last"]:
        truth = follow(program, memory, rule, start, seen, words, quiet)
    state["truth"] = truth
    if truth == FALSE:
        return rule + 1
    return apply(program, memory, base, rule, truth, quiet)


@hot
def apply(program: Program, memory: Memory, base: int, rule: int, truth: int, quiet: int) -> int:
    """What a rule that matches, or may match, makes of the packet; returns the rule to go on with."""
    state = memory.state[0]
    row = program.rules[rule]
    verdict = row["verdict"]
    if truth == TRUE and state["sure"] and not quiet and row["counts"] >= 0:
        memory.hits[row["counts"]] += 1
    if verdict == V_CONTINUE:
        return rule + 1
    if truth == MAYBE:
        state["sure"] = 0
        if state["cause"] == 0:
            state["cause"] = state["doubt"]
            state["cause_rule"] = state["blamed"] - 1 if state["blamed"] else rule
    if verdict == V_JUMP or verdict == V_GOTO:
        return call(program.chains, row, memory.stack, state, rule, truth)
    if verdict == V_RETURN:
        if truth == TRUE:
            return go_back(program, memory, base, quiet)
        wait_below(program.rules, memory.stack, state, state["depth"])
        return rule + 1
    if verdict == V_UNKNOWN:
        settle_unknown(state, rule, row)
    else:
        settle(state, verdict, row["source"], row["chain"], row["reject_with"])
    if truth == MAYBE:
        return rule + 1
    return go_elsewhere(program.chains, program.rules, memory.stack, state, base)


@hot
def call(chains: Table, row: Row, stack: Numbers, state: Row, rule: int, truth: int) -> int:
    """Jump or go to another chain. A goto leaves no trace, unless the packet may also have stayed."""
    if row["verdict"] == V_JUMP or truth == MAYBE:
        stack[state["depth"]] = 2 * rule + (1 if truth == MAYBE else 0)
        state["depth"] += 1
    return enter(chains, state, row["target"])


@hot
def go_back(program: Program, memory: Memory, base: int, quiet: int) -> int:
    """Return from a chain, at its end or by a rule: to behind the calling rule, or to the policy."""
    state = memory.state[0]
    depth = state["depth"]
    if depth == 0:
        if state["sure"] and not quiet:
            memory.hits[state["policies"] + base] += 1
        settle(state, program.chains[base]["policy"], RULE_POLICY, base, 0)
        return FINISHED
    if program.rules[memory.stack[depth - 1] >> 1]["verdict"] == V_GOTO:
        # it went: it returns to the caller of the chain that it left
        wait_below(program.rules, memory.stack, state, depth - 1)
    return resume(program.chains, program.rules, memory.stack, state, depth - 1)


@hot
def go_elsewhere(chains: Table, rules: Table, stack: Numbers, state: Row, base: int) -> int:
    """Here the packet has its verdict: go on where it may be waiting, if anywhere."""
    depth = state["depth"]
    while depth > 0:
        depth -= 1
        if stack[depth] & 1:
            return resume(chains, rules, stack, state, depth)
    if state["waiting"]:
        settle(state, chains[base]["policy"], RULE_POLICY, base, 0)
    return FINISHED


@hot
def resume(chains: Table, rules: Table, stack: Numbers, state: Row, depth: int) -> int:
    """Take calling rules off the stack down to `depth`: the rule behind the last one taken."""
    caller = stack[depth] >> 1
    state["depth"] = depth
    enter(chains, state, rules[caller]["chain"])
    return int(caller + 1)


@hot
def wait_below(rules: Table, stack: Numbers, state: Row, depth: int) -> None:
    """Note that the packet may have returned to where the chain at `depth` was jumped to from."""
    while depth > 0:
        depth -= 1
        if rules[stack[depth] >> 1]["verdict"] == V_JUMP:
            stack[depth] |= 1
            return
    state["waiting"] = 1


@hot
def settle(state: Row, verdict: int, rule: int, chain: int, reject_with: int) -> None:
    """Add a verdict that the packet gets or may get, with who gives it; or that it is not known who."""
    if state["possible"] >> verdict & 1:
        doubt_decider(state, verdict, rule, chain, reject_with)
    elif verdict == ACCEPT:
        if rule >= 0 or state["accept_chain"] == ABSENT or state["accept_rule"] == RULE_POLICY:
            state["accept_rule"] = rule  # a policy says nothing where a rule of an earlier chain has accepted
            state["accept_chain"] = chain
    elif state["possible"] & ~MAY_ACCEPT == 0:
        state["refused_rule"] = rule
        state["refused_chain"] = chain
        state["refused_with"] = reject_with
    state["possible"] |= 1 << verdict


@hot
def doubt_decider(state: Row, verdict: int, rule: int, chain: int, reject_with: int) -> None:
    """The packet may have got this verdict before: if somebody else gives it now, it is not known who does."""
    if verdict == ACCEPT:
        state["accept_rule"], state["accept_chain"] = either(state["accept_rule"], state["accept_chain"], rule, chain)
        return
    state["refused_rule"], state["refused_chain"] = either(state["refused_rule"], state["refused_chain"], rule, chain)
    if state["refused_with"] != reject_with:
        state["refused_with"] = 0


@hot
def either(rule: int, chain: int, other: int, other_chain: int) -> tuple[int, int]:
    """The rule and the chain of two deciders, one of which it was."""
    whose = chain if chain == other_chain else RULE_SEVERAL
    return (rule if rule == other and chain == other_chain else RULE_SEVERAL), whose


@hot
def settle_unknown(state: Row, rule: int, row: Row) -> None:
    """Add that the packet is accepted or dropped elsewhere."""
    if state["cause"] == 0:
        state["cause"] = R_NOT_SIMULATED
        state["cause_rule"] = rule
    state["sure"] = 0
    settle(state, ACCEPT, row["source"], row["chain"], 0)
    settle(state, DROP, row["source"], row["chain"], 0)


@hot
def finish_chain(state: Row, hits: Numbers, quiet: int) -> None:
    """Behind a base chain: count who decided, if that is known although the packet may have gone several ways."""
    possible = state["possible"]
    if quiet or state["sure"] or possible & (possible - 1):
        return
    rule = state["accept_rule"] if possible == MAY_ACCEPT else state["refused_rule"]
    chain = state["accept_chain"] if possible == MAY_ACCEPT else state["refused_chain"]
    if rule != RULE_SEVERAL:
        hits[rule if rule >= 0 else state["policies"] + chain] += 1


@hot
def conclude(rules: Table, state: Row, hook: int, decision: Row) -> int:
    """Write down the verdict and what decided it."""
    possible = state["possible"]
    decision["tried"] += state["tried"]
    if possible == MAY_ACCEPT and state["accept_chain"] == ABSENT:
        return without_chain(decision)
    if possible == MAY_ACCEPT and has_told_more(decision, hook, state["accept_rule"]):
        return ACCEPT
    decision["hook"] = hook
    decision["reject_with"] = 0
    if possible == MAY_ACCEPT:
        verdict = ACCEPT
        decision["rule"] = state["accept_rule"]
        decision["chain"] = state["accept_chain"]
    elif possible == MAY_DROP or possible == MAY_REJECT:
        verdict = DROP if possible == MAY_DROP else REJECT
        decision["rule"] = state["refused_rule"]
        decision["chain"] = state["refused_chain"]
        decision["reject_with"] = state["refused_with"]
    else:
        verdict = UNKNOWN
        at = state["cause_rule"]
        decision["rule"] = rules[at]["source"] if at >= 0 else state["refused_rule"]
        decision["chain"] = rules[at]["chain"] if at >= 0 else state["refused_chain"]
    decision["verdict"] = verdict
    decision["reason"] = reason_of(decision["rule"])
    if verdict == UNKNOWN:
        decision["reason"] = state["cause"]
        state["refusals"] |= possible & ~MAY_ACCEPT
    return verdict


@hot
def reason_of(rule: int) -> int:
    """Why a packet has its verdict, by `rule` as in DECISION."""
    if rule == RULE_POLICY:
        return R_POLICY
    return R_ONE_OF_SEVERAL if rule == RULE_SEVERAL else R_RULE


@hot
def has_told_more(decision: Row, hook: int, rule: int) -> bool:
    """Whether who accepted at an earlier hook tells more: at a filter hook, or by a rule where this is a policy.

    Of equals the last one counts. (Every table of iptables has chains at hooks where nobody filters.)
    """
    if decision["chain"] == ABSENT or decision["verdict"] != ACCEPT:
        return False
    return weight(decision["hook"], decision["rule"]) > weight(hook, rule)


@hot
def weight(hook: int, rule: int) -> int:
    """How much it tells that somebody accepted: where packets are filtered, then by a rule."""
    return (0 if hook == PREROUTING or hook == POSTROUTING else 2) + (0 if rule == RULE_POLICY else 1)


@hot
def without_chain(decision: Row) -> int:
    """No chain in range: accepted; what an earlier chain said stands.

    The hook stays that at which the packet is filtered: nobody misses a chain where only some packets get to one.
    """
    if decision["chain"] == ABSENT:
        decision["verdict"] = ACCEPT
        decision["reason"] = R_NO_CHAIN
    return ACCEPT
