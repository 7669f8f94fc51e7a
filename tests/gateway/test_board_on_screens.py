"""How the patients' pages look: on every screen, in every language, by day and by night, and without eyes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gateway.browser import DESK, PHONE, WALL, WALL_4K, chromium, visit
from tests.gateway.stand_in import LINK, SERVICE, StandIn, board_view, standing_in, ticket_view

pytestmark = pytest.mark.browser

UPRIGHT, TABLET, SMALL_PHONE = (1080, 1920), (768, 1024), (320, 568)
SIZES = {
    "small phone": SMALL_PHONE, "phone": PHONE, "tablet": TABLET, "desk": DESK, "wall": WALL, "4k": WALL_4K,
    "upright": UPRIGHT,
}  # fmt: skip
FAR = {name: SIZES[name] for name in ("wall", "4k")}  # read from 10 m
LANGUAGES = ["en", "es", "hi", "ar"]
# Colours do not hang on words: each language in one theme, in the other where there is time.
IN_COLOUR = [
    *zip(LANGUAGES, ("light", "dark", "light", "dark"), strict=True),
    *(pytest.param(*both, marks=pytest.mark.long) for both in zip(LANGUAGES, ("dark", "light") * 2, strict=True)),
]
# Shares of the screen's height: of the newest call's letters, of any other call's, of a line of those who are next.
NEWEST, OTHERS, NEXT = 0.15, 0.045, 0.035


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with standing_in() as server:
        yield server


def worst_case() -> dict[str, Any]:
    """A board as full as it gets, with long names."""
    shown = board_view(
        8, 1_000, status="paused", location="Second floor, east wing, behind the pharmacy, next to the lifts",
        name="Cardiology and Thoracic Surgery Outpatients: Follow-up and Diagnostics",
    )  # fmt: skip
    shown["calls"][0] |= {"counter": "Consultation room 12, Dr. Rao", "counter_location": "2nd floor, on the left"}
    shown["calls"][1] |= {"counter": "A12", "code": "EMERG-00123"}
    shown["calls"][2] |= {"counter": "Room 7", "counter_location": "Ground floor"}
    shown["calls"][5]["status"] = "consulting"
    return shown


def board(page: Page, stand_in: StandIn, query: str = "") -> Page:
    page.goto(f"{stand_in.url}/board/{SERVICE}{query}")
    expect(page.locator(".calls tbody tr").first).to_be_visible()
    page.evaluate("document.fonts.ready")
    return page


# What sticks out: of the screen sideways, of its own box, or (where nothing scrolls) of the screen below.
STICKING_OUT = """() => {
  const root = document.documentElement, found = [];
  if (root.scrollWidth > root.clientWidth) found.push(`page is ${root.scrollWidth} wide`);
  const fixed = getComputedStyle(document.querySelector("queue-board")).overflow === "hidden";
  const floor = fixed ? root.clientHeight : Infinity;
  for (const part of document.querySelectorAll(".code, .counter, td span, h2, .count, .clock, .notice, .banner")) {
    const box = part.getBoundingClientRect();
    if (!box.width) continue;
    const name = `${part.className || part.tagName} "${part.textContent.trim()}"`;
    if (box.left < -1 || box.right > root.clientWidth + 1) found.push(`${name} leaves the screen sideways`);
    if (box.bottom > floor + 1) found.push(`${name} leaves the screen below`);
    const row = part.closest("tbody tr");
    if (!row) continue;
    const around = row.getBoundingClientRect();
    if (box.left < around.left - 1 || box.right > around.right + 1) found.push(`${name} leaves its row sideways`);
    const middle = (box.top + box.bottom) / 2;
    if (middle < around.top || middle > around.bottom) found.push(`${name} is not in its row`);
    const [code, other] = row.querySelectorAll("th bdi, td");
    const [one, two] = [code.getBoundingClientRect(), other.getBoundingClientRect()];
    if (two.width && one.left < two.right - 1 && two.left < one.right - 1) found.push(`${name} is overlapped`);
  }
  for (const row of document.querySelectorAll("tbody tr")) {
    const box = row.getBoundingClientRect(), around = row.closest("section").getBoundingClientRect();
    if (fixed && box.bottom > around.bottom + 1) found.push(`"${row.textContent.trim()}" leaves its panel`);
  }
  return found;
}"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_nothing_sticks_out_however_full_the_board_is(browser: Browser, stand_in: StandIn, size: str, language: str):
    with visit(browser, SIZES[size]) as visitor:
        for shown in (worst_case(), board_view(5, 37), board_view(1, 0)):
            stand_in.tell(board=shown)
            page = board(visitor.page, stand_in, f"?lang={language}")
            assert page.evaluate(STICKING_OUT) == []


@pytest.mark.parametrize("size", FAR)
def test_from_ten_metres_the_calls_can_be_read(browser: Browser, stand_in: StandIn, size: str):
    height = FAR[size][1]

    def share(selector: str) -> float:
        letters = page.locator(selector).first.evaluate("part => parseFloat(getComputedStyle(part).fontSize)")
        return float(letters) / height

    with visit(browser, FAR[size]) as visitor:
        stand_in.tell(board=board_view(8, 37))
        page = board(visitor.page, stand_in)
        assert share(".calls tbody tr:first-child .code") >= NEWEST
        assert share(".calls tbody tr:first-child .counter") >= NEWEST
        assert share(".calls tbody tr:last-child .code") >= OTHERS
        assert share(".next tbody .code") >= NEXT


def test_the_theme_is_the_devices_unless_the_address_names_one(browser: Browser, stand_in: StandIn):
    stand_in.tell(board=board_view())
    grounds = {}
    for device in ("light", "dark"):
        with visit(browser, color_scheme=device) as visitor:
            for asked in ("", "?theme=light", "?theme=dark"):
                page = board(visitor.page, stand_in, asked)
                grounds[device, asked] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    day, night = grounds["light", ""], grounds["dark", ""]
    assert day != night
    assert grounds["dark", "?theme=light"] == grounds["light", "?theme=light"] == day
    assert grounds["light", "?theme=dark"] == grounds["dark", "?theme=dark"] == night


@pytest.mark.parametrize(("language", "theme"), IN_COLOUR)
def test_axe_finds_nothing_wrong(browser: Browser, stand_in: StandIn, language: str, theme: str):
    for size in (PHONE, WALL):
        with visit(browser, size, reduced_motion="reduce") as visitor:
            stand_in.tell(board=worst_case())
            page = board(visitor.page, stand_in, f"?lang={language}&theme={theme}")
            stand_in.tell(messages=[stand_in.call("CAR-009", "9", 9)], board=board_view(9, 30))
            expect(page.locator("[data-fresh]")).to_have_count(1)
            assert visitor.axe() == []
            for status in ("waiting", "called", "consulting"):
                stand_in.tell(ticket=ticket_view(status, counter=None if status == "waiting" else "3"))
                visitor.page.goto(f"{stand_in.url}/t/{LINK}?lang={language}&theme={theme}")
                expect(visitor.page.locator(".big")).not_to_be_empty()
                assert visitor.axe() == []


def test_arabic_is_read_from_the_right_and_codes_are_not(browser: Browser, stand_in: StandIn):
    stand_in.tell(board=board_view(2))
    with visit(browser, WALL) as visitor:
        page = board(visitor.page, stand_in, "?lang=ar")
        assert page.locator("html").get_attribute("dir") == "rtl"
        code = page.locator(".calls .code").first
        assert code.evaluate("part => getComputedStyle(part).direction") == "ltr"
        calls, following = page.locator(".calls").bounding_box(), page.locator(".next").bounding_box()
        assert calls is not None
        assert following is not None
        assert calls["x"] > following["x"]


def settled_places(page):
    """Where the parts of the board are while it says nothing of silence: ten seconds in no time look like it."""
    parts = (".calls", ".next", ".calls tbody tr >> nth=1", ".next tbody tr >> nth=1")
    banner = page.locator(".banner[role=status]")
    while True:
        expect(banner).to_be_hidden()
        before = [page.locator(part).bounding_box() for part in parts]
        page.wait_for_function("() => new Promise((done) => { new ResizeObserver(done).observe(document.body); })")
        if banner.is_hidden() and before == [page.locator(part).bounding_box() for part in parts]:
            return before


def test_languages_take_turns_and_the_page_stays_where_it_is(browser: Browser, stand_in: StandIn):
    stand_in.tell(board=board_view(2))
    with visit(browser, WALL) as visitor:
        page = visitor.page
        page.clock.install()
        board(page, stand_in, "?lang=en,es,hi,ar")
        places = {}
        for language, word in (("en", "Next"), ("es", "Siguientes"), ("hi", "अगले"), ("ar", "التالي"), ("en", "Next")):
            heading = page.locator("#next span")
            expect(heading).to_have_text(word)
            expect(heading).to_have_attribute("lang", language)
            places[language] = settled_places(page)
            page.clock.run_for(10_100)
        assert places["en"] == places["es"] == places["hi"] == places["ar"]
        assert page.locator("html").get_attribute("dir") == "ltr"


def test_a_call_is_announced_in_all_languages_of_the_board(browser: Browser, stand_in: StandIn):
    stand_in.tell(board=board_view(2))
    with visit(browser) as visitor:
        page = board(visitor.page, stand_in, "?lang=es,ar")
        stand_in.tell(messages=[stand_in.call("CAR-003", "3", 3)], board=board_view(3))
        said = page.locator("[aria-live=assertive] p")
        expect(said).to_have_count(2)
        assert [one.get_attribute("lang") for one in said.all()] == ["es", "ar"]
        assert [one.get_attribute("dir") for one in said.all()] == ["ltr", "rtl"]


def test_who_wants_no_motion_gets_none(browser: Browser, stand_in: StandIn):
    for wanted, animations in (("no-preference", 1), ("reduce", 0)):
        stand_in.tell(board=board_view(2), forget=True)
        with visit(browser, reduced_motion=wanted) as visitor:
            page = board(visitor.page, stand_in)
            stand_in.tell(messages=[stand_in.call("CAR-003", "3", 3)], board=board_view(3))
            expect(page.locator("[data-fresh]")).to_have_count(1)
            assert page.evaluate("document.getAnimations().length") == animations
