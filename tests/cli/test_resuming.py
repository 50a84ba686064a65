"""Runs that are ended, at every chunk boundary or by kill -9, and gone on with: the output is that of one run."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli import resuming, run
from fwsim.cli.resuming import Keeping
from fwsim.fuzz.captured import write_traffic
from fwsim.report import resources_json
from fwsim.report.resources_json import resources_object
from tests.captures_by_hand import Pcapng, ether, ip4, pcap, tcp, udp
from tests.cli.conftest import Invoke

ROOT = Path(__file__).parent.parent.parent
OFFICE = ROOT / "rulesets" / "office.yaml"
LIMITED = """\
interfaces: {lan: {networks: [10.0.0.0/8, "fd00::/16"]}, wan: {networks: [any]}}
chains:
  ftp: {hook: prerouting, rules: [{proto: tcp, dport: 21, helper: ftp}]}
  forward:
    hook: forward
    policy: drop
    rules:
      - {name: replies, ct_state: [established, related], verdict: accept}
      - {name: few, limit: 200/second, ct_state: new, iif: lan, verdict: accept}
      - {name: some, proto: udp, limit: 3/second, verdict: reject}
      - {name: marked, ct_state: new, proto: [tcp, sctp], set_ct_mark: 7, verdict: accept}
"""
"""With limits, the FTP helper and marks: all that is remembered."""
TRANSLATING = """\
table ip nat {
  chain pre {
    type nat hook prerouting priority -100;
    iifname "wan" udp dport 7 dnat to 10.0.0.7:7000-7003
    iifname "wan" dnat to 10.0.0.7
  }
  chain post {
    type nat hook postrouting priority 100;
    ip protocol tcp oifname "wan" masquerade
    oifname "wan" udp dport 9 snat to 203.0.113.20
    oifname "wan" udp dport 53 snat to 203.0.113.30
    oifname "wan" snat to 203.0.113.16-203.0.113.47
  }
}
table inet filter {
  chain in {
    type filter hook prerouting priority -300;
    tcp dport 21 ct helper set "ftp"
  }
  ct helper ftp { type "ftp" protocol tcp; }
  chain f {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    ct status dnat accept
    udp dport 9 limit rate 1/second burst 1 packets accept
    udp dport 9 drop
    iifname "lan" accept
  }
}
"""
NETWORKS = ("--interface", "lan=10.0.0.0/8", "--interface", "wan=any", "--local", "10.0.0.1", "--local", "203.0.113.1")


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


Ending = Callable[..., int]


@pytest.fixture
def ended_often(monkeypatch: pytest.MonkeyPatch) -> Ending:
    """Run a command that ends behind each of its chunks, over and over until it is complete; counts how often."""

    def call(*arguments: object, rows: int) -> int:
        save = Keeping.save

        def save_and_die(self: Keeping, *given: object) -> None:
            save(self, *given)  # type: ignore[arg-type]
            raise Killed

        monkeypatch.setattr(resuming, "CHUNK_ROWS", rows)
        monkeypatch.setattr(Keeping, "save", save_and_die)
        kept = [str(argument) for argument in (*arguments, "--checkpoint", "kept", "--every", 1, "--resume")]
        ends = 0
        while ends < 1_000:
            try:
                status = run(kept)
            except Killed as killed:
                traceback.clear_frames(killed.__traceback__)  # or tables would stay until garbage is collected
                ends += 1
                continue
            break
        monkeypatch.setattr(Keeping, "save", save)
        assert status in (0, 2, 3)
        assert os.path.exists("kept") == (status == 2), "what is damaged at its end may still grow"
        return ends

    return call


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, made the current one, with `limited.yaml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "limited.yaml").write_text(LIMITED)
    return tmp_path


JSONL = ("compare", "--format", "jsonl", "-w", "{}.pcapng", "-o", "{}")
TEXT = ("replay", "-Y", "not ct_state == established", "-o", "{}")
JSON = ("compare", "--format", "json", "--by", "source", "-o", "{}")
CSV = ("replay", "--mode", "stateless", "--format", "csv", "--by", "rule", "-o", "{}")
FORMS = (JSONL, TEXT, JSON, CSV)


@pytest.fixture
def same(ended_often: Ending, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., int]:
    """Hold what parts of runs write against what one run writes, and what both tell; counts the ends of the parts."""

    def call(form: tuple[str, ...], *arguments: object, rows: int) -> int:
        monkeypatch.setattr(resuming, "CHUNK_ROWS", rows)
        command, *options = form
        capfd.readouterr()
        wanted = [command, *map(str, arguments), *(option.format("whole") for option in options)]
        status = run([*wanted, "--checkpoint", "unused"])
        told = capfd.readouterr()
        ends = ended_often(command, *arguments, *(option.format("parts") for option in options), rows=rows)
        assert Path("parts").read_bytes() == Path("whole").read_bytes()
        if "-w" in form:
            assert Path("parts.pcapng").read_bytes() == Path("whole.pcapng").read_bytes()
        assert status in (0, 2, 3)
        assert capfd.readouterr() == told
        return ends

    return call


# --- at every chunk boundary -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("form", FORMS, ids=["jsonl", "text", "json", "csv"])
def test_fuzzed_traffic_ended_behind_every_chunk_gives_the_same(
    here: Path, same: Callable[..., int], rows: int, form: tuple[str, ...]
) -> None:
    packets = write_traffic("fuzzed.pcapng", f"{rows} {form}", 20 * rows, fragments=0.3)
    assert same(form, "fuzzed.pcapng", "-r", "limited.yaml", rows=rows) == -(-packets // rows)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "pcaps").iterdir() if ".pcap" in path.name))
def test_every_capture_that_is_kept_can_be_ended_and_gone_on_with(
    here: Path, same: Callable[..., int], name: str
) -> None:
    limit = 400 if name.startswith(("office", "syn-flood")) else 100
    assert same(JSONL, ROOT / "pcaps" / name, "-r", OFFICE, "-c", limit, rows=limit // 4) >= 1


@pytest.mark.parametrize("form", [JSONL, JSON], ids=["jsonl", "json"])
def test_several_files_and_a_guessed_ruleset(here: Path, same: Callable[..., int], form: tuple[str, ...]) -> None:
    for number in range(3):
        write_traffic(f"{number}.pcapng", number, 12)
    Path("1.gz").write_bytes(gzip.compress(Path("1.pcapng").read_bytes()))
    assert same(form, "0.pcapng", "1.gz", "2.pcapng", rows=5) >= 8


def test_what_was_measured_is_remembered(here: Path, same: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    def of_any_machine(*given: Any) -> dict[str, Any]:
        return {name: what for name, what in resources_object(*given).items() if name != "this_machine"}

    monkeypatch.setattr(resources_json, "resources_object", of_any_machine)
    form = ("compare", "--format", "json", "--resources", "-o", "{}")
    assert same(form, ROOT / "pcaps" / "office.pcapng", "-r", OFFICE, "-c", 700, rows=90) == 8


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("form", [JSONL, JSON], ids=["jsonl", "json"])
def test_merged_files(here: Path, same: Callable[..., int], rows: int, form: tuple[str, ...]) -> None:
    for number, name in enumerate(("lan", "wan")):
        write_traffic(f"{name}.pcapng", number, 10 + 15 * number)
    Path("lan.gz").write_bytes(gzip.compress(Path("lan.pcapng").read_bytes()))
    arguments = ("--in", "lan=lan.gz", "--in", "wan=wan.pcapng", "-r", "limited.yaml")
    assert same(form, *arguments, "-c", 30, rows=rows) >= 4


def from_one_socket(rounds: int) -> bytes:
    """Two clients speak from one port each, and outside comes in: what one gets depends on what was before."""
    made = Pcapng().section()
    for name in (b"lan", b"wan"):
        made.interface(1, 0, (2, name), (9, bytes([9])))
    coming_in = (2, (1).to_bytes(4, "little"))
    for place in range(rounds):
        ends: dict[str, Any] = {"src": bytes([10, 0, 0, 5 + place % 2]), "dst": bytes([198, 51, 100, place // 2 % 7])}
        outside: dict[str, Any] = {"src": bytes([198, 51, 100, 200 + place % 9]), "dst": bytes([203, 0, 113, 1])}
        segments = [
            *((0, ends, 17, udp(sport=5000, dport=port, **ends)) for port in (9, 53, 99, 9, 99)),
            (0, ends, 6, tcp(sport=5000, dport=80, **ends)),
            (1, outside, 17, udp(sport=6000, dport=7, **outside)),
        ]
        for number, (interface, between, proto, segment) in enumerate(segments):
            at = 3 * 10**8 * place + 150_000 * number
            made.packet(ether(ip4(segment, proto, **between)), at, coming_in, interface=interface)
    return made.content


@pytest.mark.parametrize("rows", [1, 5])
def test_translations_are_remembered(here: Path, same: Callable[..., int], rows: int) -> None:
    Path("nat.nft").write_text(TRANSLATING)
    Path("made.pcapng").write_bytes(from_one_socket(5 * rows))
    assert same(JSONL, "made.pcapng", "-r", "nat.nft", *NETWORKS, rows=rows) >= 20


@pytest.mark.parametrize("rows", [1, 7])
def test_fuzzed_traffic_is_translated_alike(here: Path, same: Callable[..., int], rows: int) -> None:
    Path("nat.nft").write_text(TRANSLATING)
    write_traffic("fuzzed.pcapng", f"nat {rows}", 40 * rows, fragments=0.2)
    assert same(JSONL, "fuzzed.pcapng", "-r", "nat.nft", *NETWORKS, rows=rows) >= 20


def test_interfaces_and_sections_that_come_later_in_other_byte_orders_with_comments(
    here: Path, same: Callable[..., int]
) -> None:
    made = Pcapng().section()
    for number, name in enumerate((b"wan", b"lan", b"dmz")):
        made.interface(1, 0, (2, name), (9, bytes([9 - number])))
        for place in range(6):
            made.packet(ether(ip4(tcp())), 10**6 * place, (1, b"comment"), interface=number)
    made.section(">").interface(1, 0, (2, b"lan")).interface(147)
    for place in range(6):
        made.packet(ether(ip4(udp(), 17)), 10**6 * place, (1, b"more"), interface=place % 2)
    Path("made.pcapng").write_bytes(made.content)
    assert same(JSONL, "made.pcapng", "-r", "limited.yaml", rows=1) >= 20


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_capture_whose_tail_is_damaged(
    here: Path, same: Callable[..., int], compress: Callable[[bytes], bytes]
) -> None:
    content = compress(pcap(*[ether(ip4(tcp()))] * 2_000))
    Path("cut.pcap").write_bytes(content[:-5])
    assert same(JSON, "cut.pcap", "-r", "limited.yaml", rows=400) >= 2


def test_what_was_written_behind_the_checkpoint_is_taken_back(here: Path, invoke: Invoke) -> None:
    """A run that is killed has written more than its checkpoint knows of."""
    write_traffic("fuzzed.pcapng", 1, 300)
    arguments = ("compare", "fuzzed.pcapng", "-r", "limited.yaml", "--format", "jsonl", "-o", "out")
    assert invoke(*arguments).status in (0, 3)
    whole = Path("out").read_bytes()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Keeping, "finish", lambda self: None)
        patched.setattr(resuming, "CHUNK_ROWS", 100)
        invoke(*arguments, "--checkpoint", "kept", "--every", 150)
        assert Path("out").read_bytes() == whole
        Path("out").write_bytes(whole + b"more")
        invoke(*arguments, "--checkpoint", "kept", "--resume")
    assert Path("out").read_bytes() == whole


# --- killed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_killed_at_random_moments_and_gone_on_with_it_gives_the_same(here: Path, form: str) -> None:
    write_traffic("fuzzed.pcapng", 7, 10_000)
    arguments = ["compare", "fuzzed.pcapng", "-r", "limited.yaml", "--format", form]
    assert run([*arguments, "-o", "whole"]) in (0, 3)
    command = [sys.executable, "-m", "fwsim", *arguments, "-o", "parts"]
    command += ["--checkpoint", "kept", "--every", "1000", "--resume"]
    chance, kills = random.Random(form), 0
    while True:
        child = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "NUMBA_DISABLE_JIT": "1"})
        before = os.path.exists("kept") and os.stat("kept").st_ino
        while kills < 5 and child.poll() is None and (os.path.exists("kept") and os.stat("kept").st_ino) == before:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.2 if kills < 5 else 0)
        if kills < 5:
            child.kill()
        _, err = child.communicate(timeout=120)
        if child.returncode != -signal.SIGKILL:
            break
        kills += 1
    assert child.returncode in (0, 3), err
    assert kills
    assert Path("parts").read_bytes() == Path("whole").read_bytes()
    assert not os.path.exists("kept")


# --- what is refused -------------------------------------------------------------------------------------------


@pytest.fixture
def kept(here: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A checkpoint in the middle of a run, as `kept`, and the arguments that go on with it."""
    return ended(monkeypatch, "limited.yaml")


def ended(monkeypatch: pytest.MonkeyPatch, rules: str, *more: str) -> list[str]:
    """The same with these rules, and more options."""
    write_traffic("fuzzed.pcapng", 3, 60, fragments=0.1)
    arguments = ["compare", "fuzzed.pcapng", "-r", rules, *more, "--format", "jsonl", "-o", "out"]
    arguments += ["--checkpoint", "kept", "--every", "1", "--resume"]
    save, saves = Keeping.save, iter(range(100))

    def save_and_die(self: Keeping, *given: object) -> None:
        save(self, *given)  # type: ignore[arg-type]
        if next(saves) == 3:
            raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Keeping, "save", save_and_die)
        patched.setattr(resuming, "CHUNK_ROWS", 10)
        with pytest.raises(Killed):
            run(arguments)
    monkeypatch.setattr(resuming, "CHUNK_ROWS", 10)
    return arguments


def complaint(invoke: Invoke, arguments: list[str]) -> str:
    """The one line that a command complains in, with status 2 and nothing done."""
    before = Path("out").read_bytes() if os.path.exists("out") else b""
    outcome = invoke(*arguments)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert before == (Path("out").read_bytes() if os.path.exists("out") else b"")
    return outcome.err.removeprefix("error: ").removesuffix("\n")


def replaced(arguments: list[str], old: str, *new: str) -> list[str]:
    """Other arguments."""
    at = arguments.index(old)
    return [*arguments[:at], *new, *arguments[at + 1 :]]


def test_it_goes_on_where_nothing_is_changed(kept: list[str], invoke: Invoke) -> None:
    assert invoke(*kept).status in (0, 3)
    whole = Path("out").read_bytes()
    assert invoke(*kept).status in (0, 3), "there is no checkpoint any more: it begins at the start"
    assert Path("out").read_bytes() == whole


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (("-r", "--interface", "a=10.0.0.0/8", "-r"), "--interface"),
        (("-r", "--set", "conntrack.tcp_loose=0", "-r"), "--set"),
        (("-r", "--local", "10.1.1.1", "-r"), "--local"),
        (("-r", "--seed", "5", "-r"), "--seed"),
        (("-r", "--checksum", "ignore", "-r"), "--checksum"),
        (("-r", "-c", "50", "-r"), "-c"),
        (("-r", "-Y", "evidence", "-r"), "-Y"),
        (("-r", "-w", "w.pcapng", "-r"), "-w"),
        (("-r", "--by", "rule", "-r"), "--by, -q or -v"),
        (("compare", "replay"), "the command or --mode"),
        (("jsonl", "csv"), "--format"),
        (("fuzzed.pcapng", "fuzzed.pcapng", "fuzzed.pcapng"), "the captures"),
    ],
)
def test_other_options_are_refused_by_name(
    kept: list[str], invoke: Invoke, changed: tuple[str, ...], told: str
) -> None:
    said = complaint(invoke, replaced(kept, *changed))
    assert said == f"kept: was made with other options: {told} must be as they were"


def test_an_existing_checkpoint_is_not_run_over(kept: list[str], invoke: Invoke) -> None:
    said = complaint(invoke, [one for one in kept if one != "--resume"])
    assert said == "kept: a file is there: go on with it if it is a checkpoint (--resume), or name another"


def test_another_ruleset_capture_or_output_is_refused(kept: list[str], invoke: Invoke) -> None:
    output, capture = Path("out").read_bytes(), Path("fuzzed.pcapng").read_bytes()
    Path("out").write_bytes(output[:100])
    assert complaint(invoke, kept) == "kept: out does not hold what was written before the checkpoint was made"
    Path("out").write_bytes(output)
    for other in (capture[:1000], capture[:500] + b"\0" + capture[501:]):
        Path("fuzzed.pcapng").write_bytes(other)
        assert "fuzzed.pcapng is not the capture that was read" in complaint(invoke, kept)
    Path("fuzzed.pcapng").write_bytes(capture)
    Path("limited.yaml").write_text(LIMITED + "# changed\n")
    assert complaint(invoke, kept) == "kept: the file of -r has changed since the checkpoint was made"


def test_another_file_that_the_ruleset_includes_is_refused(
    here: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = "table ip t {\n chain f { type filter hook forward priority 0; %s\n }\n}\n"
    Path("more.nft").write_text(rules % "ip saddr 10.0.0.1 drop")
    Path("main.nft").write_text('include "./more.nft"\n')
    arguments = ended(monkeypatch, "main.nft")
    Path("more.nft").write_text(rules % "drop")
    assert complaint(invoke, arguments) == "kept: a file that -r includes has changed since the checkpoint was made"
    Path("more.nft").write_text(rules % "ip saddr 10.0.0.1 drop")
    assert invoke(*arguments).status in (0, 3)


def test_another_file_that_the_stateless_ruleset_includes_is_refused(
    here: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = "table ip t {\n chain f { type filter hook forward priority 0; %s\n }\n}\n"
    Path("more.nft").write_text(rules % "ip saddr 10.0.0.1 drop")
    Path("main.nft").write_text('include "./more.nft"\n')
    Path("rules.nft").write_text(rules % "accept")
    arguments = ended(monkeypatch, "rules.nft", "--stateless-rules", "main.nft")
    Path("more.nft").write_text(rules % "drop")
    told = "kept: a file that --stateless-rules includes has changed since the checkpoint was made"
    assert complaint(invoke, arguments) == told
    Path("more.nft").write_text(rules % "ip saddr 10.0.0.1 drop")
    assert invoke(*arguments).status in (0, 3)


def test_a_capture_that_has_grown_is_read_on(kept: list[str], invoke: Invoke) -> None:
    capture = Path("fuzzed.pcapng").read_bytes()
    Path("fuzzed.pcapng").write_bytes(capture + Pcapng().section().interface().packet(b"\0" * 60).content)
    assert invoke(*kept).status in (0, 3)
    assert Path("out").read_bytes().count(b"\n") == 1 + capture_packets("fuzzed.pcapng") - 1


def capture_packets(path: str) -> int:
    """How many packets a capture holds."""
    from fwsim.capture import Input, open_captures

    return sum(map(len, open_captures([Input(path)])))


@pytest.mark.parametrize("name", ["__version__", "program"])
def test_another_version_is_refused(
    kept: list[str], invoke: Invoke, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(resuming, name, "9.9" if name == "__version__" else lambda: "another")
    assert complaint(invoke, kept).startswith("kept: was made by another version of fwsim (0.")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-", "-r", "limited.yaml"), "standard input can be read only once"),
        (("fuzzed.pcapng", "-r", "-"), "standard input can be read only once"),
        (("fuzzed.pcapng", "--jobs", "2"), "one connection table, which --jobs 2 divides"),
        (("pipe", "-r", "limited.yaml"), "pipe is no regular file"),
        (("fuzzed.pcapng", "-v"), "packet by packet cannot go to standard output"),
        (("fuzzed.pcapng", "--format", "csv"), "packet by packet cannot go to standard output"),
        (("fuzzed.pcapng", "-w", "-", "-o", "out"), "packet by packet cannot go to standard output"),
        (("fuzzed.pcapng", "--format", "csv", "-o", "pipe"), "pipe is no regular file"),
        (("fuzzed.pcapng", "-o", "kept.part"), "is used for something else"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused(
    here: Path, invoke: Invoke, arguments: tuple[str, ...], told: str
) -> None:
    write_traffic("fuzzed.pcapng", 3, 20)
    os.mkfifo("pipe")
    assert told in complaint(invoke, ["compare", *arguments, "--checkpoint", "kept"])


@pytest.mark.parametrize("path", ["pipe", "-"])
def test_a_checkpoint_is_a_regular_file(here: Path, invoke: Invoke, path: str) -> None:
    write_traffic("fuzzed.pcapng", 3, 20)
    os.mkfifo("pipe")
    told = complaint(invoke, ["compare", "fuzzed.pcapng", "-q", "--checkpoint", path, "--resume"])
    assert told == f"--checkpoint {path}: is read again, expected a regular file"


def test_resume_and_every_need_a_checkpoint(here: Path, invoke: Invoke) -> None:
    assert complaint(invoke, ["compare", "x.pcap", "--resume"]) == "--resume needs --checkpoint FILE"
    assert complaint(invoke, ["compare", "x.pcap", "--every", "5"]) == "--every needs --checkpoint FILE"


def test_a_ruleset_that_is_gone_is_told(kept: list[str], invoke: Invoke) -> None:
    Path("limited.yaml").unlink()
    assert complaint(invoke, kept) == "kept: the file of -r has changed since the checkpoint was made"


def test_a_checkpoint_that_cannot_be_written_is_told(here: Path, invoke: Invoke) -> None:
    write_traffic("fuzzed.pcapng", 3, 20)
    os.mkdir("kept.part")
    outcome = invoke("compare", "fuzzed.pcapng", "-r", "limited.yaml", "--checkpoint", "kept", "--every", 1)
    assert (outcome.status, outcome.err) == (2, "error: kept.part: cannot be saved: Is a directory\n")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "s", "x", "1m"])
def test_every_is_a_number_of_packets_or_seconds(here: Path, invoke: Invoke, text: str) -> None:
    assert "is not how often: expected packets (1000000) or seconds (30s)" in complaint(
        invoke, ["compare", "x.pcap", "--checkpoint", "kept", f"--every={text}"]
    )


def test_a_checkpoint_that_is_cut_or_changed_is_refused_or_does_no_harm(kept: list[str], invoke: Invoke) -> None:
    content, output = Path("kept").read_bytes(), Path("out").read_bytes()
    assert invoke(*kept).status in (0, 3)
    whole = Path("out").read_bytes()
    chance = random.Random(1)
    places = [
        *range(40),
        *(len(content) - 1 - place for place in range(100)),
        *chance.choices(range(len(content)), k=40),
    ]
    bad = [
        content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :] for place in places
    ]
    bad += [content[: chance.randrange(len(content))] for _ in range(15)]
    bad += [b"", b"PK\x05\x06" + bytes(18), b"no zip", Path("fuzzed.pcapng").read_bytes()]
    refused = 0
    for one in bad:
        Path("kept").write_bytes(one)
        Path("out").write_bytes(output)
        outcome = invoke(*kept)
        if outcome.status == 2:
            refused += 1
            assert outcome.err.startswith("error: kept: ")
            assert outcome.err.count("\n") == 1
        else:
            assert Path("out").read_bytes() == whole
    assert refused >= 100
