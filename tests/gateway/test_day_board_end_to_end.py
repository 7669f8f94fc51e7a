"""Desk, server and day board together: what a clerk books, moves and closes is what stands on the wall."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.gateway.browser import WALL, chromium, visit
from tests.serving import Desk, Server, serving

pytestmark = pytest.mark.browser

DATE = "2030-02-01"


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
    """A clinic with two rooms, and the one who books them."""

    def __init__(self, url: str) -> None:
        self.desk = Desk(url)
        self.clinic = self.desk.post("/clinics/", {"name": "Day clinic"})["id"]
        self.rooms = [self._room(n) for n in (1, 2)]
        self.doctors = [self._doctor(n) for n in (1, 2, 3)]
        self.patient = 0

    def close(self) -> None:
        self.desk.close()

    def book(self, start: str, end: str, doctor: int = 0, *, ends_on: str = DATE, **more: Any) -> Any:
        self.patient += 1
        patient = self.desk.post("/patients/", {"name": f"Asha Rao {self.patient}"})["id"]
        times = {"start_time": f"{DATE}T{start}:00Z", "end_time": f"{ends_on}T{end}:00Z"}
        people = {"clinic_id": self.clinic, "patient_id": patient, "doctor_id": self.doctors[doctor]}
        return self.desk.post("/appointments/", {**people, **times, **more})

    def _room(self, n: int) -> str:
        body = {"clinic_id": self.clinic, "name": f"Room {n}", "type": "treatment", "cleaning_minutes": 10}
        return str(self.desk.post("/rooms/", body)["id"])

    def _doctor(self, n: int) -> str:
        body = {"name": f"Dr. Vera {n}", "specialization": "Surgery"}
        return str(self.desk.post("/doctors/", body)["id"])


def blocks(page: Page, room: int) -> Locator:
    return page.locator("[role=row]").nth(room).locator("[role=gridcell]")


def test_a_day_at_the_desk_is_a_day_on_the_wall(browser: Browser, server: Server):
    with closing(Clerk(server.url)) as clerk, visit(browser, WALL) as wall:
        page = wall.page
        page.goto(f"{server.url}/clinics/{clerk.clinic}/board/?date={DATE}")
        expect(page.locator("h1")).to_have_text("Day clinic")
        expect(page.locator("[role=row]")).to_have_count(2)

        first = clerk.book("09:00", "10:00", room_id=clerk.rooms[0])
        expect(blocks(page, 0)).to_have_attribute("aria-label", re.compile("09:00.*10:00.*Booked.*10:10"))
        second = clerk.book("09:00", "10:00", 1)
        expect(blocks(page, 1)).to_have_count(1)
        third = clerk.book("09:30", "10:00", 2, fallback="unassigned")
        expect(page.locator(".waiting h2")).to_have_text("1 appointment waits for a room")

        clerk.desk.post(f"/appointments/{first['id']}/cancel/", {}, 200)
        expect(blocks(page, 0)).to_have_attribute("data-key", third["id"])  # which has waited for it
        expect(page.locator(".waiting")).to_be_hidden()
        later = {"start_time": f"{DATE}T20:00:00Z", "end_time": f"{DATE}T20:30:00Z"}
        clerk.desk.post(f"/appointments/{second['id']}/reschedule/", later, 200)
        expect(page.locator(f"[data-key='{second['id']}']").first).to_have_attribute("aria-label", re.compile("20:30"))
        expect(page.locator(".hour").last).to_have_text(re.compile("20:00"))
        closed = {"room_id": clerk.rooms[0], "kind": "maintenance"}
        noon = {"start_time": f"{DATE}T12:00:00Z", "end_time": f"{DATE}T14:00:00Z"}
        clerk.desk.post("/closures/", closed | noon)
        expect(page.locator("[data-kind=closure][role=gridcell]")).to_have_count(1)

        told = page.content()
        assert not re.search("|".join(["Asha", "Vera", *clerk.doctors, third["patient_id"]]), told)
        assert wall.complaints == []
        assert {url.split("/")[2] for url in wall.asked} == {server.url.removeprefix("http://")}


def test_a_night_stands_on_both_of_its_days(browser: Browser, server: Server):
    with closing(Clerk(server.url)) as clerk, visit(browser, WALL) as evening, visit(browser, WALL) as morning:
        for visitor, date in ((evening, DATE), (morning, "2030-02-02")):
            visitor.page.goto(f"{server.url}/clinics/{clerk.clinic}/board/?date={date}")
            expect(visitor.page.locator("[role=row]")).to_have_count(2)
        night = clerk.book("22:30", "01:30", ends_on="2030-02-02", room_id=clerk.rooms[0])
        for visitor in (evening, morning):
            expect(blocks(visitor.page, 0)).to_have_attribute("data-key", night["id"])
        expect(evening.page.locator(".hour").last).to_have_text(re.compile("23:00"))
        expect(morning.page.locator(".hour").first).to_have_text(re.compile("00:00"))
        clerk.desk.post(f"/appointments/{night['id']}/cancel/", {}, 200)
        for visitor in (evening, morning):
            expect(blocks(visitor.page, 0)).to_have_count(0)
