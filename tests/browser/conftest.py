"""A page of the office's first packets in headless Chromium, opened from disk; skipped where that is not possible."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli import run
from tests.paging import OFFICE, capture

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LACKING = "; ".join(
    f"{name} is not installed"
    for name, there in {"chromium": CHROMIUM, "playwright": importlib.util.find_spec("playwright")}.items()
    if there is None
)
PACKETS = 420


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if LACKING:
                item.add_marker(pytest.mark.skip(reason=LACKING))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's browser; closed behind each module, since playwright keeps an event loop for as long as it is there."""
    playwright = importlib.import_module("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that most tests look at."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert run(["report", capture("office.pcapng"), "-r", OFFICE, "-c", str(PACKETS), "-o", str(path)]) == 0
    return path


@dataclass
class Seen:
    """An open page, and what it complained of or asked for."""

    page: Any
    path: Path
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def go(self, part: str) -> None:
        """Open a part of the report."""
        self.page.goto(f"{self.path.as_uri()}#{part}")
        self.until("document.getElementById('main').dataset.part === window.location.hash")

    def until(self, expression: str) -> None:
        """Wait for something; the page's policy forbids playwright's own way, which evaluates text in the page."""
        for _ in range(400):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(expression)

    def until_packet(self, number: int) -> None:
        """Wait for the step of a packet."""
        self.until(f"document.querySelector('h1').textContent.startsWith('Packet {number} ')")

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements of a kind."""
        found: list[str] = self.page.locator(selector).all_inner_texts()
        return found

    def text(self, selector: str) -> str:
        """The text of one element."""
        found: str = self.page.locator(selector).first.inner_text()
        return found

    def drawn(self, selector: str) -> list[str]:
        """The texts of all elements of a kind in a picture."""
        found: list[str] = self.page.locator(selector).all_text_contents()
        return found

    @property
    def part(self) -> str:
        """The part that is open."""
        found: str = self.page.evaluate("window.location.hash.slice(1)")
        return found


Open = Callable[..., Seen]


@pytest.fixture
def open_report(chromium: Any, report: Path) -> Iterator[Open]:
    """Open a page; at the end nothing may have been complained of, and nothing asked for but the page itself."""
    contexts, opened = [], []

    def call(part: str = "", path: Path = report, **options: Any) -> Seen:
        context = chromium.new_context(**({"viewport": {"width": 1200, "height": 900}} | options))
        contexts.append(context)
        seen = Seen(context.new_page(), path)
        opened.append(seen)
        seen.page.on("console", lambda message: seen.complaints.append(message.text))
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
        seen.page.on("request", lambda request: seen.requests.append(request.url.partition("#")[0]))
        seen.go(part)
        return seen

    yield call
    for context in contexts:
        context.close()
    for seen in opened:
        assert seen.complaints == []
        assert set(seen.requests) == {seen.path.as_uri()}
