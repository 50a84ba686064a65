from tests.nft_reading import block_of, mistakes_in


def test_a_table_holds_all_kinds_in_order() -> None:
    table = block_of(
        'table inet t {\nflags dormant\ncomment "x"\nchain b { }\nset s { type mark; }\nchain a { }\ncounter c { }\n'
        "map m { type mark : mark; }\nflowtable f { hook ingress priority 0; }\nct helper h { }\n}\n"
    )
    assert (table.flags, table.comment) == (("dormant",), "x")
    assert [chain.name for chain in table.chains] == ["b", "a"]
    assert [found.name for found in table.sets + table.flowtables + table.objects] == ["s", "m", "f", "c", "h"]


def test_what_no_table_can_have_is_refused() -> None:
    for text in ("flags foo", "accept", "chain { }", 'comment "a"; comment "b"', "table t { }", "rule c accept"):
        assert mistakes_in(f"table t {{ {text}; }}\n")
