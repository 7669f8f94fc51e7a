"""Reports in a real browser: the figures that the interface has, as charts with tables beside them and as CSV; each
without a fault that axe finds, in light and in dark, on a phone and from right to left.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Download, Page, expect

from tests.gateway.browser import PHONE, WALL, chromium
from tests.gateway.console.desks import at, press
from tests.serving import Desk, Server

pytestmark = pytest.mark.browser

DONE = ".report-status[data-kind=done]"
VIEWS = {
    **{f"/console/reports/{name}": DONE for name in ("daily", "queues", "rooms", "wards", "referrals")},
    "/console/rooms/closures": ".form",
    "/console/rooms/waiting": ".listed",
    "/console/ward/beds": ".bed",
    "/console/ward/backlog": ".listed",
    "/console/ward/roster": ".row",
    "/console/ward/wards": ".row",
    "/console/alerts/open": ".alert-list",
}
"""Each view and what is there once it shows something; those of which a journey is told are looked at there."""
GO = "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def reported(served: Server) -> Server:
    with closing(Desk(served.url)) as desk:
        live(desk, served.url)
    return served


def live(desk: Desk, url: str) -> None:
    """A day with something of everything that is reported."""
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    doctor = desk.post("/doctors/", {"name": "=Dr. Rao, the elder", "specialization": "Cardiology"})["id"]
    slot = desk.slot(doctor, begin.isoformat(), (begin + timedelta(hours=1)).isoformat(), 5)
    categories = ("WALKIN", "ONLINE", "FOLLOWUP", "EMERGENCY", "WALKIN")
    tokens = [
        desk.post("/tokens/", {"slot_id": slot, "patient_id": patient, "category": category})
        for patient, category in zip(desk.patients(5), categories, strict=True)
    ]
    for path in ("check-in", "call", "start", "complete"):
        desk.post(f"/tokens/{tokens[0]['id']}/{path}/", {}, 200)
    httpx2.request("DELETE", f"{url}/api/v1/tokens/{tokens[1]['id']}/").raise_for_status()
    clinic = desk.post("/clinics/", {"name": "Day clinic"})["id"]
    desk.post("/rooms/", {"clinic_id": clinic, "name": "Room 1", "type": "treatment"})
    ward = desk.post("/wards/", {"name": "East"})["id"]
    desk.post(f"/wards/{ward}/beds/", {"label": "1"})
    desk.post("/staff/", {"name": "Nuno Alves", "role": "nurse", "ward_ids": [ward]})
    facility = desk.post("/facilities/", {"name": "City Laboratories"})["id"]
    desk.post(f"/facilities/{facility}/branches/", {"name": "North"})


UNDRAWN = """async () => {
  const { chart } = await import("/static/console/reports/charts.js");
  const svg = chart({ title: "Its name", description: "What it shows", draw: () => null }).querySelector("svg");
  const said = (by) => svg.querySelector("#" + svg.getAttribute(by))?.textContent;
  return [said("aria-labelledby"), said("aria-describedby")];
}"""


def shown(page: Page) -> None:
    expect(page.locator(".report-status")).to_contain_text("As of")


def tile(page: Page, name: str) -> str:
    found = page.locator(".report-tiles dl > div").filter(has=page.locator("dt", has_text=re.compile(f"^{name}$")))
    return plain(found.locator("dd").evaluate("(dd) => dd.firstChild.textContent"))


def saved(download: Download, folder: Path) -> list[dict[str, str]]:
    path = folder / download.suggested_filename
    download.save_as(path)
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def test_the_daily_report_has_the_interface_s_figures_a_chart_and_the_same_csv(
    browser: Browser, reported: Server, tmp_path: Path
):
    today = datetime.now(UTC).date()
    with at(
        browser, reported, f"/console/reports/daily?from={today - timedelta(days=2)}&to={today}", role="auditor"
    ) as visitor:
        page = visitor.page
        shown(page)
        figures = httpx2.get(f"{reported.url}/api/v1/reports/daily/", params={"date": str(today)}).json()["totals"]
        assert tile(page, "Tokens") == str(figures["tokens"])
        assert tile(page, "Utilisation") == f"{figures['utilisation'] * 100:g}%"
        assert tile(page, "No-shows") == f"{round(figures['no_show_rate'] * 100, 1):g}%"

        figure = page.locator("figure").filter(has_text="Tokens by category").first
        chart = figure.locator("svg[role=img]")
        expect(chart).to_have_attribute("aria-labelledby", re.compile("title"))
        assert chart.locator("title").first.text_content() == "Tokens by category"
        assert chart.locator("desc").text_content()
        given = {name: count for name, count in figures["by_category"].items() if count}
        assert chart.locator("rect.series").count() == len(given)
        last = [plain(text) for text in figure.locator("tbody tr").last.locator("td").all_inner_texts()]
        assert [int(text) for text in last] == [*figures["by_category"].values(), figures["tokens"]]
        assert visitor.axe() == []

        page.get_by_label("From", exact=True).fill(str(today))
        page.get_by_label("To", exact=True).fill(str(today))
        page.get_by_role("button", name="Show").press("Enter")
        shown(page)
        assert re.search(f"from={today}&to={today}", page.url)
        with page.expect_download() as download:
            page.locator("h1").focus()
            press(page, "d")
        ours = saved(download.value, tmp_path)
        asked = {"date": str(today), "format": "csv"}
        theirs = httpx2.get(f"{reported.url}/api/v1/reports/daily/", params=asked).text
        assert number_free(ours) == number_free(list(csv.DictReader(io.StringIO(theirs))))
        assert ours[0]["name"] == "'=Dr. Rao, the elder", "no formula for a spreadsheet"
        assert visitor.complaints == []


def test_a_chart_has_its_name_before_it_is_drawn(browser: Browser, reported: Server):
    with at(browser, reported, "/console/reports/daily", role="auditor") as visitor:
        assert visitor.page.evaluate(UNDRAWN) == ["Its name", "What it shows"]


def test_days_that_make_no_sense_are_refused_before_anything_is_asked(browser: Browser, reported: Server):
    with at(browser, reported, "/console/reports/daily?from=2026-01-01&to=2026-01-05", role="admin") as visitor:
        page = visitor.page
        shown(page)
        expect(page.get_by_text("There is nothing to report of these days.")).to_be_visible()
        asked = len(visitor.asked)
        for first, word in (("2026-01-09", "after the last"), ("2025-01-01", "At most 31 days")):
            page.get_by_label("From", exact=True).fill(first)
            page.get_by_role("button", name="Show").press("Enter")
            expect(page.locator(".report-status")).to_contain_text(word)
        assert len(visitor.asked) == asked


@pytest.mark.parametrize(
    ("size", "scheme", "language"),
    [(PHONE, "dark", "ar"), pytest.param(WALL, "light", "en", marks=pytest.mark.long)],
)
def test_every_view_of_rooms_wards_and_reports_is_clean(
    browser: Browser, reported: Server, size: tuple[int, int], scheme: Any, language: str
):
    path = f"/console?lang={language}"
    with at(browser, reported, path, role="admin", size=size, color_scheme=scheme) as visitor:
        page = visitor.page
        for path, there in VIEWS.items():
            page.evaluate(GO, path)
            expect(page.locator(there).first).to_be_visible()
            assert visitor.axe() == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} sticks out"
        assert visitor.complaints == []


def number_free(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Cells as values: 1.0 of one side is 1 of the other."""

    def value(text: str) -> Any:
        try:
            return float(text)
        except ValueError:
            return text

    return [{name: value(text) for name, text in row.items() if text} for row in rows]


def plain(text: str) -> str:
    """Without the marks that keep directions apart."""
    return re.sub("[\u2066-\u2069]", "", text)
