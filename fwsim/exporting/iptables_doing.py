"""What a step counts, changes or decides, as arguments of an iptables rule.

Read first: `iptables-extensions(8)`; `iptables_words`. A limit in the arithmetic of nft is refused: iptables counts in
ticks.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from fwsim.netfilter.steps import (
    Assign,
    Connections,
    Effectless,
    HashLimit,
    Nat,
    NoTrack,
    Quota,
    Rate,
    Recent,
    SetHelper,
    Statistic,
    Step,
    Verdict,
)
from fwsim.ruleset.values import MARK_MASK, Limit
from fwsim.terms import RejectWith

from .drafting import told
from .iptables_words import ANSWERS, LONGEST_PREFIX, quoted
from .saying import UNLIKE_BUCKETS, CannotSay

UNITS = {1: "sec", 60: "min", 3600: "hour", 86400: "day"}
SECOND = 1_000_000_000
MILLISECOND = 1_000_000
RANDOM = 1 << 31
MODES = {"src": "srcip", "dst": "dstip", "sport": "srcport", "dport": "dstport"}
SIDES = {"src": "saddr", "dst": "daddr"}
VERDICTS = {"accept": "ACCEPT", "drop": "DROP", "return": "RETURN"}


def counted(step: Step, family: int, form: str) -> str:
    """A step that asks and counts; `form` is what the ruleset was read from."""
    match step:
        case Rate():
            return _rate(step)
        case Statistic():
            return statistic(step)
        case HashLimit():
            return _hashlimit(step, family)
        case Recent():
            return _recent(step, family)
        case Connections():
            return _connections(step)
        case Quota() if form.startswith("ip") and step.object is None and not step.used:
            return f"-m quota {'! ' if step.over else ''}--quota {step.bytes}"
    raise CannotSay(told(step))


def _rate(step: Rate) -> str:
    """A token bucket."""
    if step.kernel != "xt":
        raise CannotSay(f"{told(step)}: {UNLIKE_BUCKETS}")
    if step.limit.over or step.limit.unit != "packets" or step.object is not None:
        raise CannotSay(told(step))
    return f"-m limit --limit {_speed(step.limit)} --limit-burst {step.limit.burst}"


def _speed(limit: Limit) -> str:
    """So many packets in a unit of time."""
    unit = UNITS.get(limit.per_ns // SECOND)
    if unit is None or limit.per_ns % SECOND:
        raise CannotSay("a limit that is not per second, minute, hour or day")
    return f"{limit.rate}/{unit}"


def statistic(step: Statistic) -> str:
    """Every so many-th packet, or some by chance."""
    opposite = "! " if step.negated else ""
    if step.every is not None:
        return f"-m statistic --mode nth {opposite}--every {step.every} --packet {step.packet}"
    return f"-m statistic --mode random {opposite}--probability {(step.probability or 0) / RANDOM:.11f}"


def _hashlimit(step: HashLimit, family: int) -> str:
    """A token bucket for each address or port."""
    limit = step.limit
    if limit.unit != "packets":
        raise CannotSay(f"{told(step)}: a limit in bytes")
    parts = [
        f"-m hashlimit --hashlimit-{'above' if limit.over else 'upto'} {_speed(limit)}",
        f"--hashlimit-burst {limit.burst}",
    ]
    if step.key:
        parts.append(f"--hashlimit-mode {','.join(MODES[name] for name, _ in step.key)}")
    for name, bits in step.key:
        if name in SIDES and bits < (32 if family == 4 else 128):
            parts.append(f"--hashlimit-{name}mask {bits}")
    parts.append(f"--hashlimit-name {step.name}")
    parts += [f"--hashlimit-htable-max {step.most}"] if step.most else []
    return " ".join([*parts, f"--hashlimit-htable-expire {step.expire_ns // MILLISECOND}"])


def _recent(step: Recent, family: int) -> str:
    """A list of addresses."""
    bits = 32 if family == 4 else 128
    mask = ((1 << bits) - 1) ^ ((1 << bits - min(step.mask, bits)) - 1)
    parts = [
        f"-m recent {'! ' if step.negated else ''}--{step.action}",
        *([f"--seconds {step.seconds}"] if step.seconds else []),
        *(["--reap"] if step.reap else []),
        *([f"--hitcount {step.hitcount}"] if step.hitcount else []),
        *(["--rttl"] if step.same_ttl else []),
        f"--name {step.name} --mask {IPv4Address(mask) if family == 4 else IPv6Address(mask)}",
        "--rsource" if step.side == "src" else "--rdest",
    ]
    return " ".join(parts)


def _connections(step: Connections) -> str:
    """How many connections there are."""
    if len(step.key) > 1 or any(selector not in SIDES for selector, _ in step.key):
        raise CannotSay(told(step))
    selector, bits = step.key[0] if step.key else ("src", 0)
    compared = "above" if step.over else "upto"
    return (
        f"-m connlimit --connlimit-{compared} {step.count} --connlimit-mask {bits} --connlimit-{SIDES[str(selector)]}"
    )


def done(step: Step, family: int, table: str) -> str | None:
    """The target of a step that changes something or tells of the packet; None if every rule does so by itself."""
    match step:
        case Effectless():
            return _told(step)
        case Assign():
            return _assigned(step)
        case NoTrack():
            return _only(table, "raw", "-j CT --notrack", step)
        case SetHelper():
            return _only(table, "raw", f"-j CT --helper {step.helper}", step)
        case Nat():
            return _nat(step, family, table)
    raise CannotSay(told(step))


def _only(table: str, wanted: str, text: str, step: Step) -> str:
    """A target that one table has."""
    if table != wanted:
        raise CannotSay(f"{told(step)} in the table {table}: only {wanted} has it")
    return text


def _told(step: Effectless) -> str | None:
    """A log entry; every rule of iptables is a counter."""
    if step.log_prefix is None:
        if step.counter:
            return None
        raise CannotSay(told(step))
    if len(step.log_prefix.encode()) > LONGEST_PREFIX:
        raise CannotSay(f"{told(step)}: a prefix holds at most {LONGEST_PREFIX} bytes")
    return f"-j LOG --log-prefix {quoted(step.log_prefix)}" if step.log_prefix else "-j LOG"


def _assigned(step: Assign) -> str:
    """A mark of the packet or of its connection."""
    if step.target not in ("mark", "ct_mark"):
        raise CannotSay(told(step))
    own = [term for term in step.terms if term.selector == step.target]
    others = [term for term in step.terms if term.selector != step.target]
    if any(term.shift for term in step.terms) or len(own) > 1 or len(others) > 1:
        raise CannotSay(f"{told(step)}: a mark that is computed")
    mask = MARK_MASK & ~own[0].mask if own else MARK_MASK
    if not others:
        return f"-j {'MARK' if step.target == 'mark' else 'CONNMARK'} --set-xmark {step.constant:#x}/{mask:#x}"
    if step.constant or others[0].selector != ("ct_mark" if step.target == "mark" else "mark"):
        raise CannotSay(f"{told(step)}: a mark that is computed")
    if step.target == "mark":
        return f"-j CONNMARK --restore-mark --nfmask {mask:#x} --ctmask {others[0].mask:#x}"
    return f"-j CONNMARK --save-mark --nfmask {others[0].mask:#x} --ctmask {mask:#x}"


def _nat(step: Nat, family: int, table: str) -> str:
    """A translation."""
    if table != ("mangle" if step.kind == "tproxy" else "nat") or (step.family or family) != family:
        raise CannotSay(f"{told(step)} in the table {table} of family {family}")
    if not step.told:
        raise CannotSay(told(step))
    flags = "".join(f" --{flag.replace('fully-random', 'random-fully')}" for flag in sorted(step.flags))
    ports = "" if step.ports is None else "-".join(str(port) for port in dict.fromkeys(step.ports))
    match step.kind:
        case "masquerade" | "redirect":
            return f"-j {step.kind.upper()}{f' --to-ports {ports}' if ports else ''}{flags}"
        case "snat" | "dnat":
            option = "source" if step.kind == "snat" else "destination"
            return f"-j {step.kind.upper()} --to-{option} {_target(step, family, ports)}{flags}"
    raise CannotSay(told(step))


def _target(step: Nat, family: int, ports: str) -> str:
    """Addresses and ports to translate to."""
    if step.addresses is None:
        return f":{ports}"
    low, high = (str(IPv4Address(each) if family == 4 else IPv6Address(each)) for each in step.addresses)
    text = low if low == high else f"{low}-{high}"
    if not ports:
        return text
    return f"[{text}]:{ports}" if family == 6 else f"{text}:{ports}"


def verdict(step: Verdict, family: int, table: str) -> str | None:
    """What a rule decides, but for jumps; None for `continue`."""
    if step.kind == "continue":
        return None
    if step.kind == "reject":
        if step.reject_with == RejectWith.NONE:
            raise CannotSay(told(step))
        kind = ANSWERS[family].get(step.reject_with) if step.reject_with else ANSWERS[family][RejectWith.NONE]
        if kind is None:
            raise CannotSay(f"{told(step)}: an answer of the other family")
        return _only(table, "filter", f"-j REJECT --reject-with {kind}", step)
    if step.kind not in VERDICTS:
        raise CannotSay(told(step))
    return f"-j {VERDICTS[step.kind]}"
