"""The split handshake: whom it passes, at which step it is stopped, and who Linux thinks has called."""

from __future__ import annotations

from fwsim.attack.literature.split_handshake import FIREWALLS, FIVE, FOUR, WAYS, end_of, table
from fwsim.terms import Direction


def test_linux_lets_it_open_but_goes_on_knowing_who_called() -> None:
    (linux,) = [firewall for firewall in FIREWALLS if firewall.name == "Linux conntrack"]
    for steps in WAYS.values():
        how, data = end_of(linux, steps)
        assert how == "opens"
        assert data is not None
        assert data.ct_direction == Direction.REPLY
        assert data.rule == "replies"


def test_it_opens_through_three_of_six_and_is_stopped_at_the_server_s_syn_by_the_others() -> None:
    rows = {row.cells[0]: row.cells[1:3] for row in table().rows}
    passing = {name for name, ends in rows.items() if ends == ("opens", "opens")}
    assert passing == {"Linux conntrack", "state only", "stateless, any reply"}
    assert {ends for name, ends in rows.items() if name not in passing} == {
        ("stopped at step 2 (S)", "stopped at step 3 (S)")
    }


def test_the_published_count_stands_beside_ours() -> None:
    assert table().notes[0].endswith("Here: 3 of 6 let it open.")
    assert "five of six" in table().notes[0]


def test_the_steps_are_those_of_the_paper() -> None:
    assert [(step.side, step.flags) for step in FOUR[:4]] == [(0, "S"), (1, "S"), (0, "SA"), (1, "A")]
    assert [step.flags for step in FIVE] == ["S", "A", "S", "SA", "A", "PA"]
