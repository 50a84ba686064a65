"""nft text into netfilter: the way in, and nft itself as the judge."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.importing.nft import netfilter_of, read_nft
from fwsim.nft import parse_text
from tests.nft_importing import script
from tests.nft_mutations import mutated
from tests.nft_texts import RULES, TABLES, asked_of_nft, in_chain, nft_runs

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus" / "rulesets"


def test_a_text_and_its_tree_are_the_same_ruleset() -> None:
    text = script("tcp dport 22 accept")
    assert netfilter_of(parse_text(text)) == read_nft(text, "<text>", None)


def test_files_beside_the_script_are_included(tmp_path: Path) -> None:
    (tmp_path / "inner.nft").write_text("add rule t c accept\n")
    netfilter = read_nft('add table t\nadd chain t c\ninclude "./inner.nft"\n', "s.nft", tmp_path)
    (rule,) = netfilter.tables[0].chains["c"].rules
    assert rule.location.path.endswith("inner.nft")
    assert len(netfilter.sources) == 2


def test_no_mutation_of_a_script_is_a_traceback() -> None:
    chance = random.Random(7)
    texts = [in_chain(rule) for rule in RULES] + [table + "\n" for table in TABLES]
    outcomes = set()
    for _ in range(600):
        try:
            read_nft(mutated(chance.choice(texts), chance), "m.nft", None)
            outcomes.add("read")
        except RulesetError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


ELSEWHERE = ("queue", "tproxy", "synproxy", "helper", "timeout set", "expectation", "dup ", "fwd ", "flow ", "secmark",
             "dccp option", "comp cpi", "option nop", "log flags", "log level", "log group", "skuid", "eth", "iif lo",
             "last", "xt ")  # fmt: skip
"""What hangs on modules or interfaces of the kernel at hand, what nft 1.0.6 dies of, and what it does not know yet."""


@pytest.mark.kernel
@pytest.mark.skipif(not nft_runs(), reason="nft is not installed, or no network namespace is allowed")
@pytest.mark.parametrize("family", ["ip", "inet", "ip6"])
def test_what_nft_loads_is_read_and_what_it_refuses_is_refused(family: str) -> None:
    texts = [in_chain(rule, family) for rule in RULES if not any(word in rule for word in ELSEWHERE)]
    for text, judged in zip(texts, asked_of_nft(texts), strict=True):
        try:
            read_nft(text, "s.nft", None)
            found = "ok"
        except RulesetError:
            found = "refused"
        assert (found == "ok") == (judged == "ok"), text


REFUSED = ("the name of an extension", "there is a set or meter")
"""Why nft refuses some listings of its own: what stands for iptables' extensions, and meters of one name."""


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_listing_of_the_corpus_is_read() -> None:
    found = sorted(CORPUS.rglob("*.canon.nft"))
    assert found
    unread = []
    for path in found:
        try:
            read_nft(path.read_text(), path.name, path.parent)
        except RulesetError as error:
            unread.append(f"{path.name}: {error}")
    assert [each for each in unread if not any(reason in each for reason in REFUSED)] == []
