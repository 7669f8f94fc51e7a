"""Desk, server, board and phone together: what a clerk does is what a patient sees, also when the server dies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.gateway.browser import PHONE, WALL, chromium, visit
from tests.serving import Desk, Server, serving

pytestmark = pytest.mark.browser

MARKUP = "<b>Cardiology</b>"
COUNTERS = [{"name": "1", "location": "Left of the lifts"}, {"name": "Room 7"}]
HEARD = """
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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("served")
    with serving(folder / "data") as started:
        yield started


class Clerk:
    """A service, and the one who runs it."""

    def __init__(self, server: Server, prefix: str = "CAR") -> None:
        self.url = server.url
        self.desk = Desk(server.url)
        body = {"name": MARKUP, "prefix": prefix, "settings": {"location": "Wing B", "counters": COUNTERS}}
        self.service = self.desk.post("/services/", body)["id"]

    def close(self) -> None:
        self.desk.close()

    def join(self) -> Any:
        return self.desk.post(f"/services/{self.service}/tickets/", {})

    def call_next(self, counter: str) -> Any:
        return self.desk.post(f"/services/{self.service}/call-next/", {"counter": counter}, 200)["ticket"]

    def step(self, ticket: Any, name: str, **body: Any) -> Any:
        return self.desk.post(f"/tickets/{ticket['id']}/{name}/", body, 200)

    def board(self, page: Page) -> Page:
        page.add_init_script(HEARD)
        page.goto(f"{self.url}/board/{self.service}")
        expect(page.locator("h1")).to_have_text(MARKUP)
        return page

    def phone(self, page: Page, ticket: Any) -> Page:
        page.add_init_script(HEARD)
        page.goto(f"{self.url}/t/{ticket['link']}")
        expect(page.locator("h1 .code")).to_have_text(ticket["code"])
        return page


def heard(page: Page) -> list[str]:
    return [re.sub("[\u2066-\u2069]", "", text).replace("\xa0", " ") for text in page.evaluate("window.heard")]


def codes(page: Page, part: str) -> Locator:
    return page.locator(f".{part} tbody .code")


def test_a_morning_at_the_counters(browser: Browser, server: Server):
    with closing(Clerk(server)) as clerk, visit(browser, WALL) as wall, visit(browser, PHONE) as phone:
        first, second, third = clerk.join(), clerk.join(), clerk.join()
        board = clerk.board(wall.page)
        mine = clerk.phone(phone.page, second)
        expect(board.locator(".empty")).to_be_visible()
        expect(codes(board, "next")).to_have_text(["CAR-001", "CAR-002", "CAR-003"])
        expect(mine.locator(".big")).to_have_text("1 person ahead of you")

        clerk.call_next("1")
        expect(codes(board, "calls")).to_have_text(["CAR-001"])
        expect(board.locator(".place")).to_have_text("Left of the lifts")
        expect(codes(board, "next")).to_have_text(["CAR-002", "CAR-003"])
        assert clerk.call_next("Room 7")["id"] == second["id"]
        expect(codes(board, "calls")).to_have_text(["CAR-002", "CAR-001"])
        expect(mine.locator(".big")).to_have_text(re.compile("It is your turn: .*Room 7"))
        expect(board.locator("[aria-live=assertive]")).to_have_text(re.compile("CAR-002"))

        clerk.step(second, "start")
        expect(mine.locator(".big")).to_have_text(re.compile("You are being seen"))
        expect(board.locator(".calls tbody tr").first).to_have_attribute("data-status", "consulting")
        clerk.step(second, "complete")
        expect(codes(board, "calls")).to_have_text(["CAR-001"])
        expect(mine.locator(".big")).to_have_text("Your visit here is over")

        clerk.step(first, "no-answer")
        expect(codes(board, "calls")).to_have_count(0)
        expect(codes(board, "next")).to_have_text(["CAR-003", "CAR-001"])
        clerk.step(third, "cancel")
        expect(board.locator(".count")).to_have_text("1 person waiting")
        pause = {"status": "paused", "reason": "Fire drill"}
        clerk.desk.post(f"/services/{clerk.service}/status/", pause, 200)
        expect(board.locator(".notice")).to_contain_text("Calls are paused")

        assert heard(board) == [
            "Ticket CAR-001: please go to counter 1.",
            "Ticket CAR-002: please go to Room 7.",
        ]
        assert heard(mine) == ["It is your turn: Room 7"]
        for shown, patient in ((board, wall), (mine, phone)):
            assert not re.search(f"{first['id']}|{third['id']}|Fire", shown.content())
            assert patient.complaints == []
            assert {url.split("/")[2] for url in patient.asked} == {server.url.removeprefix("http://")}


def test_a_call_taken_back_and_made_again_is_announced_again(browser: Browser, server: Server):
    with closing(Clerk(server, "UND")) as clerk, visit(browser, WALL) as wall:
        ticket = clerk.join()
        board = clerk.board(wall.page)
        clerk.call_next("1")
        expect(codes(board, "calls")).to_have_text(["UND-001"])
        clerk.step(ticket, "undo")
        expect(codes(board, "calls")).to_have_count(0)
        expect(codes(board, "next")).to_have_text(["UND-001"])
        clerk.call_next("Room 7")
        expect(board.locator("[aria-live=assertive]")).to_have_text(re.compile("Room 7"))
        assert len(heard(board)) == 2


def test_a_server_that_dies_and_comes_back_doubles_no_call_and_loses_none(browser: Browser, tmp_path: Path):
    with serving(tmp_path / "data") as server, closing(Clerk(server)) as clerk, visit(browser, WALL) as wall:
        for _ in range(3):
            clerk.join()
        wall.page.clock.install()
        board = clerk.board(wall.page)
        clerk.call_next("1")
        expect(board.locator("[aria-live=assertive]")).to_have_text(re.compile("CAR-001"))
        server.kill()
        board.clock.run_for(12_000)
        expect(board.locator(".banner[role=status]")).to_contain_text("No connection since")
        expect(codes(board, "calls")).to_have_text(["CAR-001"])
        server.start()
        clerk.call_next("Room 7")
        board.clock.run_for(16_000)
        expect(board.locator("[aria-live=assertive]")).to_have_text(re.compile("CAR-002"))
        expect(board.locator(".banner[role=status]")).to_be_hidden()
        expect(codes(board, "next")).to_have_text(["CAR-003"])
        assert [said[7:14] for said in heard(board)] == ["CAR-001", "CAR-002"]


def test_a_thousand_in_line_are_counted_and_the_next_call_is_seen_at_once(browser: Browser, server: Server):
    with closing(Clerk(server, "CRO")) as clerk, visit(browser, WALL) as wall:
        path = f"/services/{clerk.service}/tickets/"
        board = clerk.board(wall.page)
        commands = [{"method": "POST", "path": path, "body": {}} for _ in range(1_000)]
        results = clerk.desk.post("/batch/", {"commands": commands}, 200)["results"]
        assert all(result["status"] == 201 for result in results)
        expect(board.locator(".count")).to_have_text("1,000 people waiting")
        expect(codes(board, "next")).to_have_count(12)
        clerk.call_next("1")
        expect(codes(board, "calls")).to_have_text(["CRO-001"], timeout=3_000)
        asked = sum("/board/?" in url for url in wall.asked)
        assert asked <= 2 + board.evaluate("performance.now()") / 1000


def test_a_link_that_is_no_ticket_of_ours_is_met_kindly(browser: Browser, server: Server):
    with closing(Clerk(server, "LNK")) as clerk, visit(browser, PHONE) as phone:
        link = clerk.join()["link"]
        phone.page.goto(f"{server.url}/t/{link[:-4]}0000")
        expect(phone.page.locator(".big")).to_have_text("We do not know this ticket")
