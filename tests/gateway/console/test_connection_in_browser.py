"""The connection is lost in the middle of something and comes back: what was done is done once, and is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.gateway.browser import chromium
from tests.gateway.console.desks import House, at, press, said
from tests.serving import Server, serving

pytestmark = pytest.mark.browser
BOOKING = "**/api/v1/tokens/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("console") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def house(server: Server) -> Iterator[House]:
    with closing(House(server, 20)) as made:
        yield made


class Line:
    """The way from a page to the interface's bookings, which a test cuts; ``keys`` are those that were said on it."""

    def __init__(self, page: Page) -> None:
        self.keys: list[str] = []
        self._page = page
        page.on("request", self._hear)

    def _hear(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/tokens/"):
            self.keys.append(request.headers["idempotency-key"])

    def cut(self, *, behind: bool, times: int = 2) -> None:
        """Cut it so often: before the request arrives, or behind, when the answer is on its way."""
        left = [times]

        def handle(route: Route) -> None:
            if left[0] == 0:
                return route.continue_()
            left[0] -= 1
            if behind:
                route.fetch()
            return route.abort("connectionreset")

        self._page.route(BOOKING, handle)


def about_to_book(page: Page) -> None:
    """The booking's dialog, with a slot chosen."""
    press(page, "b")
    expect(page.locator(".slot input:checked")).to_be_focused()


@pytest.mark.parametrize("behind", [False, True], ids=["on its way there", "on its way back"])
def test_a_booking_that_is_cut_off_happens_once_and_is_told(
    browser: Browser, server: Server, house: House, behind: bool
):
    patient = house.patient("Cut Off")
    with at(browser, server, f"/console/desk/patients/{patient}", role="clerk") as visitor:
        page = visitor.page
        line = Line(page)
        line.cut(behind=behind)
        about_to_book(page)
        press(page, "Enter")
        expect(page.locator(".banner").first).to_contain_text("No connection")
        expect(page.locator(".notice")).to_contain_text("Waiting for an answer: Book")
        said(page, "Booked: ")
        expect(page.locator(".banner").first).to_be_empty()
        expect(page.locator(".notice")).to_be_hidden()
        assert len(line.keys) == 3
        assert len(set(line.keys)) == 1, "one action, one key"
        assert page.evaluate("sessionStorage.getItem('matron-pending')") is None
    assert len(house.tokens(patient_id=patient)) == 1


def test_an_action_that_nobody_knows_the_end_of_is_finished_by_the_next_page(
    browser: Browser, server: Server, house: House
):
    patient = house.patient("Loaded Again")
    with at(browser, server, f"/console/desk/patients/{patient}", role="clerk") as visitor:
        page = visitor.page
        line = Line(page)
        line.cut(behind=True, times=1)
        about_to_book(page)
        with page.expect_event("requestfailed"):
            press(page, "Enter")
        page.reload()
        said(page, "Done after an interruption: Book")
        assert len(set(line.keys)) == 1
    assert len(house.tokens(patient_id=patient)) == 1


def test_who_does_not_want_to_wait_is_told_that_nobody_knows(browser: Browser, server: Server, house: House):
    patient = house.patient("Out Of Patience")
    with at(browser, server, f"/console/desk/patients/{patient}", role="clerk") as visitor:
        page = visitor.page
        Line(page).cut(behind=False, times=99)
        about_to_book(page)
        press(page, "Enter")
        expect(page.locator(".notice button")).to_have_count(1)
        page.evaluate("document.querySelector('.notice button').click()")
        expect(page.locator("dialog [role=alert]").first).to_contain_text("Nobody knows whether it was done")
    assert house.tokens(patient_id=patient) == []


def test_a_server_that_dies_in_the_middle_of_a_booking_has_one_token_when_it_is_back(
    browser: Browser, server: Server, house: House
):
    patient = house.patient("Power Cut")
    with (
        at(browser, server, f"/console/desk/queue/{house.laboratory}", role="clerk") as other,
        at(browser, server, f"/console/desk/patients/{patient}", role="clerk") as visitor,
    ):
        page = visitor.page
        expect(other.page.get_by_text("0 wait")).to_be_visible()
        about_to_book(page)
        server.kill()
        press(page, "Enter")
        expect(page.locator(".notice")).to_contain_text("Waiting for an answer: Book")
        server.start()
        said(page, "Booked: ")
        expect(page.locator(".paper .code")).to_have_text(re.compile(r"CAR-\d+"))
        assert len(house.tokens(patient_id=patient)) == 1

        # Who only looked on is shown what happened meanwhile, and what happens now.
        house.wait(2)
        expect(other.page.get_by_text("2 wait")).to_be_visible()
        expect(other.page.locator(".row")).to_have_count(2)
