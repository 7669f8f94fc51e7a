"""The day board in a real browser: drawn to the minute, live, by keyboard, for ears, on paper, from right to left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.gateway.browser import DESK, PHONE, WALL, chromium, visit
from tests.gateway.day_views import CLINIC, at, busy_day, change, day, item, room, waiting
from tests.gateway.stand_in import StandIn, standing_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with standing_in() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(server: StandIn) -> StandIn:
    server.tell(mode="on", day=busy_day(), forget=True)
    return server


def opened(page: Page, stand_in: StandIn, query: str = "") -> Page:
    """The board, once it shows something and has heard what time it is: nine o'clock."""
    page.goto(f"{stand_in.url}/clinics/{CLINIC}/board/{query}")
    expect(page.locator("h1")).to_have_text("Outpatients")
    expect(page.locator(".clock")).to_have_text(re.compile("09:00"))
    return page


def block(page: Page, id: str) -> Locator:
    return page.locator(f"[role=gridcell][data-key={id}]")


def says(part: Locator) -> str:
    """What a part is called by ears, without the marks that keep directions apart."""
    return re.sub("[\u2066-\u2069]", "", part.get_attribute("aria-label") or "")


def place(page: Page, id: str) -> tuple[float, float]:
    """Where a block begins and ends, in minutes of the day: the hours' lines are the scale."""
    return tuple(page.evaluate(MINUTES, f"[role=gridcell][data-key={id}]"))


MINUTES = """(block) => {
  const box = document.querySelector(block).getBoundingClientRect();
  const [one, two] = [...document.querySelectorAll(".line")].map((line) => line.getBoundingClientRect().left);
  const first = parseInt(document.querySelector(".hour").textContent.replace(/[^0-9:]/g, ""));
  return [box.left, box.right].map((x) => Math.round(((x - one) / (two - one) + first) * 60));
}"""


def test_a_day_is_drawn_to_the_minute_and_says_what_it_is(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        expect(page.locator("[role=row]")).to_have_count(4)
        expect(page.locator("[role=gridcell]")).to_have_count(9)
        assert place(page, "a3") == pytest.approx((595, 640), abs=2)  # with setup and cleaning
        assert says(block(page, "a3")) == "10:00 to 10:30, Checked in, setup from 09:55, cleaning until 10:40"
        hours = page.locator(".hour")
        expect(hours.first).to_have_text(re.compile("06:00"))  # something is before seven
        expect(hours.last).to_have_text(re.compile("20:00"))  # and something after seven in the evening
        expect(page.locator(".waiting h2")).to_have_text("2 appointments wait for a room")
        expect(page.locator(".waiting li[data-overdue]")).to_have_count(1)
        expect(page.locator("[role=rowheader]").first).to_contain_text("Occupied")
        assert visitor.complaints == []
        assert {url.split("/")[2] for url in visitor.asked} == {stand_in.url.removeprefix("http://")}


def test_messages_alone_keep_it_true_and_the_eyes_where_they_were(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        page.route("**/api/v1/clinics/**", lambda route: route.abort())
        block(page, "a5").focus()
        third = page.locator("[role=row]").nth(2)
        stand_in.tell(messages=[change(1, "assigned", "w1", "room-3", "09:30", "10:00", "booked")])
        expect(third.locator("[data-key=w1]")).to_be_attached()
        expect(page.locator(".waiting h2")).to_have_text("1 appointment waits for a room")
        stand_in.tell(messages=[change(2, "moved", "a5", "room-3", "15:00", "16:00", "booked")])
        expect(third.locator("[role=gridcell]")).to_have_count(2)
        expect(block(page, "a5")).to_be_focused()
        assert place(page, "a5") == pytest.approx((900, 960), abs=2)
        left = {"type": "room_update", "change": "moved", "appointment_id": "w2", "room_id": None, "status": "moved"}
        stand_in.tell(messages=[left, change(3, "cancelled", "a5", "room-3", "15:00", "16:00", "cancelled")])
        expect(block(page, "a5")).to_have_count(0)
        expect(page.locator(".waiting")).to_be_hidden()
        expect(page.locator("[role=rowheader]").nth(2)).to_be_focused()  # the nearest that is left
        stand_in.tell(messages=[change(4, "waiting", "w1", None, "09:30", "10:00", "booked")])
        expect(page.locator(".waiting li")).to_have_count(1)


def test_what_messages_do_not_say_is_asked_for(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        closed = day(room(1, item("c9", "09:00", "12:00", "maintenance"), state="maintenance"))
        stand_in.tell(day=closed, messages=[{"type": "room_change", "change": "closure", "room_id": "room-1"}])
        expect(page.locator("[role=rowheader]")).to_have_count(1)
        expect(page.locator("[role=rowheader] .state")).to_have_text("Maintenance")


def test_keys_lead_from_block_to_block_and_tell_all_about_one(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        assert page.locator("[role=grid] [tabindex='0']").count() == 1

        def press(*keys: str) -> str:
            for key in keys:
                page.keyboard.press(key)
            return str(page.evaluate("document.activeElement.dataset.key"))

        page.locator("[role=grid] [tabindex='0']").focus()
        assert press("ArrowRight", "ArrowRight") == "a2"
        assert press("ArrowDown") == "b1"
        assert press("ArrowDown") == "room room-3"  # which has no block
        assert press("ArrowUp") == "room room-2"
        assert press("End").startswith("c1")
        assert press("ArrowUp") == "a5"
        assert press("Home") == "room room-1"
        assert press("ArrowUp", "ArrowLeft") == "room room-1"
        assert press("Control+End").startswith("c2")
        assert press("Control+Home", "ArrowRight", "ArrowRight", "Enter") == "a2"
        details = page.locator("footer [role=status]")
        expect(details).to_contain_text("Examination 1")
        expect(details).to_contain_text("In progress · cleaning until")
        rooms = busy_day()["rooms"]
        rooms[0]["items"][1]["status"] = "completed"
        stand_in.tell(
            day=busy_day(rooms=rooms),
            messages=[change(1, "completed", "a2", "room-1", "08:55", "09:25", "completed")],
        )
        expect(details).to_contain_text("Completed")
        press("Escape")
        expect(details).to_be_empty()
        press("Home", "Enter")
        expect(details).to_contain_text("Occupied")
        assert page.evaluate("document.querySelectorAll('[role=grid] [tabindex=\"0\"]').length") == 1


def test_silence_is_said_and_what_was_missed_is_made_good(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        visitor.page.clock.install()
        page = opened(visitor.page, stand_in)
        stand_in.tell(mode="mute")
        page.clock.run_for(11_500)
        banner = page.locator(".banner[role=status]")
        expect(banner).to_contain_text("No connection. This is as of")
        stand_in.tell(mode="off")
        stand_in.tell(day=day(room(1, item("new", "09:00", "10:00"))))
        page.clock.run_for(20_000)  # given up, and asked again
        stand_in.tell(mode="on")
        page.clock.run_for(16_000)
        expect(block(page, "new")).to_be_attached()
        expect(banner).to_be_hidden()


def test_an_address_without_a_date_goes_on_to_the_next_day_by_itself(browser: Browser, stand_in: StandIn):
    stand_in.tell(day=day(room(1), day_end=at("09:01")))
    with visit(browser) as visitor:
        visitor.page.clock.install()
        page = opened(visitor.page, stand_in)
        tomorrow = day(room(1, item("late", "10:00", "11:00")), date="2030-02-02", day_end=at("00:00", "2030-02-03"))
        stand_in.tell(day=tomorrow)
        with page.expect_request(re.compile(r"/stream\?.*2030-02-02")):
            page.clock.run_for(62_000)
        expect(page.locator(".date")).to_have_text("Saturday, February 2, 2030")
        expect(block(page, "late")).to_be_attached()
        before = page.get_by_role("link", name="Day before")
        assert (before.get_attribute("href") or "") == "?date=2030-02-01"


def test_a_day_of_twenty_five_hours_has_them_all(browser: Browser, stand_in: StandIn):
    zone = {"time_zone": "Europe/Berlin", "date": "2030-10-27"}
    bounds = {"day_start": "2030-10-26T22:00:00Z", "day_end": "2030-10-27T23:00:00Z"}
    night = {"start_time": "2030-10-27T00:00:00Z", "end_time": "2030-10-27T01:30:00Z", "busy_from": None}
    stand_in.tell(day=day(room(1, item("n", "00:00", "01:00") | night | {"busy_to": None}), **zone, **bounds))
    with visit(browser) as visitor:
        page = visitor.page
        page.goto(f"{stand_in.url}/clinics/{CLINIC}/board/?date=2030-10-27")
        expect(page.locator(".notice")).to_have_text("The clocks change: this day has 25 hours.")
        expect(page.locator(".hour").first).to_have_text(re.compile(r"02:00 GMT\+2"))
        expect(page.locator(".hour").nth(1)).to_have_text(re.compile(r"02:00 GMT\+1"))
        assert says(block(page, "n")).startswith("02:00 GMT+2 to 02:30 GMT+1, Booked")
        lines = page.evaluate(
            "[...document.querySelectorAll('.line')].map((line) => line.getBoundingClientRect().left)"
        )
        widths = [after - before for before, after in pairwise(lines)]
        assert max(widths) == pytest.approx(min(widths), abs=1)


@pytest.mark.parametrize("query", ["?theme=dark&lang=ar", "?view=list"])
def test_paper_has_one_wide_page_with_the_timeline_and_nothing_to_press(
    browser: Browser, stand_in: StandIn, query: str
):
    crowd = [room(n, *busy_day()["rooms"][n % 4]["items"]) for n in range(30)]
    with visit(browser, PHONE if "list" in query else DESK) as visitor:
        for shown in (busy_day(), busy_day(rooms=crowd)):
            stand_in.tell(day=shown, forget=True)
            page = opened(visitor.page, stand_in, query)
            printed = page.pdf(prefer_css_page_size=True)
            assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
            box = re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed)
            assert box is not None
            assert float(box[1]) > float(box[2])
            page.emulate_media(media="print")
            for part in ("nav", ".tools", ".keys", ".clock", ".list"):
                expect(page.locator(part)).to_be_hidden()
            for part in (".timeline", ".legend", ".as-of"):
                expect(page.locator(part)).to_be_visible()
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert ground == "rgb(255, 255, 255)"
            page.emulate_media(media="screen")


@pytest.mark.parametrize("query", ["?lang=en&theme=light", "?lang=hi&theme=dark", "?lang=ar&theme=dark&view=list"])
def test_axe_finds_nothing_wrong(browser: Browser, stand_in: StandIn, query: str):
    for size in (PHONE,) if "list" in query else (PHONE, WALL):
        with visit(browser, size, reduced_motion="reduce") as visitor:
            page = opened(visitor.page, stand_in, query)
            if page.locator("[role=grid]").is_visible():
                block(page, "a2").click()
                expect(page.locator(".details")).not_to_be_empty()
            assert visitor.axe() == []


def test_from_right_to_left_time_and_keys_run_that_way_too(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in, "?lang=ar")
        parts = (page.locator("[role=rowheader]").first, block(page, "a1"), block(page, "a5"))
        head, first, second = [part.evaluate("part => part.getBoundingClientRect().left") for part in parts]
        assert head > first > second
        block(page, "a1").focus()
        page.keyboard.press("ArrowLeft")
        expect(block(page, "a2")).to_be_focused()


STICKING_OUT = """() => {
  const root = document.documentElement, found = [];
  if (root.scrollWidth > root.clientWidth) found.push(`page is ${root.scrollWidth} wide`);
  for (const part of document.querySelectorAll("h1, .clock, nav a, button, .waiting li, .list li, h3, .legend")) {
    const box = part.getBoundingClientRect();
    if (box.width && (box.left < -1 || box.right > root.clientWidth + 1)) found.push(part.textContent.trim());
  }
  return found;
}"""


@pytest.mark.parametrize("language", ["es", "ar"])
def test_on_a_phone_it_is_a_list_and_nothing_sticks_out(browser: Browser, stand_in: StandIn, language: str):
    with visit(browser, (320, 568)) as visitor:
        page = opened(visitor.page, stand_in, f"?lang={language}")
        expect(page.locator(".timeline")).to_be_hidden()
        expect(page.locator(".list h3")).to_have_count(4)
        expect(page.locator(".list li")).to_have_count(9)
        expect(page.locator(".list .nothing:visible")).to_have_count(1)
        assert page.evaluate(STICKING_OUT) == []
        page.locator("[data-part=as-timeline]").click()
        expect(page.locator(".timeline")).to_be_visible()
        assert page.evaluate(STICKING_OUT) == []
        assert "view=timeline" in page.url
        now = page.locator(".now").bounding_box() or {"x": -1}
        assert now["x"] > 0


def test_names_with_markup_are_texts_and_a_clinic_that_is_not_there_is_looked_for(browser: Browser, stand_in: StandIn):
    evil = "<img src=x onerror=alert(1)>"
    stand_in.tell(day=False)
    with visit(browser) as visitor:
        page = visitor.page
        page.clock.install()
        page.goto(f"{stand_in.url}/clinics/{CLINIC}/board/")
        expect(page.locator(".notice")).to_contain_text("We do not know this clinic.")
        shown: dict[str, Any] = day(room(1, name=evil, label=evil, type=evil), clinic_name=evil)
        stand_in.tell(day={**shown, "waiting": [waiting("w", "10:00", "11:00", "09:30")]})
        page.clock.run_for(16_000)
        expect(page.locator("h1")).to_have_text(evil)
        expect(page.locator("[role=rowheader] .name")).to_have_text(evil)
        assert page.locator("img").count() == 0


def test_however_many_wait_the_timeline_keeps_its_place(browser: Browser, stand_in: StandIn):
    crowd = [waiting(f"w{n}", "10:00", "10:30", "09:30") for n in range(200)]
    stand_in.tell(day=busy_day(waiting=crowd))
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        expect(page.locator(".waiting h2")).to_have_text("200 appointments wait for a room")
        expect(page.locator(".waiting li")).to_have_count(12)
        expect(page.locator("[data-part=more]")).to_have_text("+188")
        page.locator("[data-part=as-list]").click()
        expect(page.locator(".waiting li")).to_have_count(200)
        assert visitor.axe() == []
