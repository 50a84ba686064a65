"""A report for those who use a phone, the keyboard alone, a screen reader, or a dark screen; and hostile captures."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli import run
from tests.browser.conftest import Open, Seen
from tests.cli.test_report import EMPTY
from tests.paging import OFFICE, capture

PARTS = ["overview", "connections", "connection-11", "packet-106", "rules", "states", "find=differ"]
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.mark.parametrize("part", PARTS)
def test_a_phone_need_not_scroll_sideways(open_report: Open, part: str) -> None:
    seen = open_report(part, **PHONE)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1200, 1280])
def test_the_list_of_connections_fits_a_laptop(open_report: Open, width: int) -> None:
    seen = open_report("connections", viewport={"width": width, "height": 800})
    assert seen.texts("thead th")[-1] == "Lasts"
    assert seen.page.evaluate("(box => box.scrollWidth - box.clientWidth)(document.querySelector('main .wide'))") <= 0


def violations(seen: Seen, source: str) -> list[tuple[str, str]]:
    seen.page.evaluate(source)
    found = seen.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(
    "look", [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"]
)
def test_axe_finds_nothing_serious(open_report: Open, look: dict[str, Any]) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    source = Path(axe.AXE_FILE_PATH).read_text(encoding="utf-8")
    seen = open_report(**look)
    for part in PARTS:
        seen.go(part)
        assert violations(seen, source) == [], part
    seen.page.locator("#query").focus()
    seen.go("packet-106")
    seen.page.locator("#predict").check()
    assert violations(seen, source) == []


def test_the_keyboard_reaches_everything_in_order(open_report: Open) -> None:
    seen = open_report()
    reached = []
    for _ in range(8):
        seen.page.keyboard.press("Tab")
        reached.append(seen.page.evaluate("document.activeElement.textContent || document.activeElement.id"))
    assert reached == [
        "Skip to the content", "Overview", "Connections", "Step by step", "Ruleset", "TCP states", "query", "Find",
    ]  # fmt: skip


def test_the_first_key_skips_to_the_content(open_report: Open) -> None:
    seen = open_report("rules")
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "main"
    assert seen.text("h1") == "The ruleset"


def test_a_step_is_said_to_those_who_do_not_see_it(open_report: Open) -> None:
    seen = open_report("packet-105")
    seen.page.keyboard.press("ArrowRight")
    seen.until("document.getElementById('said').textContent !== ''")
    assert seen.page.locator("#said").text_content() == "Packet 106: stateless admits, stateful drops"


def test_one_predicts_and_steps_on_by_keyboard_alone(open_report: Open) -> None:
    seen = open_report("packet-106")
    seen.page.keyboard.press("p")
    seen.page.locator("#predict").focus()
    for key in ("Tab", "Tab", "Tab", "Space", "Tab", "Space"):
        seen.page.keyboard.press(key)
    assert "Score: 1 of 2." in seen.text(".prediction")
    assert seen.page.evaluate("document.activeElement.className") == "prediction"
    seen.page.keyboard.press("ArrowRight")
    seen.until_packet(107)


def test_every_picture_has_words(open_report: Open) -> None:
    seen = open_report()
    for part in PARTS:
        seen.go(part)
        bare = "[...document.querySelectorAll('svg')].filter(one => !one.getAttribute('aria-label') && !one.ariaHidden)"
        assert seen.page.evaluate(f"{bare}.length") == 0


def test_colours_differ_in_the_dark(open_report: Open) -> None:
    colours = [
        open_report(color_scheme=scheme).page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]


MARKUP = "</script><img src=x onerror=alert(1)><b id=stranger>"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A page of a capture and a ruleset whose names are markup."""
    source, rules, page = tmp_path / "<b id=stranger>&lt;.pcapng", tmp_path / "<i>.yaml", tmp_path / "report.html"
    shutil.copy(capture("blind-reset.pcapng"), source)
    rules.write_text(Path(OFFICE).read_text().replace("name: staff web", f"name: '{MARKUP}'"))
    assert run(["report", str(source), "-r", str(rules), "-o", str(page)]) == 0
    return page


@pytest.mark.parametrize("part", [*PARTS, f"find={MARKUP}", f"packet-{MARKUP}", "connection-1"])
def test_hostile_names_are_text(open_report: Open, hostile: Path, part: str) -> None:
    seen = open_report(part, hostile)
    assert seen.page.locator("#stranger, main img, main script, main i").count() == 0
    assert seen.page.locator("script").count() == 2


@pytest.mark.parametrize("part", ["overview", "connections", "steps", "rules", "states", "find=1"])
def test_an_empty_capture_has_a_page_too(open_report: Open, tmp_path: Path, part: str) -> None:
    source, page = tmp_path / "empty.pcap", tmp_path / "report.html"
    source.write_bytes(EMPTY)
    assert run(["report", str(source), "-r", OFFICE, "-o", str(page)]) == 0
    assert open_report(part, page).text("h1")


def test_hostile_names_are_shown_as_they_are(open_report: Open, hostile: Path) -> None:
    seen = open_report("rules", hostile)
    assert MARKUP in seen.text("main")
    assert "<b id=stranger>&lt;.pcapng" in seen.text("#subject")


def test_the_policy_lets_no_other_script_run(open_report: Open) -> None:
    seen = open_report()
    seen.page.evaluate(
        "() => { const one = document.createElement('script'); one.append('window.stranger = 1'); "
        "try { document.body.append(one); } catch { /* refused outright */ } }"
    )
    assert seen.page.evaluate("window.stranger") is None
    assert seen.complaints
    seen.complaints.clear()
