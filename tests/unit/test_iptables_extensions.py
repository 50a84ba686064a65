from fwsim.importing.iptables import text  # noqa: F401  declares them all
from fwsim.importing.iptables.extensions import MATCHES, TARGETS
from fwsim.netfilter.steps import Unknown, Verdict
from tests.iptables_reading import refused_rule, steps


def test_extensions_belong_to_families() -> None:
    assert ("ttl", 6) not in MATCHES
    assert ("hl", 4) not in MATCHES
    assert ("TTL", 6) not in TARGETS
    assert "for this family" in refused_rule("-m ttl --ttl-eq 5 -j ACCEPT", family=6)


def test_a_match_from_elsewhere_is_unknown_with_all_its_words() -> None:
    assert steps("-m geoip ! --src-cc DE,FR -j ACCEPT") == [Unknown("-m geoip ! --src-cc DE,FR")]


def test_a_target_from_elsewhere_has_an_unknown_verdict() -> None:
    assert steps("-p tcp -j TARPIT --tarpit")[-1] == Verdict("unknown", text="-j TARPIT --tarpit")


def test_an_extension_that_nobody_has_is_refused() -> None:
    assert "there is no match `conntrak`" in refused_rule("-m conntrak --ctstate NEW -j ACCEPT")
    assert "there is no chain and no target `DORP`" in refused_rule("-j DORP")


def test_only_options_that_must_be_given_or_go_with_some_others_only_are_checked() -> None:
    assert [option.key for option in MATCHES["state", 4].bound] == ["state"]
    assert [option.key for option in MATCHES["tcp", 4].bound] == ["syn"]
    assert MATCHES["udp", 4].bound == ()
