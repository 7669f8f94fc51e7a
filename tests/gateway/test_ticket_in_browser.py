"""The page of one ticket in a real browser: the place in line, the call in big words, and no name anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gateway.browser import DESK, PHONE, chromium, visit
from tests.gateway.stand_in import LINK, StandIn, standing_in, ticket_view

pytestmark = pytest.mark.browser

TOPIC = f"ticket:{LINK}"
SMALL_PHONE = (320, 568)
STATES = ["waiting", "called", "consulting", "parked", "completed", "no_show", "cancelled", "expired", "transferred"]
# Keeps every sentence of the live region.
WITNESS = """
  window.heard = [];
  new MutationObserver((records) => {
    for (const {target, addedNodes: [added]} of records)
      if (added && target.ariaLive === "assertive") window.heard.push(added.textContent);
  }).observe(document, {subtree: true, childList: true});
"""


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
    server.tell(mode="on", ticket=ticket_view(), forget=True)
    return server


def opened(page: Page, stand_in: StandIn, query: str = "") -> Page:
    """The page, once it says something."""
    page.add_init_script(WITNESS)
    page.goto(f"{stand_in.url}/t/{LINK}{query}")
    expect(page.locator(".big")).not_to_be_empty()
    return page


def plain(text: str) -> str:
    return re.sub("[\u2066-\u2069]", "", text).replace("\xa0", " ")


def test_it_shows_code_place_and_estimate_and_its_own_address(browser: Browser, stand_in: StandIn):
    with visit(browser, PHONE) as visitor:
        page = opened(visitor.page, stand_in)
        expect(page.locator("h1 .code")).to_have_text("CAR-014")
        expect(page.locator(".service")).to_have_text("Cardiology")
        expect(page.locator(".big")).to_have_text("4 people ahead of you")
        assert plain(page.locator(".estimate").inner_text()) == "Expected wait: about 20–35 minutes"
        expect(page.get_by_role("img", name="Scan to open this page on another phone")).to_be_visible()
        assert visitor.complaints == []
        assert {url.split("/")[2] for url in visitor.asked} == {stand_in.url.removeprefix("http://")}


def test_a_call_is_said_at_once_in_big_words_and_once(browser: Browser, stand_in: StandIn):
    with visit(browser, PHONE) as visitor:
        page = opened(visitor.page, stand_in)
        called = stand_in.call("CAR-014", "3", 30, TOPIC)
        before = stand_in.tell(messages=[called])["questions"]
        expect(page.locator("[aria-live=assertive]")).to_have_text(re.compile("It is your turn"))
        while stand_in.tell()["questions"] == before:  # a view that is older than the message takes nothing back
            pass
        expect(page.locator("queue-ticket")).to_have_attribute("data-state", "called")
        stand_in.tell(
            messages=[{**called, "type": "ticket_update"}],
            ticket=ticket_view("called", counter="3", people_ahead=0, updated_at=called["at"]),
        )
        expect(page).to_have_title(re.compile("CAR-014: It is your turn"))
        expect(page.locator("queue-ticket")).to_have_attribute("data-state", "called")
        assert plain(page.locator(".big").inner_text()) == "It is your turn: counter 3"
        assert [plain(text) for text in page.evaluate("window.heard")] == ["It is your turn: counter 3"]
        expect(page.locator(".estimate")).to_be_hidden()


def test_a_call_that_came_while_the_phone_slept_is_said_when_it_wakes(browser: Browser, stand_in: StandIn):
    with visit(browser, PHONE) as visitor:
        page = opened(visitor.page, stand_in)
        stand_in.tell(mode="off")
        called = stand_in.call("CAR-014", "Room 7", 30, TOPIC)
        stand_in.tell(ticket=ticket_view("called", counter="Room 7", updated_at=called["at"]), messages=[called])
        stand_in.tell(mode="on")
        expect(page.locator("[aria-live=assertive]")).to_have_text(re.compile("It is your turn"))
        assert [plain(text) for text in page.evaluate("window.heard")] == ["It is your turn: Room 7"]


def test_those_ahead_leave_without_a_message_and_the_page_finds_out(browser: Browser, stand_in: StandIn):
    with visit(browser, PHONE) as visitor:
        visitor.page.clock.install()
        page = opened(visitor.page, stand_in)
        stand_in.tell(ticket=ticket_view(people_ahead=1, position=2))
        page.clock.run_for(21_000)
        expect(page.locator(".big")).to_have_text("1 person ahead of you")
        expect(page.locator(".hint")).to_have_text("Your turn is near. Please stay close.")
        stand_in.tell(ticket=ticket_view(people_ahead=0, position=1, estimated_wait_minutes={"low": 0, "high": 0}))
        page.clock.run_for(21_000)
        expect(page.locator(".big")).to_have_text("You are next")
        expect(page.locator(".estimate")).to_contain_text("any moment now")


def test_without_a_connection_it_says_since_when(browser: Browser, stand_in: StandIn):
    with visit(browser, PHONE) as visitor:
        visitor.page.clock.install()
        page = opened(visitor.page, stand_in)
        stand_in.tell(mode="off")
        page.clock.run_for(11_000)
        expect(page.locator(".banner[role=status]")).to_contain_text("No connection. This is as of")
        stand_in.tell(mode="on")
        page.clock.run_for(16_000)
        expect(page.locator(".banner[role=status]")).to_be_hidden()


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_said_in_every_language_and_fits_a_small_phone(browser: Browser, stand_in: StandIn, state: str):
    counter = "Consultation room 12, east" if state in ("called", "consulting") else None
    name = "Cardiology and Thoracic Surgery Outpatients"
    stand_in.tell(ticket=ticket_view(state, counter=counter, service_name=name))
    said = set()
    for size in (SMALL_PHONE, DESK):
        with visit(browser, size) as visitor:
            for language in ("en", "es", "hi", "ar"):
                page = opened(visitor.page, stand_in, f"?lang={language}")
                said.add(page.locator(".big").inner_text())
                assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert len(said) == 4


def test_an_unknown_link_is_met_kindly(browser: Browser, stand_in: StandIn):
    stand_in.tell(ticket=False)
    with visit(browser, PHONE) as visitor:
        page = opened(visitor.page, stand_in)
        expect(page.locator(".big")).to_have_text("We do not know this ticket")
        expect(page.locator(".hint")).to_contain_text("Please ask the staff.")
        expect(page.locator("[data-part=ring]")).to_be_hidden()


def test_another_language_is_one_touch_away_and_keeps_the_hospital(browser: Browser, stand_in: StandIn):
    with visit(browser, PHONE) as visitor:
        page = opened(visitor.page, stand_in, "?hospital=north&theme=dark")
        page.get_by_role("link", name="العربية").click()
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        expect(page.locator(".big")).to_have_text("4 أشخاص أمامكم")
        expect(page.locator("h1 .code")).to_have_text("CAR-014")
        assert "hospital=north" in page.url
        assert "theme=dark" in page.url


def test_who_asks_for_it_hears_a_bell(browser: Browser, stand_in: StandIn):
    with visit(browser, PHONE, permissions=["notifications"]) as visitor:
        page = opened(visitor.page, stand_in)
        page.get_by_role("button", name="Ring when it is my turn").click()
        expect(page.get_by_text("This page will ring when it is your turn.")).to_be_visible()
        expect(page.locator("[data-part=ring]")).to_be_hidden()


def test_a_service_name_with_markup_is_a_text(browser: Browser, stand_in: StandIn):
    evil = "<img src=x onerror=alert(1)>"
    stand_in.tell(ticket=ticket_view("called", service_name=evil, counter=evil))
    with visit(browser, PHONE) as visitor:
        page = opened(visitor.page, stand_in)
        expect(page.locator(".service")).to_have_text(evil)
        expect(page.locator(".big")).to_contain_text(evil)
        expect(page.locator("main img")).to_have_count(0)
        assert visitor.complaints == []
