"""`fib`, `addrtype` and `rpfilter`: the kernel is asked about every address at and beside the end of a route."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest

from fwsim.netfilter.fields import Fib
from fwsim.ruleset.values import Names, Numbers, merged
from fwsim.terms import Hook
from fwsim.topology.fib import KINDS
from tests.parity.asking_fib import Question, answers, compared, topology_of
from tests.parity.fib_kernel import Asked

pytestmark = pytest.mark.kernel

NOT_FOR_IPV6 = ("BROADCAST", "BLACKHOLE", "PROHIBIT")
"""Types that xt_addrtype refuses there."""
MARKS = 31
THIRD = 3
"""All questions take a minute: each test asks a third of them."""
"""Bits of a mark that tell which iptables rules were true."""


def yes(number: int) -> Numbers:
    return Numbers(((number, number),))


def nft_questions(*devices: str) -> dict[str, Question]:
    """All that `fib` can be asked, with these flags beside the address."""
    found = []
    for key, device in product(("saddr", "daddr"), devices):
        flags, written = frozenset({key, device} - {""}), f"fib {key}{f' . {device}' if device else ''}"
        for kind, number in {"unspec": 0, **KINDS}.items():
            if kind not in ("throw", "nat"):
                found.append(Question(f"{written} type {kind}", Fib(flags, "type"), yes(number)))
        found.append(Question(f"{written} type != local", Fib(flags, "type"), Numbers(((2, 2),), negated=True)))
        if device == "oif":
            continue  # the kernel knows no way that is restricted to that
        for name, result in product(("one", "two", "three", "lo"), ("oif", "oifname")):
            found.append(Question(f"{written} {result} {name}", Fib(flags, result), Names((name,))))
        found.append(Question(f"{written} oif exists", Fib(flags, "exists"), yes(1)))
        found.append(Question(f"{written} oif missing", Fib(flags, "exists"), yes(0)))
    return {f"q{number}": question for number, question in enumerate(found)}


def addrtype_questions() -> list[Question]:
    """Types, alone and together, negated, and of the interface."""
    kinds = [
        ("LOCAL",), ("UNICAST",), ("BROADCAST",), ("MULTICAST",), ("ANYCAST",), ("UNREACHABLE",), ("BLACKHOLE",),
        ("PROHIBIT",), ("LOCAL", "UNICAST"), ("LOCAL", "MULTICAST", "BROADCAST"),
    ]  # fmt: skip
    found = []
    for side, limit, types, negated in product(("src", "dst"), ("", "--limit-iface-in"), kinds, ("", "! ")):
        flags = frozenset({f"{side[0]}addr"} | ({"iif"} if limit else set()))
        numbers = Numbers(merged((KINDS[one.lower()],) * 2 for one in types), negated=bool(negated))
        text = f"-m addrtype {negated}--{side}-type {','.join(types)} {limit}"
        found.append(Question(text, Fib(flags, "addrtype"), numbers))
    return found


def rpfilter_questions() -> list[Question]:
    """Every combination of its options."""
    found = []
    for loose, local, inverted in product(("", "--loose"), ("", "--accept-local"), ("", "--invert")):
        flags = frozenset({"saddr", "iif", *(["loose"] if loose else []), *(["accept_local"] if local else [])})
        found.append(Question(f"-m rpfilter {loose} {local} {inverted}", Fib(flags, "rpfilter"), yes(not inverted)))
    return found


def some(questions: dict[str, Question], first: int) -> dict[str, Question]:
    """Every third of the questions."""
    return dict(list(questions.items())[first::THIRD])


@pytest.mark.parametrize("bare", [False, True], ids=["with a default route", "without"])
def test_fib_answers_as_the_kernel_does(bare: bool) -> None:
    questions = some(nft_questions("", "iif"), int(bare))
    texts = {name: question.text for name, question in questions.items()}
    host, found = answers(Asked({4: texts, 6: texts}, bare=bare))
    topology = topology_of(host)
    different, unknown, packets = [], {4: 0, 6: 0}, 0
    for family in (4, 6):
        for name, question in questions.items():
            outcome = compared(topology, question, found[family]["seen"], found[family][name])
            different += outcome.different
            unknown[family] += outcome.unknown
            packets += outcome.packets
    assert different == []
    assert packets > 60_000
    assert unknown[4] == 0
    assert unknown[6] < packets / 50  # next hops that a hash chooses, and multicast that leads to every link


def test_fib_answers_as_the_kernel_does_to_what_is_forwarded() -> None:
    questions = some(nft_questions("", "iif", "oif"), 2)
    texts = {name: question.text for name, question in questions.items()}
    forwarding = {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"}
    host, found = answers(Asked({4: texts, 6: texts}, sysctls=forwarding, hook="forward"))
    topology = topology_of(host)
    different, packets = [], 0
    for family, (name, question) in product((4, 6), questions.items()):
        outcome = compared(topology, question, found[family]["seen"], found[family][name], Hook.FORWARD)
        different += outcome.different
        packets += outcome.packets
    assert different == []
    assert packets > 15_000


@pytest.mark.parametrize("asked", [addrtype_questions()[::THIRD], rpfilter_questions()], ids=["addrtype", "rpfilter"])
def test_xtables_answers_as_the_kernel_does(asked: Sequence[Question]) -> None:
    different = []
    for start in range(0, len(asked), MARKS):
        part = list(enumerate(asked[start : start + MARKS]))
        both = {4: part, 6: [one for one in part if not any(word in one[1].text for word in NOT_FOR_IPV6)]}
        texts = {f: {f"q{bit}": f"meta mark and {1 << bit} == {1 << bit}" for bit, _ in both[f]} for f in (4, 6)}
        program = {4: "iptables", 6: "ip6tables"}
        commands = {
            family: [
                f"{program[family]} -w -t mangle -A PREROUTING {one.text} -j MARK --or-mark {1 << bit}"
                for bit, one in both[family]
            ]
            for family in (4, 6)
        }
        host, found = answers(Asked(texts, commands))
        topology = topology_of(host)
        for family in (4, 6):
            for bit, question in both[family]:
                outcome = compared(topology, question, found[family]["seen"], found[family][f"q{bit}"])
                different += outcome.different
                assert outcome.unknown == 0
                assert outcome.packets > 1000
    assert different == []
