import subprocess
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.importing.iptables import combined, looks_like_iptables, read_iptables
from tests.iptables_reading import saved

CORPUS = Path(__file__).parent.parent.parent.parent / "shared" / "corpus" / "rulesets"


def taken(text: str) -> bool:
    try:
        read_iptables(text, "rules")
    except RulesetError:
        return False
    return True


def test_texts_of_one_machine_are_one_ruleset() -> None:
    four, six = saved("-A FORWARD -s 10.0.0.1 -j DROP"), saved("-A FORWARD -s ::1 -j DROP")
    netfilter = combined([("rules.v4", four), ("rules.v6", six), ("sets", "create a hash:ip\n")])
    assert [table.family for table in netfilter.tables] == ["ip", "ip6"]
    assert (netfilter.format, netfilter.sources[0]) == ("iptables", ("rules.v4", four))
    chains = [table.chains["FORWARD"] for table in netfilter.tables]
    assert [chain.registered for chain in chains] == [0, 1]


@pytest.mark.parametrize("text", ["", "# nothing\n", "*filter\nCOMMIT"])
def test_little_is_read_as_little(text: str) -> None:
    assert all(not chain.rules for table in read_iptables(text, "x").tables for chain in table.chains.values())


def restores() -> bool:
    try:
        done = subprocess.run(
            ["unshare", "-rn", "iptables-legacy-restore"], input=saved(""), capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def as_saved(text: str) -> str:
    """A listing of `iptables -S` as iptables-restore takes it."""
    lines = text.split("\n")
    return text if any(line.startswith("*") for line in lines) else saved("\n".join(filter(str.strip, lines)))


def loaded(text: str) -> bool:
    """Whether iptables-restore takes a text; with --test, as the users that rules name are not in a namespace."""
    netfilter = read_iptables(text, "x")
    program = "ip6tables" if netfilter.tables and netfilter.tables[0].family == "ip6" else "iptables"
    command = ["unshare", "-rn", f"{program}-legacy-restore", "--test"]
    done = subprocess.run(command, input=as_saved(text), capture_output=True, text=True, check=False)
    return done.returncode == 0


@pytest.mark.corpus
def test_the_rulesets_of_the_corpus_are_taken_but_for_three() -> None:
    if not CORPUS.is_dir():
        pytest.skip("no corpus beside the checkout")
    files = [file for file in sorted(CORPUS.rglob("*")) if file.is_file() and file.suffix not in (".json", ".nft")]
    texts = {str(file): text for file in files if looks_like_iptables(text := file.read_text(errors="replace"))}
    assert len(texts) > 150
    assert sum(not taken(text) for text in texts.values()) == 3


@pytest.mark.corpus
@pytest.mark.kernel
def test_iptables_restore_takes_what_is_taken_here() -> None:
    if not CORPUS.is_dir() or not restores():
        pytest.skip("no corpus beside the checkout, or iptables-restore cannot be asked here")
    files = [file for file in sorted(CORPUS.rglob("*")) if file.is_file() and file.suffix not in (".json", ".nft")]
    texts = [(file.name, file.read_text(errors="replace")) for file in files]
    read = [(name, text) for name, text in texts if looks_like_iptables(text) and taken(text)]
    assert [name for name, text in read if not loaded(text)] == []
