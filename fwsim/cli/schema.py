"""`fwsim schema`: JSON Schemas, for editors and for programs that read the output.

Read first: DESIGN section 5.
"""

from __future__ import annotations

import json

import click

KINDS = ("ruleset", "test", "compare", "replay", "resources", "against", "against-line", "diff")


@click.command("schema")
@click.argument("what", type=click.Choice(KINDS), default="ruleset")
def command(what: str) -> int:
    """Print a JSON Schema.

    Of rulesets or of files for fwsim test (for editors), of a line that compare or replay writes as --format jsonl, of
    what compare --resources adds to --format json, of what --against writes as that, of a line that it writes as
    --format jsonl, or of what diff writes as --format json.
    """
    if what == "ruleset":
        from fwsim.ruleset import ruleset_schema

        schema = ruleset_schema()
    elif what == "test":
        from fwsim.expectations.schema import expectations_schema

        schema = expectations_schema()
    elif what == "resources":
        from fwsim.report.resources_json import resources_schema

        schema = resources_schema()
    elif what in ("against", "against-line"):
        from fwsim.report.changes_schema import line_schema, object_schema

        schema = object_schema() if what == "against" else line_schema()
    elif what == "diff":
        from fwsim.differing.objects import schema as of_differences

        schema = of_differences()
    else:
        from fwsim.report.frame_schema import frame_schema

        schema = frame_schema(("stateless", "stateful") if what == "compare" else ("stateful",))
    click.echo(json.dumps(schema, indent=2))
    return 0
