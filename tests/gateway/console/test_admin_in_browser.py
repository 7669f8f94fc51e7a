"""An administrator sets a hospital up: a doctor, his week, slots, policies, a key, a person, and rules that
are tried before they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gateway.browser import PHONE, chromium
from tests.gateway.console.desks import Late, press, said
from tests.gateway.console.office import Office, administrator, office

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office")) as made:
        yield made


def standing_at(page: Page) -> str:
    """What has the focus: a field by its label, anything else by what it says, without its key."""
    return str(
        page.evaluate("""() => {
          const at = document.activeElement;
          const said = (at.labels?.[0] ?? at).cloneNode(true);
          for (const key of said.querySelectorAll("kbd")) key.remove();
          return at === document.body ? "" : (at.getAttribute("aria-label") ?? said.textContent).trim();
        }""")
    )


def has_focus(page: Page, name: str) -> None:
    for _ in range(100):
        if standing_at(page) == name:
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"{standing_at(page)!r} has the focus, not {name!r}")


def tab_to(page: Page, name: str, most: int = 40) -> None:
    """Whatever can be done can be reached with Tab."""
    for _ in range(most):
        if standing_at(page) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {name!r}; it stands at {standing_at(page)!r}")


def chosen(page: Page, name: str) -> None:
    """It stands in the list, and its form is open."""
    expect(page.get_by_role("option", selected=True)).to_contain_text(name)
    expect(page.locator(".columns h2").first).to_contain_text(name)


def test_a_doctor_is_added_and_changed_with_the_keyboard_alone(browser: Browser, place: Office):
    with administrator(browser, place, "/console/admin/doctors") as visitor:
        page = visitor.page
        has_focus(page, "Name")  # nothing is here yet, so the form for the first one is open
        page.keyboard.type("Dr. Ibarra")
        press(page, "Tab")
        page.keyboard.type("Cardiology")
        press(page, "Enter")
        said(page, "Dr. Ibarra added.")
        chosen(page, "Dr. Ibarra")

        tab_to(page, "Specialization")
        press(page, "Control+A")
        page.keyboard.type("Paediatric cardiology")
        press(page, "Enter")
        said(page, "Dr. Ibarra saved.")
        assert [one["specialization"] for one in place.get("/doctors/")["items"]] == ["Paediatric cardiology"]
        assert visitor.axe() == []

        press(page, "Escape")
        tab_to(page, "New")
        press(page, "Enter")
        has_focus(page, "Name")
        press(page, "Enter")  # nothing is said: it is told at the field, and the focus is there
        expect(page.locator(".fault").first).not_to_be_empty()
        has_focus(page, "Name")
        assert visitor.complaints == []


def test_a_week_is_planned_and_its_slots_are_made(browser: Browser, place: Office):
    with administrator(browser, place, "/console/admin/templates") as visitor:
        page = visitor.page
        page.get_by_label("Places", exact=True).fill("12")
        page.get_by_label("Fri", exact=True).uncheck()
        page.get_by_label("Emergency").fill("2")
        page.get_by_role("button", name="Add a slot template").click()
        said(page, "added.")
        chosen(page, "Dr. Ibarra 09:00–12:00")
        [template] = place.get("/slot-templates/")["items"]
        assert (template["weekdays"], template["quotas"], template["max_capacity"]) == (
            ["MON", "TUE", "WED", "THU"], {"EMERGENCY": 2}, 12,
        )  # fmt: skip

        page.get_by_role("button", name="Make slots for days to come").click()
        said(page, "Slots made: 4")
        expect(page.locator(".inner table tbody tr")).to_have_count(4)
        assert len(place.get("/slots/")["items"]) == 4
        page.get_by_role("button", name="Make slots for days to come").click()
        said(page, "Slots made: 0")
        expect(page.locator(".inner td").filter(has_text="made before")).to_have_count(4)

        page.get_by_role("button", name="Add a day").click()
        page.get_by_label("Day", exact=True).fill("2030-12-25")
        page.get_by_role("button", name="Save", exact=True).click()
        said(page, "saved.")
        [template] = place.get("/slot-templates/")["items"]
        assert [one["date"] for one in template["exceptions"]] == ["2030-12-25"]
        assert template["quotas"] == {"EMERGENCY": 2}  # what was not touched is as it was
        assert visitor.axe() == []
        assert visitor.complaints == []


def test_a_policy_is_changed_marked_and_not_over_somebody_else_s_change(browser: Browser, place: Office):
    with administrator(browser, place, "/console/admin/policy", color_scheme="dark") as visitor:
        page = visitor.page
        expect(page.get_by_text("Different from usual: 0")).to_be_visible()
        page.get_by_label("Overbooking (%)").fill("15")
        expect(page.locator(".differs")).to_have_count(1)
        page.get_by_role("button", name="Save", exact=True).click()
        said(page, "The policies are saved.")
        expect(page.get_by_text("Different from usual: 1")).to_be_visible()
        policy = place.get("/policy/")
        assert policy["overbook_pct"] == 15

        page.get_by_label("Overbooking (%)").fill("101")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("[aria-invalid=true]")).to_have_count(1)
        page.get_by_label("Overbooking (%)").fill("20")
        answer = place.client.put("/policy/", json={"undo_minutes": 5})  # meanwhile, at another desk
        assert answer.status_code == 200
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".refused")).to_contain_text("Somebody has changed this meanwhile")
        assert place.get("/policy/")["undo_minutes"] == 5
        assert visitor.axe() == []


def test_a_key_is_made_and_shown_once_with_the_keyboard_alone(browser: Browser, place: Office):
    with administrator(browser, place, "/console/admin/access") as visitor:
        page = visitor.page
        expect(page.get_by_role("cell", name="administrator", exact=True)).to_be_visible()
        press(page, "k")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.type("front desk")
        tab_to(page, "Desk clerk")
        press(page, "Space")
        tab_to(page, "Make a key")
        press(page, "Enter")
        secret = page.locator("[data-part=secret]")
        expect(secret).to_contain_text("matron_")
        opened = httpx2.get(f"{place.server.url}/api/v1/doctors/", headers={"X-API-Key": secret.inner_text()})
        assert opened.status_code == 200
        assert visitor.axe() == []
        tab_to(page, "It is handed on")
        press(page, "Enter")
        expect(page.get_by_role("cell", name="front desk")).to_be_visible()
        expect(secret).to_have_count(0)
        assert "matron_" not in page.content()

        page.get_by_role("row").filter(has_text="front desk").get_by_role("button", name="Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        said(page, "opens nothing any more")
        expect(page.get_by_role("cell", name="front desk")).to_have_count(0)


def test_a_person_is_let_in_with_a_password_that_is_shown_once(browser: Browser, place: Office):
    with administrator(browser, place, "/console/admin/access", size=PHONE) as visitor:
        page = visitor.page
        page.get_by_role("button", name="Add a person").click()
        page.get_by_label("Name to sign in with").fill("ana.lopes")
        page.get_by_label("Desk clerk").check()
        page.get_by_role("dialog").get_by_role("button", name="Add a person").click()
        secret = page.locator("[data-part=secret]").inner_text()
        signed = httpx2.post(
            f"{place.server.url}/api/v1/session/", json={"name": "ana.lopes", "password": secret}, timeout=15
        )
        assert (signed.status_code, signed.json()["roles"]) == (201, ["clerk"])
        page.get_by_role("button", name="It is handed on").click()
        expect(page.get_by_role("cell", name="ana.lopes")).to_be_visible()
        page.get_by_role("button", name="Lock out").click()
        said(page, "cannot sign in any more")
        assert place.get("/users/")["items"][0]["disabled"] is True


def test_rules_are_drafted_tried_on_a_past_day_and_put_in_force(browser: Browser, place: Office):
    clinic = place.post("/clinics/", {"name": "Day clinic"})["id"]
    place.post("/rooms/", {"name": "Room 1", "type": "consultation", "clinic_id": clinic})
    with administrator(browser, place, f"/console/admin/rules/{clinic}") as visitor:
        page = visitor.page
        page.get_by_label("Kind", exact=True).select_option("least_busy")
        page.get_by_label("Name", exact=True).fill("Spread the day")
        page.locator(".panel").get_by_role("button", name="Add a rule").click()
        said(page, "Spread the day is in the draft.")
        assert visitor.axe() == []
        page.get_by_label("Weight").fill("40")
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            page.get_by_role("button", name="Save", exact=True).click()
        said(page, "is in the draft")
        [rule] = place.get("/rules/", clinic_id=clinic, version="draft")["items"]
        assert (rule["rule"]["kind"], rule["rule"]["weight"]) == ("least_busy", 40)

        press(page, "Escape")
        page.get_by_role("button", name="Try on a past day").click()
        page.locator(".panel").get_by_role("button", name="Try on a past day").click()
        said(page, "Tried: 0 of 0")
        page.get_by_role("button", name="Put in force").click()
        page.get_by_role("dialog").get_by_role("button", name="Put in force").click()
        said(page, "The rules are in force.")
        expect(page.get_by_role("cell", name="in force")).to_be_visible()
        assert place.get(f"/clinics/{clinic}/")["rule_version"] == 1
        assert visitor.complaints == []


def test_slots_counters_and_shifts_are_kept(browser: Browser, place: Office):
    staff = place.post("/staff/", {"name": "Ada", "role": "nurse"})["id"]
    with administrator(browser, place, "/console/admin/slots?date=2030-03-04") as visitor:
        page = visitor.page
        page.get_by_role("button", name="Open a slot").click()
        said(page, "A slot is open")
        row = page.get_by_role("row").filter(has_text="09:00")
        row.get_by_role("button", name="Change places").click()
        page.get_by_role("dialog").get_by_label("Places").fill("7")
        press(page, "Enter")
        expect(row).to_contain_text("0 of 7")
        row.get_by_role("button", name="Hold back").click()
        expect(row).to_contain_text("held back")
        assert visitor.axe() == []
        row.get_by_role("button", name="Cancel the slot").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel the slot").click()
        expect(row).to_contain_text("cancelled")

        visitor.page.goto(f"{place.server.url}/console/admin/services")
        page.get_by_role("button", name="New").click()
        page.locator(".panel > form").get_by_label("Name", exact=True).first.fill("X-ray")
        page.get_by_role("button", name="Add a counter").click()
        page.keyboard.type("Window B")
        page.get_by_role("button", name="Add a service").click()
        said(page, "X-ray added.")
        service = next(one for one in place.get("/services/")["items"] if one["name"] == "X-ray")
        assert [one["name"] for one in service["settings"]["counters"]] == ["1", "Window B"]
        page.get_by_role("button", name="Pause").click()
        said(page, "X-ray: paused.")

        visitor.page.goto(f"{place.server.url}/console/admin/staff/{staff}")
        page.get_by_role("button", name="Add a shift").click()
        said(page, "The shift of Ada is planned.")
        page.get_by_role("button", name="Take approval away").click()
        page.get_by_role("dialog").get_by_label("Reason").fill("licence ended")
        page.get_by_role("dialog").get_by_role("button", name="Go on").click()
        said(page, "may not be assigned any more")
        kept = place.get(f"/staff/{staff}/")
        assert (kept["is_approved"], len(kept["shifts"])) == (False, 1)
        assert visitor.complaints == []


VIEWS = ("doctors", "templates", "slots", "services", "clinics", "rooms", "rules", "staff", "policy", "access")


@pytest.mark.parametrize(("lang", "scheme"), [("ar", "dark"), pytest.param("hi", "light", marks=pytest.mark.long)])
def test_every_view_is_whole_for_whoever_reads_otherwise(browser: Browser, place: Office, lang: str, scheme: Any):
    place.post("/services/", {"name": f"Laboratory {lang}"})
    place.post("/staff/", {"name": f"Ada {lang}", "role": "nurse"})
    with administrator(browser, place, "/console/admin/doctors", size=PHONE, lang=lang, color_scheme=scheme) as visitor:
        page = visitor.page
        for view in VIEWS:
            page.evaluate(
                "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }",
                f"/console/admin/{view}",
            )
            expect(page.locator(".views a[aria-current]")).to_have_attribute("href", re.compile(f"/{view}$"))
            expect(page.locator("main .loading")).to_have_count(0)
            expect(page.locator("main .failure")).to_have_count(0)
            row = page.locator(".list .row")
            if row.count():
                row.first.click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
            assert re.findall(r"\b(?:f|v|kind)_\w+", page.locator("main").inner_text()) == [], view
            assert visitor.axe() == [], view
        assert visitor.complaints == []


def test_what_is_typed_right_after_saving_stays(browser: Browser, place: Office):
    with administrator(browser, place, "/console/admin/policy") as visitor:
        page = visitor.page
        before = place.get("/policy/")["offer_minutes"]
        page.get_by_label("Overbooking (%)").fill("10")
        asked = len(visitor.asked)
        page.get_by_role("button", name="Save", exact=True).click()
        said(page, "The policies are saved.")
        page.get_by_label("Overbooking (%)").fill("25")
        page.wait_for_timeout(300)
        assert [address for address in visitor.asked[asked:] if "/api/" in address] == [visitor.asked[asked]]
        assert page.get_by_label("Overbooking (%)").input_value() == "25"
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_label("Overbooking (%)")).to_have_value("25")
        said(page, "The policies are saved.")
        assert place.get("/policy/")["offer_minutes"] == before


def test_the_slots_of_the_day_that_was_asked_for_last_are_listed(browser: Browser, place: Office):
    doctor = place.post("/doctors/", {"name": "Dr. Late", "specialization": "Surgery"})["id"]
    for day, hour in (("2030-04-01", "07"), ("2030-04-02", "08")):
        times = {"start_time": f"{day}T{hour}:00:00Z", "end_time": f"{day}T{hour}:30:00Z"}
        place.post("/slots/", {"doctor": doctor, "max_capacity": 3, **times})
    with administrator(browser, place, f"/console/admin/slots/{doctor}?date=2030-03-31") as visitor:
        page = visitor.page
        late = Late(page, re.compile(r"/slots/\?.*date=2030-04-01"))
        page.get_by_label("Day", exact=True).fill("2030-04-01")
        late.wait()
        page.get_by_label("Day", exact=True).fill("2030-04-02")
        expect(page.get_by_role("cell", name="08:00")).to_be_visible()
        late.let_go()
        expect(page.get_by_role("cell", name="08:00")).to_be_visible()
        expect(page.get_by_role("cell", name="07:00")).to_have_count(0)
        assert visitor.complaints == []
