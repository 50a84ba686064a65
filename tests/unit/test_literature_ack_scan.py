"""The ACK scan's truth table: Nmap's words for each filter, and where Linux differs from what is written of it."""

from __future__ import annotations

from functools import cache

import pytest

from fwsim.attack.literature.ack_scan import CASES, ICMP, NOTHING, OPENED, RST, SYN_ACK, answers_of, concluded, table
from fwsim.attack.literature.model import Row, Table


@cache
def made() -> Table:
    return table()


def row(name: str) -> Row:
    return next(found for found in made().rows if found.cells[0] == name)


@pytest.mark.parametrize(
    ("name", "opened", "guarded"),
    [
        ("no filter", "open / unfiltered / open|filtered", "open / unfiltered / open|filtered"),
        ("list of ports", "open / unfiltered / open|filtered", "filtered / filtered / open|filtered"),
        ("list with established", "open / unfiltered / open|filtered", "filtered / unfiltered / open|filtered"),
        ("state, tcp_loose=0", "open / filtered / open|filtered", "filtered / filtered / open|filtered"),
        ("state, Linux's default", "open / unfiltered / open|filtered", "filtered / filtered / open|filtered"),
        ("state, new only by SYN", "open / filtered / open|filtered", "filtered / filtered / open|filtered"),
        ("state, refuses by ICMP", "open / filtered / filtered", "filtered / filtered / filtered"),
        ("state, refuses by RST", "open / unfiltered / closed", "closed / unfiltered / closed"),
    ],
)
def test_nmap_calls_ports_by_what_the_filter_answers(name: str, opened: str, guarded: str) -> None:
    assert (row(name).cells[1], row(name).cells[3]) == (opened, guarded)


def test_an_unfiltered_closed_port_is_told_by_every_probe() -> None:
    assert row("no filter").cells[2] == "closed / unfiltered / closed"


def test_only_linux_default_and_resets_by_the_firewall_differ_from_the_literature() -> None:
    differing = {found.cells[0] for found in made().rows if not found.agrees}
    assert differing == {"state, Linux's default", "state, refuses by RST"}
    assert all(found.why for found in made().rows if not found.agrees)


@pytest.mark.parametrize(
    ("syn", "ack", "expected"),
    [(SYN_ACK, RST, "no filter"), (RST, RST, "no filter"), (SYN_ACK, NOTHING, "by state"),
     (NOTHING, RST, "by flags alone"), (NOTHING, NOTHING, "by a rule"), (ICMP, ICMP, "by a rule")],
)  # fmt: skip
def test_capec_concludes_from_two_answers(syn: str, ack: str, expected: str) -> None:
    assert concluded({"SYN": syn, "ACK": ack}) == expected


def test_a_host_s_answer_has_to_pass_as_well() -> None:
    """Without a rule for the way back the list lets the probe in, and nothing out."""
    (listing,) = [case.firewall for case in CASES if case.firewall.name == "list of ports"]
    mute = type(listing)("mute", listing.rules[:1], settings=listing.settings)
    assert answers_of(listing, OPENED)["ACK"] == RST
    assert answers_of(mute, OPENED) == {"SYN": NOTHING, "ACK": NOTHING, "FIN": NOTHING}
