import pytest

from fwsim.errors import RulesetError
from fwsim.nft.source import Source
from fwsim.nft.tokens import (
    END,
    JUNK,
    MARK,
    NEWLINE,
    NUMBER,
    QUOTED,
    STARRED,
    TEXT,
    WORD,
    Reader,
    described,
    near,
    number_of,
)  # fmt: skip


def tokens_of(text: str) -> list[tuple[int, str]]:
    reader = Reader(Source("x", text))
    found = []
    while reader.kind != END:
        found.append((reader.kind, reader.text))
        reader.advance()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1/8", [(TEXT, "10.0.0.1"), (MARK, "/"), (NUMBER, "8")]),
        ("fe80::1 fe80", [(TEXT, "fe80::1"), (WORD, "fe80")]),
        ("::ffff:1.2.3.4", [(TEXT, "::ffff:1.2.3.4")]),
        ("1:2:3:4:5:6:7:8", [(TEXT, "1:2:3:4:5:6:7:8")]),
        ("1::8 1:2:3:: ::", [(TEXT, "1::8"), (TEXT, "1:2:3::"), (TEXT, "::")]),
        ("[::1]:80", [(TEXT, "[::1]"), (MARK, ":"), (NUMBER, "80")]),
        ("aa:bb:cc:dd:ee:ff", [(TEXT, "aa:bb:cc:dd:ee:ff")]),
        ("1d2h3m4s5ms 5ms 5m", [(TEXT, "1d2h3m4s5ms"), (TEXT, "5ms"), (TEXT, "5m")]),
        ("80:443 22:accept", [(TEXT, "80:443"), (NUMBER, "22"), (MARK, ":"), (WORD, "accept")]),
        ("dead:accept", [(WORD, "dead"), (MARK, ":"), (WORD, "accept")]),
        ("eth* eth\\*a \\*", [(STARRED, "eth*"), (STARRED, "eth\\*a"), (STARRED, "\\*")]),
        (
            "mbytes/second a.b .c . ..",
            [(WORD, "mbytes/second"), (WORD, "a.b"), (WORD, ".c"), (MARK, "."), (WORD, "..")],
        ),
        ('"a b\nc"', [(QUOTED, '"a b\nc"')]),
        ("0x1F!=5", [(NUMBER, "0x1F"), (MARK, "!="), (NUMBER, "5")]),
        ("a # b\nc", [(WORD, "a"), (NEWLINE, "\n"), (WORD, "c")]),
        ("a\n  # b\nc", [(WORD, "a"), (NEWLINE, "\n"), (WORD, "c")]),
        ("a \\\n b", [(WORD, "a"), (WORD, "b")]),
        ("a \\ b", [(WORD, "a"), (JUNK, "\\"), (WORD, "b")]),
        ("8021q 8021ad", [(TEXT, "8021q"), (TEXT, "8021ad")]),
        ("٣", [(JUNK, "٣")]),
    ],
)
def test_the_longest_token_is_found(text: str, expected: list[tuple[int, str]]) -> None:
    assert tokens_of(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("010", 8), ("08", None), ("0x10", 16), ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", None), ("0xffffffffffffffffff", None), ("9" * 10000, None), ("0" * 30 + "7", 7),
    ],
)  # fmt: skip
def test_a_number_has_64_bits_and_a_leading_zero_makes_it_octal(text: str, value: int | None) -> None:
    assert number_of(text) == value


def test_what_cannot_be_a_token_is_told_in_words() -> None:
    assert "newline only" in described(JUNK, "\r")
    assert described(JUNK, "#") == "comment that does not end in a newline"
    assert described(JUNK, "\0") == "NUL byte"
    assert described(END, "") == "end of file"


def test_names_are_neither_keywords_nor_numbers() -> None:
    for text, good in (
        ("input", True),
        ("accept", False),
        ("08", True),
        ("8", False),
        ("10.0.0.1", True),
        ('"a"', False),
    ):
        assert Reader(Source("x", text)).at_string() is good


def test_a_word_that_the_statement_takes_for_a_keyword_is_no_name_in_it() -> None:
    reader = Reader(Source("x", "prefix"))
    reader.scoped = frozenset(["prefix"])
    with pytest.raises(RulesetError, match=r"x:1:1: unexpected 'prefix', expected a name"):
        reader.name("a name")


def test_included_texts_are_read_before_what_follows() -> None:
    reader = Reader(Source("x", ";c"))
    reader.into([Source("a", "a"), Source("e", ""), Source("b", "b")])
    found = []
    while reader.kind != END:
        found.append((reader.source.path, reader.text))
        reader.advance()
    assert found == [("a", "a"), ("b", "b"), ("x", "c")]


def test_a_word_that_is_near_a_known_one_is_asked_about() -> None:
    assert near("dprot", ["sport", "dport", "flags"]) == ": did you mean 'dport'?"
    assert near("nothing", ["sport", "dport"]) == ""
    with pytest.raises(RulesetError, match=r"x:1:1: unexpected 'dprot', expected a field: did you mean 'dport'\?$"):
        Reader(Source("x", "dprot")).one_of(frozenset(["sport", "dport"]), "a field")
