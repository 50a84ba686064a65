import pytest

from tests.nft_reading import accepted, mistakes_in


@pytest.mark.parametrize(
    ("text", "verb", "kind", "family", "name"),
    [
        ("table inet t { }", "add", "table", "inet", None),
        ("add chain t c", "add", "chain", None, "c"),
        ("add rule ip t c accept", "add", "rule", "ip", "c"),
        ("t c accept", "add", "rule", None, "c"),
        ("destroy c accept", "add", "rule", None, "c"),
        ("destroy table t", "destroy", "table", None, None),
        ("insert rule t c drop", "insert", "rule", None, "c"),
        ("replace rule t c handle 5 drop", "replace", "rule", None, "c"),
        ("delete ct helper t h", "delete", "ct helper", None, "h"),
        ("add element t s { 1 }", "add", "element", None, "s"),
        ("flush meter t m", "flush", "meter", None, "m"),
        ("rename chain t c d", "rename", "chain", None, "c"),
        ("add counter t a packets 1 bytes 2", "add", "counter", None, "a"),
    ],
)
def test_a_command_has_a_verb_a_kind_and_a_target(
    text: str, verb: str, kind: str, family: str | None, name: str | None
) -> None:
    (found,) = accepted(text + "\n").commands
    assert found.target is not None
    assert (found.verb, found.kind, found.target.family, found.target.name, found.text) == (
        verb,
        kind,
        family,
        name,
        text,
    )


def test_places_of_rules_and_handles() -> None:
    script = accepted(
        "add rule t c position 5 accept; insert rule t c index 3 drop; delete chain t handle 7; flush ruleset ip\n"
    )
    targets = [command.target for command in script.commands]
    assert [(at.position, at.index, at.handle) for at in targets if at] == [
        (5, None, None), (None, 3, None), (None, None, 7), (None, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "add", "t", "t c", "add rule t c", "accept", "}", "delete rule t c", "delete rule t c position 5",
        "replace rule t c accept",
        "create rule t c accept", "add set t s", "flush rule t c", "insert chain t c", "rename chain t c",
        "table t { }}",
        "create counter t c { }", "add table handle 5", "add chain t handle 5",
    ],
)  # fmt: skip
def test_what_is_no_command_is_refused(text: str) -> None:
    assert mistakes_in(text + "\n")
