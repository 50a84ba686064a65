from tests.nft_reading import accepted


def test_blocks_of_one_table_stay_apart() -> None:
    script = accepted("table t { chain a { accept; }; }\ntable t { chain a { drop; }; }\n")
    assert [command.kind for command in script.commands] == ["table", "table"]
    assert script.commands[0] != script.commands[1]
    assert script == accepted("table t {\nchain a {\naccept\n}\n}\ntable t {\nchain a {\ndrop\n}\n}")
