"""Whole scripts, and what nft itself says to them."""

import os
import random
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.nft.script import parse_text, read_script
from fwsim.nft.source import ELEMENTS, ITEMS, MOST, PARTS
from fwsim.nft.tree import children, walk
from tests.nft_mutations import mutated
from tests.nft_reading import accepted, mistakes_in
from tests.nft_texts import RULES, TABLES, asked_of_nft, in_chain, listed_by_nft, nft_runs

CORPUS = Path(__file__).parent.parent.parent.parent / "shared" / "corpus" / "rulesets"
KEPT_TO_ITSELF = ("xt target", "dccp option", "reset counters", "last", "destroy", "xt match", "igmp", "vxlan", "gre ")
"""Texts in which we know more than nft 1.0.6: words of later versions, and placeholders of iptables-nft; and `igmp`
as a value, behind which 1.0.6 forgets that `group` and `mrt` are words like any other."""


def says(text: str) -> str:
    try:
        parse_text(text)
    except RulesetError as error:
        return "refused" if all(problem.line > 0 for problem in error.problems) else "refused without a place"
    return "ok"


@pytest.mark.parametrize("text", [*(in_chain(rule) for rule in RULES), *(text + "\n" for text in TABLES)])
def test_every_text_is_read_and_its_nodes_lie_within_each_other(text: str) -> None:
    script = accepted(text)
    for node in walk(script):
        assert all(node.start <= child.start <= child.end <= node.end for child in children(node)), node


@pytest.mark.parametrize(
    "text",
    [
        "add table x\n# comment", "table t {\r\n}\r\n", "\ufefftable t { }\n", "table t {", "table t { chain c {",
        "}\n", '"\n',
        "table t { chain c {\n accept\n }", "add\0table t\n", "table t { }\\ \n", "table t {\n" * 10_000, "{" * 10_000,
        "table t { chain c {\n" + "jump {\n" * 10_000,
    ],
)  # fmt: skip
def test_broken_scripts_are_refused_with_their_place(text: str) -> None:
    assert all(found.startswith("s.nft:") for found in mistakes_in(text))


def test_a_script_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.nft").write_text("#!/usr/sbin/nft -f\nflush ruleset\n")
    assert [command.kind for command in read_script(tmp_path / "x.nft").commands] == ["ruleset"]


def test_mutated_texts_are_read_or_refused_with_their_place() -> None:
    chance = random.Random(5)
    for _ in range(1500):
        text = mutated(chance.choice([in_chain(chance.choice(RULES)), chance.choice(TABLES)]), chance)
        assert says(text) in ("ok", "refused")


@pytest.mark.kernel
def test_nft_agrees_about_the_syntax_of_texts_and_their_mutations() -> None:
    if not nft_runs():
        pytest.skip("nft cannot be asked here: not installed, or no network namespace of one's own")
    chance = random.Random(int(os.environ.get("FWSIM_SEED", "7")))
    texts = [in_chain(rule) for rule in RULES] + [text + "\n" for text in TABLES]
    texts += [in_chain(mutated(chance.choice(RULES) + " ", chance)) for _ in range(300)]
    texts += [mutated(chance.choice(TABLES) + "\n", chance) for _ in range(200)]
    texts = [text for text in texts if not any(word in text for word in KEPT_TO_ITSELF)]
    answers = zip(texts, asked_of_nft(texts), strict=True)
    expected = {"ok": "ok", "syntax": "refused"}
    assert [text for text, answer in answers if answer in expected and says(text) != expected[answer]] == []


@pytest.mark.corpus
@pytest.mark.kernel
def test_nft_agrees_about_every_ruleset_of_the_corpus() -> None:
    if not CORPUS.is_dir() or not nft_runs():
        pytest.skip("no corpus beside the checkout, or nft cannot be asked here")
    files = [
        file for file in sorted(CORPUS.rglob("*")) if file.is_file() and file.suffix not in (".ipt", ".json", ".txt")
    ]
    texts = [file.read_text(errors="replace") for file in files]
    answers = asked_of_nft(texts)
    expected = {"ok": "ok", "syntax": "refused"}
    different = [
        (file.name, answer, says(text))
        for file, text, answer in zip(files, texts, answers, strict=True)
        if answer in expected and says(text) != expected[answer]
    ]
    assert different == []
    assert answers.count("ok") > 50


@pytest.mark.corpus
@pytest.mark.kernel
def test_what_nft_lists_is_read_and_says_the_same_with_handles() -> None:
    if not CORPUS.is_dir() or not nft_runs():
        pytest.skip("no corpus beside the checkout, or nft cannot be asked here")
    texts = [file.read_text(errors="replace") for file in sorted(CORPUS.rglob("*.nft"))] + [
        in_chain(rule) for rule in RULES if "ct event" not in rule
    ]
    # Without "ct event": its flags as numbers, as `nft -n` prints them, are refused by nft itself.
    listings = listed_by_nft(texts)
    for plain, handles, numeric, counts in listings:
        assert parse_text(plain) == parse_text(handles)
        assert parse_text(numeric).commands
        assert parse_text(counts).commands
    assert len(listings) > 100


BIG = "table t {\nset s {\ntype mark; elements = { 1,\n2, 3,\n4 }\n}\nchain c {\naccept\ncounter\ncounter\n}\n}\n"


@pytest.mark.parametrize(
    ("what", "most", "where"),
    [(ITEMS, 5, "8:1"), (ELEMENTS, 3, "5:1"), (PARTS, 2, "10:1"), (ITEMS, 8, ""), (PARTS, 3, "")],
)
def test_a_script_holds_so_much_at_most(what: str, most: int, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST, what, most)
    if not where:
        assert parse_text(BIG).commands
        return
    assert mistakes_in(BIG)[0] == f"s.nft:{where}: more than {most} {what} in one ruleset"


def test_joined_values_count_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST, PARTS, 4)
    for rule in (
        "ct state new,related,established,invalid,untracked",
        "ip saddr . ip daddr . tcp sport . tcp dport @s",
    ):
        assert f"more than 4 {PARTS}" in mistakes_in(f"table t {{\nchain c {{\n{rule} accept\n}}\n}}\n")[0]
