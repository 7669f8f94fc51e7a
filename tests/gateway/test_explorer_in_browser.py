"""The audit explorer in a real browser, over a real server and its reading process: a day gone through, to and fro."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gateway.routes import BASE
from tests.gateway.browser import PHONE, WALL, Visit, chromium, visit
from tests.gateway.explored import day_on_disk
from tests.replay.days import DAY, Hospital
from tests.serving import Desk, Server, serving

pytestmark = pytest.mark.browser
DESK = (1440, 900)
SCREENS = {"phone": PHONE, "desk": DESK, "wall": WALL}


class Explored:
    """A server over a day's log, and what it says of it."""

    def __init__(self, server: Server, hospital: Hospital) -> None:
        self.url = server.url
        self.hospital = hospital
        self.desk = Desk(server.url)
        self.day = self.desk.get("/audit/day/", date=DAY)
        self.slot = max(self.day["slots"], key=lambda slot: slot["entries"])
        self.laboratory = next(one for one in self.day["services"] if one["name"] == "Laboratory")

    def entries(self, actor: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.desk.get("/audit/entries/", actor=actor, limit=500)["items"]
        return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    folder: Path = tmp_path_factory.mktemp("explored") / "data"
    hospital = day_on_disk(folder)
    with serving(folder) as server:
        made = Explored(server, hospital)
        yield made
        made.desk.close()


def opened(visitor: Visit, explored: Explored, query: str = "") -> Page:
    page = visitor.page
    page.goto(f"{explored.url}/audit/?{query}")
    expect(page.locator(".shown h2")).not_to_be_empty()
    expect(page.locator(".row").first).to_be_visible()
    return page


def codes(page: Page, part: str = "line") -> list[str]:
    return page.locator(f"[data-list={part}] .code").all_inner_texts()


def at(page: Page) -> str:
    return page.locator(".now").inner_text()


def test_the_slider_shows_a_slot_as_it_was_and_the_address_brings_one_back(browser: Browser, explored: Explored):
    about = explored.entries(f"slot:{explored.slot['id']}")
    full = next(entry for entry in reversed(about) if "TokenBooked" in entry["events"])
    asked = f"slot={explored.slot['id']}&at={full['time']}&entry={full['position']}"
    with visit(browser, DESK, timezone_id="Asia/Tokyo") as visitor:
        page = opened(visitor, explored, f"date={DAY}&{asked}")
        earlier = about[about.index(full) - 1]["position"]
        before = explored.desk.get("/audit/state/", slot=explored.slot["id"], at=str(earlier))["slot"]
        was = explored.desk.get("/audit/state/", slot=explored.slot["id"], at=str(full["position"]))["slot"]
        expect(page.locator("[data-list=line] .row")).to_have_count(len(was["line"]))
        assert codes(page) == [token["code"] for token in was["line"]]
        expect(page.locator("[data-part=entry-title]")).to_contain_text(f"Entry {full['position']} · BookToken")
        clock = full["time"][11:19]
        expect(page.locator(".now")).to_have_text(clock)  # the hospital's clocks, not this machine's
        expect(page.locator(".happened [aria-current]")).to_contain_text(clock)

        page.locator("[data-part=slider]").focus()
        page.keyboard.press("p")
        expect(page.locator(".happened [aria-current]")).not_to_contain_text(clock)
        expect(page.locator("[data-list=line] .row")).to_have_count(len(before["line"]))
        page.keyboard.press("n")
        expect(page.locator(".now")).to_have_text(clock)
        expect(page.locator("[data-list=line] .row")).to_have_count(len(was["line"]))
        expect(page.locator("[data-changed] .news").first).to_be_visible()
        page.wait_for_url(re.compile(rf"slot={explored.slot['id']}.*entry="))
        shown = codes(page)
        page.goto(page.url)
        expect(page.locator("[data-list=line] .row")).to_have_count(len(shown))
        assert (codes(page), at(page)) == (shown, clock)
        assert visitor.complaints == []
        assert {url.split("/")[2] for url in visitor.asked} == {explored.url.removeprefix("http://")}
        assert "Asha" not in page.content()


def test_keys_move_the_moment_and_no_move_holds_the_page_up(browser: Browser, explored: Explored):
    with visit(browser, DESK, timezone_id="UTC") as visitor:
        page = opened(visitor, explored, f"service={explored.laboratory['id']}")
        slider = page.locator("[data-part=slider]")
        slider.focus()
        end = at(page)
        page.evaluate(WATCH)
        page.keyboard.press("Home")
        assert (begin := at(page)) < end
        page.keyboard.press("ArrowRight")
        assert begin < (one := at(page)) < end
        page.keyboard.press("PageUp")
        assert one < (further := at(page)) < end
        page.keyboard.press("PageDown")
        assert at(page) == one
        page.keyboard.press("ArrowLeft")
        assert at(page) == begin
        assert slider.get_attribute("aria-valuetext") == begin
        for _ in range(40):
            page.keyboard.press("PageUp")
            if at(page) == end:
                break
        expect(page.locator("[data-list=over] .row").first).to_be_visible()
        page.keyboard.press("Home")
        expect(page.locator(".nothing")).to_have_text("At this moment it did not exist yet.")
        page.get_by_label("Speed").select_option("1000")
        page.get_by_role("button", name="Play").click()
        expect(page.locator("[data-list=over] .row").first).to_be_visible()
        page.get_by_role("button", name="Pause").click()
        stopped = at(page)
        assert begin < stopped < end
        slider.press("End")
        expect(page.locator(".now")).to_have_text(end)
        assert further > one
        tasks = page.evaluate("window.tasks")
        assert len(tasks) <= 1, f"tasks of {tasks} ms"  # a busy machine may stop the page once


WATCH = """() => {
  window.tasks = [];
  const look = (list) => window.tasks.push(...list.getEntries().map((task) => task.duration));
  new PerformanceObserver(look).observe({ type: "longtask" });
}"""


def test_a_row_says_why_two_say_which_is_first_and_a_patient_has_a_history(browser: Browser, explored: Explored):
    about = explored.entries(f"slot:{explored.slot['id']}")
    states = [
        explored.desk.get("/audit/state/", slot=explored.slot["id"], at=str(entry["position"])) for entry in about
    ]
    then = max(states, key=lambda state: len(state["slot"]["line"]))
    first, second = then["slot"]["line"][0], then["slot"]["line"][-1]
    with visit(browser, DESK, timezone_id="UTC") as visitor:
        page = opened(visitor, explored, f"slot={explored.slot['id']}&at={then['time']}")
        row = page.locator(f"[data-row='{first['id']}']")
        row.click()
        expect(row).to_have_attribute("aria-pressed", "true")
        expect(page.locator("[data-part=entry-title]")).to_contain_text(f"Entry {first['changed']}")
        expect(page.locator(".judged")).to_contain_text("comes out the same")
        expect(page.locator(".reason h4").first).not_to_be_empty()
        page.locator(f"[data-row='{second['id']}']").click()
        expect(page.locator(".verdict")).to_have_text(f"{first['code']} comes before {second['code']}")
        expect(page.locator("[data-part=because]")).to_have_text(re.compile("priority"))
        expect(page.locator("[data-part=entry-title]")).to_contain_text(f"Entry {second['changed']}")
        page.locator(".rules-box, [data-part=rules-box] summary").first.click()
        expect(page.locator(".rules li").first).to_contain_text(re.compile(r"R\d+"))
        page.get_by_role("button", name=re.compile("All about patient")).first.click()
        expect(page.locator("[data-part=happened-title]")).to_contain_text("All about patient")
        expect(page.locator(".happened .what").first).to_have_text("RegisterPatient")
        page.locator(".happened button").first.click()
        expect(page.locator("[data-part=entry-title]")).to_contain_text("RegisterPatient")
        page.get_by_text("What was asked").click()
        expect(page.locator("[data-part=entry-arguments]")).to_contain_text("▒")
        registered = explored.desk.get(f"/audit/patients/{second['patient_id']}/history/", limit=1)["items"][0]
        expect(page.locator("[data-part=entry-title]")).to_contain_text(f"Entry {registered['position']}")
        before = explored.desk.get("/audit/state/", slot=explored.slot["id"], at=str(registered["position"]))
        ids = [row["id"] for row in before["slot"]["line"]]
        assert ids
        assert second["id"] not in ids
        expect(page.locator("[data-list=line] [data-row]")).to_have_count(len(ids))
        page.locator(f"[data-row='{ids[-1]}']").press("Enter")
        expect(page.locator(f"[data-row='{ids[-1]}']")).to_have_attribute("aria-pressed", "true")
        assert visitor.complaints == []


def test_the_end_of_a_day_that_is_not_over_is_followed(browser: Browser, explored: Explored):
    with visit(browser, DESK, timezone_id="UTC") as visitor:
        page = opened(visitor, explored, f"service={explored.laboratory['id']}")
        live = page.get_by_role("button", name="Follow live")
        expect(live).to_have_attribute("aria-pressed", "true")
        patient = explored.desk.post("/patients/", {"name": "Asha Live"})["id"]
        path = f"/services/{explored.laboratory['id']}/tickets/"
        ticket = explored.desk.post(path, {"patient_id": patient, "priority": "low"})
        row = page.locator(f"[data-row='{ticket['id']}']")
        expect(row).to_be_visible()
        expect(row.locator(".code")).to_have_text(ticket["code"])
        page.locator("[data-part=slider]").press("Home")
        expect(live).to_have_attribute("aria-pressed", "false")
        live.click()
        expect(row).to_be_visible()


def test_a_key_is_asked_for_said_in_headers_alone_and_taken_back(browser: Browser, explored: Explored):
    with visit(browser, DESK, timezone_id="UTC") as visitor:
        page = visitor.page

        def guard(route: Route) -> None:
            if route.request.headers.get("authorization") == "Bearer matron_auditor":
                route.continue_()
            else:
                route.fulfill(status=403, json={"code": "forbidden"})

        page.route(f"**{BASE}/audit/**", guard)
        page.goto(f"{explored.url}/audit/?hospital=main")
        dialog = page.get_by_role("dialog")
        page.get_by_label("Your key").fill("matron_clerk")
        page.get_by_role("button", name="Enter").last.click()
        expect(dialog).to_contain_text("This key does not open this page here.")
        page.get_by_label("Your key").fill("matron_auditor")
        page.keyboard.press("Enter")
        expect(page.locator(".row").first).to_be_visible()
        assert "matron_auditor" not in page.content()
        assert not [url for url in visitor.asked if "matron_auditor" in url]
        page.get_by_role("button", name="Leave").click()
        expect(page.locator(".outside")).to_be_visible()
        expect(page.locator(".row")).to_have_count(0)
        expect(page.locator(".shown")).to_be_hidden()
        assert visitor.axe() == []


def test_reading_trouble_and_nothing_at_all_are_said(browser: Browser, explored: Explored):
    busy = {"code": "reading_log", "facts": {"read": 42, "of": 100}}
    with visit(browser, DESK, timezone_id="UTC") as visitor:
        page = visitor.page
        page.route(f"**{BASE}/audit/days/**", lambda route: route.fulfill(status=503, json=busy))
        page.goto(f"{explored.url}/audit/")
        expect(page.locator(".notice")).to_have_text("The log is being read: 42 %")
        page.unroute(f"**{BASE}/audit/days/**")
        expect(page.locator(".row").first).to_be_visible()
        expect(page.locator(".notice")).to_be_empty()
        page.route(f"**{BASE}/audit/state/**", lambda route: route.abort())
        page.locator("[data-part=slider]").press("Home")
        expect(page.locator(".notice")).to_have_text("The log cannot be read just now. Trying again.")
        page.unroute(f"**{BASE}/audit/state/**")
        expect(page.locator(".nothing")).to_have_text("At this moment it did not exist yet.")
        none = {"time_zone": "UTC", "head": 0, "items": []}
        page.route(f"**{BASE}/audit/days/**", lambda route: route.fulfill(json=none))
        page.goto(f"{explored.url}/audit/")
        expect(page.locator(".notice")).to_have_text("This log has no entries yet.")
        assert visitor.axe() == []


@pytest.mark.parametrize("theme", ["dark", pytest.param("light", marks=pytest.mark.long)])
@pytest.mark.parametrize("screen", ["phone", "desk", pytest.param("wall", marks=pytest.mark.long)])
def test_each_screen_shows_it_whole(browser: Browser, explored: Explored, screen: str, theme: str) -> None:
    size = SCREENS[screen]
    language = "ar" if theme == "dark" else "en"
    middle = explored.entries(f"service:{explored.laboratory['id']}")[-5]["time"]
    asked = f"theme={theme}&lang={language}&service={explored.laboratory['id']}&at={middle}"
    with visit(browser, size, timezone_id="UTC") as visitor:
        page = opened(visitor, explored, asked)
        page.locator(".row").first.click()
        expect(page.locator(".judged")).not_to_be_empty()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if size != PHONE:
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")
        assert visitor.axe() == []
        assert visitor.complaints == []
