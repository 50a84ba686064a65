"""Elements of concatenated sets, read back from the index."""

from __future__ import annotations

from io import StringIO

import pytest

from fwsim.lower import lower
from fwsim.ruleset import load_ruleset
from fwsim.space import Goal, Model, Search, way_through
from fwsim.space.fields import CT_STATE, DPORT, FAMILY, PROTO, SRC
from fwsim.space.intervals import point
from fwsim.terms import Hook

TEXT = """\
table ip filter {{
\tset seen {{
\t\ttype ipv4_addr . inet_service
\t\tflags interval
\t\telements = {{ {elements} }}
\t}}
\tchain forward {{
\t\ttype filter hook forward priority 0; policy drop;
\t\tip saddr . tcp dport {sign}@seen accept
\t}}
}}
"""


def model_of(count: int, sign: str = "") -> Model:
    elements = ", ".join(f"10.0.{n // 256}.{n % 256} . {n}-{n + 1}" for n in range(1, count + 1))
    return Model(lower(load_ruleset(StringIO(TEXT.format(elements=elements, sign=sign))), interfaces=()))


@pytest.mark.parametrize("count", [100, 700])
def test_elements_are_what_was_written(count: int) -> None:
    (steps,) = [rule.steps for chain in model_of(count).chains for rule in chain.rules]
    elements = next(step.elements for step in steps if step.elements is not None)
    assert elements is not None
    found = sorted((element[SRC], element[DPORT]) for element in elements)
    start = 10 << 24
    assert found == sorted((point(start + n), ((n, n + 1),)) for n in range(1, count + 1))


@pytest.mark.parametrize(
    ("sign", "port", "passes"), [("", 7, True), ("", 9, False), ("!= ", 7, False), ("!= ", 9, True)]
)
def test_a_search_knows_who_is_in_a_set(sign: str, port: int, passes: bool) -> None:
    model = model_of(100, sign)
    search = Search(model, way_through(model, int(Hook.FORWARD)), Goal(frozenset((0,))))
    packets = {FAMILY: point(4), PROTO: point(6), SRC: point((10 << 24) + 7), DPORT: point(port), CT_STATE: point(1)}
    leaves = list(search.leaves(packets))
    assert search.complete
    assert bool(leaves) == passes
    assert not any(leaf.doubts for leaf in leaves)
