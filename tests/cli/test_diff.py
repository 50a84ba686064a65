"""`fwsim diff`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Invoke
from tests.differing import in_forward

YAML = """\
chains:
  forward:
    hook: forward
    policy: drop
    rules:
      - {name: web, proto: tcp, dport: 80, verdict: accept}
"""
NFT = "table inet f { chain forward { type filter hook forward priority 0; policy drop; tcp dport %d accept; }\n}\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Rulesets by name."""
    texts = {"yaml": YAML, "same": NFT % 80, "other": NFT % 81, "wrong": "chains: [", "loose": YAML}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {name: str(tmp_path / name) for name in texts}


def test_formats_are_compared_by_what_they_do(invoke: Invoke, files: dict[str, str]) -> None:
    same = invoke("diff", files["yaml"], files["same"])
    assert same.status == 0
    assert "Equivalent" in same.out
    other = invoke("diff", files["yaml"], files["other"])
    assert other.status == 1
    assert f'old  rule "web" of forward ({files["yaml"]}:6)' in other.out


def test_json_fits_the_published_schema_and_is_the_same_every_time(invoke: Invoke, files: dict[str, str]) -> None:
    schema = json.loads(invoke("schema", "diff").out)
    outputs = {invoke("diff", files["yaml"], files["other"], "--format", "json").out for _ in range(2)}
    assert len(outputs) == 1
    answer = json.loads(outputs.pop())
    jsonschema.validate(answer, schema)
    assert (answer["status"], len(answer["differences"])) == ("different", 2)


def test_markdown_begins_with_the_answer(invoke: Invoke, files: dict[str, str]) -> None:
    assert invoke("diff", files["yaml"], files["other"], "--format", "markdown").out.startswith(
        "**Different: 2 changes"
    )


def test_accepted_changes_do_not_count(invoke: Invoke, files: dict[str, str], tmp_path: Path) -> None:
    meant = str(tmp_path / "meant.json")
    both = ("diff", files["yaml"], files["other"], "--accept", meant)
    assert invoke(*both).status == 2  # there is no such file
    assert invoke(*both, "--update").status == 0
    assert invoke(*both).status == 0
    assert invoke("diff", files["yaml"], files["same"], "--accept", meant).status == 0
    assert "accepted, but there no more" in invoke("diff", files["yaml"], files["same"], "--accept", meant).out


def test_update_needs_a_file(invoke: Invoke, files: dict[str, str]) -> None:
    result = invoke("diff", files["yaml"], files["same"], "--update")
    assert (result.status, "--accept" in result.err) == (2, True)


def test_a_ruleset_that_is_wrong_ends_with_status_2(invoke: Invoke, files: dict[str, str]) -> None:
    assert invoke("diff", files["yaml"], files["wrong"]).status == 2
    assert invoke("diff", files["yaml"], "no/such/file").status == 2


def test_too_few_steps_are_status_3(invoke: Invoke, files: dict[str, str]) -> None:
    result = invoke("diff", files["yaml"], files["other"], "--steps", "3")
    assert result.status == 3
    assert "Not known" in result.out


def test_one_family_and_one_mode_may_be_asked_for(invoke: Invoke, files: dict[str, str]) -> None:
    out = invoke("diff", files["yaml"], files["same"], "--family", "4", "--mode", "stateful").out
    assert "every IPv4 packet is treated alike by both rulesets, in the stateful mode" in out


def test_what_is_certain_is_told_and_counted_beside_what_is_not_known(invoke: Invoke, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text(in_forward("tcp dport 80 accept", "meta cpu 1 drop", "tcp dport 22 accept"))
    new.write_text(in_forward("tcp dport 81 accept", "meta cpu 1 drop"))
    both = ("diff", str(old), str(new), "--mode", "stateful")
    text, markdown, whole = (invoke(*both, "--format", form) for form in ("text", "markdown", "json"))
    assert [each.status for each in (text, markdown, whole)] == [3, 3, 3]
    sentence = "Different: 4 changes in what becomes of packets, and 1 case not known."
    place = f"hang on rule 2 of inet f forward ({old}:5): meta cpu 1"
    for told in (text.out, markdown.out.replace("\\", "")):
        assert sentence in told
        assert place in told
    assert "not known whether there is such a packet: it hangs on rule 2" in text.out
    answer = json.loads(whole.out)
    jsonschema.validate(answer, json.loads(invoke("schema", "diff").out))
    assert (answer["status"], answer["counts"]) == ("unknown", {"different": 4, "accepted": 0, "unknown": 1})
    assert answer["hangs_on"][0] == place.removeprefix("hang on ")
    assert len(answer["differences"]) == 5


def test_an_accept_file_without_end_is_refused_and_a_link_to_one_stays(
    invoke: Invoke, files: dict[str, str], tmp_path: Path
) -> None:
    both = ("diff", files["yaml"], files["other"], "--update", "--accept")
    outcome = invoke(*both, "/dev/zero")
    assert (outcome.status, outcome.err) == (2, "error: /dev/zero: File too large\n")
    (tmp_path / "link").symlink_to("real")
    assert invoke(*both, tmp_path / "link").status == 0
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "real").read_text())["accepted"]
    assert invoke(*both, files["yaml"]).status == 2


def test_json_names_the_digest_of_each_file_whatever_its_format(invoke: Invoke, files: dict[str, str]) -> None:
    answer = json.loads(invoke("diff", files["yaml"], files["other"], "--format", "json").out)
    for side, name in (("old", "yaml"), ("new", "other")):
        assert answer[side]["sha256"] == hashlib.sha256(Path(files[name]).read_bytes()).hexdigest()
