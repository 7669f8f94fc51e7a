"""Desk, server, bed board and alert panel together: one patient leaves, and the next has the bed when it is clean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from tests.gateway.browser import DESK, WALL, chromium, visit
from tests.serving import Desk, Server, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("served")
    with serving(folder / "data") as started:
        yield started


class Ward:
    """A ward with one bed, a doctor and a nurse, and the desk that admits to it."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.desk = Desk(url)
        self.id = self.desk.post("/wards/", {"name": name})["id"]
        self.bed = self.desk.post(f"/wards/{self.id}/beds/", {"label": "301 A", "room": "301"})["id"]
        self.doctor = self.member("Dr. Vera Cruz", "doctor")
        self.nurse = self.member("Nuno Alves", "nurse")

    def close(self) -> None:
        self.desk.close()

    def member(self, name: str, role: str) -> str:
        return str(self.desk.post("/staff/", {"name": name, "role": role, "ward_ids": [self.id]})["id"])

    def admit(self, name: str, acuity: str) -> Any:
        patient = self.desk.post("/patients/", {"name": name})["id"]
        return self.desk.post("/admissions/", {"patient_id": patient, "acuity": acuity, "ward_id": self.id})


def test_who_waits_has_the_bed_in_the_commit_that_makes_it_clean(browser: Browser, server: Server):
    with closing(Ward(server.url, "Ward 3 East")) as ward, visit(browser, WALL) as wall:
        page = wall.page
        page.goto(f"{server.url}/wards/{ward.id}/board/")
        bed = page.locator(".bed")
        expect(bed.locator(".state")).to_have_text("Free")

        lies = ward.admit("Asha Rao", "medium")
        assert (lies["status"], lies["bed_id"]) == ("assigned", ward.bed)
        expect(bed.locator(".state")).to_have_text("Occupied")
        waits = ward.admit("Bela Roy", "critical")
        assert (waits["status"], waits["reason"]) == ("waiting", "no_bed")
        expect(page.locator(".waiting li")).to_contain_text("Critical")
        expect(page.locator(".waiting h2")).to_have_text("1 patient waits")

        ward.desk.post(f"/admissions/{lies['id']}/discharge/", {}, 200)
        expect(bed.locator(".state")).to_have_text("Cleaning")
        cleaned = httpx2.post(f"{server.url}/api/v1/beds/{ward.bed}/clean/", json={})
        assert (cleaned.json()["state"], cleaned.json()["admission_id"]) == ("occupied", waits["id"])
        served = ward.desk.get(f"/admissions/{waits['id']}/")
        assert (served["status"], served["doctor_id"], served["bed_id"]) == ("assigned", ward.doctor, ward.bed)
        expect(bed.locator(".state")).to_have_text("Occupied")
        expect(page.locator(".waiting h2")).to_have_text("No patient waits")

        assert not re.search("|".join(["Asha", "Bela", "Vera", ward.doctor, waits["id"]]), page.content())
        page.get_by_role("button", name="Show names").click()  # this server asks nobody for a key
        expect(bed.locator(".who")).to_have_text("Bela Roy")
        expect(bed.locator(".carers")).to_contain_text("Nuno Alves")
        assert wall.complaints == []
        assert {url.split("/")[2] for url in wall.asked} == {server.url.removeprefix("http://")}


def test_a_shift_that_ends_with_patients_stands_on_the_panel_until_they_are_seen_to(browser: Browser, server: Server):
    with closing(Ward(server.url, "Ward 4")) as ward, visit(browser, DESK) as desk:
        ward.admit("Asha Rao", "medium")
        page = desk.page
        page.goto(f"{server.url}/alerts/")
        expect(page.locator(".nothing")).to_be_visible()
        now = datetime.now(UTC)
        shift = {
            "start_time": (now - timedelta(hours=1)).isoformat(),
            "end_time": (now + timedelta(seconds=4)).isoformat(),
        }
        ward.desk.post(f"/staff/{ward.doctor}/shifts/", shift)
        alert = page.locator(".alerts li")
        expect(alert).to_contain_text("A shift is over, with patients left")
        expect(alert).to_contain_text(ward.doctor)
        page.keyboard.press("Tab")
        alert.get_by_role("button").press("Enter")
        expect(alert).to_contain_text("Seen by")
        colleague = ward.member("Dr. Ines Sol", "doctor")
        told = ward.desk.post(f"/staff/{ward.doctor}/handover/", {"note": "he sleeps"}, 200)
        assert [one["staff_id"] for one in told["moved"]] == [colleague]
        expect(page.locator(".nothing")).to_be_visible()
        assert desk.complaints == []
