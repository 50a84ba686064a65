from fwsim.netfilter.steps import Effectless
from tests.iptables_reading import refused_rule, steps


def test_a_log_has_a_prefix_of_at_most_29_characters() -> None:
    assert steps('-j LOG --log-prefix "a b: " --log-level 4') == [
        Effectless('-j LOG --log-prefix "a b: " --log-level 4', "a b: ")
    ]
    (step,) = steps("-j NFLOG --nflog-prefix " + "x" * 80)
    assert isinstance(step, Effectless)
    assert step.log_prefix == "x" * 63


def test_levels_types_and_classes_are_checked() -> None:
    assert "--log-level" in refused_rule("-j LOG --log-level warn")
    assert "--log-prefix" in refused_rule('-j LOG --log-prefix ""')
    assert "not closed" in refused_rule('-j LOG --log-prefix "a')
    assert "--type" in refused_rule("-j AUDIT --type foo")
    assert "MAJOR:MINOR" in refused_rule("-j CLASSIFY --set-class foo")


def test_tables_and_hooks_are_those_of_the_kernel() -> None:
    assert steps("-j TRACE", "raw") == [Effectless("-j TRACE")]
    assert "table raw only" in refused_rule("-j TRACE")
    assert "no place at prerouting" in refused_rule("-j CLASSIFY --set-class 1:2", "mangle", "PREROUTING")
