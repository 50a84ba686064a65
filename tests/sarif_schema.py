"""The part of SARIF 2.1.0 that `fwsim check` writes, as a JSON Schema of our own: what the standard asks of it.

Written after the sections of the standard (OASIS, March 2020) that the parts name; nothing else than these is allowed,
so that a property which is written has been looked up.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
TEXT: Json = {"type": "string", "minLength": 1}
LEVEL: Json = {"enum": ["none", "note", "warning", "error"]}  # 3.27.10
MESSAGE: Json = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": TEXT},
}  # 3.11


def of(required: list[str], **properties: Json) -> Json:
    """An object."""
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


def several(items: Json) -> Json:
    """An array."""
    return {"type": "array", "items": items}


NUMBER: Json = {"type": "integer", "minimum": 1}
ARTIFACT_LOCATION = of(["uri"], uri={"type": "string", "format": "uri-reference", "pattern": "^[^\\\\ ]+$"})  # 3.4
REGION = of(["startLine"], startLine=NUMBER, startColumn=NUMBER, snippet=of(["text"], text=TEXT))  # 3.30
PHYSICAL = of(["artifactLocation"], artifactLocation=ARTIFACT_LOCATION, region=REGION)  # 3.29
LOGICAL = of(["fullyQualifiedName"], fullyQualifiedName=TEXT)  # 3.33
LOCATION = of(
    ["physicalLocation"], id={"type": "integer", "minimum": 0}, physicalLocation=PHYSICAL,
    logicalLocations=several(LOGICAL), message=MESSAGE,
)  # fmt: skip
RESULT = of(
    ["message", "ruleId"], ruleId=TEXT, ruleIndex={"type": "integer", "minimum": 0}, level=LEVEL, message=MESSAGE,
    locations=several(LOCATION), relatedLocations=several(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions=several(of(["kind"], kind={"enum": ["inSource", "external"]}, status={"enum": ["accepted"]})),
)  # fmt: skip
RULE = of(
    ["id"], id=TEXT, name=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE,
    defaultConfiguration=of([], level=LEVEL),
)  # fmt: skip
DRIVER = of(["name"], name=TEXT, version=TEXT, rules=several(RULE))  # 3.19
HASHES: Json = {"type": "object", "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}
RUN = of(
    ["tool"], tool=of(["driver"], driver=DRIVER),
    invocations=several(of(["executionSuccessful"], executionSuccessful={"type": "boolean"})),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    artifacts=several(of([], location=ARTIFACT_LOCATION, hashes=HASHES)), results=several(RESULT),
)  # fmt: skip
LOG = of(
    ["version", "runs"],
    version={"const": "2.1.0"},
    runs=several(RUN),
    **{"$schema": {"type": "string", "format": "uri"}},
)
