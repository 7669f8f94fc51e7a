"""The staff's boards for whoever is signed in: no key is asked for, and what they change says the session's token."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect

from gateway.__main__ import main
from tests.gateway.browser import Visit, chromium, visit
from tests.serving import Server, serving

pytestmark = pytest.mark.browser

PASSWORD = "a tram to the sea"
ROLES = {"root": ("network", "*"), "ana": ("clerk", "north"), "otto": ("auditor", "north")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


class North:
    """A hospital that lets nobody in without a password, with a ward whose one bed is to be cleaned."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self._client = httpx2.Client(base_url=f"{server.url}/api/v1", headers={"Hospital-Id": "north"}, timeout=15)
        session = self._client.post("/session/", json={"name": "root", "password": PASSWORD})
        assert session.status_code == 201, session.text
        self._client.headers["X-CSRF-Token"] = session.json()["csrf"]
        self.post("/hospitals/", {"hospital_id": "north", "name": "North", "time_zone": "UTC"})
        self.ward = self.post("/wards/", {"name": "Ward 3 East"})["id"]
        self.bed = self.post(f"/wards/{self.ward}/beds/", {"label": "301 A"})["id"]
        self.doctor = self.post("/staff/", {"name": "Dr. Vera Cruz", "role": "doctor"})["id"]
        self.post("/staff/", {"name": "Nuno Alves", "role": "nurse"})
        patient = self.post("/patients/", {"name": "Asha Rao"})["id"]
        self.post("/admissions/", {"patient_id": patient, "acuity": "low"})

    def post(self, path: str, body: Any) -> Any:
        answer = self._client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        return self._client.get(path).raise_for_status().json()

    def end_a_shift_with_a_patient_left(self) -> None:
        now = datetime.now(UTC)
        hours = {
            "start_time": (now - timedelta(hours=1)).isoformat(),
            "end_time": (now + timedelta(hours=7)).isoformat(),
        }
        shift = self.post(f"/staff/{self.doctor}/shifts/", hours)["id"]
        patient = self.post("/patients/", {"name": "Cora Sand"})["id"]
        self.post("/admissions/", {"patient_id": patient, "acuity": "low", "needs_bed": False})
        self._client.delete(f"/shifts/{shift}/").raise_for_status()

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module")
def north(tmp_path_factory: pytest.TempPathFactory) -> Iterator[North]:
    folder = tmp_path_factory.mktemp("signed")
    accounts, secret, config = folder / "accounts.db", folder / "password", folder / "matron.toml"
    secret.write_text(PASSWORD)
    config.write_text(f"[access]\naccounts = {json.dumps(str(accounts))}\n")
    for name, (role, hospital) in ROLES.items():
        words = ["users", "add", name, "--role", role, "--hospital", hospital, "--accounts", str(accounts)]
        added = CliRunner().invoke(main, [*words, "--password-file", str(secret)])
        assert added.exit_code == 0, added.output
    with serving(folder / "data", "--config", str(config), dev=False) as started:
        there = North(started)
        yield there
        there.close()


def signed_in(visitor: Visit, north: North, name: str) -> Page:
    page = visitor.page
    page.goto(north.url)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Areas")).to_be_visible()
    visitor.complaints.clear()  # that nobody was signed in yet
    return page


def test_names_come_without_a_key_and_a_bed_is_said_to_be_clean(browser: Browser, north: North):
    (lies,) = north.get("/admissions/")["items"]
    north.post(f"/admissions/{lies['id']}/discharge/", {})
    waits = north.post("/patients/", {"name": "Bela Roy"})["id"]
    assert north.post("/admissions/", {"patient_id": waits, "acuity": "high"})["status"] == "waiting"
    with visit(browser) as visitor:
        page = signed_in(visitor, north, "ana")
        page.goto(f"{north.url}/wards/{north.ward}/board/?hospital=north")
        bed = page.locator(".bed")
        expect(bed.locator(".state")).to_have_text("Cleaning")
        page.get_by_role("button", name="Show names").click()
        expect(page.locator(".waiting .who")).to_have_text("Bela Roy")
        expect(page.get_by_label("Your key")).to_be_hidden()
        bed.click()
        page.get_by_role("button", name="Bed is clean").click()
        expect(bed.locator(".who")).to_have_text("Bela Roy")
        page.get_by_role("button", name="Hide names").click()
        expect(bed.locator(".who")).to_have_text("")
        assert visitor.complaints == []


@pytest.mark.long
def test_the_alert_panel_is_open_at_once_and_says_who_has_seen_one(browser: Browser, north: North):
    north.end_a_shift_with_a_patient_left()
    with visit(browser) as visitor:
        page = signed_in(visitor, north, "ana")
        page.goto(f"{north.url}/alerts/?hospital=north")
        alert = page.locator("[data-part=list] > li")
        expect(alert).to_contain_text("A shift is over")
        expect(page.get_by_label("Your key")).to_be_hidden()
        alert.get_by_role("button").click()
        expect(alert.locator(".seen")).to_have_text(re.compile("Seen by .user:ana"))
        assert visitor.complaints == []


@pytest.mark.long
def test_the_audit_explorer_opens_for_an_auditor_and_asks_anybody_else_for_a_key(browser: Browser, north: North):
    with visit(browser) as visitor:
        page = signed_in(visitor, north, "otto")
        page.goto(f"{north.url}/audit/?hospital=north")
        expect(page.locator("audit-explorer")).to_have_attribute("data-state", "on")
        expect(page.get_by_label("Your key")).to_be_hidden()
    with visit(browser) as visitor:
        page = signed_in(visitor, north, "ana")
        page.goto(f"{north.url}/audit/?hospital=north")
        expect(page.get_by_label("Your key")).to_be_visible()
