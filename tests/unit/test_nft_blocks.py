from tests.nft_reading import accepted, member_of, mistakes_in


def test_every_mistake_is_told_and_what_is_right_is_passed() -> None:
    found = mistakes_in("table t {\nchain c {\ntcp port 1\naccept\nfoo\n}\nchain {\n}\n}\nadd nonsense\n")
    assert [each.split(":")[1:3] for each in found] == [["3", "5"], ["5", "4"], ["7", "7"], ["10", "13"]]


def test_ten_mistakes_are_enough() -> None:
    assert len(mistakes_in("tcp\n" * 1000)) == 10


def test_two_closing_braces_on_one_line_are_refused_as_nft_does() -> None:
    assert mistakes_in("table t { chain c { accept } }\n") == [
        "s.nft:1:28: unexpected '}', expected a newline or ';'",
        "s.nft:1:30: unexpected '}', expected a newline or ';'",
    ]
    accepted("table t { chain c { accept; }; }\n")


def test_a_comment_without_an_end_ends_reading() -> None:
    assert len(mistakes_in("#" * 200_000)) == 1


def test_devices_are_listed_or_named_by_a_variable() -> None:
    chain = member_of(
        'define d = eth1\nchain c { type filter hook ingress devices = { eth0, "eth2", $d, } priority 0; }'
    )
    assert [device.text for device in chain.base.devices] == ["eth0", '"eth2"', "$d"]
    assert mistakes_in("table t { chain c { devices = { }; }; }\n")
    assert "at most 15 bytes" in mistakes_in("table t { chain c { devices = { eth0123456789012 }; }; }\n")[0]
