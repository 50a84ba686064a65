import os
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.nft.script import read_script


def written(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    return folder / "main.nft"


def test_files_are_included_in_order_and_nodes_know_their_file(tmp_path: Path) -> None:
    texts = {
        "main.nft": 'include "defs.nft"\ntable t {\nchain c {\ninclude "rules/*.nft"\ntcp dport $b\n}\n}\n',
        "defs.nft": "define a = 1\ninclude \"./more.nft\"\n", "more.nft": "define b = 2\n",
        "rules/2.nft": "drop", "rules/1.nft": "accept\n", "rules/x.txt": "no rule",
    }  # fmt: skip
    texts["rules/2.nft"] = "drop\n"
    script = read_script(written(tmp_path, texts))
    rules = script.commands[0].body.chains[0].rules  # type: ignore[union-attr]
    assert [Path(rule.path).name for rule in rules] == ["1.nft", "2.nft", "main.nft"]
    assert [rule.text for rule in rules] == ["accept", "drop", "tcp dport $b"]
    assert len(script.sources) == 5


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        ({"main.nft": 'include "main.nft"\n'}, "includes itself"),
        ({"main.nft": 'include "a.nft"\n', "a.nft": 'include "./main.nft"\n'}, "includes itself"),
        ({"main.nft": 'include "/etc/passwd"\n'}, "outside the folder"),
        ({"main.nft": 'include "../x.nft"\n'}, "outside the folder"),
        ({"main.nft": 'include "../*.nft"\n'}, "outside the folder"),
        ({"main.nft": 'include "none.nft"\n'}, "no such file"),
        ({"main.nft": 'include "sub"\n', "sub/x": ""}, "is a directory"),
        ({"main.nft": 'include ""\n'}, "expected the path of a file"),
        ({"main.nft": 'include "a0.nft"\n', **{f"a{n}.nft": f'include "a{n + 1}.nft"\n' for n in range(20)}},
         "too deeply"),
        ({"main.nft": 'include "a0.nft"\n', **{f"a{n}.nft": f'include "a{n + 1}.nft"\n' * 4 for n in range(12)},
          "a12.nft": "\n"}, "more than 1000 files"),
    ],
)  # fmt: skip
def test_loops_outside_folders_and_floods_are_refused_with_their_place(
    tmp_path: Path, texts: dict[str, str], what: str
) -> None:
    with pytest.raises(RulesetError) as caught:
        read_script(written(tmp_path, texts))
    problem = caught.value.problems[0]
    assert what in problem.what
    assert (problem.line, problem.column) == (1, 9) or "1000" in what


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    main = written(inside, {"main.nft": 'include "*.lnk"\n'})
    (tmp_path / "out.nft").write_text("flush ruleset\n")
    (inside / "x.lnk").symlink_to(tmp_path / "out.nft")
    with pytest.raises(RulesetError, match="outside the folder"):
        read_script(main)


def test_a_pattern_that_finds_nothing_includes_nothing(tmp_path: Path) -> None:
    assert read_script(written(tmp_path, {"main.nft": 'include "*.none"\nadd table x\n'})).commands[0].kind == "table"


def test_a_pipe_that_nobody_writes_to_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RulesetError, match=r"main\.nft:1:9: 'pipe' is a pipe or a device, expected a file"):
        read_script(written(tmp_path, {"main.nft": 'include "pipe"\n'}))


def test_links_among_folders_do_not_multiply_what_a_pattern_means(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"link{number}").symlink_to(".")
    with pytest.raises(RulesetError, match="means more than 1000 files"):
        read_script(written(tmp_path, {"main.nft": f'include "{"*/" * 40}x*"\n'}))


def test_a_pattern_finds_what_it_means_in_folders_and_no_hidden_files(tmp_path: Path) -> None:
    texts = {
        name: f"add table t{number}\n" for number, name in enumerate(["a/2.nft", "a/1.nft", "b/1.nft", "a/.x.nft"])
    }
    script = read_script(written(tmp_path, {"main.nft": 'include "?/[12].nft"\n', "c": "", **texts}))
    assert [Path(each.path).relative_to(tmp_path) for each in script.sources[1:]] == [
        Path("a/1.nft"), Path("a/2.nft"), Path("b/1.nft"),
    ]  # fmt: skip
