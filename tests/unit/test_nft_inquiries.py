import pytest

from tests.nft_reading import accepted, mistakes_in


@pytest.mark.parametrize(
    "text",
    [
        "list ruleset", "list ruleset inet", "list tables", "list chain t c", "list sets table t", "list counters",
        "list flow tables",
        "list ct helper t h", "list ct helpers table t", "list hooks device eth0", "reset counters", "reset quota t q",
        "reset rules chain t c", "reset rule t c handle 5", "get element t s { 1 }", "export json", "import vm json",
        "monitor",
        "monitor new rules json", "describe tcp dport",
    ],
)  # fmt: skip
def test_commands_that_only_ask_are_kept_with_their_text(text: str) -> None:
    (found,) = accepted(text + "\n").commands
    assert (found.kind, found.target, found.text) == ("inquiry", None, text)


@pytest.mark.parametrize(
    "text",
    [
        "list",
        "list foo",
        "reset counters table",
        "list chain t",
        "reset",
        "reset rule t c",
        "get element t s",
        "export",
        "describe",
        "list ct helpers t h",
    ],
)
def test_incomplete_ones_are_refused(text: str) -> None:
    assert mistakes_in(text + "\n")
