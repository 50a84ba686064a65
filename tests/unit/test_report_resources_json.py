"""What state costs and buys as JSON: it fits its schema, which refuses what is not in it."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest

from fwsim.report.resources_json import resources_object, resources_schema
from tests.batches import FakeBatch
from tests.report_resources import measured
from tests.report_summaries import about, mixed, tallied

__all__ = ["mixed"]


@pytest.fixture
def found(mixed: FakeBatch) -> dict[str, Any]:
    """A measured run."""
    return resources_object(measured(), tallied(mixed), about())


def test_it_says_what_the_text_does(found: dict[str, Any]) -> None:
    jsonschema.validate(found, resources_schema())
    connections = found["connections"]
    assert (connections["peak"], connections["peak_by"], connections["limit"]) == (12, "1772438405.000000000", 12)
    assert (connections["begin"], connections["bucket_ns"]) == ("1772438403.000000000", 10**9)
    assert len(connections["points"]) == 4
    last = {"live": 1, "opened": 21, "expired": 13, "closed": 4, "evicted": 3, "refused": 1}
    assert connections["points"][-1] == {"ts": "1772438406.000000005"} | last
    assert found["bytes"] == {"per_connection": 508, "peak": 12 * 508, "limit": 12 * 508}
    assert found["look_ups"] == {"packets": 5, "stateless": 0, "stateful": 4}
    assert found["rules_tried"] == {"packets": 5, "stateless": 18, "stateful": 18}
    assert found["state_blocks"] == {"packets": 2, "by_evidence": {"out of state": 2}}
    assert found["state_admits"] == {"packets": 1, "by_evidence": {"ordinary traffic": 1}}
    speeds = found["this_machine"]["packets_per_second"]
    assert speeds["stateful"] is None
    assert speeds["stateless"]["packets_per_second"] == 1_234_567


def test_without_tracking_or_connections_it_fits_too(mixed: FakeBatch) -> None:
    untracked = resources_object(measured(), tallied(mixed), about(tracking=False))
    assert (untracked["connections"], untracked["bytes"], untracked["look_ups"]) == (None, None, None)
    nothing = resources_object(measured(points=measured().points[:1], limit=0), tallied(mixed), about())
    for one in (untracked, nothing):
        jsonschema.validate(one, resources_schema())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("tracking",), 1),
        (("more",), 1),
        (("connections", "bucket_ns"), 0),
        (("connections", "begin"), "1.5"),
        (("connections", "points", 0, "live"), -1),
        (("connections", "points"), []),
        (("state_blocks", "by_evidence", "odd"), 1),
        (("this_machine", "packets_per_second", "stateful"), 3),
        (("look_ups", "stateful"), None),
    ],
)
def test_what_is_not_in_the_contract_is_refused(found: dict[str, Any], path: tuple[Any, ...], value: object) -> None:
    changed = copy.deepcopy(found)
    *way, last = path
    at: Any = changed
    for step in way:
        at = at[step]
    at[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, resources_schema())
