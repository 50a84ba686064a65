"""`fwsim convert`: a ruleset in the language of another firewall, or in the other of our own two.

Read first: `fwsim.convert.nft`.
"""

from __future__ import annotations

import click

from fwsim.cli.options import mapping_of

EXAMPLES = """\b
Examples:
  fwsim convert office.yaml --to nft -o office.nft
  fwsim convert office.yaml --to nft --device lan=eth0 --device wan=eth1
"""


@click.command("convert", epilog=EXAMPLES)
@click.argument("rules", metavar="RULESET")
@click.option("--to", "target", type=click.Choice(["nft", "yaml", "json"]), required=True, help="What to write.")
@click.option(
    "--device",
    "devices",
    metavar="NAME=DEVICE",
    multiple=True,
    callback=mapping_of,
    help="What Linux calls an interface of the ruleset (--to nft), if not by its name. Repeatable.",
)
@click.option("-o", "--output", metavar="FILE", default="-", help="Write there instead of standard output.")
def command(rules: str, target: str, devices: dict[str, str], output: str) -> int:
    """Write a ruleset as nft, as nft -f reads it, or as YAML or JSON."""
    from fwsim.cli.streams import check_target, opened
    from fwsim.convert import to_nft
    from fwsim.errors import UsageError
    from fwsim.ruleset import load_ruleset, to_json, to_yaml

    if devices and target != "nft":
        raise UsageError("--device needs --to nft")
    check_target(output, [rules])
    ruleset = load_ruleset(rules)
    if target == "nft":
        text = to_nft(ruleset, devices=devices)
    else:
        text = to_yaml(ruleset) if target == "yaml" else to_json(ruleset)
    with opened(output) as stream:
        stream.write(text)
    return 0
