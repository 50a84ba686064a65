"""Record scenarios anew: `python -m tests.parity.nat.record [NAME...]`, all of them without a name.

Read first: `scene`, `scenarios`, `watching`. It needs what the kernel tests need, nft, iptables and conntrack. Each
scenario is played in a process and namespaces of its own.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from tests.parity.nat import scene, watching
from tests.parity.nat.scenarios import SCENARIOS
from tests.parity.nat.talk import Talk
from tests.parity.nat.truth import BOTH, CAPTURES, TRUTH, Truth
from tests.playbook_capture import Frame, gzipped, pcapng

LOADERS = {
    "rules.nft": ["nft", "-f", "-"],
    "rules.iptables": ["iptables-restore"],
    "rules.ip6tables": ["ip6tables-restore"],
}
TOPOLOGY = {"addr.json": ["addr"], "route.json": ["route"], "route6.json": ["-6", "route"]}
"""Of `ip -j`: what `--topology` takes."""

OFFLOADED = ("masquerade-offloaded",)
SETTLE = 0.3


def record(name: str, to: Path) -> None:
    """Play a scenario here and write what came of it. The process leaves its network for good."""
    stage = scene.build(offload=name in OFFLOADED)
    load(rules_of(name))
    load_text(["nft", "-f", "-"], watching.witness())
    time.sleep(SETTLE)
    watch, events = watching.Watch(), watching.Events()
    SCENARIOS[name](Talk(stage))
    time.sleep(SETTLE)
    frames, notes = watch.frames(), watch.notes()
    to.mkdir(exist_ok=True)
    write(to, frames, Truth(platform.release(), watching.fates(frames, notes), events.lines()))
    if name == "masquerade":
        for file, command in TOPOLOGY.items():
            listed = subprocess.run(["ip", "-j", *command], capture_output=True, text=True, check=True).stdout
            to.parent.joinpath(file).write_text(json.dumps(json.loads(listed), indent=1) + "\n")


def rules_of(name: str) -> Path:
    """The ruleset of a scenario."""
    (path,) = (CAPTURES / name / file for file in LOADERS if (CAPTURES / name / file).exists())
    return path


def load(path: Path) -> None:
    """Load a ruleset with the tool whose text it is."""
    load_text(LOADERS[path.name], path.read_text())


def load_text(command: list[str], text: str) -> None:
    """Give rules to a tool."""
    subprocess.run(command, input=text, text=True, check=True)


def write(to: Path, frames: list[watching.Seen], truth: Truth) -> None:
    """One capture of all devices, one of each, and the truth."""
    devices = [device for device in scene.DEVICES if any(frame.device == device for frame in frames)]
    shown, latest = [], 0
    for frame in frames:
        latest = max(latest, frame.at_ns)
        shown.append(Frame(latest, frame.device, frame.data, len(frame.data), direction=frame.way))
    to.joinpath(BOTH).write_bytes(gzipped(pcapng(shown, devices)))
    for device in devices:
        alone = [frame for frame in shown if frame.interface == device]
        to.joinpath(f"{device}.pcapng.gz").write_bytes(gzipped(pcapng(alone, [device])))
    to.joinpath(TRUTH).write_text(truth.text())


def main(arguments: list[str]) -> int:
    """Record scenarios, each in a child process; `--to FOLDER` puts them somewhere else."""
    to, names = CAPTURES, arguments
    if names[:1] == ["--to"]:
        to, names = Path(names[1]), names[2:]
    worst = 0
    for name in names or SCENARIOS:
        child = os.fork()
        if child == 0:
            try:
                record(name, to / name)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(name, "recorded" if status == 0 else "FAILED")  # noqa: T201
        worst = max(worst, abs(status))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
