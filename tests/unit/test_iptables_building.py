from fwsim.importing.iptables import read_iptables
from fwsim.terms import Hook
from fwsim.terms import Verdict as Policy
from tests.iptables_reading import saved, with_sets


def test_base_chains_stand_where_the_kernel_has_them() -> None:
    text = "".join(saved("", table) for table in ("raw", "mangle", "nat", "filter", "security"))
    netfilter = read_iptables(text.replace("\n\n", "\n"), "rules.v4", 4)
    found = {
        chain.title: (chain.hooks[0], chain.priority, chain.kind) for table in netfilter.tables
        for chain in table.chains.values()
    }  # fmt: skip
    assert found["ip raw PREROUTING"] == (Hook.PREROUTING, -300, "filter")
    assert found["ip mangle OUTPUT"] == (Hook.OUTPUT, -150, "route")
    assert found["ip nat PREROUTING"] == (Hook.PREROUTING, -100, "nat")
    assert found["ip nat INPUT"] == (Hook.INPUT, 100, "nat")
    assert found["ip filter FORWARD"] == (Hook.FORWARD, 0, "filter")
    assert found["ip security INPUT"] == (Hook.INPUT, 50, "filter")
    assert len(found) == 17


def test_policies_and_rules_keep_their_lines() -> None:
    text = "*filter\n:INPUT DROP [12:345]\n  -A INPUT -s 10.0.0.1 -j ACCEPT\nCOMMIT\n"
    (table,) = read_iptables(text, "rules.v4").tables
    chain = table.chains["INPUT"]
    assert (chain.policy, chain.location.policy_line) == (Policy.DROP, 2)
    place = chain.rules[0].location
    assert (place.path, place.line, place.column, place.text) == ("rules.v4", 3, 3, "-A INPUT -s 10.0.0.1 -j ACCEPT")


def test_interfaces_are_listed_in_their_order() -> None:
    text = saved("-A FORWARD -i wan0 -o lan+ -j DROP\n-A FORWARD ! -i wan0 -j DROP")
    assert read_iptables(text, "rules.v4", 4).interfaces == ("wan0", "lan*")


def test_a_table_has_the_sets_that_its_rules_name() -> None:
    found = with_sets("create a hash:ip\nadd a 1.2.3.4\ncreate b hash:ip\n", "-m set --match-set a src -j ACCEPT")
    assert list(found.tables[0].sets) == ["a"]
