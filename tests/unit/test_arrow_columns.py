"""Record batches: the values of JSON lines, in bounded pieces."""

from __future__ import annotations

import random
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed (fwsim[parquet])")

from fwsim.arrow import columns as module
from fwsim.arrow import require_pyarrow
from fwsim.arrow.columns import Columns, reader, schema
from fwsim.errors import UsageError
from fwsim.naming import DECISION_FIELDS, FRAME_FIELDS, NAT, NAT_FIELDS
from fwsim.report.frame_schema import frame_schema
from fwsim.report.frames import JsonLines
from tests.arrow_rows import objects_in, objects_of
from tests.batches import batch, naming
from tests.random_batches import random_batch, random_naming

MODES = [("stateless", "stateful"), ("stateful",), ("stateless",)]


@given(st.integers(0, 2**32), st.integers(0, 12), st.sampled_from(MODES))
def test_any_batch_has_the_values_of_its_json_lines(seed: int, count: int, modes: tuple[str, ...]) -> None:
    chance = random.Random(seed)
    names = random_naming()
    translating = modes[: chance.randrange(3)]
    batches = [random_batch(chance, count, translating) for _ in range(2)]
    table = reader(batches, modes, names).read_all()
    table.validate(full=True)
    lines = "".join(JsonLines(modes, names).lines(made, slice(None)) for made in batches)
    assert objects_of(table) == objects_in(lines)


def test_only_selected_rows_are_taken() -> None:
    columns = Columns(MODES[0], naming())
    (found,) = [*columns.add(batch({}, {}, {}), np.array([0, 2])), *columns.rest()]
    assert columns.record_batch(found).column("n").to_pylist() == [1, 3]
    assert [*columns.add(batch({}), np.array([], np.intp)), *columns.rest()] == []


def test_what_is_gathered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 4)
    columns = Columns(("stateful",), naming())
    pieces: list[Any] = []
    for count in (3, 10, 0, 1):
        pieces += map(columns.record_batch, columns.add(batch(*[{}] * count), slice(None)))
    pieces += map(columns.record_batch, columns.rest())
    assert [piece.num_rows for piece in pieces] == [4, 4, 4, 2]
    numbers = [number for piece in pieces for number in piece.column("n").to_pylist()]
    assert numbers == [1, 2, 3, *range(1, 11), 1]


def test_fields_are_those_of_the_contract_with_types_of_their_own() -> None:
    flat, nested = schema(("stateful",)), schema(MODES[0])
    assert flat.names == [*FRAME_FIELDS, *DECISION_FIELDS, NAT]
    assert nested.names == [*FRAME_FIELDS, "stateless", "stateful"]
    assert [field.name for field in nested.field("stateful").type] == [*DECISION_FIELDS, NAT]
    assert [field.name for field in flat.field(NAT).type] == list(NAT_FIELDS)
    assert nested.field("ts").type == pa.timestamp("ns", "UTC")
    assert nested.field("seq").type == pa.uint32()
    assert nested.field("evidence").type == pa.list_(pa.string())
    assert flat.field("verdict").type == pa.dictionary(pa.int32(), pa.string())


def test_what_is_never_null_in_json_is_not_nullable() -> None:
    """By the published schema: no field that may be null is declared without nulls, and the other way round."""
    for field in schema(("stateful",)):
        allowed = frame_schema(("stateful",))["properties"][field.name]
        validator = jsonschema.Draft202012Validator(allowed)
        assert field.nullable == validator.is_valid(None), field.name


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require_pyarrow()
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'fwsim\[parquet\]'"):
        require_pyarrow()
