"""The way into the console where people sign in: by password, by a key, out again, with the glass broken, elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx2
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect

from gateway.access.key_commands import keys
from gateway.access.user_commands import users
from tests.gateway.browser import Visit, chromium, visit
from tests.gateway.console.desks import press, said
from tests.serving import Server, serving

pytestmark = pytest.mark.browser
PASSWORD = "a tram to the sea"


class Guarded:
    """A server with two hospitals that asks everybody who he is, and a key for its whole network."""

    def __init__(self, server: Server, key: str) -> None:
        self.url = server.url
        self.key = key
        for hospital in ("main", "north"):
            body = {"hospital_id": hospital, "name": f"{hospital.title()} Hospital", "time_zone": "UTC"}
            headers = {"Authorization": f"Bearer {key}"}
            answer = httpx2.post(f"{server.url}/api/v1/hospitals/", json=body, headers=headers)
            assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    file, accounts = folder / "keys.toml", folder / "accounts.db"
    made = run(keys, "add", "root", "--role", "network", "--hospital", "*", "--file", str(file), "--json")
    known = {
        "ana": [("clerk", "main")],
        "bea": [("auditor", "main")],
        "both": [("clerk", "main"), ("clinician", "north")],
    }
    secret = folder / "password"
    secret.write_text(PASSWORD)
    for name, grants in known.items():
        for number, (role, hospital) in enumerate(grants):
            more = ["--password-file", str(secret), "--shown", name.title()] if number == 0 else []
            verb = "add" if number == 0 else "change"
            run(users, verb, name, "--role", role, "--hospital", hospital, "--accounts", str(accounts), *more)
    settings = folder / "matron.toml"
    settings.write_text(f'[access]\naccounts = "{accounts}"\n')
    with serving(folder / "data", "--config", str(settings), "--keys", str(file), dev=False) as started:
        yield Guarded(started, json.loads(made)["key"])


def run(command, *arguments: str) -> str:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    form = page.locator(".door")
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("Password", exact=True).fill(password)
    press(page, "Enter")


def door(visitor: Visit, guarded: Guarded, path: str = "/") -> Page:
    visitor.page.goto(f"{guarded.url}{path}")
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    return visitor.page


def test_a_person_signs_in_works_and_signs_out(browser: Browser, guarded: Guarded):
    with visit(browser) as visitor:
        page = door(visitor, guarded, "/console/desk/patients")
        assert visitor.axe() == []
        sign_in(page, "ana", "not this one at all")
        expect(page.locator("[role=alert]")).to_have_text("Name or password is wrong.")
        sign_in(page, "ana")
        expect(page.get_by_label("Find a patient", exact=True)).to_be_focused()
        expect(page.get_by_role("link", name=re.compile("Clinic"))).to_have_count(0)
        assert PASSWORD not in page.content()

        # A write says the session's token by itself.
        press(page, "Tab", "Tab", "Enter")
        page.get_by_label("Name", exact=True).fill("Jane Doe")
        press(page, "Enter")
        said(page, "Jane Doe is registered.")
        expect(page.get_by_text("No visits yet.")).to_be_visible()

        # The session ends in the middle of something: what was about to be done is done after signing in again.
        page.context.clear_cookies()
        press(page, "i")
        page.get_by_label("Phone").fill("555 0101")
        press(page, "Enter")
        expect(page.get_by_role("heading", name="Your session has ended: sign in again")).to_be_visible()
        sign_in(page, "ana")
        said(page, "Saved.")
        expect(page.get_by_text("555 0101")).to_be_visible()

        page.locator(".who").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_key_is_for_this_tab_and_one_for_the_network_says_where(browser: Browser, guarded: Guarded):
    with visit(browser) as visitor:
        page = door(visitor, guarded)
        page.get_by_text("With an API key").click()
        page.get_by_label("Your key").fill("matron_of-nobody")
        press(page, "Enter")
        expect(page.locator("[role=alert]")).to_contain_text("not signed in")
        page.get_by_label("Your key").fill(guarded.key)
        press(page, "Enter")
        page.get_by_label("Hospital").fill("north")
        press(page, "Enter")
        expect(page.locator(".place")).to_have_text("North Hospital")
        assert guarded.key not in page.content()
        page.reload()
        expect(page.locator(".place")).to_have_text("North Hospital")


def test_a_person_of_two_hospitals_goes_from_one_to_the_other(browser: Browser, guarded: Guarded):
    with visit(browser) as visitor:
        page = door(visitor, guarded)
        sign_in(page, "both")
        expect(page.locator(".place")).to_have_text("Main Hospital")
        page.locator(".who").click()
        page.get_by_label("Hospital").select_option("north")
        expect(page.locator(".place")).to_have_text("North Hospital")
        expect(page.get_by_role("navigation", name="Areas")).to_contain_text("Clinic")


def test_who_breaks_the_glass_says_why_and_everything_says_so(browser: Browser, guarded: Guarded):
    with visit(browser) as visitor:
        page = door(visitor, guarded)
        sign_in(page, "bea")
        expect(page.get_by_role("navigation", name="Areas")).not_to_contain_text("Desk")
        page.locator(".who").click()
        page.get_by_role("button", name="Break the glass").click()
        page.get_by_label("Reason").fill("too short")
        press(page, "Tab", "Enter")
        expect(page.get_by_label("Reason")).to_be_focused()
        page.get_by_label("Reason").fill("Nobody is at the desk: fire drill, très urgent")
        press(page, "Tab", "Enter")
        expect(page.locator(".glass")).to_contain_text("fire drill")
        page.get_by_role("link", name=re.compile("^Desk")).first.click()
        expect(page.get_by_label("Find a patient", exact=True)).to_be_focused()
        press(page, "Tab", "Tab", "Enter")
        page.get_by_label("Name", exact=True).fill("Ines Open")
        press(page, "Enter")
        said(page, "Ines Open is registered.")
        page.get_by_role("button", name="End it now").click()
        expect(page.locator(".glass")).to_be_hidden()
        expect(page.get_by_role("navigation", name="Areas")).not_to_contain_text("Desk")


def test_who_was_sent_back_by_an_identity_provider_is_told_why_and_goes_on_where_he_wanted(
    browser: Browser, guarded: Guarded
):
    with visit(browser) as visitor:
        page = visitor.page
        ways = {"password": True, "oidc": {"label": "City ID", "path": "/elsewhere"}}
        page.route("**/session/ways/", lambda route: route.fulfill(json=ways))
        page.route("**/elsewhere", lambda route: route.fulfill(status=303, headers={"Location": "/?sign_in=no_access"}))
        page.goto(f"{guarded.url}/console/desk/day")
        page.get_by_role("link", name="Sign in with City ID").click()
        expect(page.locator("[role=alert]")).to_contain_text("have no role here")
        assert "sign_in" not in page.url
        sign_in(page, "ana")
        expect(page.get_by_role("heading", name="Day list")).to_be_visible()


def test_paths_of_files_are_not_told_to_strangers(guarded: Guarded):
    assert httpx2.get(f"{guarded.url}/api/v1/session/ways/").json() == {"password": True, "oidc": None}
    assert "accounts" not in httpx2.get(f"{guarded.url}/").text
