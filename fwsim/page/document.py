"""The page itself: template, style, script and data in one file, always the same bytes for the same data.

Read first: `page.html` beside this file. All data stand in one `<script type="application/json">`, written so that
nothing in them can end it, and the script puts them into the page as text only. A Content-Security-Policy allows this
very script and style and nothing else: no other script, no connection, no form.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

STYLES = ("page.css", "views.css", "print.css")
SCRIPTS = ("data.js", "elements.js", "charts.js", "overview.js", "connections.js", "ladder.js", "states.js", "steps.js",
           "rules.js", "search.js", "page.js")  # fmt: skip
"""In this order, so that each uses what stands before it."""

ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""Letters that mean something to a reader of HTML or of JavaScript, as JSON may write them too."""

POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)


def embedded(data: Any) -> str:
    """Data as JSON that can stand in a script element."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False).translate(ESCAPES)


def document(data: Any) -> str:
    """The whole page."""
    script = "".join(['"use strict";\n(() => {\n', *map(_resource, SCRIPTS), "})();\n"])
    style = "".join(map(_resource, STYLES))
    parts = {
        "policy": POLICY.format(script=_digest(script), style=_digest(style)),
        "style": style,
        "script": script,
        "data": embedded(data),
    }
    pieces = _resource("page.html").split("{{")
    text = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        text += [parts[name], rest]
    return "".join(text)


def _resource(name: str) -> str:
    """A file beside this one."""
    return (files(__package__) / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What a Content-Security-Policy names an element's text by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
