"""Broken and hostile rulesets of every format are read, or refused with a place; nothing else, and within bounds."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.ruleset_mutations import HOSTILE, READERS, SEEDS, answers, mutated, outcome

ROUNDS = int(os.environ.get("FWSIM_MUTATIONS", "400"))
"""Mutated texts for each reader."""

LEFT_OUT = {"yaml": ["json: ", "nft: ", "iptables: ", "ip: "]}
"""Texts of other formats, over each of which a reader takes its time."""


@pytest.mark.parametrize("name", READERS)
def test_a_good_text_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(READERS[name].seed)
    assert outcome(READERS[name].read, tmp_path / "r") == "read"


@pytest.mark.parametrize("name", READERS)
def test_a_mutated_text_is_read_or_refused_with_a_place(name: str, tmp_path: Path) -> None:
    chance = random.Random(int(os.environ.get("FWSIM_SEED", "11")))
    found = set()
    for number in range(ROUNDS):
        seed = READERS[name].seed if number % 5 else chance.choice(list(SEEDS.values()))
        data = mutated(seed, chance)
        (tmp_path / "r").write_bytes(data)
        try:
            found.add(outcome(READERS[name].read, tmp_path / "r"))
        except Exception as error:
            raise AssertionError(f"{data!r} brings up {error!r}") from error
    assert found == {"read", "refused"}


@pytest.mark.parametrize("name", READERS)
def test_a_text_cut_anywhere_is_read_or_refused_with_a_place(name: str, tmp_path: Path) -> None:
    seed = READERS[name].seed
    for length in range(0, len(seed), max(1, len(seed) // 300)):
        (tmp_path / "r").write_bytes(seed[:length])
        assert outcome(READERS[name].read, tmp_path / "r") in ("read", "refused")


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_hostile_text_is_read_or_refused_within_bounds(name: str, tmp_path: Path) -> None:
    asked = [text for text in HOSTILE if not text.startswith(tuple(LEFT_OUT.get(name, ())))]
    found = answers(name, asked, tmp_path)
    assert {text: answer for text, answer in found.items() if answer not in ("read", "refused")} == {}
    assert len(found) == len(asked)


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file_with_a_text_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "loop", Path("/dev/zero"), Path("a" * 5000)):
        assert outcome(READERS[name].read, path) == "refused"


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_read_to_its_end(name: str) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        writer = threading.Thread(target=_written, args=(pipe, READERS[name].seed))
        writer.start()
        assert outcome(READERS[name].read, Path(f"/dev/fd/{reading}")) == "read"
        writer.join()
    os.close(reading)


def _written(pipe: BinaryIO, data: bytes) -> None:
    pipe.write(data)
    pipe.close()


INCLUDES: dict[str, Callable[[Path], str]] = {
    "itself": lambda folder: 'include "main.nft"\n',
    "itself through another": lambda folder: 'include "back.nft"\n',
    "itself through a link": lambda folder: 'include "self.nft"\n',
    "all": lambda folder: 'include "*"\n',
    "all of all": lambda folder: 'include "*/*/*/*/*"\n',
    "a file outside": lambda folder: 'include "../outside.nft"\n',
    "a file outside by its whole path": lambda folder: f'include "{folder.parent}/outside.nft"\n',
    "a link to a file outside": lambda folder: 'include "link.nft"\n',
    "a folder that is a link outside": lambda folder: 'include "away/outside.nft"\n',
    "zeros without end": lambda folder: 'include "/dev/zero"\n',
    "a link to zeros without end": lambda folder: 'include "zeros"\n',
    "a pipe that nobody writes to": lambda folder: 'include "pipe"\n',
    "the standard input": lambda folder: 'include "/dev/stdin"\n',
    "a folder": lambda folder: 'include "folder"\n',
    "nothing": lambda folder: 'include ""\n',
    "a long path": lambda folder: f'include "{"a/" * 50_000}b"\n',
    "a long pattern": lambda folder: f'include "{"*a" * 50_000}b"\n',
    "an open pattern": lambda folder: f'include "{"[" * 50_000}"\n',
    "many times": lambda folder: 'include "small.nft"\n' * 5000,
    "bytes that are no text": lambda folder: 'include "bytes"\n',
}
"""Scripts that include what they should not."""


@pytest.mark.parametrize("name", INCLUDES)
def test_an_include_that_leads_astray_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside.nft").write_text("add table outside\n")
    (folder / "back.nft").write_text('include "main.nft"\n')
    (folder / "small.nft").write_text("add table t\n")
    (folder / "bytes").write_bytes(b"\xff\xfe")
    (folder / "link.nft").symlink_to("../outside.nft")
    (folder / "self.nft").symlink_to("main.nft")
    (folder / "away").symlink_to("..")
    (folder / "zeros").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe")
    (folder / "main.nft").write_text(INCLUDES[name](folder))
    assert outcome(READERS["nft"].read, folder / "main.nft") == "refused"


def test_links_among_folders_do_not_multiply_what_a_pattern_means(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"link{number}").symlink_to(".")
    (tmp_path / "main.nft").write_text(f'include "{"*/" * 40}x*"\n')
    assert outcome(READERS["nft"].read, tmp_path / "main.nft") == "refused"
