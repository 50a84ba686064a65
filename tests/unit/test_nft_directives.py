import pytest

from tests.nft_reading import accepted, mistakes_in


@pytest.mark.parametrize(
    "text",
    [
        "define a = 1\nredefine a = 2\nadd rule t c tcp dport $a\n",
        "table t { chain a { define x = 1\n }; define x = 2\n }\n",
        "define x = 1\ntable t { redefine x = 2\nchain c { tcp dport $x; }\n}\nadd rule t c tcp dport $x\n",
        "define x = 1\ntable t { undefine x\n chain c { tcp dport $x; }\n}\n",
        "undefine nothing\n",
        "define x = { }\ndefine y = -5; define z = new, related\n",
    ],
)
def test_names_live_in_the_block_they_are_defined_in(text: str) -> None:
    accepted(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("define a = 1\ndefine a = 2\n", "s.nft:2:8: 'a' is defined already"),
        ("define a = 1\ntable t { define a = 2\n }\n", "s.nft:2:18: 'a' is defined already"),
        ("define a = 1\nundefine a\nadd rule t c tcp dport $a\n", "s.nft:3:25: the variable 'a' is not defined"),
        ("table t { define a = 1\n }\nadd rule t c tcp dport $a\n", "s.nft:3:25: the variable 'a' is not defined"),
        ("define a = 1", "s.nft:1:13: unexpected end of file, expected a newline or ';'"),
        ("define accept = 1\n", "s.nft:1:8: unexpected 'accept', expected a name to define"),
        ("include x\n", "s.nft:1:9: unexpected 'x', expected a file name in quotes"),
        ('include "x"\n', "s.nft:1:9: nothing can be included here"),
    ],
)
def test_names_are_refused_as_nft_refuses_them(text: str, what: str) -> None:
    assert mistakes_in(text)[0].startswith(what)
