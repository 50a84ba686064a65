import pytest

from tests.iptables_reading import refused, rules_of, saved


@pytest.mark.parametrize("jump", ["-j", "-g"])
def test_a_loop_that_a_hook_reaches_is_refused(jump: str) -> None:
    said = refused(saved(f":a -\n:b -\n-A FORWARD -j a\n-A a -j b\n-A b {jump} a"))
    assert said == "rules.v4:6:1: the jump to `a` makes a loop"


def test_a_loop_that_no_hook_reaches_is_taken() -> None:
    assert len(rules_of(saved(":a -\n:b -\n-A a -j b\n-A b -j a"), "a")) == 1


def test_a_chain_reached_from_several_hooks_has_its_place_at_all_of_them() -> None:
    rules = ":a -\n-A a -m mac --mac-source 0:1:2:3:4:5 -j ACCEPT\n-A INPUT -j a\n"
    assert len(rules_of(saved(rules), "a")) == 1
    assert refused(saved(rules + "-A OUTPUT -j a")) == "rules.v4:3:1: -m mac has no place at output"


def test_thousands_of_chains_in_a_row_are_walked() -> None:
    chains = "".join(f":c{n} -\n" for n in range(3000))
    jumps = "-A FORWARD -j c0\n" + "".join(f"-A c{n} -j c{n + 1}\n" for n in range(2999))
    assert len(rules_of(saved(chains + jumps.strip()), "c0")) == 1
