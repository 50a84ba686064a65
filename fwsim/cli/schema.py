"""`fwsim schema`: JSON Schemas, for editors and for programs that read the output.

Read first: DESIGN section 5.
"""

from __future__ import annotations

import json

import click


@click.command("schema")
@click.argument("what", type=click.Choice(["ruleset", "compare", "replay"]), default="ruleset")
def command(what: str) -> int:
    """Print a JSON Schema: of rulesets (for editors), or of a line that compare or replay writes as --format jsonl."""
    if what == "ruleset":
        from fwsim.ruleset import ruleset_schema

        schema = ruleset_schema()
    else:
        from fwsim.report.frame_schema import frame_schema

        schema = frame_schema(("stateless", "stateful") if what == "compare" else ("stateful",))
    click.echo(json.dumps(schema, indent=2))
    return 0
