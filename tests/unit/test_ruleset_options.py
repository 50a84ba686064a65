"""Options of the command line laid over a ruleset."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest

from fwsim.errors import RulesetError
from fwsim.ruleset import load_ruleset
from fwsim.terms import Verdict


def problems(source: str, **options: Mapping[str, str]) -> list[str]:
    """The problems of a ruleset, without the name of the file."""
    with pytest.raises(RulesetError) as caught:
        load_ruleset(io.StringIO(source), **options)  # type: ignore[arg-type]
    return [str(problem).removeprefix("<input>:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("conntrack.tcp_lose", "0", "unknown key 'tcp_lose', did you mean 'tcp_loose'?"),
        ("conntrack.tcp_loose", "maybe", "expected true or false (or 1 or 0), found 'maybe'"),
        ("policy", "rejct", "expected the policy accept or drop, found 'rejct'"),
        ("name.x", "1", "'name' is not a mapping, so nothing can be set in it"),
        ("", "1", "expected a key such as conntrack.tcp_loose, found ''"),
        ("name", "[", "not valid YAML"),
    ],
)
def test_a_mistake_in_an_option_is_told_with_the_option(key: str, text: str, told: str) -> None:
    (line,) = problems("name: a\npolicy: drop\n", overrides={key: text})
    assert line.startswith(f"--set {key}={text}: ")
    assert ":1:" not in line
    assert told in line


def test_mistakes_in_interfaces_of_the_command_line_are_told_with_the_option() -> None:
    (line,) = problems("policy: drop\n", interfaces={"lan": ["10.0.0.0/99"]})  # type: ignore[dict-item]
    assert line == "--interface lan=10.0.0.0/99: expected a prefix length of 0 to 32 in '10.0.0.0/99'"


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


def test_options_are_laid_over_the_file() -> None:
    ruleset = load_ruleset(
        io.StringIO(OFFICE),
        overrides={
            "conntrack.tcp_loose": "0",
            "conntrack.udp_timeout": "5m",
            "policy": "accept",
            "sets.admins": "[10.0.0.1, 10.0.0.2]",
            "stateless.replies": "any",
            "tracking": "on",
        },
        local=["10.0.0.254", "fd00::1"],
    )
    assert ruleset.conntrack.tcp_loose is False
    assert ruleset.conntrack.udp_timeout == 300 * 10**9
    assert ruleset.policy == Verdict.ACCEPT
    assert ruleset.sets["admins"].elements == ("10.0.0.1", "10.0.0.2")
    assert ruleset.stateless.replies == "any"
    assert ruleset.tracking == "on"
    assert (len(ruleset.local.v4), len(ruleset.local.v6)) == (1, 1)


def test_local_addresses_of_the_command_line_are_added_to_those_of_the_file() -> None:
    ruleset = load_ruleset(io.StringIO("policy: drop\nlocal: 10.0.0.1\n"), local=["10.0.0.3"])
    assert ruleset.local.v4 == ((0x0A000001, 0x0A000001), (0x0A000003, 0x0A000003))


def test_interfaces_of_the_command_line_alone_leave_all_names_open() -> None:
    source = "rules: [{iif: lan, oif: wan}]\n"
    ruleset = load_ruleset(io.StringIO(source), interfaces={"lan": ["10.0.0.0/8", "fd00::/8"]})
    assert list(ruleset.interfaces) == ["lan"]
    assert [network.prefix for network in ruleset.interfaces["lan"].networks] == [8, 8]


def test_interfaces_of_the_command_line_are_added_to_those_of_the_file() -> None:
    source = "interfaces: {lan: {networks: [10.0.0.0/8], macs: ['00:00:5e:00:53:01']}}\nrules: [{iif: lan, oif: wan}]\n"
    ruleset = load_ruleset(io.StringIO(source), interfaces={"wan": ["any"], "lan": ["10.1.0.0/16"]})
    assert list(ruleset.interfaces) == ["lan", "wan"]
    assert [network.source for network in ruleset.interfaces["lan"].networks] == ["10.1.0.0/16"]
    assert ruleset.interfaces["lan"].macs == (0x5E005301,)


@pytest.mark.parametrize(
    ("source", "options", "told"),
    [
        ("interfaces: 5\npolicy: drop\n", {"interfaces": {"lan": ["any"]}}, "'interfaces' is not a mapping"),
        ("policy: drop\n", {"overrides": {"conntrack": "{max: 1, max: 2}"}}, "the key 'max' is repeated"),
        ("policy: drop\n", {"overrides": {"policy.": "1"}}, "expected a key such as conntrack.tcp_loose"),
    ],
)
def test_options_that_do_not_fit_the_file_are_told(source: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(RulesetError) as caught:
        load_ruleset(io.StringIO(source), **options)
    assert any(told in str(problem) and problem.path.startswith("--") for problem in caught.value.problems)
