"""Rooms at the desk, in a real browser: booked with the reasons, an alternative taken by one key, a day worked through,
who waits for a room served, a room closed; and every view without a fault that axe finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.gateway.browser import PHONE, chromium
from tests.gateway.console.desks import Late, at, press, said
from tests.serving import Desk, Server

pytestmark = pytest.mark.browser

DATE = "2030-02-04"
RULE = "Nothing that is not needed"
SHEETS = "[...document.styleSheets].filter((sheet) => !sheet.disabled).map((sheet) => sheet.href).join()"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


class Clinic:
    """A clinic of three rooms, of which the rules like the plainest best, and whoever books them from elsewhere."""

    def __init__(self, server: Server) -> None:
        self.desk = Desk(server.url)
        self.id = self.desk.post("/clinics/", {"name": "Orthopaedics"})["id"]
        self.rooms = [
            self._room(f"Room {n}", equipment)
            for n, equipment in enumerate(("couch", "couch ultrasound", "couch ecg scale"), 1)
        ]
        rule = {"kind": "equipment_parsimony", "name": RULE, "weight": 30}
        self.desk.post("/rules/", {"clinic_id": self.id, "rule": rule})
        self.desk.post(f"/clinics/{self.id}/rules/activate/", {}, 200)
        self.doctors = [
            self.desk.post("/doctors/", {"name": f"Dr. Vera {n}", "specialization": "Surgery"})["id"] for n in "ABC"
        ]
        self.patients = 0

    def close(self) -> None:
        self.desk.close()

    def _room(self, name: str, equipment: str) -> str:
        body = {
            "clinic_id": self.id,
            "name": name,
            "type": "examination",
            "equipment": equipment.split(),
            "cleaning_minutes": 10,
        }
        return str(self.desk.post("/rooms/", body)["id"])

    def patient(self, name: str = "") -> str:
        self.patients += 1
        return str(self.desk.post("/patients/", {"name": name or f"Asha Rao {self.patients}"})["id"])

    def book(self, start: str, end: str, doctor: int = 0, date: str = DATE, **more: Any) -> Any:
        times = {"start_time": f"{date}T{start}:00Z", "end_time": f"{date}T{end}:00Z"}
        people = {"clinic_id": self.id, "patient_id": self.patient(), "doctor_id": self.doctors[doctor]}
        return self.desk.post("/appointments/", {**people, **times, **more})

    def booked(self, date: str) -> list[Any]:
        found: list[Any] = self.desk.get("/appointments/", clinic_id=self.id, date=date)["items"]
        return found


@pytest.fixture(scope="module")
def clinic(served: Server) -> Iterator[Clinic]:
    with closing(Clinic(served)) as made:
        yield made


def fill_in(page: Page, start: str, doctor: str = "Dr. Vera A", room: str = "") -> None:
    page.get_by_label("Doctor").select_option(label=f"{doctor} · Surgery")
    page.get_by_label("Begins").fill(start)
    if room:
        page.get_by_label("Room", exact=True).select_option(label=room)


def step(page: Page, name: str, key: str) -> None:
    """What the panel offers, done by its key."""
    expect(panel(page).get_by_role("button", name=name)).to_be_visible()
    press(page, key)


def panel(page: Page) -> Locator:
    return page.locator(".panel.appointment")


def test_a_booking_tells_why_this_room_and_the_next_one_is_a_key_away(browser: Browser, served: Server, clinic: Clinic):
    patient = clinic.patient("Jane Doe")
    date = "2030-02-05"
    with at(browser, served, f"/console/rooms/book/{clinic.id}?patient={patient}", role="clerk") as visitor:
        page = visitor.page
        expect(page.locator(".room-picked")).to_contain_text("Jane Doe")
        fill_in(page, f"{date}T09:00")
        expect(page.locator(".room-ranked li").first).to_contain_text("Room 1")
        expect(page.locator(".room-ranked li").first).to_contain_text("this one")
        expect(page.locator(".room-ranked li").first).to_contain_text(RULE)
        assert visitor.axe() == []
        page.get_by_role("button", name="Book", exact=True).press("Enter")
        said(page, "Booked: Room 1")
        expect(panel(page).locator("h2")).to_have_text("Jane Doe")
        expect(panel(page).locator("h2")).to_be_focused()
        (made,) = clinic.booked(date)
        expect(panel(page)).to_contain_text(f"{made['assignment']['score']} of 100 points")
        expect(panel(page).locator(".room-terms li").first).to_contain_text(RULE)
        expect(panel(page).locator(".room-next button")).to_have_count(2)
        assert visitor.axe() == []
        step(page, "Room 2 ·", "j")
        said(page, "Moved to Room 2.")
        expect(panel(page).locator(".facts")).to_contain_text("Room 2")
        (moved,) = clinic.booked(date)
        assert (moved["id"], moved["room_id"]) == (made["id"], clinic.rooms[1])
        assert visitor.complaints == []


def test_what_is_taken_is_refused_with_what_can_be_had_and_one_key_takes_it(
    browser: Browser, served: Server, clinic: Clinic
):
    date = "2030-02-06"
    taken = clinic.book("09:00", "10:00", 1, date, room_id=clinic.rooms[0])
    patient = clinic.patient("John Roe")
    with at(browser, served, f"/console/rooms/book/{clinic.id}?patient={patient}", role="clerk") as visitor:
        page = visitor.page
        fill_in(page, f"{date}T09:30", room="Room 1")
        page.get_by_role("button", name="Book", exact=True).press("Enter")
        offer = page.get_by_role("dialog")
        expect(offer.locator("h2")).to_have_text("The room is taken then.")
        choices = [plain(text) for text in offer.locator("ol button").all_inner_texts()]
        assert choices[0].startswith("Room 2, ")
        assert any("Room 1" in text for text in choices), "the nearest times in that room"
        assert visitor.axe() == []
        press(page, "1")
        said(page, "Booked: Room 2")
        rooms = {one["id"]: one["room_id"] for one in clinic.booked(date)}
        assert len(rooms) == 2
        assert rooms.pop(taken["id"]) == clinic.rooms[0]
        assert list(rooms.values()) == [clinic.rooms[1]]


def test_an_appointment_is_worked_through_from_the_timeline_by_keyboard(
    browser: Browser, served: Server, clinic: Clinic
):
    one = clinic.book("09:00", "09:30", 2)
    with at(
        browser, served, f"/console/rooms/day/{clinic.id}?date={DATE}", role="clinician", reduced_motion="reduce"
    ) as visitor:
        page = visitor.page
        block = page.locator(f".block[data-key='{one['id']}']")
        expect(block).to_have_attribute("data-status", "booked")
        block.focus()
        press(page, "Enter")
        expect(panel(page).locator("h2")).to_contain_text("Asha Rao")
        step(page, "Check in", "i")
        expect(block).to_have_attribute("data-status", "checked_in")
        said(page, "Checked in")
        step(page, "Start", "s")
        expect(block).to_have_attribute("data-status", "in_progress")
        assert visitor.axe() == []
        step(page, "Complete", "c")
        expect(block).to_have_attribute("data-status", "completed")
        assert clinic.desk.get(f"/appointments/{one['id']}/")["status"] == "completed"
        # What others do is seen here without a reload.
        other = clinic.book("11:00", "11:30", 2)
        expect(page.locator(f".block[data-key='{other['id']}']")).to_have_count(1)
        page.locator(f".block[data-key='{other['id']}']").click()
        step(page, "Cancel the appointment", "x")
        page.get_by_role("dialog").get_by_label("Reason").fill("moved away")
        page.get_by_role("dialog").get_by_role("button", name="Cancel the appointment").press("Enter")
        expect(page.locator(f".block[data-key='{other['id']}']")).to_have_count(0)
        press(page, "b")
        expect(page.locator("h1")).to_have_text("Book")
        assert "day_timeline" not in page.evaluate(SHEETS), "the board's sheet holds for the board's timeline alone"
        assert visitor.complaints == []


@pytest.mark.long
def test_who_waits_for_a_room_is_listed_and_leaves_the_list_when_one_frees_up(
    browser: Browser, served: Server, clinic: Clinic
):
    date = "2030-02-07"
    held = [clinic.book("09:00", "10:00", n, date) for n in range(3)]
    doctor = clinic.desk.doctor("Rheumatology")
    times = {"start_time": f"{date}T09:00:00Z", "end_time": f"{date}T09:30:00Z"}
    people = {"clinic_id": clinic.id, "patient_id": clinic.patient(), "doctor_id": doctor}
    waits = clinic.desk.post("/appointments/", {**people, **times, "fallback": "unassigned"})
    assert waits["room_id"] is None
    with at(browser, served, "/console/rooms/waiting", role="clerk", color_scheme="dark") as visitor:
        page = visitor.page
        expect(page.locator(".list .row")).to_have_count(1)
        page.locator(".list").focus()
        press(page, "ArrowDown")
        expect(panel(page)).to_contain_text("waits for a room")
        assert visitor.axe() == []
        clinic.desk.post(f"/appointments/{held[0]['id']}/cancel/", {}, 200)
        expect(page.get_by_text("Every appointment has a room.")).to_be_visible()
        assert clinic.desk.get(f"/appointments/{waits['id']}/")["room_id"] == held[0]["room_id"]


@pytest.mark.long
def test_a_closure_first_says_whom_it_meets_and_then_moves_them(browser: Browser, served: Server, clinic: Clinic):
    date = "2030-02-08"
    one = clinic.book("09:00", "10:00", 0, date, room_id=clinic.rooms[2])
    path = f"/console/rooms/closures/{clinic.id}?room={clinic.rooms[2]}&date={date}"
    with at(browser, served, path, role="admin") as visitor:
        page = visitor.page
        page.get_by_label("Appointments then").select_option(label="move to other rooms")
        assert visitor.axe() == []
        page.get_by_role("button", name="See whom it meets").press("Enter")
        asked = page.get_by_role("dialog")
        expect(asked).to_contain_text("It meets 1 appointment.")
        expect(asked.locator("li")).to_contain_text("moves to Room 1")
        assert clinic.desk.get("/closures/", clinic_id=clinic.id)["items"] == []
        press(page, "c")
        said(page, "Room 3 is closed")
        expect(page.locator("tbody tr")).to_have_count(1)
        assert clinic.desk.get(f"/appointments/{one['id']}/")["room_id"] == clinic.rooms[0]
        page.get_by_role("button", name="Open again").press("Enter")
        said(page, "Room 3 is open again.")
        expect(page.locator("tbody tr")).to_have_count(0)


def test_on_a_phone_the_day_is_a_list_and_in_arabic_it_runs_from_the_right(
    browser: Browser, served: Server, clinic: Clinic
):
    clinic.book("14:00", "14:30", 1)
    path = f"/console/rooms/day/{clinic.id}?date={DATE}&lang=ar"
    with at(browser, served, path, role="clerk", size=PHONE) as visitor:
        page = visitor.page
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        expect(page.locator(".timeline")).to_be_hidden()
        item = page.locator(".room-list li button").filter(has_text="14:00")
        item.press("Enter")
        expect(panel(page).locator("h2")).to_contain_text("Asha Rao")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        assert visitor.axe() == []


def plain(text: str) -> str:
    """Without the marks that keep directions apart."""
    return re.sub("[\u2066-\u2069]", "", text)


def test_a_late_answer_does_not_put_another_appointment_before_whoever_has_gone_on(
    browser: Browser, served: Server, clinic: Clinic
):
    date = "2030-02-19"
    one, other = clinic.book("09:00", "09:30", 0, date), clinic.book("10:00", "10:30", 1, date)
    with at(browser, served, f"/console/rooms/day/{clinic.id}?date={date}", role="clinician") as visitor:
        page = visitor.page
        block = page.locator(f".block[data-key='{one['id']}']")
        block.click()
        late = Late(page, re.compile("/check-in/$"), "POST")
        step(page, "Check in", "i")
        late.wait()
        page.locator(f".block[data-key='{other['id']}']").click()
        name = clinic.desk.get(f"/patients/{other['patient_id']}/")["name"]
        expect(panel(page).locator("h2")).to_have_text(name)
        late.let_go()
        said(page, "Checked in")
        expect(block).to_have_attribute("data-status", "checked_in")
        expect(panel(page).locator("h2")).to_have_text(name)
        expect(panel(page).get_by_role("button", name="Check in")).to_be_visible()
        assert visitor.complaints == []
