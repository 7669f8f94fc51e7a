"""A patient's whole way through the console, with the keyboard alone: found or registered, booked, checked in, called,
seen, sent for tests, and counted on the day's report, which is read on the next.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gateway.browser import chromium
from tests.gateway.console.desks import House, Worked, at, follow, has_focus, press, said, tab_to
from tests.serving import Server, serving

pytestmark = pytest.mark.browser


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
    with closing(House(server)) as made:
        yield made


def outcome_of(page: Page) -> float:
    """Milliseconds from the answer of the last action to its outcome on the page, which came in this order."""
    marks = page.evaluate("""["matron-answer", "matron-outcome"].map((name) => {
      const found = performance.getEntriesByName(name).at(-1);
      return found ? found.startTime : null;
    })""")
    assert None not in marks
    assert marks[0] <= marks[1]
    return float(marks[1] - marks[0])


def test_a_new_hospital_says_what_to_set_up_in_which_order(browser: Browser, server: Server):
    with at(browser, server, "/") as visitor:
        steps = visitor.page.locator(".setup ol > li")
        expect(steps.first).to_contain_text("Doctors")
        expect(steps.nth(1)).to_contain_text("Slots")
        assert steps.count() == 8
        assert visitor.axe() == []
    with at(browser, server, "/console/nowhere", role="clinician") as visitor:
        expect(visitor.page.locator(".setup")).to_have_count(0)
        expect(visitor.page.locator("h1")).to_contain_text("no such page")
        for path, text in (
            ("desk/day", "There is no doctor yet"), ("clinic/mine", "There is no doctor yet"),
            ("clinic/away", "There is no doctor yet"),
        ):  # fmt: skip
            follow(visitor.page, f"/console/{path}", ".empty")
            expect(visitor.page.locator(".empty")).to_contain_text(text)


def test_a_view_that_cannot_be_shown_says_why_and_can_be_tried_again(browser: Browser, server: Server):
    with at(browser, server, "/console", role="clerk") as visitor:
        page = visitor.page
        page.route("**/api/v1/services/**", lambda route: route.fulfill(status=503, json={"code": "overloaded"}))
        follow(page, "/console/desk/queue", "[role=alert] + button")
        expect(page.get_by_role("heading", name="This cannot be shown")).to_be_visible()
        page.unroute("**/api/v1/services/**")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("There is no open service")).to_be_visible()


def test_a_patient_s_whole_way_with_the_keyboard_alone(browser: Browser, server: Server, house: House):
    house.tests()
    with at(browser, server, "/", role="clerk") as visitor:
        page = visitor.page
        expect(page).to_have_url(re.compile("/console/desk/patients$"))
        has_focus(page, "Find a patient")

        # Found by nobody, so registered.
        page.keyboard.type("Amara Okafor")
        press(page, "Enter")
        expect(page.get_by_text("Nobody was found")).to_be_visible()
        tab_to(page, "Register a patient")
        press(page, "Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.get_by_label("Name", exact=True).input_value() == "Amara Okafor"
        press(page, "Tab")
        page.keyboard.type("02031980")
        press(page, "Tab", "Tab")
        page.keyboard.type("555 0199")
        press(page, "Enter")
        said(page, "Amara Okafor is registered.")
        took = [outcome_of(page)]
        expect(page.locator("h2").filter(has_text="Amara Okafor")).to_be_focused()

        # Booked: the slot that suits is chosen already.
        press(page, "b")
        expect(page.locator(".slot input:checked")).to_be_focused()
        press(page, "ArrowDown", "ArrowUp", "Enter")
        expect(page.locator(".paper .code")).to_have_text(re.compile("CAR-001"))
        expect(page.locator(".paper img")).to_have_js_property("complete", True)
        assert page.locator(".paper img").evaluate("(image) => image.naturalWidth") > 0
        said(page, "Booked: CAR-001")
        took.append(outcome_of(page))
        press(page, "Escape")
        has_focus(page, "Check in")
        press(page, "Enter")
        said(page, "CAR-001 checked in")
        took.append(outcome_of(page))

        # What was done last can be taken back, and says what that is.
        press(page, "z")
        said(page, "Taken back: CAR-001 checked in")
        has_focus(page, "Check in")
        press(page, "Enter")
        expect(page.locator("[data-part=outcome]")).not_to_contain_text("Taken back")
        said(page, "CAR-001 checked in")
        assert visitor.complaints == []

    with at(browser, server, "/console/clinic/mine", role="clinician") as visitor:
        page = visitor.page
        expect(page.get_by_text("Choose whose queue is yours")).to_be_visible()
        page.keyboard.press("Tab")
        while page.evaluate("document.activeElement.tagName") != "SELECT":
            press(page, "Tab")
        page.keyboard.type("Dr. Rao")
        expect(page.locator(".row")).to_have_count(1)
        press(page, "Tab", "n")
        said(page, "CAR-001 called")
        expect(page.locator(".present h2")).to_have_text("Amara Okafor")
        press(page, "s")
        said(page, "CAR-001 started")
        took.append(outcome_of(page))

        press(page, "f")
        expect(page.get_by_label("Tests", exact=True)).to_be_visible()
        while page.evaluate("document.activeElement.name") != "tests":
            press(page, "Tab")
        press(page, "ArrowDown")
        tab_to(page, "Refer")
        press(page, "Enter")
        said(page, "Referred: ")
        press(page, "c")
        said(page, "CAR-001 completed")
        took.append(outcome_of(page))
        expect(page.get_by_text("Nobody is called")).to_be_visible()
        has_focus(page, "Call next")
        assert visitor.complaints == []

    report = house.desk.get("/reports/daily/")
    assert report["totals"]["by_status"]["COMPLETED"] == 1
    (referral,) = house.desk.get("/referrals/")["items"]
    assert referral["patient_name"] == "Amara Okafor"
    sys.stdout.write(f"from an answer to its outcome on the page: {max(took):.1f} ms at most\n")

    # The next day: the same log, on a clock that is a day ahead.
    assert server.stop() == 0
    next_day = shutil.copytree(server.data, server.data.with_name("next-day"))
    server.start()
    with (
        serving(next_day, hours=24) as tomorrow,
        at(browser, tomorrow, "/", role="admin", hours=24) as visitor,
    ):
        page = visitor.page
        tab_to(page, "Reports")
        press(page, "Enter")
        expect(page).to_have_url(re.compile("/console/reports/daily"))
        expect(page.get_by_text("Yesterday", exact=True)).to_be_visible()
        expect(page.locator("main select option").filter(has_text="Dr. Rao")).to_have_count(1)  # all of it is there
        tab_to(page, "Yesterday")
        press(page, "Enter")
        expect(page).to_have_url(re.compile(f"from={report['date']}&to={report['date']}"))
        expect(page.get_by_text("1 patient seen").first).to_be_visible()
        assert visitor.complaints == []


def test_a_name_alone_finds_candidates_and_never_a_patient(browser: Browser, server: Server, house: House):
    house.patient("Jane Doe", phone="555 0201", dob="1980-02-03")
    house.patient("Jane Doe", phone="555 0202", dob="1991-07-08")
    only = house.patient("Zeno Only", phone="555 0203", dob="1970-01-02")
    with at(browser, server, "/console/desk/patients", role="clerk") as visitor:
        page = visitor.page

        def find(text: str) -> None:
            page.get_by_label("Find a patient", exact=True).fill(text)
            press(page, "Enter")

        find("jane")
        expect(page.locator(".row")).to_have_count(2)
        assert len(set(page.locator(".row .faint").all_inner_texts())) == 2, "something tells them apart"
        find("Zeno")
        expect(page.locator(".row")).to_have_count(1)
        expect(page.get_by_text("Find a patient on the left")).to_be_visible()
        find("08/07/1991 doe")
        expect(page.locator(".row")).to_have_count(1)
        expect(page.locator(".row")).to_contain_text("555 0202")
        find("5550203")
        expect(page.locator(".row")).to_contain_text("Zeno Only")
        find(only)
        expect(page.locator("h2").filter(has_text="Zeno Only")).to_be_focused()

        # Who looks like somebody who is here is not registered again without a question.
        press(page, "n")
        page.get_by_label("Name", exact=True).fill("zeno only")
        press(page, "Enter")
        expect(page.get_by_text("1 record looks alike")).to_be_visible()
        has_focus(page, "This one")
        press(page, "Enter")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page).to_have_url(re.compile(only))
    assert len(house.desk.get("/patients/", name="zeno")["items"]) == 1


def test_a_thousand_in_line_stay_smooth_and_only_those_in_view_are_in_the_page(
    browser: Browser, server: Server, house: House
):
    house.wait(1000)
    with at(browser, server, f"/console/desk/queue/{house.laboratory}", role="clerk") as visitor:
        page = visitor.page
        expect(page.get_by_text("1,000 wait")).to_be_visible()
        assert page.locator(".row").count() < 60
        page.locator(".list").focus()
        press(page, "End")
        expect(page.locator(".row[aria-selected=true]")).to_have_attribute("aria-posinset", "1000")
        expect(page.locator(".row[aria-selected=true] .code")).to_have_text(re.compile("LAB-1000"))
        worked = Worked(page)
        took: list[float] = []
        for count in range(999, 989, -1):
            before = worked()
            house.desk.post(f"/services/{house.laboratory}/call-next/", {"counter": "1"}, 200)
            page.wait_for_selector(f"text={count} wait, 1 called")
            took.append(worked() - before)
            (ticket,) = house.desk.get(f"/services/{house.laboratory}/queue/", limit=1)["serving"]
            house.desk.post(f"/tickets/{ticket['id']}/no-show/", {"force": True, "reason": "left"}, 200)
            page.wait_for_selector(f"text={count} wait, 0 called")
        assert page.locator(".row[aria-selected=true] .code").inner_text() == "LAB-1000", "it stays chosen"
        sys.stdout.write(f"a call among a thousand: {max(took):.1f} ms of the page's thread at most\n")
        assert max(took) < 50, took
