"""What strangers have written goes through every output of every command, and each output's own rule is held.

The strangers: rulesets (names of rules, sets, tables, chains, interfaces, log prefixes, comments), captures (names of
interfaces, comments), names of files, files of expectations. C0 and C1 control characters cannot stand in a ruleset at
all; in names of files and in captures they can.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from fwsim.cli.demo_story import RULESET, capture, scenes
from tests.captures_by_hand import Pcapng
from tests.cli.conftest import Invoke
from tests.unit.test_harmless import Page

CONTROL = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\t"
HIDING = "\u202e\u2028\u200b\ufeff"
MARKUP = "</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) `q` | **b** https://evil.example @octocat"
NAMES = [
    "=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "a;=1+1", MARKUP, "<!--", "```", "]]> &amp; \\", "'; DROP--",
    "x; stateful=accept; evidence=land;", "y" * 200,
]  # fmt: skip


def yaml_rules() -> str:
    """The demo's rules behind rules with hostile names, of which some decide, and a set that has one."""
    rules = [{"name": name, "proto": "tcp", "dport": 1000 + at, "verdict": "accept"} for at, name in enumerate(NAMES)]
    rules += [
        {"name": f"2 {MARKUP}", "ct_state": "invalid", "log": "=<b>|", "verdict": "drop"},
        {"name": "=HYPERLINK(1);=2", "proto": "tcp", "dport": 443, "verdict": "accept"},
        {"name": "@x,|`y`", "proto": "udp", "dport": 53, "verdict": "accept"},
    ]
    lines = "".join(f"      - {json.dumps(rule)}\n" for rule in rules)
    return RULESET.replace("name: demo", f"name: {json.dumps(MARKUP)}").replace("rules:\n", f"rules:\n{lines}")


def nft_rules() -> str:
    """Rules of nft whose texts hide letters."""
    name = (HIDING + MARKUP).replace('"', "")[:120]
    return f"""table inet filter {{
  set s {{ type ipv4_addr; comment "{name[:100]}"; elements = {{ 10.1.4.23 }} }}
  chain forward {{
    type filter hook forward priority 0; policy drop;
    ct state established,related accept comment "{name}"
    iifname "lan{HIDING}" tcp dport 22 accept comment "=1+1"
    tcp dport 443 log prefix "{HIDING}=<b>" accept comment "{HIDING}@SUM(1)"
    ip saddr @s meta skuid 0 tcp dport 444 accept comment "{name}"
    ip saddr @s udp dport 53 accept comment "{name}"
  }}
}}
"""


def iptables_rules() -> str:
    """Rules of iptables with a chain whose name is markup."""
    chain, name = "<b>|`[a](b)", (HIDING + MARKUP)[:200]
    return f"""*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:{chain} - [0:0]
-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT -m comment --comment "{name}"
-A FORWARD -p tcp --dport 443 -j LOG --log-prefix "{HIDING}"
-A FORWARD -p tcp -j {chain}
-A {chain} -m comment --comment "=1+1{HIDING}" -j ACCEPT
COMMIT
"""


def expectations() -> str:
    """Cases with hostile names, of which one fails."""
    cases = [
        {"name": name, "tags": ["t"], "packet": "tcp 198.51.100.7:40000 > 10.1.4.23:9 syn in wan", "verdict": "accept"}
        for name in (MARKUP, "=1+1", "]]> &amp;")
    ]
    return json.dumps({"ruleset": "rules.yaml", "cases": cases})


HOSTILE_FILE = f"=1+1{CONTROL[:-2]}\n{HIDING}<img src=x onerror=alert(1)>|`[a](b) @o \udcff"
RULESETS = {"rules.yaml": yaml_rules, "rules.nft": nft_rules, "rules.v4": iptables_rules, HOSTILE_FILE: yaml_rules}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is read."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, text in RULESETS.items():
        (folder / name).write_text(text(), encoding="utf-8")
    (folder / "rules.fwsim.yaml").write_text(expectations())
    (folder / f"{HOSTILE_FILE}.fwsim.yaml").write_text(expectations())
    (folder / "demo.pcap").write_bytes(capture(scenes()))
    (folder / f"{HOSTILE_FILE}.pcap").write_bytes(capture(scenes()))
    made = Pcapng().section().interface(101, 0, (2, (CONTROL + HIDING + MARKUP).encode()), (9, b"\x09"))
    for number, scene in enumerate(scenes()):
        comments = [CONTROL + HIDING + MARKUP, "=1+1", "fwsim: stateful=accept; evidence=land;"]
        at = 1_772_438_403 * 10**9 + int(scene.at * 10**9) + number
        made.packet(scene.packet, at, *((1, comment.encode()) for comment in comments))
    (folder / "if.pcapng").write_bytes(made.content)
    return folder


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


def is_text(out: str) -> None:
    """Nothing but letters, our own tabs and line ends reaches a terminal."""
    assert [line for line in out.split("\n") if not line.replace("\t", " ").isprintable()] == []


def is_json(out: str) -> None:
    is_text(out)
    json.loads(out)


def is_jsonl(out: str) -> None:
    is_text(out)
    assert all(isinstance(json.loads(line), dict) for line in out.splitlines())


def is_csv(out: str) -> None:
    """No cell begins a formula, in no part between semicolons either; and a record is a line."""
    is_text(out)
    rows = list(csv.reader(io.StringIO(out, newline="")))
    assert len(rows) == out.count("\n") > 1
    assert len({len(row) for row in rows}) == 1
    for part in (part.strip() for row in rows for cell in row for part in cell.split(";")):
        assert not part.startswith(("=", "+", "-", "@")) or re.fullmatch(r"[-+]?[\d.]+", part), part


def is_markdown(out: str) -> None:
    """Rendered, it has the elements of a table or a list and no others, and no link, mention or further column."""
    is_text(out)
    page = Page(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(out))
    assert set(page.elements) <= {
        "p", "strong", "code", "pre", "h3", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "details",
        "summary", "br",
    }  # fmt: skip
    assert not re.search(r"[@#]\w", page.prose)  # a space of no width stands between
    assert not re.search(r"(?<!\\):(?=//)|www\.", re.sub(r"(?ms)^(`{3,})text$.*?^\1$", "", out))


def is_xml(out: str) -> None:
    is_text(out)
    assert ElementTree.fromstring(out).tag == "testsuites"


def is_sarif(out: str) -> None:
    is_json(out)
    assert json.loads(out)["version"] == "2.1.0"
    assert "\\ud" not in out


def is_ruleset(out: str) -> None:
    """Texts of a ruleset have no control character; what only hides is kept where a name has to be the same."""
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", out)


Check = Callable[[str], None]
Case = tuple[list[str], Check]


def outputs_of_run(rules: str, file: str) -> Iterator[Case]:
    """What is told of a capture under a ruleset."""
    run = [file, "-r", rules]
    yield ["compare", *run, "-v"], is_text
    yield ["compare", *run, "--resources", "--by", "rule"], is_text
    yield ["compare", *run, "--format", "json"], is_json
    yield ["compare", *run, "--format", "jsonl"], is_jsonl
    yield ["compare", *run, "--format", "csv"], is_csv
    yield ["compare", *run, "--format", "csv", "--by", "rule"], is_csv
    yield ["compare", *run, "--format", "jsonl", "--by", "rule"], is_jsonl
    yield ["replay", *run, "-q", "--switch", f"+1={rules}"], is_text
    yield ["replay", *run, "-q", "--shuffle", "1"], is_text
    yield ["replay", *run, "-q", "--save", "baseline", "--state-out", "state"], is_text
    yield ["compare", file, "-r", other(rules), "--against", "baseline"], is_text
    yield ["compare", file, "-r", other(rules), "--against", "baseline", "--format", "json"], is_json
    yield ["replay", *run, "--state-in", "state"], is_text
    yield ["explain", *run, "-n", "1-16"], is_text
    yield ["conntrack", *run, "-v"], is_text
    yield ["conntrack", *run, "-E", "-v"], is_text
    yield ["conntrack", *run, "--format", "json"], is_json
    yield ["report", *run, "--wireshark", "profile"], is_text
    yield ["attack", "ack-scan", "--into", file, "-r", rules, "-o", "attacked.pcapng"], is_text


def other(rules: str) -> str:
    return "rules.nft" if rules != "rules.nft" else "rules.yaml"


def outputs_of_ruleset(rules: str) -> Iterator[Case]:
    """What is told of a ruleset."""
    for form, check in (("text", is_text), ("json", is_json), ("sarif", is_sarif), ("markdown", is_markdown)):
        yield ["check", rules, "--format", form], check
    yield ["check", rules, "--only", "spoofing"], is_text
    yield ["check", rules, "--only", "spoofing", "--format", "json"], is_json
    for form, check in (("text", is_text), ("json", is_json), ("markdown", is_markdown)):
        yield (
            ["diff", rules, other(rules), "--mode", "stateful", "--family", "4", "--format", form],
            check,
        )
    for form in ("nft", "yaml", "json", "iptables"):
        yield ["convert", rules, "--to", form], is_ruleset
        yield ["convert", rules, "--to", "stateless", "--format", form], is_ruleset
    for form, check in (("text", is_text), ("json", is_json), ("junit", is_xml), ("markdown", is_markdown)):
        yield ["test", "rules.fwsim.yaml", f"{HOSTILE_FILE}.fwsim.yaml", "-r", rules, "--format", form], check


RUNS = [("rules.yaml", "if.pcapng"), ("rules.nft", "demo.pcap"), ("rules.v4", f"{HOSTILE_FILE}.pcap"),
        (HOSTILE_FILE, "if.pcapng")]  # fmt: skip


@pytest.mark.parametrize(("rules", "file"), RUNS, ids=["yaml", "nft", "iptables", "file names"])
def test_every_output_about_a_capture_holds_its_rule(invoke: Invoke, here: Path, rules: str, file: str) -> None:
    for arguments, check in outputs_of_run(rules, file):
        holds(invoke, arguments, check)


@pytest.mark.parametrize("rules", RULESETS, ids=["yaml", "nft", "iptables", "file names"])
def test_every_output_about_a_ruleset_holds_its_rule(invoke: Invoke, here: Path, rules: str) -> None:
    for arguments, check in outputs_of_ruleset(rules):
        holds(invoke, arguments, check)


def is_refused(arguments: list[str]) -> bool:
    """Whether a request is refused with good reason: not every format can say every name."""
    return arguments[0] == "convert"


def holds(invoke: Invoke, arguments: list[str], check: Check) -> None:
    """Run a command: both streams are harmless, and there is an output or a complaint."""
    told = invoke(*arguments)
    is_text(told.err)
    try:
        if told.status == 2:
            assert is_refused(arguments), told.err
        else:
            check(told.out)
    except (AssertionError, ValueError, ElementTree.ParseError) as problem:
        raise AssertionError(f"fwsim {' '.join(map(ascii, arguments))}: {problem}\n{told.out[:2000]!r}") from problem


EVIL = f"{CONTROL}{HIDING}{MARKUP}"
INTERFACES = [{"ifname": "wan<b>|`", "addr_info": [{"family": "inet", "local": "198.51.100.1", "prefixlen": 24}]}]


@pytest.mark.parametrize(
    "more", [[], ["--topology", "interfaces.json"], ["--interface", "w<b>|`=10.0.0.0/8", "--local", "10.1.4.23"]]
)
def test_a_ruleset_that_is_guessed_names_nothing_as_it_is(invoke: Invoke, here: Path, more: list[str]) -> None:
    Path("interfaces.json").write_text(json.dumps(INTERFACES))
    for form, check in (("text", is_text), ("json", is_json), ("jsonl", is_jsonl), ("csv", is_csv)):
        holds(invoke, ["compare", "if.pcapng", *more, "--format", form], check)
    holds(invoke, ["explain", "if.pcapng", *more, "-n", "1-4"], is_text)
    told = invoke("replay", "--in", "=<b>|`=if.pcapng", *more, "-v")
    is_text(told.out + told.err)


BROKEN = {
    "broken.yaml": f"rules: [{{name: x, {json.dumps(EVIL)}: 1}}]\n",
    "broken.json": json.dumps({"rules": [{"proto": EVIL, "iif": EVIL, "verdict": EVIL}], EVIL: {EVIL: EVIL}}),
    "broken.nft": f"table inet filter {{ chain c {{ {HIDING}{MARKUP} }} }}\n",
    "control.nft": f'table inet x {{ chain c {{ accept comment "{CONTROL[:8]}" }} }}\n',
    "broken.v4": f"*filter\n-A FORWARD {HIDING}{MARKUP}\nCOMMIT\n",
    "broken.sh": f"iptables -A {HIDING} -p {MARKUP}\n",
    "topology.json": json.dumps([{"ifname": EVIL, "addr_info": [{"family": "inet", "local": EVIL, "prefixlen": 8}]}]),
    "routes.json": json.dumps([{"dst": EVIL, "dev": EVIL, "gateway": EVIL}]),
    "sysctl": f"net.netfilter.nf_conntrack_max = {EVIL}\n",
    "broken.fwsim.yaml": json.dumps({"ruleset": EVIL, "cases": [{"name": EVIL, EVIL: 1, "packet": EVIL}]}),
    "packets.fwsim.yaml": json.dumps({"ruleset": "rules.yaml", "cases": [{"packet": MARKUP, "verdict": HIDING}]}),
    "state.json": json.dumps({"format": "fwsim-state", "connections": [{EVIL: EVIL}]}),
    "state.txt": f"tcp 6 {EVIL} src=10.0.0.1\n",
    "accept.json": json.dumps({"accepted": [{"key": EVIL, "change": EVIL, EVIL: 1}], EVIL: EVIL}),
    "baseline.bad": EVIL,
    "noise.pcap": EVIL,
}
DEMO = ["demo.pcap", "-r", "rules.yaml"]
MISTAKES: list[list[str]] = [
    *(["check", name] for name in BROKEN if name.partition(".")[0] in ("broken", "control") and "fwsim" not in name),
    *(["compare", "demo.pcap", "-r", name] for name in ("broken.yaml", "broken.nft", "broken.v4", EVIL)),
    *(["check", "rules.yaml", "--topology", name] for name in ("topology.json", "routes.json")),
    ["compare", *DEMO, "--sysctl", "sysctl"],
    *(["test", name] for name in ("broken.fwsim.yaml", "packets.fwsim.yaml", EVIL)),
    *(["replay", *DEMO, "-q", "--state-in", name] for name in ("state.json", "state.txt", EVIL)),
    ["diff", "rules.yaml", "rules.nft", "--accept", "accept.json"],
    ["diff", EVIL, "rules.nft"],
    ["check", "rules.yaml", "--accept", "accept.json"],
    ["compare", *DEMO, "--against", "baseline.bad"],
    ["compare", "noise.pcap", "-r", "rules.yaml"],
    ["compare", EVIL, "-r", "rules.yaml"],
    ["compare", *DEMO, "-Y", f"rule == {EVIL}"],
    ["compare", *DEMO, "-Y", EVIL, "-Y", EVIL],
    ["compare", *DEMO, "--interface", f"{EVIL}=10.0.0.0/8"],
    ["compare", *DEMO, "--interface", f"lan={EVIL}"],
    ["compare", *DEMO, "--local", EVIL],
    ["compare", *DEMO, "--set", f"{EVIL}={EVIL}"],
    ["compare", *DEMO, "--to", EVIL],
    ["compare", *DEMO, "--format", EVIL],
    ["compare", *DEMO, f"--{EVIL}"],
    ["compare", *DEMO, "-o", f"missing/{EVIL}"],
    ["compare", *DEMO, "-w", f"missing/{EVIL}"],
    ["compare", *DEMO, "--checkpoint", f"missing/{EVIL}"],
    ["replay", "--in", f"{EVIL}=demo.pcap", "-r", "rules.yaml"],
    ["replay", *DEMO, "--switch", f"+1={EVIL}"],
    ["replay", *DEMO, "--save", f"missing/{EVIL}"],
    ["explain", *DEMO, "-n", f"{EVIL}:3"],
    ["conntrack", *DEMO, "--at", EVIL],
    ["attack", EVIL],
    ["attack", "ack-scan", "--option", f"{EVIL}=1", "-o", "x.pcapng"],
    ["report", *DEMO, "-o", f"missing/{EVIL}"],
    ["report", *DEMO, "--wireshark", f"demo.pcap/{EVIL}"],
    ["report", *DEMO, "--packets", EVIL, "-o", "x.html"],
    ["convert", EVIL, "--to", "nft"],
    ["convert", "rules.yaml", "--to", "nft", "--device", f"{EVIL}=x"],
    ["convert", "rules.yaml", "--anonymize", "--key", f"missing/{EVIL}"],
    ["schema", EVIL],
    [EVIL],
]


@pytest.mark.parametrize("arguments", MISTAKES, ids=lambda arguments: ascii(" ".join(arguments))[1:40])
def test_a_complaint_is_a_line_in_which_nothing_is_obeyed(invoke: Invoke, here: Path, arguments: list[str]) -> None:
    for name, text in BROKEN.items():
        Path(name).write_text(text, encoding="utf-8")
    told = invoke(*arguments)
    is_text(told.out)
    is_text(told.err)
    assert told.status in (2, 3), told.err
    assert [line for line in told.err.splitlines() if not line.startswith(("error: ", "warning: ", "unknown: "))] == []
    assert len(told.err) < 5000


def test_files_that_are_written_hold_their_rules_too(invoke: Invoke, here: Path) -> None:
    invoke("report", "if.pcapng", "-r", "rules.nft", "--wireshark", "profile")
    for name in ("colorfilters", "preferences", "dfilters", "dfilter_buttons", "recent"):
        is_text(Path("profile", name).read_text(encoding="utf-8"))
    invoke("report", "if.pcapng", "-r", "rules.nft", "-o", "page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    assert (page.count("<script"), page.count("<img"), page.count("javascript:alert(1)") > 0) == (2, 0, True)
    assert not re.search(f"[{HIDING}\x00-\x09\x0b-\x1f\x7f-\x9f]", page)


def test_labels_of_attacks_are_a_table_without_formulas(invoke: Invoke, here: Path) -> None:
    source = f"=1+1;=2{CONTROL}.pcap"
    Path(source).write_bytes(capture(scenes()))
    for target in (f"@x{CONTROL}.pcapng", "=x.pcapng"):
        told = invoke(
            "attack", "ack-scan", "--into", source, "-r", "rules.yaml", "-o", target, "--labels", "labels.csv"
        )
        assert told.status == 0
        is_text(told.out + told.err)
        is_csv(Path("labels.csv").read_text(encoding="utf-8"))


def test_a_table_of_attacks_and_certificates_hold_their_rule(invoke: Invoke, here: Path) -> None:
    for form, check in (("text", is_text), ("json", is_json)):
        holds(invoke, ["attack", "land", "-r", HOSTILE_FILE, "--format", form], check)
