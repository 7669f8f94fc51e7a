"""Every view of the desk, the clinic and the shell: nothing axe finds, light and dark, small and large, each language;
and what the page weighs until somebody can work.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import closing

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from tests.gateway.browser import PHONE, WALL, chromium, visit
from tests.gateway.console.desks import House, Late, at, follow, has_focus, press, said, tab_to
from tests.serving import Server, serving

pytestmark = pytest.mark.browser
FIRST_LOAD = 150_000  # bytes
PRINTED = """() => {
  window.print = () => {
    const [paper, frame] = [document.querySelector(".paper"), document.querySelector(".frame")];
    window.printed = [paper.textContent, [paper, frame].map((one) => one.checkVisibility())];
  };
}"""


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
    with closing(House(server, 3)) as made:
        made.tests()
        for number, category in enumerate(("WALKIN", "ONLINE", "FOLLOWUP")):
            made.arrived(made.patient(f"Patient {number}", dob="1980-02-03", phone=f"555 010{number}"), category)
        yield made


def views(house: House) -> dict[str, str]:
    """Each view and what is there once it shows something."""
    patient = house.tokens()[0]["patient_id"]
    return {
        "/console": ".cards",
        f"/console/desk/patients/{patient}": ".visit",
        f"/console/desk/queue/{house.doctor}": ".row",
        "/console/desk/day": ".row",
        f"/console/clinic/mine/{house.doctor}": ".row",
        "/console/clinic/away": ".form",
    }


def test_axe_finds_nothing_in_any_view_and_everything_fits_on_a_phone(browser: Browser, server: Server, house: House):
    with at(browser, server, "/console", size=PHONE) as visitor:
        page = visitor.page
        for path, there in views(house).items():
            follow(page, path, there)
            assert visitor.axe() == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than a phone"
        follow(page, f"/console/desk/patients/{house.tokens()[0]['patient_id']}", ".visit")
        for key, there in (("e", ".slot"), ("n", "dialog form"), ("?", ".menu")):
            press(page, key)
            expect(page.locator(there).first).to_be_visible()
            assert visitor.axe() == [], key
            press(page, "Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        assert visitor.complaints == []


def test_colours_of_the_night_and_lines_from_right_to_left_are_as_easy_to_read(
    browser: Browser, server: Server, house: House
):
    with at(browser, server, "/console?lang=ar", size=WALL, color_scheme="dark") as visitor:
        page = visitor.page
        assert page.locator("html").get_attribute("dir") == "rtl"
        heads = set()
        for path, there in views(house).items():
            follow(page, path, there)
            heads.add(page.locator("h1").inner_text())
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert visitor.axe("color-contrast") == [], path
        assert not heads & {"Patients", "Live queue", "Day list", "My queue", "Unavailable"}
        assert len(heads) == 6
        assert visitor.complaints == []


def test_a_language_that_is_chosen_is_kept(browser: Browser, server: Server, house: House):
    with at(browser, server, "/console/desk/day", role="clerk") as visitor:
        page = visitor.page
        expect(page.locator("h1")).to_have_text("Day list")
        page.locator(".who").click()
        page.get_by_label("Language").select_option("hi")
        expect(page.locator("h1")).to_have_text("दिन की सूची")
        page.reload()
        expect(page.locator("h1")).to_have_text("दिन की सूची")
        assert page.locator("html").get_attribute("lang") == "hi"


def test_the_first_page_is_light_and_soon_there(browser: Browser, server: Server, house: House):
    with visit(browser, timezone_id="UTC") as visitor:
        page = visitor.page
        sizes: dict[str, int] = {}
        page.on("requestfinished", lambda request: sizes.update({request.url: weight(request)}))
        page.add_init_script("sessionStorage.setItem('matron-look-as', 'clerk')")
        page.goto(f"{server.url}/")
        expect(page.get_by_label("Find a patient", exact=True)).to_be_focused()
        page.wait_for_load_state("networkidle")
        ready = page.evaluate("performance.getEntriesByName('matron-interactive')[0].startTime")
        total = sum(sizes.values())
        sys.stdout.write(f"{len(sizes)} requests, {total / 1000:.0f} KB, somebody can work after {ready:.0f} ms\n")
        assert total < FIRST_LOAD, sizes
        assert ready < 5_000


def weight(request) -> int:
    found = request.sizes()
    return int(found["responseBodySize"] + found["responseHeadersSize"])


def test_a_day_is_printed_whole_and_with_names(browser: Browser, server: Server, house: House):
    with at(browser, server, "/console/desk/day", role="clerk") as visitor:
        page = visitor.page
        expect(page.locator(".row").first).to_be_visible()
        page.emulate_media(media="print")
        page.evaluate(PRINTED)
        page.evaluate("document.querySelector('[data-key=p]').click()")
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        paper, seen = page.evaluate("window.printed")
        assert seen == [True, False], "the paper, and nothing of the page around it"
        assert all(f"Patient {number}" in paper for number in range(3))
        expect(page.locator(".paper")).to_have_count(0)


def test_a_full_slot_leads_to_the_waiting_list_and_an_emergency_past_it(browser: Browser, server: Server, house: House):
    patient = house.patient("Late Comer")
    with at(browser, server, f"/console/desk/patients/{patient}", role="clerk") as visitor:
        page = visitor.page
        press(page, "b")
        expect(page.locator(".slot input:checked")).to_be_focused()
        full = page.locator(".slot.full").first
        expect(full).to_contain_text("Full: waiting list, 0 wait")
        full.locator("input").check()
        press(page, "Enter")
        said(page, "Place 1 on the waiting list")
        expect(page.locator(".visit .chip").first).to_have_text("Waiting list")
        has_focus(page, "Leave the waiting list")
        press(page, "e")
        expect(page.locator(".slot input:checked")).to_be_focused()
        press(page, "Enter")
        said(page, "Emergency: ")
        expect(page.locator(".paper .code")).to_be_visible()
    (token,) = house.tokens(patient_id=patient)
    assert token["category"] == "EMERGENCY"


def test_an_older_answer_that_comes_late_does_not_undo_what_a_newer_one_showed(
    browser: Browser, server: Server, house: House
):
    patient = house.patient("Twice Asked")
    token = house.desk.post("/tokens/", {"slot_id": house.slots[3], "patient_id": patient, "category": "WALKIN"})
    with at(browser, server, f"/console/desk/patients/{patient}", role="clerk") as visitor:
        page = visitor.page
        chip = page.locator(".visit .chip").first
        expect(chip).to_have_text("Booked")
        late = Late(page, re.compile(r"/tokens/\?.*patient_id="))
        page.get_by_role("button", name="Check in").click()
        late.wait()
        httpx2.delete(f"{server.url}/api/v1/tokens/{token['id']}/", timeout=15).raise_for_status()
        expect(chip).to_have_text("Cancelled")
        late.let_go()
        expect(chip).to_have_text("Cancelled")
        assert visitor.complaints == []


def test_a_token_is_moved_and_cancelled_and_the_doctor_s_absence_is_planned_before_it_is_done(
    browser: Browser, server: Server, house: House
):
    patient = house.patient("Often Moved")
    body = {"slot_id": house.slots[2], "patient_id": patient, "category": "WALKIN"}
    token = house.desk.post("/tokens/", body)
    with at(browser, server, f"/console/desk/patients/{patient}") as visitor:
        page = visitor.page
        tab_to(page, "Move")
        press(page, "Enter")
        expect(page.locator(".slot input:checked")).to_be_focused()
        press(page, "Enter")
        said(page, f"{token['ticket_code']} is moved")
        assert house.tokens(patient_id=patient)[0]["slot_id"] == house.slots[3]
        tab_to(page, "Cancel the token")
        press(page, "Enter")
        page.keyboard.type("ill")
        press(page, "Enter")
        said(page, "cancelled")
        press(page, "z")
        said(page, "Taken back")
        expect(page.locator(".visit .chip").first).to_have_text("Booked")

        follow(page, "/console/clinic/away", "form")
        page.get_by_label("Doctor").select_option(house.other)
        page.get_by_role("button", name="See what would happen").click()
        expect(page.get_by_role("heading", name="What would happen")).to_be_focused()
        assert house.desk.get("/slots/", doctor_id=house.other, status="CANCELLED")["items"] == []
        tab_to(page, "Do it")
        press(page, "Enter")
        said(page, "Done: ")


def test_steps_of_a_live_queue_with_single_keys(browser: Browser, server: Server, house: House):
    house.wait(4)
    with at(browser, server, f"/console/desk/queue/{house.laboratory}", role="clerk") as visitor:
        page = visitor.page
        expect(page.locator(".row")).to_have_count(4)
        for key, outcome in (
            ("n", "LAB-001 called"), ("s", "LAB-001 started"),
            ("d", "LAB-001 completed"), ("u", "Taken back: LAB-001 completed"), ("d", "LAB-001 completed"),
            ("n", "LAB-002 called"), ("a", "LAB-002: no answer"), ("u", "Taken back: LAB-002: no answer"),
        ):  # fmt: skip
            press(page, key)
            expect(page.locator("[data-part=outcome]")).to_have_text(outcome)

        # A key that is held down does its work once.
        for key in ("k", "k", "k"):
            page.keyboard.down(key)
            page.wait_for_timeout(100)
        page.keyboard.up("k")
        expect(page.locator("[data-part=outcome]")).to_have_text("LAB-002 parked")
        press(page, "k")
        said(page, "LAB-002 back in line")

        # What needs more than a key opens a question, and Enter answers it.
        page.locator(".list").focus()
        press(page, "End")
        chosen = page.locator(".row[aria-selected=true] .code")
        expect(chosen).to_have_text("LAB-004")
        press(page, "y", "h", "Tab")
        page.keyboard.type("in pain")
        press(page, "Enter")
        said(page, "LAB-004 changed")
        expect(page.locator(".row").first).to_contain_text("High")
        expect(chosen).to_have_text("LAB-004")
        press(page, "t")
        expect(page.get_by_role("dialog")).to_contain_text("Service")
        page.keyboard.type("Card")
        press(page, "Tab", "Tab", "Enter")
        said(page, "LAB-004 transferred")
        expect(page.locator(".row")).to_have_count(2)
        page.locator(".list").focus()
        press(page, "End", "x", "Enter")
        said(page, "cancelled")
        expect(page.locator(".row")).to_have_count(1)
        assert visitor.complaints == []
