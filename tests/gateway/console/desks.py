"""What the console's tests share: a hospital with doctors, slots and patients, and a person before its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from tests.gateway.browser import DESK, Visit, visit
from tests.serving import Desk, Server

JSON = dict[str, Any]


class House:
    """A hospital of two doctors, each with slots around now, and a laboratory."""

    def __init__(self, server: Server, capacity: int = 8) -> None:
        self.url = server.url
        self.desk = Desk(server.url)
        self.doctor = self.desk.doctor()
        self.other = str(self.desk.post("/doctors/", {"name": "Dr. Vega", "specialization": "Paediatrics"})["id"])
        self.slots = [
            self.desk.slot(doctor, begin.isoformat(), end.isoformat(), capacity)
            for doctor in (self.doctor, self.other)
            for begin, end in hours_of_today()
        ]
        self.laboratory = str(self.desk.post("/services/", {"name": "Laboratory"})["id"])

    def close(self) -> None:
        self.desk.close()

    def tests(self) -> str:
        """A laboratory's branch that takes referrals for one test; gives the test's id."""
        facility = self.desk.post("/facilities/", {"name": "City Laboratories"})["id"]
        self.desk.post(f"/facilities/{facility}/branches/", {"name": "North", "service_id": self.laboratory})
        self.desk.post("/practitioners/", {"name": "Dr. Rao", "doctor_id": self.doctor})
        kind = self.desk.post("/test-types/", {"name": "Haematology"})["id"]
        return str(
            self.desk.post(f"/facilities/{facility}/tests/", {"name": "Blood count", "test_type_id": kind})["id"]
        )

    def patient(self, name: str, **more: str) -> str:
        """A registered patient's id."""
        return str(self.desk.post("/patients/", {"name": name, **more})["id"])

    def arrived(self, patient: str, category: str = "WALKIN", slot: int = 0) -> JSON:
        """A token that is booked and checked in."""
        body = {"slot_id": self.slots[slot], "patient_id": patient, "category": category}
        token = self.desk.post("/tokens/", body)
        return self.desk.post(f"/tokens/{token['id']}/check-in/", {}, 200)

    def wait(self, count: int) -> None:
        """So many tickets in line at the laboratory."""
        join = {"method": "POST", "path": f"/services/{self.laboratory}/tickets/", "body": {}}
        results = self.desk.post("/batch/", {"commands": [join] * count}, 200)["results"]
        assert all(result["status"] == 201 for result in results)

    def tokens(self, **asked: str) -> list[JSON]:
        """The tokens there are."""
        found: list[JSON] = self.desk.get("/tokens/", **asked)["items"]
        return found


def hours_of_today() -> list[tuple[datetime, datetime]]:
    """The hour that it is and the one after it, as far as they are today's."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    begin = now.replace(minute=0)
    end = min(begin + timedelta(hours=2), now.replace(hour=0, minute=0) + timedelta(days=1))
    middle = (now + (end - now) / 2).replace(second=0)
    return [(begin, middle), (middle, end)]


AHEAD = """
  const Now = Date, ahead = HOURS * 3_600_000;
  globalThis.Date = class extends Now {
    constructor(...given) { given.length ? super(...given) : super(Now.now() + ahead); }
    static now() { return Now.now() + ahead; }
  };
"""
"""A clock that is ahead of the machine's, for the page."""


@contextmanager
def at(
    browser: Browser, server: Server, path: str = "/", role: str = "", size: tuple[int, int] = DESK, *, hours: int = 0,
    **context: Any,
) -> Iterator[Visit]:  # fmt: skip
    """Somebody before the console, looking at it as this role; ``hours``: how far the clock there is ahead."""
    with visit(browser, size, **{"timezone_id": "UTC", "locale": "en-US", **context}) as visitor:
        visitor.page.add_init_script(f"sessionStorage.setItem('matron-look-as', '{role}')")
        if hours:
            visitor.page.add_init_script(AHEAD.replace("HOURS", f"{hours}"))
        visitor.page.goto(f"{server.url}{path}")
        expect(visitor.page.locator("main h1")).to_be_visible()
        yield visitor


def follow(page: Page, path: str, there: str) -> None:
    """Go on inside the page, as a link does."""
    page.evaluate(
        "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }", path
    )
    expect(page.locator(there).first).to_be_visible()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)


class Worked:
    """How long the page's own thread has worked, in ms of CPU: what else runs on this machine adds nothing."""

    def __init__(self, page: Page) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def __call__(self) -> float:
        found = self._devtools.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "TaskDuration")) * 1000


def press(page: Page, *keys: str) -> None:
    """Keys, one after the other."""
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page) -> str:
    """What has the focus, as one reads it."""
    text = page.evaluate("""() => {
      const at = document.activeElement.cloneNode(true);
      for (const key of at.querySelectorAll("kbd")) key.remove();
      return at.getAttribute("aria-label") ?? at.textContent;
    }""")
    return str(text).strip()


def has_focus(page: Page, name: str) -> None:
    """It has the focus, or will in a moment."""
    for _ in range(100):
        if focused(page) == name:
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"{focused(page)!r} has the focus, not {name!r}")


def tab_to(page: Page, name: str, most: int = 30) -> None:
    """Tab until this has the focus: whatever can be done can be reached so."""
    for _ in range(most):
        if focused(page) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {name!r}; it stands at {focused(page)!r}")


def said(page: Page, text: str) -> None:
    """The outcome of the last action, to be seen and to be heard."""
    expect(page.locator("[data-part=outcome]")).to_contain_text(text)
    heard = page.locator(".outcomes .spoken")
    expect(heard.filter(has_text=text)).to_have_count(1)


class Late:
    """The next answer to a question like this, kept back until it is let go: others overtake it."""

    def __init__(self, page: Page, address: str | re.Pattern[str], method: str = "GET") -> None:
        self._page = page
        self._method = method
        self._kept: tuple[Route, APIResponse] | None = None
        self._done = False
        page.route(address, self._take)

    def _take(self, route: Route) -> None:
        if self._done or self._kept or route.request.method != self._method:
            route.continue_()
        else:
            self._kept = (route, route.fetch())

    def wait(self) -> None:
        """Until the server has answered."""
        for _ in range(500):
            if self._kept:
                return
            self._page.wait_for_timeout(20)
        raise AssertionError("nobody asked")

    def let_go(self) -> None:
        """Now the page has it, and has had the time to make something of it."""
        self.wait()
        assert self._kept is not None
        route, answer = self._kept
        self._done, self._kept = True, None
        with self._page.expect_response(lambda response: response.request == route.request):
            route.fulfill(response=answer)
        self._page.evaluate("() => new Promise((go) => requestAnimationFrame(() => setTimeout(go, 100)))")
