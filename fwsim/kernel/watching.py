"""What is to be heard of somebody else's rules, which stay as they are: observers before and behind them at each hook.

Read first: `fwsim.convert.observing`, `fwsim.kernel.watchers`. The messages say, by their prefix, and of the hook that
the kernel names in them:

| prefix | says |
|---|---|
| `B` | the packet comes to the hook, before anything else: of a datagram in pieces, each piece |
| `F` | it, or the piece, comes to where datagrams are put together, if packets are tracked |
| `H` | it enters the hook, put together where packets are tracked |
| `S8o` | just behind tracking: ct state 8, direction `o`riginal, `r`eply or `-` |
| `L` | it has passed all rules of the hook |
| `E` | it has passed hook 1 or 4 and the confirmation of its connection |
| `A5` | the stack sends an answer that a REJECT can make, number 5 of `RejectWith`, to the packet last heard of |

Where addresses are translated, `E` brings the packet's first bytes along, as it left.

A packet that enters a hook and does not leave it was dropped there; one of which nothing is heard behind `F` was lost
or kept as a piece.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.convert.observing import BEHIND, BEHIND_TRACKING, HIGHEST, LOWEST, log_statement, state_rules
from fwsim.kernel.observers import ANSWERS, END_MARK, GROUP, MADE, OURS, PLAYED
from fwsim.terms import Hook, RejectWith, word

COMES, GATHERED, ENTERS, LEAVES = "B", "F", "H", "L"

BEFORE_DEFRAGMENTING, BEHIND_DEFRAGMENTING = -401, -399
"""NF_IP_PRI_CONNTRACK_DEFRAG is -400."""

CONFIRMING = (Hook.INPUT, Hook.POSTROUTING)

ICMP_CODES = {
    0: RejectWith.ICMP_NET_UNREACHABLE, 1: RejectWith.ICMP_HOST_UNREACHABLE, 2: RejectWith.ICMP_PROT_UNREACHABLE,
    3: RejectWith.ICMP_PORT_UNREACHABLE, 9: RejectWith.ICMP_NET_PROHIBITED, 10: RejectWith.ICMP_HOST_PROHIBITED,
    13: RejectWith.ICMP_ADMIN_PROHIBITED,
}  # fmt: skip
ICMPV6_CODES = {
    0: RejectWith.ICMPV6_NO_ROUTE, 1: RejectWith.ICMPV6_ADMIN_PROHIBITED, 3: RejectWith.ICMPV6_ADDR_UNREACHABLE,
    4: RejectWith.ICMPV6_PORT_UNREACHABLE, 5: RejectWith.ICMPV6_POLICY_FAIL, 6: RejectWith.ICMPV6_REJECT_ROUTE,
}  # fmt: skip
"""What an answer's code says of the REJECT that made it."""


def watching(last: str, *, tracked: bool) -> tuple[str, ...]:
    """The commands that set the observers up, in order; `last` is the device of the end mark."""
    stack, hooks = table("fwsim-stack", stack_chains(last)), table("fwsim-hooks", hook_chains(tracked=tracked))
    return (*map(without_bytes, stack), *table("fwsim-ends", end_chains()), *map(without_bytes, hooks))


def without_bytes(command: str) -> str:
    """The same command, but that its message brings nothing of the packet along."""
    return command.replace(f" group {GROUP}", f" group {GROUP} snaplen 0")


Chains = Iterator[tuple[str, Hook, int, tuple[str, ...]]]
"""Name, hook, priority, rules."""


def table(name: str, chains: Chains) -> Iterator[str]:
    """The commands of one table, which only the process that gives them can change."""
    yield f"add table inet {name} {{ flags owner; }}"
    for chain, hook, priority, rules in chains:
        yield (f"add chain inet {name} {chain} {{ type filter hook {word(hook)} priority {priority}; policy accept; }}")
        for rule in rules:
            yield f"add rule inet {name} {chain} {rule}"


def stack_chains(last: str) -> Chains:
    """What keeps the stack's own traffic apart, as `fwsim.kernel.observers.STACK` does, and says what it was."""
    end = (f'iifname "{last}" {log_statement(END_MARK, GROUP)}', f'iifname "{last}" drop')
    comes = tuple(f"{which} {log_statement(COMES, GROUP)} accept" for which in (PLAYED, 'iifname "lo"'))
    yield "arrived", Hook.PREROUTING, LOWEST, (*end, *comes, "drop")
    made = (log_statement(MADE, GROUP), log_statement(COMES, GROUP), "meta mark set 0")
    yield "made", Hook.OUTPUT, LOWEST, (*answers(), *made)


def answers() -> tuple[str, ...]:
    """Rules for packets without a mark of ours, which the stack made: told if a REJECT can make such, and dropped."""
    stack = f"meta mark & {OURS} == 0"
    rules = [f"{stack} tcp flags & rst == rst {said(RejectWith.TCP_RESET)} drop"]
    for family, codes in (("icmp", ICMP_CODES), ("icmpv6", ICMPV6_CODES)):
        for code, kind in codes.items():
            rules.append(f"{stack} {family} type destination-unreachable {family} code {code} {said(kind)} drop")
    return (*rules, f"{stack} drop")


def said(kind: RejectWith) -> str:
    """The message about an answer."""
    return log_statement(f"{ANSWERS}{int(kind)}", GROUP)


def end_chains() -> Chains:
    """What stands behind the confirmation of connections: it must be there before conntrack."""
    for hook in CONFIRMING:
        yield word(hook), hook, HIGHEST, (log_statement(BEHIND, GROUP),)


def hook_chains(*, tracked: bool) -> Chains:
    """Entering and leaving each hook; and the ct state, where packets are tracked: to ask for it turns tracking on."""
    for hook in Hook:
        defragmenting = tracked and hook in (Hook.PREROUTING, Hook.OUTPUT)
        entering = BEHIND_DEFRAGMENTING if defragmenting else LOWEST + 1
        yield f"enters-{word(hook)}", hook, entering, (log_statement(ENTERS, GROUP),)
        yield f"leaves-{word(hook)}", hook, HIGHEST - (hook in CONFIRMING), (log_statement(LEAVES, GROUP),)
        if defragmenting:
            yield f"gathers-{word(hook)}", hook, BEFORE_DEFRAGMENTING, (log_statement(GATHERED, GROUP),)
            yield f"tracked-{word(hook)}", hook, BEHIND_TRACKING, state_rules(GROUP)
