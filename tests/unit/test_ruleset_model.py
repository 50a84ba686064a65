"""The models: what follows from what was written."""

from __future__ import annotations

import io

import pytest
from pydantic import ValidationError

from fwsim.ruleset import Interface, Rule, Ruleset, load_ruleset
from fwsim.terms import Hook, Verdict


def test_implied_protocol_and_family_follow_from_flags_and_icmp_types() -> None:
    assert Rule.model_validate({"tcp_flags": "syn"}).implied_proto == 6
    assert Rule.model_validate({"icmp_type": 8}).implied_proto == 1
    assert Rule.model_validate({"icmp_code": 0}).implied_family == 4
    assert Rule.model_validate({"icmpv6_type": 128}).implied_proto == 58
    assert Rule.model_validate({"icmpv6_code": 0}).implied_family == 6
    assert Rule.model_validate({"src": "10.0.0.1"}).implied_proto is None
    assert Rule.model_validate({"src": "10.0.0.1"}).implied_family is None


def test_rules_at_the_top_level_are_one_chain_that_sees_every_packet() -> None:
    ruleset = Ruleset.model_validate({"policy": "drop", "rules": [{"verdict": "accept"}], "chains": {"more": {}}})
    assert list(ruleset.all_chains) == ["rules", "more"]
    whole = ruleset.all_chains["rules"]
    assert whole.hook == (Hook.INPUT, Hook.FORWARD, Hook.OUTPUT)
    assert whole.policy == Verdict.DROP
    assert whole.rules == ruleset.rules
    assert list(Ruleset.model_validate({"chains": {"more": {}}}).all_chains) == ["more"]


def test_models_cannot_be_changed() -> None:
    rule = Rule(name="ssh")
    with pytest.raises(ValidationError, match="frozen"):
        rule.name = "telnet"


def test_parsed_values_are_taken_as_they_are() -> None:
    rule = Rule.model_validate({"src": "10.0.0.1", "dport": 22, "proto": "tcp", "verdict": "accept"})
    again = Rule(src=rule.src, dport=rule.dport, proto=rule.proto, verdict=rule.verdict)
    assert again == rule


OFFICE = """\
name: office
policy: drop
rules:
  - {name: web, proto: tcp, dport: [80, 443], verdict: accept}
  - name: ssh
    proto: tcp
    dport: 22      # a comment
    verdict: accept

  # another one
"""


def test_rules_know_their_line_column_and_text() -> None:
    first, second = load_ruleset(io.StringIO(OFFICE)).rules
    assert (first.location.line, first.location.column) == (4, 5)
    assert first.location.text == "{name: web, proto: tcp, dport: [80, 443], verdict: accept}"
    assert (second.location.line, second.location.column) == (5, 5)
    assert second.location.text.splitlines()[-1] == "    verdict: accept"


def test_chains_and_rulesets_know_the_line_of_their_policy() -> None:
    ruleset = load_ruleset(io.StringIO(OFFICE + "chains:\n  more:\n    hook: input\n    policy: drop\n"))
    assert ruleset.all_chains["rules"].location.policy_line == 2
    assert (ruleset.chains["more"].location.line, ruleset.chains["more"].location.policy_line) == (13, 14)


def test_a_ruleset_made_in_python_has_no_lines() -> None:
    (rule,) = Ruleset.model_validate({"rules": [{"verdict": "drop"}]}).rules
    assert rule.location.line == 0


def test_the_source_of_a_value_is_kept_as_written() -> None:
    (web, _) = load_ruleset(io.StringIO(OFFICE)).rules
    assert web.dport is not None
    assert web.dport.source == (80, 443)
    assert web.proto is not None
    assert web.proto.source == "tcp"


WHOLE = {
    "iif": "lan",
    "src": "10.0.0.1",
    "proto": "tcp",
    "tcp_flags": "syn",
    "ct_state": "new",
    "mark": 1,
    "set_mark": 2,
    "limit": "1/second",
    "log": "x",
    "verdict": "reject",
    "reject_with": "tcp-reset",
}


def test_every_parsed_value_is_taken_as_it_is() -> None:
    rule = Rule.model_validate(WHOLE)
    again = Rule.model_validate({key: getattr(rule, key) for key in rule.model_fields_set})
    assert again == rule
    assert again.model_dump() == rule.model_dump()


def test_every_parsed_value_of_an_interface_is_taken_as_it_is() -> None:
    interface = Interface.model_validate({"networks": ["any"], "macs": ["00:00:5e:00:53:01"], "addresses": "10.0.0.1"})
    again = Interface(networks=interface.networks, macs=interface.macs, addresses=interface.addresses)
    assert again == interface
