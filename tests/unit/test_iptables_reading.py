import subprocess
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.importing.iptables import combined, looks_like_iptables, read_iptables
from tests.iptables_reading import refused_rule, saved, text_of
from tests.iptables_restoring import VARIANTS, restored, snippets

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


NO_SUCH_SET = "there is no such set on the machine; here what hangs on it is unknown"
NO_MODULE = "an extension that kernel or iptables here does not have; here it is unknown"
OF_THE_MACHINE = "users, labels, policies and helpers are the machine's own"
DIFFERENT = {
    "-m set --match-set foo src -j ACCEPT": NO_SUCH_SET,
    "-m recent --set -m set --match-set x src -j ACCEPT": NO_SUCH_SET,
    "-j SET --add-set foo src": NO_SUCH_SET,
    "-m nfacct --nfacct-name foo -j ACCEPT": OF_THE_MACHINE,
    "-m rateest --rateest foo --rateest-gt --rateest-bps 5mbit -j ACCEPT": OF_THE_MACHINE,
    "-m connlabel --label foo -j ACCEPT": OF_THE_MACHINE,
    "-m owner ! --uid-owner 0-99 --gid-owner 5 -j ACCEPT": OF_THE_MACHINE,
    "-m owner --uid-owner nosuchuser -j ACCEPT": OF_THE_MACHINE,
    "-p tcp -j CT --helper nosuch": OF_THE_MACHINE,
    "-j CT --timeout foo": OF_THE_MACHINE,
    "-j SECMARK --selctx foo": OF_THE_MACHINE,
    "-m ipvs --ipvs -j ACCEPT": NO_MODULE,
    "-m unclean -j ACCEPT": NO_MODULE,
    "-m geoip --src-cc DE -j ACCEPT": NO_MODULE,
    "-m psd -j ACCEPT": NO_MODULE,
    "-m ipp2p --edk -j ACCEPT": NO_MODULE,
    "-m dstlimit -j ACCEPT": NO_MODULE,
    "-j ULOG": NO_MODULE,
    "-j ULOG --ulog-prefix a": NO_MODULE,
    "-j LED --led-trigger-id foo": NO_MODULE,
    "-j TARPIT": NO_MODULE,
    "-p tcp -j TARPIT": NO_MODULE,
    "-j MIRROR": NO_MODULE,
    "-j ROUTE --oif eth0": NO_MODULE,
    "-j RAWDNAT --to 1.2.3.4": NO_MODULE,
    "-ieth0 -j ACCEPT": "iptables takes it for an interface named `-ieth0`; here it is a mistake",
}
"""Rules about which fwsim and iptables-restore (legacy, 1.8.9) differ, and why."""

NFT_DIFFERENT = {
    "! -p tcp --dport 80 -j ACCEPT": "the kernel does not check what iptables-nft has translated",
    "! -p tcp -m tcp --dport 80 -j ACCEPT": "the kernel does not check what iptables-nft has translated",
    "-p tcp -j TCPMSS --clamp-mss-to-pmtu": "the kernel does not check for SYN",
    "-j TRACE": "translated to nftrace, which has no table of its own",
    "! -s 0.0.0.0/0 -j ACCEPT": "nftables refuses the empty comparison",
    "-j QUEUE": "not translated",
    "-m limit --limit 1/day --limit-burst 10000 -j ACCEPT": "limits of nftables have 64 bits",
    "-m limit --limit 1/day --limit-burst 600 -j ACCEPT": "limits of nftables have 64 bits",
    "-m limit --limit-burst 0 -j ACCEPT": "limits of nftables have 64 bits",
    "-m limit --limit 1/day -j ACCEPT": "limits of nftables have 64 bits",
    "-m limit --limit 1/day --limit-burst 4 -j ACCEPT": "limits of nftables have 64 bits",
    "-m limit --limit 1/hour --limit-burst 120 -j ACCEPT": "limits of nftables have 64 bits",
}
"""Rules about which iptables-nft differs from iptables-legacy besides; fwsim takes what legacy takes."""


def takes(family: int, table: str, chain: str, rule: str) -> bool:
    try:
        read_iptables(text_of(rule, table, chain), "rules", family)
    except RulesetError:
        return False
    return True


def test_every_snippet_is_taken_or_refused_with_a_place() -> None:
    answers = [(snippet, takes(*snippet)) for snippet in snippets()]
    assert len(answers) > 1100
    for (family, table, chain, rule), answer in answers:
        if not answer:
            assert refused_rule(rule, table, chain, family).startswith("rules.v4:3:")


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_iptables_restore_agrees_about_every_snippet(variant: str) -> None:
    if not restores():
        pytest.skip("iptables-restore cannot be asked here")
    known = DIFFERENT if variant == "legacy" else {**DIFFERENT, **NFT_DIFFERENT}
    asked = [(family, text_of(rule, table, chain)) for family, table, chain, rule in snippets()]
    pairs = zip(snippets(), restored(asked, variant), strict=True)
    different = {snippet[3] for snippet, answer in pairs if takes(*snippet) != answer}
    assert different == set(known)
