"""YAML text: what stands where, what is too much, what is no YAML."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
import yaml

from fwsim.errors import RulesetError
from fwsim.ruleset import load_ruleset, text
from fwsim.ruleset.located import Document, List, Map
from fwsim.ruleset.text import UnreadableError, parse_text


def read(source: str) -> Any:
    root, _, problems = parse_text(Document("f.yaml", source))
    assert problems == []
    return root


def complaint(source: str) -> str:
    with pytest.raises(UnreadableError) as caught:
        parse_text(Document("f.yaml", source))
    return str(caught.value.problem)


@pytest.fixture(params=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both of PyYAML's parsers: the one in C is not everywhere."""
    if request.param == "pure":
        monkeypatch.setattr(text, "CParser", None)
    elif not yaml.__with_libyaml__:
        pytest.skip("this PyYAML was built without libyaml")
    return str(request.param)


def bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 [lol]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]")
    return "\n".join(lines) + "\n"


def load_error(data: bytes) -> list[str]:
    file = io.BytesIO(data)
    with pytest.raises(RulesetError) as caught:
        load_ruleset(file)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!22", "!22"),
        ("! 22", "!22"),
        ('! "22"', "!22"),
        ("!10.0.0.0/8", "!10.0.0.0/8"),
        ("!@admins", "!@admins"),
        ("! @admins", None),
        ("! [22, 80]", ["!22", "!80"]),
        ("&a ! 22", "!22"),
        ("! &a 22", "!22"),
        ("!eth*", "!eth*"),
    ],
)
def test_an_unquoted_sign_is_negation_and_never_lost(written: str, value: object) -> None:
    if value is None:
        assert "not valid YAML" in complaint(f"key: {written}\n")
    else:
        assert read(f"key: {written}\n")["key"] == value


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "written", ["!!python/object:os.system {}", "!!python/name:os.system", "!foo bar", "!!set {a}"]
)
def test_tags_of_other_languages_are_refused(written: str) -> None:
    _, _, problems = parse_text(Document("f.yaml", f"key: {written}\n"))
    assert [str(problem).startswith("f.yaml:1:6: unknown tag") for problem in problems] == [True]


@pytest.mark.usefixtures("parser")
def test_every_node_knows_its_line_and_column() -> None:
    root = read("# heading\na: 1\nb:\n  - x\n  - {c: [2, 33]}\n")
    assert isinstance(root, Map)
    assert root.key_places == {"a": ("f.yaml", 2, 1), "b": ("f.yaml", 3, 1)}
    assert root.value_places == {"a": ("f.yaml", 2, 4), "b": ("f.yaml", 4, 3)}
    items = root["b"]
    assert isinstance(items, List)
    assert items.places == [("f.yaml", 4, 5), ("f.yaml", 5, 5)]
    assert items[1]["c"].places == [("f.yaml", 5, 10), ("f.yaml", 5, 13)]


@pytest.mark.usefixtures("parser")
def test_a_mapping_knows_its_text_without_what_follows() -> None:
    root = read("a:\n  - name: x\n    port: 22   # ssh\n\n  # next\n  - {b: 1}\n")
    assert [item.location().text for item in root["a"]] == ["name: x\n    port: 22", "{b: 1}"]


@pytest.mark.usefixtures("parser")
def test_columns_count_characters_and_not_bytes() -> None:
    root = read('{"größe": 1, b: 2}')
    assert root.value_places["b"] == ("f.yaml", 1, 17)


@pytest.mark.usefixtures("parser")
def test_repeated_keys_are_told_and_the_first_one_stays() -> None:
    root, _, problems = parse_text(Document("f.yaml", "a: 1\nb: 2\n'a': 3\n"))
    assert root == {"a": 1, "b": 2}
    assert [str(problem) for problem in problems] == ["f.yaml:3:1: the key 'a' is repeated, it stands in line 1 too"]


@pytest.mark.usefixtures("parser")
def test_aliases_share_their_node() -> None:
    root = read("a: &x [1, 2]\nb: *x\n")
    assert root["b"] is root["a"]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a: [1, 2\nb: 3\n", "f.yaml:2:2: not valid YAML"),
        ("a: 1\n  b: 2\n", "f.yaml:2:4: not valid YAML"),
        ("a: *nowhere\n", "f.yaml:1:4: the alias '*nowhere' refers to no anchor above it"),
        ("a: &x [*x]\n", "f.yaml:1:8: the alias '*x' refers to a node that it is part of"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second YAML document"),
        ("{80, 443}: x\n", "f.yaml:1:1: expected a plain key, found a mapping or list"),
        ("[a]: x\n", "f.yaml:1:1: expected a plain key"),
        ("a: &x y\n*x : z\n", "f.yaml:2:1: expected a plain key, found an alias"),
        ("a: '\n", "f.yaml:"),
        ("\t- a\n", "f.yaml:1:1: not valid YAML"),
        ("%YAML 9.9\n", "f.yaml:"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_place(source: str, expected: str) -> None:
    assert complaint(source).startswith(expected)


@pytest.mark.usefixtures("parser")
def test_an_alias_bomb_is_refused_at_once() -> None:
    start = time.perf_counter()
    assert "aliases expand to more than 100000 nodes" in complaint(bomb(30, 10))
    assert time.perf_counter() - start < 2


def test_a_bomb_of_mappings_within_the_bound_is_read_in_bounded_time() -> None:
    source = bomb(5, 9) + "rules:\n" + "  - &r {name: a, dport: [1, 2, 3, 4], proto: tcp}\n" + "  - *r\n" * 5000
    start = time.perf_counter()
    with pytest.raises(RulesetError):
        load_ruleset(io.StringIO(source))
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_bottomless_nesting_is_refused(opening: str) -> None:
    assert complaint(opening * 100_000).startswith("f.yaml:1:")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_ending_counts_lines(ending: str) -> None:
    source = ending.join(["name: a", "policy: drop", "nonsense: 1", ""])
    assert load_error(source.encode())[0].startswith("<input>:3:1: ")


@pytest.mark.usefixtures("parser")
def test_control_characters_are_no_yaml() -> None:
    assert complaint("a: \0\n").startswith("f.yaml:1:1: not valid YAML: ")


def test_more_nodes_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_NODES", 100)
    assert complaint("a:\n" + "- x\n" * 200) == "f.yaml:99:3: more than 100 nodes in one file"
