"""What the options say of the machine: `--topology`, `--live`, `--sysctl`, `--interface`.

Read first: `fwsim.ruleset.host`. Where they differ, a file counts more than the machine, `--interface` more than both.
"""

from __future__ import annotations

from fwsim.cli.options import InputOptions
from fwsim.cli.sysctl import read_sysctls
from fwsim.ruleset.host import Host, read_topology, united
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


def own_addresses(host: Host) -> list[str]:
    """The firewall's own addresses by the description of the machine."""
    return [str(network) for network in learned(host).local] if host else []
