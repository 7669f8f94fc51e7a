"""The bed board in a real browser: states, times, names only for who has a key, by keyboard, live, on each screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.gateway.browser import DESK, PHONE, WALL, chromium, visit
from tests.gateway.stand_in import KEY, StandIn, standing_in
from tests.gateway.ward_views import (
    WARD,
    bed,
    bed_update,
    every_state,
    large_ward,
    person,
    small_ward,
    waiter,
    ward,
)

pytestmark = pytest.mark.browser
SCREENS = {"phone": PHONE, "desk": (1280, 800), "wall": WALL}


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
    server.tell(mode="on", ward=small_ward(), staffed=with_names(), forget=True)
    return server


def with_names() -> dict[str, object]:
    """The small ward for its staff."""
    nobody: dict[str, Any] = dict.fromkeys(person())
    beds = [bed(1, "occupied", "06:00", **person()), bed(2, "housekeeping", **nobody)]
    waits = waiter("medium", "08:20", "no_staff", admission_id="a9", patient_id="p9", patient_name="Jane Doe")
    return ward([("1", beds), ("2", [bed(3, **nobody)])], [waits])


def opened(page: Page, stand_in: StandIn, query: str = "") -> Page:
    """The board, once it shows something and has heard what time it is: nine o'clock."""
    page.goto(f"{stand_in.url}/wards/{WARD}/board/{query}")
    expect(page.locator("h1")).to_have_text("Ward 3 East")
    expect(page.locator(".clock")).to_have_text("09:00")
    return page


def one(page: Page, n: int) -> Locator:
    return page.locator(f".bed[data-key=bed-{n}]")


def plain(text: str | None) -> str:
    """Without the marks that keep directions apart, and with plain spaces."""
    return " ".join(re.sub("[\u2066-\u2069]", "", text or "").split())


def let_in(page: Page, key: str = KEY) -> None:
    """Show the names."""
    page.get_by_role("button", name="Show names").click()
    page.get_by_label("Your key").fill(key)
    page.get_by_role("button", name="Enter").click()


def test_beds_say_their_state_and_how_long_cleaning_has_taken(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        expect(page.locator(".bed")).to_have_count(3)
        expect(one(page, 1).locator(".state")).to_have_text("Occupied")
        expect(one(page, 2).locator(".lasted")).to_have_text("25 min · overdue")
        assert plain(one(page, 2).get_attribute("aria-label")) == "Bed B2, Cleaning, 25 min, overdue"
        assert plain(one(page, 3).get_attribute("aria-label")) == "Bed B3, Free, Isolation"
        expect(page.locator(".waiting h2")).to_have_text("1 patient waits")
        (waits,) = page.locator(".waiting li").all()
        assert [plain(part) for part in waits.locator("span, bdi").all_inner_texts() if part] == [
            "Medium", "40 min", "no doctor or nurse is free",
        ]  # fmt: skip
        assert [plain(count) for count in page.locator(".counts li").all_inner_texts()] == [
            "1 Free", "1 Occupied", "1 Cleaning",
        ]  # fmt: skip
        assert visitor.complaints == []
        assert {url.split("/")[2] for url in visitor.asked} == {stand_in.url.removeprefix("http://")}


def test_each_state_has_a_word_and_a_mark_of_its_own(browser: Browser, stand_in: StandIn):
    stand_in.tell(ward=every_state())
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        words = page.locator(".bed .state").all_inner_texts()
        assert len(set(words)) == len(words) == 7
        looks = page.locator(".bed .mark").evaluate_all(SHAPES)
        assert len(set(looks)) == 7, "told apart without colour"


SHAPES = """(marks) => marks.map((mark) => {
  const { borderStyle, borderRadius, clipPath, backgroundImage, backgroundColor, color } = getComputedStyle(mark);
  const filled = backgroundImage !== "none" ? "half" : backgroundColor === color ? "full" : "empty";
  return [borderStyle, borderRadius, clipPath, filled].join(" ");
})"""


def test_messages_alone_keep_the_beds_true_and_the_focus_where_it_was(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        page.route("**/api/v1/wards/**", lambda route: route.abort())
        one(page, 2).focus()
        stand_in.tell(messages=[bed_update(2, "unoccupied", "ready"), bed_update(1, "housekeeping", "vacated")])
        expect(one(page, 2).locator(".state")).to_have_text("Free")
        expect(one(page, 1).locator(".lasted")).to_have_text("0 min")
        expect(one(page, 2)).to_be_focused()
        stand_in.tell(messages=[bed_update(4, "unoccupied", "added", room="9"), bed_update(3, None, "removed")])
        expect(page.locator(".rooms h3").last).to_have_text(re.compile("Room .9"))
        expect(one(page, 3)).to_have_count(0)
        expect(page.locator(".rooms > section")).to_have_count(2)


def test_who_waits_is_asked_for_when_the_line_is_another(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        waits = [waiter("critical", "08:58"), waiter("low", "07:00"), waiter("critical", "08:50", "timeout")]
        stand_in.tell(ward=small_ward(waiting=waits), messages=[{"type": "waiting_update", "change": "waits"}])
        expect(page.locator(".waiting h2")).to_have_text("3 patients wait")
        said = [plain(text) for text in page.locator(".waiting .acuity").all_inner_texts()]
        assert said == ["Critical", "Critical", "Low"]
        expect(page.locator(".waiting li").first).to_contain_text("will be tried again")  # eight minutes longer


def test_keys_lead_from_bed_to_bed_and_tell_all_about_one(browser: Browser, stand_in: StandIn):
    stand_in.tell(ward=large_ward())
    for language in ("en", "ar"):
        with visit(browser, WALL, timezone_id="UTC") as visitor:
            page = visitor.page
            page.goto(f"{stand_in.url}/wards/{WARD}/board/?lang={language}")
            expect(page.locator(".bed")).to_have_count(60)
            assert page.locator(".bed[tabindex='0']").count() == 1
            ahead, back = ("ArrowRight", "ArrowLeft") if language == "en" else ("ArrowLeft", "ArrowRight")

            def press(*keys: str, page: Page = page) -> str:
                for key in keys:
                    page.keyboard.press(key)
                return str(page.evaluate("document.activeElement.dataset.key"))

            page.locator(".bed[tabindex='0']").focus()
            assert press(ahead) == "bed-1"
            assert press(ahead) == "bed-4"  # in the next room
            assert press("ArrowDown") == "bed-6"
            assert press(back, "ArrowUp") == "bed-1"
            assert press("End") == "bed-59"
            assert press("ArrowDown") == "bed-59"
            assert press("Home", "Enter") == "bed-0"
            details = page.locator("footer [role=status]")
            expect(details).to_contain_text("B0")
            assert page.locator(".bed[aria-pressed=true]").count() == 1
            press("Escape")
            expect(details).to_be_empty()


def test_without_a_key_nobody_s_name_is_shown_or_asked_for(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        stand_in.tell(messages=[bed_update(1, "occupied", "occupied")])
        one(page, 1).click()
        assert not re.search("Asha|Jane|Vera|patient-1", page.content())
        assert not [url for url in visitor.asked if "/beds/" in url or "admissions" in url]
        expect(page.locator(".act")).to_be_hidden()


def test_names_are_shown_with_a_key_until_they_are_hidden(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        let_in(page, "matron_of-nobody")
        expect(page.get_by_role("dialog")).to_contain_text("This key is not known.")
        page.get_by_label("Your key").fill(KEY)
        page.keyboard.press("Enter")
        expect(one(page, 1).locator(".who")).to_have_text("Asha Rao")
        expect(one(page, 1).locator(".carers")).to_contain_text("Vera Cruz")
        expect(page.locator(".waiting .who")).to_have_text("Jane Doe")
        page.reload()
        expect(one(page, 1).locator(".who")).to_have_text("Asha Rao")  # the tab keeps the key
        assert KEY not in page.content()
        assert not [url for url in visitor.asked if KEY in url]
        page.get_by_role("button", name="Hide names").click()
        expect(one(page, 1).locator(".who")).to_be_empty()
        page.reload()
        expect(page.get_by_role("button", name="Show names")).to_be_visible()
        assert not re.search("Asha|Jane", page.content())


def test_a_key_is_said_in_headers_alone_with_the_hospital_that_the_address_names(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in, "?hospital=north")
        with page.expect_request("**/api/v1/stream?*admissions*") as streamed:
            let_in(page)
        headers = streamed.value.all_headers()
        assert (headers["authorization"], headers["hospital-id"]) == (f"Bearer {KEY}", "north")
        assert not [url for url in visitor.asked if KEY in url]
        assert [url for url in visitor.asked if "/board/?hospital=north" in url and "/api/" in url]


def test_the_staff_s_board_is_live_and_goes_on_after_an_interruption(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        let_in(page)
        expect(one(page, 1).locator(".who")).to_have_text("Asha Rao")
        page.route("**/api/v1/wards/**", lambda route: route.abort())
        stand_in.tell(mode="off")
        stand_in.tell(messages=[bed_update(3, "closed", "closed", room="2")])
        stand_in.tell(mode="on")
        expect(one(page, 3).locator(".state")).to_have_text("Closed", timeout=30_000)
        page.unroute("**/api/v1/wards/**")
        later = with_names() | {"waiting": [], "waiting_count": 0}
        stand_in.tell(staffed=later, messages=[{"type": "admission_update", "change": "assigned"}])
        expect(page.locator(".waiting h2")).to_have_text("No patient waits")


def test_a_key_that_is_taken_out_takes_the_names_away(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        let_in(page)
        expect(one(page, 1).locator(".who")).to_have_text("Asha Rao")
        for asked in ("wards/*/beds/", "stream?*admissions*"):
            page.route(f"**/api/v1/{asked}", lambda route: route.fulfill(status=401, json={}))
        stand_in.tell(mode="off")  # the server lets go who is not known any more
        stand_in.tell(mode="on")
        expect(page.get_by_role("dialog")).to_contain_text("This key is not known.")
        page.get_by_role("button", name="Cancel").click()
        expect(one(page, 1).locator(".who")).to_be_empty()
        expect(one(page, 1).locator(".state")).to_have_text("Occupied")


def test_who_has_cleaned_a_bed_says_so_on_the_board(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        let_in(page)
        expect(one(page, 1).locator(".who")).to_have_text("Asha Rao")
        one(page, 1).focus()
        page.keyboard.press("Enter")
        expect(page.locator(".details")).to_contain_text(re.compile("Nurse: .Nuno Alves"))
        expect(page.locator(".act")).to_be_hidden()
        one(page, 2).focus()
        page.keyboard.press("Enter")
        button = page.get_by_role("button", name="Bed is clean")
        button.focus()
        page.keyboard.press("Enter")
        expect(one(page, 2)).to_be_focused()
        assert stand_in.tell()["done"] == ["/api/v1/beds/bed-2/clean/"]
        stand_in.tell(mode="mute")
        button.click()
        expect(page.locator(".notice")).to_have_text("That could not be done. Please try again.")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SCREENS.values(), ids=SCREENS)
@pytest.mark.parametrize("beds", [3, 60])
def test_each_screen_shows_it_whole(
    browser: Browser, stand_in: StandIn, size: tuple[int, int], theme: str, beds: int
) -> None:
    stand_in.tell(ward=large_ward() if beds == 60 else small_ward())
    with visit(browser, size, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in, f"?theme={theme}")
        expect(page.locator(".bed")).to_have_count(beds)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator(".bed").evaluate_all(CUT) == []
        if size != PHONE:
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")
        if size == WALL or (size != PHONE and beds == 3):
            last = page.locator(".bed").last.bounding_box()
            footer = page.locator("footer").bounding_box()
            assert last is not None
            assert footer is not None
            assert last["y"] + last["height"] <= footer["y"] + 1
        assert visitor.axe() == []


CUT = """(beds) => beds.filter((bed) => ['.label', '.state', '.lasted'].some((part) => {
  const found = bed.querySelector(part);
  return found.textContent && found.getBoundingClientRect().right > bed.getBoundingClientRect().right + 1;
})).map((bed) => bed.textContent)"""


def test_sixty_beds_with_names_fit_a_wall(browser: Browser, stand_in: StandIn):
    stand_in.tell(ward=large_ward(), staffed=large_ward(named=True))
    with visit(browser, WALL, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        let_in(page)
        expect(page.locator(".waiting .who").first).to_have_text("Jane Doe")
        expect(page.locator(".bed")).to_have_count(60)
        last = page.locator(".bed").last.bounding_box()
        footer = page.locator("footer").bounding_box()
        assert last is not None
        assert footer is not None
        assert last["y"] + last["height"] <= footer["y"] + 1
        shown = page.locator(".waiting li:visible").count()
        expect(page.locator(".more")).to_have_text(f"+{20 - shown}")
        assert shown >= 8
        assert page.evaluate(
            "(({scrollHeight, clientHeight}) => scrollHeight <= clientHeight + 1)(document.querySelector('.waiting'))"
        )  # nobody by half
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert visitor.axe() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_way_in_for_staff_and_their_board_are_for_everybody(browser: Browser, stand_in: StandIn, theme: str):
    with visit(browser, PHONE, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in, f"?theme={theme}")
        button = page.get_by_role("button", name="Show names")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Your key")).to_be_focused()
        assert visitor.axe() == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        let_in(page)
        expect(one(page, 1).locator(".who")).to_have_text("Asha Rao")
        one(page, 2).click()
        expect(page.get_by_role("button", name="Bed is clean")).to_be_visible()
        assert visitor.axe() == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_long_words_stay_in_their_beds(browser: Browser, stand_in: StandIn):
    beds = [
        bed(1, "contaminated", "00:01", label="Observation bed by the window", type="intensive care, paediatric"),
        bed(2, "occupied", isolation=True, label="WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"),
    ]
    shown = ward([("The room with the longest name in this whole hospital", beds)], name="W" * 120)
    stand_in.tell(ward=shown)
    for size in (PHONE, WALL):
        with visit(browser, size, timezone_id="UTC") as visitor:
            page = visitor.page
            page.goto(f"{stand_in.url}/wards/{WARD}/board/?lang=ar")
            expect(page.locator(".bed")).to_have_count(2)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert page.locator(".bed").evaluate_all(CUT) == []


def test_a_ward_that_is_not_there_is_looked_for_and_an_empty_one_says_so(browser: Browser, stand_in: StandIn):
    stand_in.tell(ward=ward([]))
    with visit(browser, timezone_id="UTC") as visitor:
        page = visitor.page
        page.goto(f"{stand_in.url}/wards/{WARD}/board/")
        expect(page.locator(".notice")).to_have_text("This ward has no beds yet.")
        page.route("**/api/v1/wards/**", lambda route: route.fulfill(status=404, json={}))
        page.route("**/api/v1/stream**", lambda route: route.fulfill(status=404, json={}))
        page.reload()
        expect(page.locator(".notice")).to_contain_text("We do not know this ward.")


def test_silence_is_told_with_the_time_of_what_is_shown(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        stand_in.tell(mode="mute")
        expect(page.locator(".banner[data-part=stale]")).to_contain_text("No connection.", timeout=30_000)
        stand_in.tell(mode="on")
        expect(page.locator(".banner[data-part=stale]")).to_be_empty()


@pytest.mark.parametrize(("language", "word"), [("es", "Limpieza"), ("hi", "सफ़ाई"), ("ar", "تنظيف")])
def test_it_is_said_in_the_language_asked_for(browser: Browser, stand_in: StandIn, language: str, word: str):
    with visit(browser, DESK, timezone_id="UTC") as visitor:
        page = visitor.page
        page.goto(f"{stand_in.url}/wards/{WARD}/board/?lang={language}")
        expect(one(page, 2).locator(".state")).to_have_text(word)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not re.search(r"\{\w+\}", page.locator("main").inner_text())
