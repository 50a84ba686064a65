import pytest

from tests.iptables_reading import asked, refused, refused_rule, rules_of, saved, steps


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("-p tcp --dpo 80", "--dpo 80"),
        ("-p tcp --so 10.0.0.1", "-p tcp"),
        ("-p tcp --dport=80", "--dport=80"),
        ("-p tcp -mtcp --dport 80", "--dport 80"),
        ("--match=tcp -p 0x6 --dport 80", "--dport 80"),
    ],
)
def test_options_are_found_as_getopt_finds_them(rule: str, text: str) -> None:
    assert asked(rule).text == text


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("-p tcp --d 80 -j ACCEPT", "may be several"),
        ("-p tcp --tcp SYN SYN -j ACCEPT", "may be several"),
        ("--dport 80 -p tcp -j ACCEPT", "is not known"),
        ("-p udplite --dport 5 -j ACCEPT", "is not known"),
        ("-s ! 10.0.0.1 -j ACCEPT", "is no IPv4 address"),
        ("-p tcp --dport ! 80 -j ACCEPT", "in front of the option"),
        ("! ! -s 10.0.0.1 -j ACCEPT", "two !"),
        ("-j ACCEPT !", "nothing behind !"),
        ("foo -j ACCEPT", "bad argument `foo`"),
        ("-- -j ACCEPT", "behind `--`"),
        ("-j", "needs a word"),
        ("-j ACCEPT -j DROP", "given twice"),
        ("-j ACCEPT -g user", "given twice"),
        ("-g ACCEPT", "no chain"),
        ("-ieth0 -j ACCEPT", "expected `-i eth0`"),
        ("--jump=ACCEPT", "expected `--jump ACCEPT`"),
        ("-i aaaaaaaaaaaaaaaa -j ACCEPT", "15 characters"),
        ('-i "" -j ACCEPT', "is empty"),
        ("! -p all -j ACCEPT", "no packet"),
        ("-p foo -j ACCEPT", "is no protocol"),
        ("-t nat -j ACCEPT", "no place in iptables-restore"),
        ("-w -j ACCEPT", "no place in iptables-restore"),
        ("-n -j ACCEPT", "-L only"),
        ("-c 1 -j ACCEPT", "counter"),
        ("-k -j ACCEPT", "unknown option"),
        ("-I FORWARD -j ACCEPT", "in one command"),
        ("! -j ACCEPT", "cannot be inverted"),
        ("! -m tcp -p tcp -j ACCEPT", "cannot be inverted"),
        ("-s 10.0.0.1 -s 10.0.0.2 -j ACCEPT", "given twice"),
    ],
)
def test_what_iptables_does_not_take_is_refused_with_its_place(rule: str, why: str) -> None:
    said = refused_rule(rule)
    assert said.startswith("rules.v4:3:")
    assert why in said


def test_the_column_is_that_of_the_option() -> None:
    assert refused(saved("[1:2] -A FORWARD -m mark --mark x -j ACCEPT")).startswith("rules.v4:2:26: --mark")


def test_a_rule_for_the_other_family_is_left_out() -> None:
    text = saved("-A FORWARD -6 -j DROP\n-A FORWARD -4 -j ACCEPT")
    assert len(rules_of(text, "FORWARD", 4)) == 1
    assert len(rules_of(text, "FORWARD", 6)) == 1


def test_counters_verbosity_and_the_end_of_options_change_nothing() -> None:
    assert steps("-c 1 2 -vj ACCEPT --") == []
    assert len(rules_of(saved("-j DROP --append FORWARD"), "FORWARD")) == 1
