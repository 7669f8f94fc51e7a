"""The documentation page in a real browser: it shows every operation, and needs nothing but this server."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.gateway.browser import DESK, Visit, chromium
from tests.serving import serving

pytestmark = pytest.mark.browser

SCREENS = 400
"""A page of a hundred and forty operations has about sixty."""


def test_every_operation_is_shown_and_nothing_is_asked_of_anybody_else(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server, chromium() as browser:
        document = httpx2.get(f"{server.url}/api/openapi.json").json()
        page = browser.new_page(viewport={"width": DESK[0], "height": DESK[1]})
        visit = Visit(page)
        page.goto(f"{server.url}/api/docs")
        page.locator(".opblock").first.wait_for()
        shown: set[str] = set()
        for _ in range(SCREENS):  # of so many operations the page keeps only those in sight
            shown.update(page.locator(".opblock").evaluate_all("all => all.map(one => one.id)"))
            before = page.evaluate("scrollY")
            page.evaluate("scrollBy(0, innerHeight / 2)")
            page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            if page.evaluate("scrollY") == before:
                break
        wanted = {
            operation["operationId"]
            for path in document["paths"].values()
            for method, operation in path.items()
            if method in ("get", "put", "post", "delete")
        }
        assert {id.rpartition("-")[2] for id in shown} == wanted
        assert len(wanted) > 100
        assert visit.complaints == []
        assert {url for url in visit.asked if not url.startswith((server.url, "data:"))} == set()
