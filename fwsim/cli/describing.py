"""What the options say of the machine: `--topology`, `--live`, `--sysctl`, `--interface`.

Read first: `fwsim.ruleset.host`. Where they differ, a file counts more than the machine, `--interface` more than both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fwsim.cli.options import InputOptions
from fwsim.cli.sysctl import read_sysctls
from fwsim.errors import Problem, RulesetError
from fwsim.netfilter.model import NetfilterRule, every_step
from fwsim.netfilter.steps import Match
from fwsim.ruleset import Ruleset
from fwsim.ruleset.addresses import is_name
from fwsim.ruleset.host import Host, read_topology, united
from fwsim.ruleset.mistakes import unknown
from fwsim.ruleset.values import Names
from fwsim.topology.declared import behind_of
from fwsim.topology.learned import learned


def host_of(inputs: InputOptions) -> Host:
    """The description of the machine; an empty one if no option gives any. Raises RulesetError and UsageError."""
    hosts = [live()] if inputs.live else []
    hosts += [read_topology(path) for path in inputs.topology]
    if inputs.sysctl is not None:
        hosts.append(Host(sysctls=read_sysctls(inputs.sysctl)))
    return united(hosts)


def live() -> Host:
    """The machine that this runs on."""
    from fwsim.topology.live import live_host  # netlink is not loaded for those who do not ask

    return live_host()


def networks_of(inputs: InputOptions, host: Host | None = None) -> dict[str, list[str]]:
    """The networks behind the interfaces that the options name, and those that the description of the machine does."""
    known = learned(host).interfaces if host else {}
    found = {name: [str(network) for network in behind.networks] for name, behind in known.items() if behind.networks}
    return found | {name: networks.split(",") for name, networks in inputs.interfaces.items()}


def known_interfaces(host: Host) -> list[str]:
    """The interfaces of the machine by its description, whatever lies behind them."""
    return list(learned(host).interfaces) if host else []


def own_addresses(host: Host) -> list[str]:
    """The firewall's own addresses by the description of the machine."""
    return [str(network) for network in learned(host).local] if host else []


def interfaces_by_hand(by_hand: Ruleset, known: Collection[str]) -> dict[str, list[str]]:
    """The interfaces that the ruleset of the stateless mode adds to those that are `known`.

    A ruleset in our own words must not speak of one that nobody has declared, if any is known: RulesetError.
    """
    declared = {
        name: [str(network) for network in behind_of(interface).networks]
        for name, interface in by_hand.interfaces.items()
        if name not in known
    }
    if by_hand.netfilter.format == "yaml" and known:
        names = [*known, *declared, "lo"]
        problems = [problem for rule in _rules(by_hand) for problem in _unknown_interfaces(rule, names)]
        if problems:
            raise RulesetError(problems)
    return declared


def _rules(ruleset: Ruleset) -> Iterator[NetfilterRule]:
    """All rules, in their order."""
    for table in ruleset.netfilter.tables:
        for chain in table.chains.values():
            yield from chain.rules


def _unknown_interfaces(rule: NetfilterRule, names: Collection[str]) -> Iterator[Problem]:
    """The interfaces of a rule that are none of these."""
    at = rule.location
    for step in every_step(rule.steps):
        if isinstance(step, Match) and isinstance(step.value, Names):
            for name in step.value.names:
                if is_name(name) and name not in names:
                    yield Problem(at.path, at.line, at.column, unknown("interface", name, names))
