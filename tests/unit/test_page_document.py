from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from fwsim.page.document import document, embedded

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    "&lt;b&gt;",
    "\u2028alert(1)\u2029",
    "{{script}}",
    "javascript:alert(1)",
    '" onerror="alert(1)',
    "\udcff",
]


class Elements(HTMLParser):
    """The elements of a page, and what stands in its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.starts: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.is_open = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.starts.append((tag, dict(attrs)))
        self.inside.append("")
        self.is_open = True

    def handle_endtag(self, tag: str) -> None:
        self.is_open = False

    def handle_data(self, data: str) -> None:
        if self.is_open:
            self.inside[-1] += data

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        found = zip(self.starts, self.inside, strict=True)
        return [(attributes, text) for (name, attributes), text in found if name == tag]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_comes_back_as_it_was_and_adds_no_element(text: str) -> None:
    page = document({"texts": [text]})
    harmless = [tag for tag, _ in Elements(document({"texts": []})).starts]
    elements = Elements(page)
    assert [tag for tag, _ in elements.starts] == harmless
    (data,) = [inside for attributes, inside in elements.of("script") if attributes.get("id") == "data"]
    assert json.loads(data) == {"texts": [text]}


@pytest.mark.parametrize("text", HOSTILE)
def test_data_are_ascii_without_letters_of_markup(text: str) -> None:
    assert embedded([text]).isascii()
    assert not set("<>&") & set(embedded([text]))


def test_what_is_no_number_of_json_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        embedded(float("nan"))


def test_the_policy_allows_this_script_and_style_and_nothing_else() -> None:
    elements = Elements(document({}))
    (policy,) = [meta["content"] for meta, _ in elements.of("meta") if "http-equiv" in meta]
    assert policy is not None
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    (script,) = [inside for attributes, inside in elements.of("script") if "type" not in attributes]
    ((_, style),) = elements.of("style")
    assert allowed["default-src"] == "'none'"
    assert allowed["script-src"] == digest(script)
    assert allowed["style-src"] == digest(style)
    assert allowed["form-action"] == allowed["base-uri"] == "'none'"


def test_the_page_names_no_other_place() -> None:
    page = document({})
    assert set(re.findall(r"https?://[^\"' ]+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.findall(
        r"\b(src|@import|url\(h)", re.sub(r"[\w.]*\.src\b|\"src\"|script-src|style-src|default-src", "", page)
    )


def test_no_script_turns_text_into_markup_or_code() -> None:
    (script,) = [inside for attributes, inside in Elements(document({})).of("script") if "type" not in attributes]
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "fetch(",
    ):
        assert forbidden not in script


def test_the_same_data_give_the_same_bytes() -> None:
    assert document({"a": [1, 2]}) == document({"a": [1, 2]})
