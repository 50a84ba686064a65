"""`fwsim parity`: the simulator and the Linux kernel side by side, on captures or on traffic made for it.

Read first: `fwsim.cli.judging`, which does the work.
"""

from __future__ import annotations

import math
from typing import Any

import click

from fwsim.cli.options import InputOptions, input_options

EXAMPLES = """\b
Examples:
  fwsim parity office.pcapng -r office.yaml
  fwsim parity --fuzz 60 --seed 7 --shrink least.pcapng
  fwsim parity office.pcapng -r office.yaml --fuzz 60
  fwsim parity --from-rules 500 -r router.nft
  fwsim parity --fuzz 3600 --nat --packets 100000
"""


class Positive(click.FloatRange):
    """A number above 0; none that is infinite or not a number at all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


POSITIVE = Positive(min=0, min_open=True)


@click.command("parity", epilog=EXAMPLES)
@input_options
@click.option(
    "--fuzz",
    type=POSITIVE,
    metavar="SECONDS",
    help="Make traffic for so long; --seed says which. With captures it is theirs, spoiled again and again; else it "
    "meets the ruleset, which has a rule for every state if -r is not given.",
)
@click.option(
    "--from-rules",
    type=click.IntRange(min=1),
    metavar="N",
    help="Make N packets from the ruleset's own rules: values at, beside and between those that they mention, and the "
    "conversations that their states need. Where no network is given (-r, --interface), a topology is made up.",
)
@click.option(
    "--nat",
    is_flag=True,
    help="With --fuzz: make rulesets that translate addresses, and traffic that is answered as they translate it.",
)
@click.option("--packets", type=click.IntRange(min=1), metavar="N", help="With --fuzz: stop after so many packets.")
@click.option("--shrink", metavar="FILE", help="Write the fewest packets that still differ as a capture.")
@click.option(
    "--real-time",
    type=POSITIVE,
    metavar="X",
    help="Play the captures X times as fast as they were taken, to test timers; else all packets come at once.",
)
@click.option("-o", "--output", metavar="FILE", default="-", help="Write there instead of standard output.")
def command(
    inputs: InputOptions,
    fuzz: float | None,
    from_rules: int | None,
    nat: bool,
    packets: int | None,
    shrink: str | None,
    real_time: float | None,
    output: str,
) -> int:
    """Compare the simulator with Linux netfilter, packet by packet; status 1 if any verdict differs.

    Status 3 if the kernel cannot be used, or if the simulator does not know a verdict.

    The kernel decides in a network namespace of its own: nothing of this machine's network is touched.
    """
    from fwsim.cli.judging import Request, judge
    from fwsim.cli.streams import opened
    from fwsim.cli.targets import check_targets

    inputs.refuse_stateless_rules("parity")
    check_targets([("-o", output), ("--shrink", shrink)], inputs.sources)
    with opened(output) as out:
        return judge(Request(inputs, fuzz, shrink, real_time or 0.0, from_rules, nat, packets), out)
