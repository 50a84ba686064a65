"""Rules into the namespace's kernel, each text by the program that it was written for, as it stands.

Read first: `fwsim.kernel.orders.Load`. No shell reads anything: a script's lines become commands by themselves.
Nothing heavy is imported here: this runs in the namespace.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from fwsim.errors import KernelError, UsageError
from fwsim.kernel.orders import Load

PROGRAMS = {
    "nft": "nftables", "iptables": "iptables", "ip6tables": "iptables", "ipset": "ipset",
}  # fmt: skip
"""The package that a program is in; those of iptables by how their names begin."""

REFUSED_BY_KERNEL = (
    "Operation not", "Could not process rule", "missing kernel module", "No chain/target/match by that name",
    "Table does not exist", "RULE_APPEND failed", "RULE_INSERT failed", "Kernel error", "can't initialize",
)  # fmt: skip
"""What programs say where a text reads well, but this kernel will not have it."""

BACKENDS = {4: ("iptables-legacy", "iptables-nft", "iptables"), 6: ("ip6tables-legacy", "ip6tables-nft", "ip6tables")}
"""The programs of a family: the first whose kernel part is there is taken, as the xtables are what iptables means."""


def load(text: str) -> None:
    """Load nft text of our own."""
    run(["nft", "-f", "-"], text, "")


def load_all(loads: Sequence[Load]) -> None:
    """Load the texts in their order, with a folder of their own as the current one; sets of addresses come first."""
    with tempfile.TemporaryDirectory(prefix="fwsim-") as folder:
        for one in sorted(loads, key=lambda one: one.tool != "ipset"):
            for path, text in one.files:
                written(Path(folder, path), text)
            for command, text in commands(one):
                run(command, text, folder, one.name)


def written(path: Path, text: str) -> None:
    """A file, in a folder that is made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def commands(one: Load) -> Iterator[tuple[list[str], str]]:
    """The commands that load a text, with what each is given to read."""
    if one.tool == "nft":
        yield ["nft", "-I", ".", "-f", "-"], one.text
    elif one.tool == "nft-json":
        yield ["nft", "-j", "-f", "-"], one.text
    elif one.tool == "ipset":
        yield ["ipset", "restore"], one.text
    elif one.tool == "iptables-save":
        yield [f"{backend(one.family)}-restore"], one.text
    else:
        for words in script_lines(one):
            yield command_of(words, one), ""


COMMAND = re.compile(r"\s*(?:sudo\s+)?(?=-|(?:\S*/)?ip6?tables(?:-\w+)?\s)")
"""How a line begins that is a command of iptables, or its arguments alone."""


def script_lines(one: Load) -> Iterator[list[str]]:
    """The words of those lines of a script that are for iptables."""
    for line in one.text.replace("\\\n", " ").splitlines():
        begins = COMMAND.match(line)
        if begins is None:
            continue
        try:
            yield shlex.split(line[begins.end() :], comments=True)
        except ValueError as error:
            raise UsageError(f"{one.name}: {line.strip()!r}: {error}") from None


def command_of(words: Sequence[str], one: Load) -> list[str]:
    """A line of a script as a command; without a program's name it is a listing's (`iptables -S`), of one table."""
    if words[0].startswith("-"):
        return [backend(one.family), "-w", "-t", one.table, *words]
    family = 6 if Path(words[0]).name.startswith("ip6") else 4
    return [backend(family), "-w", *words[1:]]


@functools.cache
def backend(family: int) -> str:
    """The program that rules of iptables are for here: the old one if the kernel still has its tables."""
    for program in BACKENDS[family]:
        if shutil.which(program) and not subprocess.run([program, "-S"], capture_output=True, check=False).returncode:
            return program
    raise KernelError(f"neither {' nor '.join(BACKENDS[family][:2])} works here: install iptables")


def run(command: Sequence[str], text: str, folder: str, name: str = "") -> None:
    """Run a program; what it says against a text is the user's to read."""
    surroundings = {**os.environ, "XTABLES_LOCKFILE": str(Path(folder, "xtables.lock"))} if folder else None
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, cwd=folder or None, env=surroundings
        )
    except FileNotFoundError:
        raise KernelError(f"the program {command[0]} is not there: install {package_of(command[0])}") from None
    if done.returncode:
        refuse(command, " ".join(done.stderr.split()), name)


def refuse(command: Sequence[str], said: str, name: str) -> None:
    """Raise what a program said."""
    program = command[0]
    if said_by_kernel(said):
        raise KernelError(f"{program}: {said}")
    what = f"{name}: {program} refuses it: {said}" if name else f"{program} refuses the ruleset: {said}"
    raise UsageError(what)


def said_by_kernel(said: str) -> bool:
    """Whether it is the kernel that will not have it."""
    return any(words in said for words in REFUSED_BY_KERNEL)


def package_of(program: str) -> str:
    """What to install."""
    return PROGRAMS.get(program.partition("-")[0], program)
