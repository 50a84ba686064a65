"""`fwsim convert`: a ruleset in the language of another firewall, in one of our own two, or without state.

Read first: `fwsim.exporting`; `fwsim.convert.nft` for our own rulesets as nft; `fwsim.cli.anonymizing` for
`--anonymize`, which takes captures too.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from fwsim.cli.options import InputOptions, machine_options, mapping_of, packed

if TYPE_CHECKING:
    from fwsim.netfilter import Netfilter
    from fwsim.ruleset import Ruleset

EXAMPLES = """\b
Examples:
  fwsim convert office.yaml --to nft -o office.nft
  fwsim convert office.yaml --to nft --device lan=eth0 --device wan=eth1
  nft list ruleset | fwsim convert - --to iptables --family 4 -o rules.v4
  fwsim convert rules.v4 --to stateless --format nft
  fwsim convert rules.v4 --to yaml --topology addr.json --topology route.json
  fwsim convert office.yaml --anonymize --key secret -o office-anon.yaml
  fwsim convert office.pcapng --anonymize --key secret -r office.yaml -o office-anon.pcapng
"""

FORMS = ("nft", "yaml", "json", "iptables")


@click.command("convert", epilog=EXAMPLES)
@click.argument("source", metavar="RULESET|CAPTURE")
@click.option("--to", "target", type=click.Choice([*FORMS, "stateless"]), help="What to write.")
@click.option("--format", "form", type=click.Choice(FORMS), help="How to write the rules of --to stateless (yaml).")
@click.option("--family", type=click.Choice(["4", "6"]), help="For iptables-restore or ip6tables-restore.")
@click.option(
    "--device",
    "devices",
    metavar="NAME=DEVICE",
    multiple=True,
    callback=mapping_of,
    help="What Linux calls an interface of the ruleset (--to nft), if not by its name. Repeatable.",
)
@click.option("--anonymize", is_flag=True, help="Map addresses and MACs by a key; of a capture, blank the payloads.")
@click.option("--key", metavar="FILE", help="The key of --anonymize; made if there is no such file.")
@click.option("-r", "--rules", metavar="FILE", help="The ruleset of a capture: whose networks keep their broadcasts.")
@packed("inputs", InputOptions, machine_options)
@click.option("-o", "--output", metavar="FILE", default="-", help="Write there instead of standard output.")
def command(
    source: str,
    target: str | None,
    form: str | None,
    family: str | None,
    devices: dict[str, str],
    anonymize: bool,
    key: str | None,
    inputs: InputOptions,
    output: str,
) -> int:
    """Write a ruleset as nft, as iptables-save, as YAML or JSON, or as rules that need no connection table.

    With --anonymize its addresses are mapped by a key, and so are those of a capture, whose payloads become zeros; the
    decisions stay the same.

    YAML and JSON hold what the options say of networks, own addresses and settings; the others have no place for it.
    """
    from dataclasses import replace

    from fwsim.cli.describing import host_of, own_addresses
    from fwsim.cli.loading import load
    from fwsim.cli.streams import opened
    from fwsim.cli.targets import check_targets
    from fwsim.errors import UsageError

    made = None if key is None or os.path.exists(key) else key
    check_targets([("-o", output), ("--key", made)], [source, *inputs.sources, *([key] if key else [])])
    anonymizer = None
    if anonymize or key is not None or inputs.rules is not None:
        from fwsim.cli.anonymizing import Anonymizing

        anonymizer = Anonymizing(source, inputs, key=key, asked=anonymize)
        if anonymizer.is_capture:
            return anonymizer.capture(output, plain=(target, form, family, devices or None) == (None,) * 4)
    target = target or (anonymizer.format(source) if anonymizer else None)
    stateless = target == "stateless"
    if target is None:
        raise UsageError("missing option '--to': expected what to write")
    written_as = form or "yaml" if stateless else target
    _check_options(target, form, written_as, family, devices)
    host = host_of(inputs)
    ruleset = load(replace(inputs, local=(*inputs.local, *own_addresses(host))), source, host)
    if anonymizer is not None:
        ruleset = anonymizer.ruleset(ruleset, host)
    if devices or (target == "nft" and ruleset.netfilter.format == "yaml"):
        text = _our_nft(ruleset, devices)
    else:
        text = _written(ruleset, written_as, int(family) if family else None, stateless=stateless)
    with opened(output) as stream:
        stream.write(text)
    return 0


def _check_options(target: str, form: str | None, written_as: str, family: str | None, devices: dict[str, str]) -> None:
    """Refuse options that mean nothing for what is to be written."""
    from fwsim.errors import UsageError

    if devices and target != "nft":
        raise UsageError("--device needs --to nft")
    if form is not None and target != "stateless":
        raise UsageError("--format needs --to stateless")
    if family is not None and written_as != "iptables":
        raise UsageError("--family needs iptables")


def _our_nft(ruleset: Ruleset, devices: dict[str, str]) -> str:
    """One of our own rulesets as nft."""
    from fwsim.convert import to_nft
    from fwsim.errors import UsageError

    if ruleset.netfilter.format != "yaml":
        raise UsageError("--device needs a ruleset in YAML or JSON: others name the devices themselves")
    return to_nft(ruleset, devices=devices)


def _written(ruleset: Ruleset, form: str, family: int | None, *, stateless: bool) -> str:
    """The ruleset, or its twin without state, in one of the formats."""
    netfilter = _twin(ruleset) if stateless else ruleset.netfilter
    if form == "nft":
        from fwsim.exporting.nft import nft_text

        return nft_text(netfilter, fragments=True if stateless else None)
    if form == "iptables":
        from fwsim.exporting.iptables import iptables_text

        return iptables_text(netfilter, family)
    return _ours(ruleset, netfilter, form, stateless=stateless)


def _ours(ruleset: Ruleset, netfilter: Netfilter, form: str, *, stateless: bool) -> str:
    """One of our own two formats; what was written in them is written as it was."""
    from fwsim.exporting.yaml_ruleset import ruleset_of
    from fwsim.ruleset import to_json, to_yaml

    ours = not stateless and netfilter.format == "yaml"
    result = ruleset if ours else ruleset_of(netfilter, ruleset, stateless=stateless, form=form.upper())
    return to_yaml(result) if form == "yaml" else to_json(result)


def _twin(ruleset: Ruleset) -> Netfilter:
    """The rules without state."""
    from fwsim.exporting.stateless import Choices, stateless_twin

    return stateless_twin(ruleset.netfilter, Choices(ruleset.stateless.replies, ruleset.stateless.icmp_errors))
