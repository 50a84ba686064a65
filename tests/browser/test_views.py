"""The parts of a report as a reader uses them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PACKETS, Open, Seen

RESET = 106
"""A packet of the office: a reset far outside of the window."""
PARTS = ["", "overview", "connections", "connection-11", "steps", f"packet-{RESET}", "rules", "states", "find=443"]


@pytest.mark.parametrize("part", [*PARTS, "nonsense", "packet-999999", "connection-999999", "find=%", "%E0%A4%A"])
def test_every_part_opens_without_complaint(open_report: Open, part: str) -> None:
    seen = open_report(part)
    assert seen.text("h1")
    assert seen.page.title().endswith("fwsim report")


def test_the_overview_begins_with_the_answer(open_report: Open) -> None:
    seen = open_report()
    assert seen.text("h1").startswith("Keeping state changed ")
    assert f"{PACKETS} packets of office.pcapng" in seen.text("main p")
    assert seen.page.locator("figure svg").count() == 2
    assert "rst-out-of-window" in " ".join(seen.texts(".telling li"))


def test_a_packet_that_matters_is_one_click_away(open_report: Open) -> None:
    seen = open_report()
    seen.page.locator(".telling a").first.click()
    assert seen.part == f"packet-{RESET}"
    assert seen.text("h1").startswith(f"Packet {RESET}")


def test_connections_are_sorted_by_a_click_on_a_head(open_report: Open) -> None:
    seen = open_report("connections")

    def column() -> list[int]:
        return [int(text.replace(",", "")) for text in seen.texts("tbody td[data-head='Packets']")]

    seen.page.locator("[data-sort='packets']").click()
    assert column() == sorted(column())
    seen.page.locator("[data-sort='packets']").click()
    assert column() == sorted(column(), reverse=True)
    assert seen.page.locator("th[aria-sort='descending']").inner_text().startswith("Packets")
    assert len(set(column())) > 3


def test_connections_are_filtered_as_one_types(open_report: Open) -> None:
    seen = open_report("connections")
    everything = seen.page.locator("tbody tr").count()
    seen.page.fill("#filter", "udp :53")
    found = seen.texts("tbody tr")
    assert 0 < len(found) < everything
    assert all("udp" in row and ":53" in row for row in found)
    seen.page.fill("#filter", "")
    seen.page.select_option("#only", "differ")
    assert all(int(text) > 0 for text in seen.texts("tbody td[data-head='Differ']"))


def test_the_ladder_shows_a_blocked_packet_end_at_the_firewall(open_report: Open) -> None:
    seen = open_report(f"packet-{RESET}")
    seen.page.locator("main a[href^='#connection-']").click()
    row = seen.page.locator(".ladder li", has_text=f"Packet {RESET}").first
    assert row.locator(".arrow.accept path").count() == 1
    assert row.locator(".arrow.drop .stop").count() == 1
    assert "SYN_SENT" in seen.text(".ladder li .after b")
    assert "seq 0" in seen.drawn(".ladder li .on-rung")[0]


def test_a_packet_out_of_the_window_is_drawn_outside(open_report: Open) -> None:
    seen = open_report(f"packet-{RESET}")
    assert "outside: beyond the window by" in seen.text(".window small")
    place = seen.page.locator(".window path.out").bounding_box()
    granted = seen.page.locator(".window rect.granted").bounding_box()
    assert place["x"] > granted["x"] + granted["width"]


def test_a_packet_in_the_window_is_drawn_inside(open_report: Open) -> None:
    seen = open_report(f"packet-{RESET - 1}")
    assert ", inside" in seen.text(".window small")
    place = seen.page.locator(".window rect.in").bounding_box()
    granted = seen.page.locator(".window rect.granted").bounding_box()
    assert granted["x"] - 1 <= place["x"] <= granted["x"] + granted["width"]


def test_keys_step_through_the_packets(open_report: Open) -> None:
    seen = open_report("packet-5")
    for key, part in [("ArrowRight", 6), ("ArrowLeft", 5), ("End", PACKETS), ("Home", 1), ("j", 2), ("k", 1)]:
        seen.page.keyboard.press(key)
        seen.until_packet(part)
        assert seen.part == f"packet-{part}"


def test_buttons_step_too_and_keep_the_focus(open_report: Open) -> None:
    seen = open_report("packet-5")
    seen.page.locator("[data-step='forward']").click()
    seen.until_packet(6)
    assert seen.page.evaluate("document.activeElement.dataset.step") == "forward"


def test_d_goes_to_the_next_packet_on_which_the_modes_differ(open_report: Open) -> None:
    seen = open_report(f"packet-{RESET - 1}")
    seen.page.keyboard.press("d")
    seen.until_packet(RESET)
    assert "The modes differ." in seen.text("main")
    assert seen.texts(".mode .verdict") == ["✓ admits", "✕ drops"]


def test_a_step_shows_rules_table_and_state(open_report: Open) -> None:
    seen = open_report("packet-88")
    assert any("accept" in text for text in seen.texts(".walk li.matches"))
    assert "SYN_RECV → ESTABLISHED" in seen.text("tr.changed")
    assert seen.drawn(".state.lit text") == ["▸ ESTABLISHED"]
    assert seen.page.locator(".way.lit").count() == 1


def test_a_rule_that_did_not_match_tells_what_of_the_packet_it_asked_for(open_report: Open) -> None:
    assert "dst is 10.1.4.74, wants 192.0.2.2" in open_report(f"packet-{RESET}").texts(".walk .about")


def test_going_back_shows_the_table_as_it_was(open_report: Open) -> None:
    seen = open_report("packet-88")
    before = seen.text("main")
    seen.go("packet-300")
    seen.go("packet-88")
    assert seen.text("main") == before


def test_predict_first_hides_the_verdicts_until_one_has_chosen(open_report: Open) -> None:
    seen = open_report(f"packet-{RESET}")
    seen.page.locator("#predict").check()
    assert seen.page.locator(".verdict, .word, .walk, .window, q").count() == 0
    assert "differ." not in seen.text("main")
    seen.page.locator("input[name='guess-stateless'][value='admit']").click()
    assert seen.page.locator(".verdict").count() == 0
    seen.page.locator("input[name='guess-stateful'][value='admit']").click()
    assert seen.texts(".mode .verdict") == ["✓ admits", "✕ drops"]
    assert "stateless: ✓ right" in seen.text(".prediction")
    assert "stateful: ✕ wrong" in seen.text(".prediction")
    assert "Score: 1 of 2." in seen.text(".prediction")


def test_the_score_is_kept_from_packet_to_packet(open_report: Open) -> None:
    seen = open_report(f"packet-{RESET - 1}")
    seen.page.keyboard.press("p")
    for _ in range(2):
        for mode in ("stateless", "stateful"):
            seen.page.locator(f"input[name='guess-{mode}'][value='admit']").click()
        seen.page.locator("[data-step='forward']").click()
    seen.until_packet(RESET + 1)
    assert "Score: 3 of 4." in seen.text(".prediction")


def test_a_link_to_a_packet_is_copied(open_report: Open, report: Path) -> None:
    seen = open_report(f"packet-{RESET}", permissions=["clipboard-read", "clipboard-write"])
    seen.page.locator("#copy").click()
    seen.until("document.getElementById('copy').textContent === 'Link copied'")
    seen.go("overview")
    seen.page.locator("#query").focus()
    seen.page.keyboard.press("Control+V")
    assert seen.page.locator("#query").input_value() == f"{report.as_uri()}#packet-{RESET}"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("10.1.4.74", "10.1.4.74"), (":53", ":53"), ("rst-out-of-window", "rst-out-of-window"), ("#106", "#106"),
        ("syn 443", "SYN"), ("differ stateful:drop", "drops"),
    ],
)  # fmt: skip
def test_search_finds(open_report: Open, query: str, wanted: str) -> None:
    seen = open_report()
    seen.page.fill("#query", query)
    seen.page.keyboard.press("Enter")
    seen.until("document.querySelector('h1').textContent.startsWith('Packets that fit')")
    rows = seen.texts("tbody tr")
    assert 0 < len(rows) < PACKETS
    assert all(wanted in row for row in rows)


def test_the_ruleset_has_its_hits(open_report: Open) -> None:
    seen = open_report("rules")
    (web,) = [row for row in seen.texts("table.rules tbody tr") if "staff web" in row]
    assert "through its mirror" in web
    assert "dport: [80, 443]" in web


def test_the_states_are_those_of_the_engine(open_report: Open) -> None:
    seen = open_report("states")
    assert seen.page.locator(".state").count() == 10
    assert seen.page.locator("table tbody tr").count() == 12


def test_on_paper_there_is_nothing_to_click(open_report: Open) -> None:
    seen = open_report(f"packet-{RESET}")
    seen.page.emulate_media(media="print")
    for selector in ("#tabs", "#search", ".steps"):
        assert not seen.page.locator(selector).is_visible()
    assert seen.page.locator(".mode").first.is_visible()
    assert seen.page.pdf().startswith(b"%PDF")


def data_of(seen: Seen) -> Any:
    return seen.page.evaluate("JSON.parse(document.getElementById('data').textContent)")


def test_the_charts_draw_every_span_and_moment(open_report: Open) -> None:
    seen = open_report()
    data = data_of(seen)
    for kind, places in (("admitted", (0, 3)), ("blocked", (1, 4))):
        wanted = sum(span[place] > 0 for span in data["flow"]["spans"] for place in places)
        assert seen.page.locator("figure").first.locator(f"rect.{kind}").count() == wanted > 2
    heights = re.findall(r"V ([\d.]+)", seen.page.locator("path.curve").get_attribute("d"))
    live = [point[1] for point in data["table"]["points"]]
    assert len(heights) == len(live)
    assert heights.index(min(heights, key=float)) == live.index(max(live))


def test_the_matrix_has_a_row_for_each_evidence_and_the_sum(open_report: Open) -> None:
    seen = open_report()
    rows = data_of(seen)["overview"]["evidence"]
    assert seen.texts(".matrix td[data-head='Packets']") == [f"{row['packets']:,}" for row in rows]
    for at, mode in enumerate(("stateless", "stateful")):
        wanted = ["–" if row["admitted"][at] < 0 else f"{row['admitted'][at]:,}" for row in rows]
        assert [text.strip() for text in seen.texts(f".matrix td[data-head='{mode} admits']")] == wanted


def test_keys_of_the_browser_itself_do_not_step(open_report: Open) -> None:
    seen = open_report("packet-5")
    seen.page.keyboard.press("Control+ArrowRight")
    seen.page.wait_for_timeout(100)
    assert seen.part == "packet-5"
    seen.page.keyboard.press("ArrowRight")
    seen.until_packet(6)


@pytest.mark.parametrize("number", [120, 300, PACKETS])
def test_the_table_of_a_step_has_as_many_connections_as_there_are(open_report: Open, number: int) -> None:
    seen = open_report(f"packet-{number}")
    (title,) = [text for text in seen.texts("h2") if text.startswith("Connection table after this packet")]
    rows = [row for row in seen.texts("table.cards tbody tr") if not row.startswith("− gone")]
    more = re.search(r"and (\d+) connections? more", seen.text("main"))
    assert len(rows) + int(more[1] if more else 0) == int(re.findall(r"(\d+) connections?$", title)[0])
