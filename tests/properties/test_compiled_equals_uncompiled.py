"""Compiled and uncompiled code give the same frames, packets, decisions and tables, byte for byte."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import RULESETS
from tests.metered import MeteredCase
from tests.playbook import Playbook
from tests.playbook_capture import pcapng
from tests.replayed import Case, differences
from tests.replaying import captured
from tests.scenes import OFFICE, Scene, perform
from tests.strategies import Policy, policies, scenes

ROOT = Path(__file__).parent.parent.parent
SCENES = 250
AT_MOST = 1500
"""Frames of each capture in `pcaps/`; most have fewer."""


def cases_of_captures() -> list[Case]:
    """Every capture that is kept, each with the next ruleset, and all of them with that of the office."""
    captures = sorted(path for path in (ROOT / "pcaps").iterdir() if ".pcap" in path.name)
    office = ROOT / "rulesets" / "office.yaml"
    cases = [Case((capture,), office, limit=AT_MOST) for capture in captures]
    for number, capture in enumerate(captures):
        cases.append(Case((capture,), RULESETS[number % len(RULESETS)], chunk_rows=77, limit=AT_MOST))
    return cases


def cases_of_scenes(folder: Path) -> list[Case]:
    """Some hundred scenes, the same every time, saved as captures."""
    cases: list[Case] = []

    @settings(max_examples=SCENES, derandomize=True, database=None, deadline=None)
    @given(scenes(), policies(), st.sampled_from((3, 1000)), st.sampled_from((1, 2, 262_144)))
    def collect(scene: Scene, policy: Policy, rows: int, limit: int) -> None:
        path = folder / f"{len(cases)}.pcapng"
        path.write_bytes(captured(taken.frame for taken in perform(scene)))
        tight = replace(policy, conntrack=(*policy.conntrack, ("max", limit)))
        cases.append(Case((path,), tight.written(), chunk_rows=rows, jobs=1 + len(cases) % 3))

    collect()
    return cases


def case_of_a_play(folder: Path) -> Case:
    """FTP with its data connections, and GRE; the scenes have neither."""
    play = Playbook()
    control = play.ftp()
    for line in (b"PORT 10,1,0,23,4,17\r\n", b"EPRT |1|10.1.0.23|1041|\r\n", b"PORT 10,1\r\n"):
        control.original("PA", line)
        play.tcp("203.0.113.80:20", "10.1.0.23:1041").original("S")
    control.reply("PA", b"229 Entering Extended Passive Mode (|||1042|)\r\n")
    play.tcp("10.1.0.23:50000", "203.0.113.80:1042").handshake()
    six = play.ftp("[fd00:1::23]:40000", "[2001:db8::80]:21")
    six.original("PA", b"EPRT |2|fd00:1::23|1041|\r\n")
    play.tcp("[2001:db8::80]:20", "[fd00:1::23]:1041").original("S")
    for call in (b"\x30\x01\x88\x0b\0\4\0\5", b"\x30\0\x08\0\0\0\0\1", b"\x30\1\x08\0\0\4\0\5"):
        play.generic(47).original(call)
    path = folder / "ftp.pcapng"
    path.write_bytes(pcapng(play.captured(), ("lan", "wan", "dmz")))
    given = {"hook": "prerouting", "rules": [{"proto": "tcp", "dport": 21, "helper": "ftp"}]}
    rules = [{"ct_state": ["established", "related"], "verdict": "accept"}, {"iif": "lan", "verdict": "accept"}]
    filtered = {"hook": "forward", "policy": "drop", "rules": rules}
    return Case((path,), {"interfaces": OFFICE.interfaces(), "chains": {"helper": given, "filter": filtered}})


def measured_cases() -> list[Case]:
    """Runs whose costs are measured too."""
    office = ROOT / "rulesets" / "office.yaml"
    names = ("office.pcapng", "fragments.pcapng", "syn-flood.pcap.zst")
    return [MeteredCase((ROOT / "pcaps" / name,), office, limit=AT_MOST) for name in names]


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set")
def test_compiled_code_decides_as_uncompiled_code_does(tmp_path: Path) -> None:
    cases = [*cases_of_captures(), *cases_of_scenes(tmp_path), case_of_a_play(tmp_path), *measured_cases()]
    (tmp_path / "cases").write_bytes(pickle.dumps(cases))
    started = {}
    for how in ("compiled", "plain"):
        command = [sys.executable, "-m", "tests.replayed", how, str(tmp_path / "cases"), str(tmp_path / how)]
        started[how] = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    for how, process in started.items():
        _, complaint = process.communicate(timeout=600)
        assert process.returncode == 0, f"{how}: {complaint}"
    compiled, plain = (pickle.loads((tmp_path / how).read_bytes()) for how in ("compiled", "plain"))
    assert len(compiled) == len(plain) == len(cases) > SCENES // 2
    found = {number: differences(*pair) for number, pair in enumerate(zip(compiled, plain, strict=True))}
    assert {number: what for number, what in found.items() if what} == {}
