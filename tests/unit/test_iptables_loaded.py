from fwsim.importing.iptables.loaded import Parameters
from tests.iptables_reading import asked, refused_rule, steps


def test_the_latest_extension_has_an_option_first() -> None:
    first, second = steps("-m mark --mark 1 -m connmark --mark 2 -j ACCEPT")
    assert (getattr(first, "selector", None), getattr(second, "selector", None)) == ("mark", "ct_mark")


def test_an_option_of_an_earlier_extension_is_still_known() -> None:
    assert asked("-p tcp -m tcp -m comment --comment x --dport 80").text == "--dport 80"


def test_an_option_is_given_once_and_inverted_only_where_that_makes_sense() -> None:
    assert "only once" in refused_rule("-m limit --limit 5/s --limit 6/s -j ACCEPT")
    assert "cannot be inverted" in refused_rule("-m limit ! --limit 5/s -j ACCEPT")


def test_a_flag_takes_no_word() -> None:
    assert "takes no word" in refused_rule("-p tcp --syn=1 -j ACCEPT")


def test_parameters_end() -> None:
    parameters = Parameters(["a"])
    assert parameters.has_plain()
    assert parameters.take("x") == "a"
    assert not parameters.has_plain()
