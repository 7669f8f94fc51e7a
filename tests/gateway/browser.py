"""A real browser for the tests of the pages; for it nothing exists but this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"

PHONE, DESK, WALL, WALL_4K = (390, 844), (1366, 768), (1920, 1080), (3840, 2160)

expect.set_options(timeout=20_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, started once for many visits."""
    assert CHROMIUM is not None
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=60_000)
        yield started
        started.close()


class Visit:
    """A page, what it asked for, and what it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def axe(self, *rules: str) -> list[str]:
        """What axe finds wrong, by all its rules or these. The page's policy lets no script of its in: it comes by
        way of the browser's own tools.
        """
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text("utf-8"))
        asked = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
        found: Any = self.page.evaluate("(asked) => axe.run(asked)", asked)
        return [
            f"{rule['id']}: {node['html']}: {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]


@contextmanager
def visit(browser: Browser, size: tuple[int, int] = DESK, **context: Any) -> Iterator[Visit]:
    """A fresh visitor with a screen of this size."""
    width, height = size
    with browser.new_context(viewport={"width": width, "height": height}, **context) as made:
        yield Visit(made.new_page())
