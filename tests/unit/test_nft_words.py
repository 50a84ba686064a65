from fwsim.nft.words import DATA_TYPES, RESERVED, STATEMENT_WORDS
from tests.nft_reading import accepted, mistakes_in


def test_reserved_words_are_no_names_and_others_are() -> None:
    for word in sorted(RESERVED):
        assert mistakes_in(f"table t {{ chain {word} {{ }}; }}\n")
    for word in ("state", "last", "saddr", "burst", "port", "in", "out", "name", "gre", "vxlan", "destroy"):
        accepted(f"table t {{ chain {word} {{ }}; }}\n")


def test_words_of_statements_are_names_elsewhere() -> None:
    assert not {word for words in STATEMENT_WORDS.values() for word in words} & RESERVED


def test_data_types_are_known_by_name() -> None:
    for name in sorted(DATA_TYPES):
        accepted(f"table t {{ set s {{ type {name}; }}; }}\n")
