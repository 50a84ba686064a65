import pytest

from fwsim.netfilter.steps import AnyOf, Connections, Match, Unknown
from fwsim.ruleset.values import Addresses, Choice, Masked, Names, Numbers
from tests.iptables_reading import asked, refused_rule, steps


def ways(rule: str) -> list[list[tuple[object, object]]]:
    (step,) = steps(f"{rule} -j ACCEPT")
    assert isinstance(step, AnyOf)
    return [[(match.selector, match.value) for match in way] for way in step.alternatives]


@pytest.mark.parametrize("words", ["NEW,ESTABLISHED", "new,establ"])
def test_states_are_bits_and_may_be_cut_short(words: str) -> None:
    assert asked(f"-m state --state {words}").value == Masked((Choice(1, 10, 10),))
    assert asked(f"-m conntrack --ctstate {words}").selector == "ct_state"


@pytest.mark.parametrize("words", ["NEW,", "FOO", '""', '"NEW, RELATED"'])
def test_what_is_no_list_of_states_is_refused(words: str) -> None:
    assert "is no state" in refused_rule(f"-m state --state {words} -j ACCEPT")


def test_a_translated_connection_is_another_way_to_match() -> None:
    assert ways("-m conntrack --ctstate NEW,DNAT") == [
        [("ct_state", Masked((Choice(1, 8, 8),)))],
        [("ct_state", Masked((Choice(1, 8, 8),), True)), ("ct_status", Masked((Choice(1, 32, 32),)))],
    ]


def test_neither_state_nor_translation_is_asked_of_packets_without_connection_too() -> None:
    (step,) = steps("-m conntrack ! --ctstate NEW,DNAT -j ACCEPT")[:1]
    assert step == Match("ct_state", Masked((Choice(1, 8, 8),), True), text="! --ctstate NEW,DNAT")
    last = asked("-m conntrack ! --ctstate NEW,DNAT")
    assert (last.selector, last.value, last.absent) == ("ct_status", Masked((Choice(1, 32, 32),), True), True)


def test_without_a_connection_the_state_alone_counts() -> None:
    none, some = Masked((Choice(1, 65, 65),)), Masked((Choice(1, 65, 65),), True)
    state, protocol = Masked((Choice(1, 9, 9),)), Numbers(((6, 6),))
    assert ways("-m conntrack --ctstate INVALID,NEW --ctproto tcp") == [
        [("ct_state", none), ("ct_state", state)],
        [("ct_state", some), ("ct_state", state), ("ct_proto", protocol)],
    ]


def test_tuples_status_direction_and_expiry_are_asked_of_the_connection() -> None:
    rule = "-m conntrack ! --ctorigsrc 10.0.0.0/8 --ctrepldstport 5:7 --ctstatus NONE --ctdir reply --ctexpire 20:10"
    found = [(one.selector, one.value) for one in steps(f"{rule} -j ACCEPT") if isinstance(one, Match)]
    assert found == [
        ("ct_original_src", Addresses(v4=((0x0A000000, 0x0AFFFFFF),), negated=True)),
        ("ct_reply_dport", Numbers(((5, 7),))),
        ("ct_status", Masked(())),
        ("ct_direction", Numbers(((1, 1),))),
        ("ct_expiration", Numbers(())),
    ]
    assert "no ctstatus" in refused_rule("-m conntrack --ctstatus SNAT -j ACCEPT")
    assert "must be given" in refused_rule("-m conntrack -j ACCEPT")


def test_marks_are_compared_under_their_mask() -> None:
    assert asked("-m mark ! --mark 0x1/0xff").value == Masked((Choice(1, 1, 255),), True)
    assert asked("-m connmark --mark 5").selector == "ct_mark"


def test_any_helper_is_one_without_a_name() -> None:
    assert asked("-m helper --helper ftp-2121").value == Names(("ftp-2121", "ftp"))
    assert asked('-m helper --helper ""').value == Names((), ("",))


def test_connections_are_counted_by_a_part_of_an_address() -> None:
    assert steps("-m connlimit --connlimit-above 3 --connlimit-mask 24 -j ACCEPT") == [
        Connections(3, True, (("src", 24),), "-m connlimit --connlimit-above 3 --connlimit-mask 24")
    ]
    (step,) = steps("-m connlimit ! --connlimit-above 3 --connlimit-daddr -j ACCEPT")
    assert isinstance(step, Connections)
    assert (step.over, step.key) == (False, (("dst", 32),))


def test_bytes_of_both_directions_are_known_those_of_one_are_not() -> None:
    rule = "-m connbytes --connbytes 1000 --connbytes-mode bytes --connbytes-dir"
    assert asked(f"{rule} both").value == Numbers(((1000, (1 << 63) - 1),))
    assert isinstance(steps(f"{rule} reply -j ACCEPT")[0], Unknown)
    assert "more than" in refused_rule(rule.replace("1000", "5:1") + " both -j ACCEPT")


def test_labels_have_a_highest_number() -> None:
    assert isinstance(steps("-m connlabel --label 127 -j ACCEPT")[0], Unknown)
    assert "at most 127" in refused_rule("-m connlabel --label 128 -j ACCEPT")
