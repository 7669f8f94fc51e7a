"""The alert panel in a real browser: for staff alone, gravest first, live, acknowledged by button and by key."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gateway.browser import DESK, PHONE, WALL, chromium, visit
from tests.gateway.stand_in import KEY, StandIn, standing_in
from tests.gateway.ward_views import alert, alert_message, alerts, at

pytestmark = pytest.mark.browser
SCREENS = {"phone": PHONE, "desk": (1280, 800), "wall": WALL}
OPEN = alerts(
    alert(1, "warning", "assignment_slow", "08:50", value=6.25, threshold=5),
    alert(2, "critical", "assignment_timeout", "08:30", patient_id="patient-7"),
    alert(3, "info", "shift_over", "07:00", value=2, threshold=None, unit="patients"),
    alert(4, "critical", "timeout_rate", "06:55", value=0.021, threshold=0.01, unit="ratio", times=3,
          acknowledged_at=at("08:00"), acknowledged_by="Ward 3"),
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with standing_in() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(server: StandIn) -> StandIn:
    server.tell(mode="on", alerts=OPEN, forget=True)
    return server


def opened(page: Page, stand_in: StandIn, query: str = "") -> Page:
    """The panel, for somebody of the staff, at nine o'clock."""
    page.goto(f"{stand_in.url}/alerts/{query}")
    page.locator("dialog input").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator(".alerts li").first).to_be_visible()
    expect(page.locator(".clock")).to_have_text("09:00")
    return page


def plain(text: str) -> str:
    """Without the marks that keep directions apart, and in one line."""
    return " ".join(re.sub("[\u2066-\u2069]", "", text).split())


def test_what_nobody_has_seen_comes_first_and_then_the_gravest(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        first, second, third, fourth = [plain(text) for text in page.locator(".alerts li").all_inner_texts()]
        assert first == (
            "Critical A patient was not assigned in time 12.5 s (limit 10 s) admission-2 · Patient patient-7 "
            "30 min since 08:30 I have seen it"
        )
        assert second.startswith("Warning Assigning takes long 6.25 s (limit 5 s)")
        assert third.startswith("For information A shift is over, with patients left 2 patients admission-3 2 hr")
        assert re.search(r"Too many assignments time out 2\.1% \(limit 1%\).* 3 times Seen by Ward 3$", fourth)
        assert [plain(count) for count in page.locator(".counts li").all_inner_texts()] == [
            "2 Critical", "1 Warning", "1 For information",
        ]  # fmt: skip
        assert page.title() == "(3) Alerts"
        expect(page.locator(".alerts button:visible")).to_have_count(3)


def test_without_a_key_there_is_nothing_to_see(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = visitor.page
        page.goto(f"{stand_in.url}/alerts/")
        expect(page.get_by_role("dialog")).to_contain_text("For staff only")
        page.keyboard.press("Escape")
        expect(page.locator(".inside")).to_be_hidden()
        assert "admission-2" not in page.content()
        page.get_by_role("button", name="Enter").click()
        page.get_by_label("Your key").fill("matron_of-nobody")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_contain_text("This key is not known.")
        page.get_by_label("Your key").fill(KEY)
        page.keyboard.press("Enter")
        expect(page.locator(".alerts li")).to_have_count(4)
        page.get_by_role("button", name="Leave").click()
        expect(page.locator(".inside")).to_be_hidden()
        assert "admission-2" not in page.content()
        assert not [url for url in visitor.asked if KEY in url]


def test_alerts_open_are_told_and_close_as_it_happens(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        page.route("**/api/v1/alerts/?*", lambda route: route.abort())
        stand_in.tell(messages=[alert_message(9, "opened")])
        expect(page.locator(".alerts li")).to_have_count(5)
        expect(page.locator("[aria-live=assertive]")).to_have_text("Critical: A patient was not assigned in time")
        stand_in.tell(messages=[alert_message(9, "repeated", times=2)])
        expect(page.locator(".alerts li", has_text="admission-9")).to_contain_text("2 times")
        stand_in.tell(messages=[alert_message(2, "closed"), alert_message(9, "acknowledged")])
        expect(page.locator(".alerts li")).to_have_count(4)
        expect(page.locator(".alerts li", has_text="admission-9")).to_contain_text("Seen")
        stale = {"type": "admin_alert", "topic": "alerts", "id": "77.1", "at": at("08:59"), "code": "CAR-014",
                 "alert": "stale_consultation"}  # fmt: skip
        stand_in.tell(messages=[stale])
        expect(page.locator(".lately li")).to_have_text("08:59 A consultation is open for long CAR-014")


def test_it_goes_on_after_an_interruption(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        page.route("**/api/v1/alerts/?*", lambda route: route.abort())
        stand_in.tell(mode="off")
        stand_in.tell(messages=[alert_message(9, "opened")])
        stand_in.tell(mode="on")
        expect(page.locator(".alerts li")).to_have_count(5, timeout=30_000)


def test_who_has_seen_one_says_so_and_goes_on_with_the_next(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        button = page.locator(".alerts button:visible")
        button.first.focus()
        with page.expect_response("**/acknowledge/"):
            page.keyboard.press("Enter")
        assert stand_in.tell()["done"] == ["/api/v1/alerts/alert-2/acknowledge/"]
        stand_in.tell(messages=[alert_message(2, "acknowledged")])
        expect(button).to_have_count(2)
        expect(button.first).to_be_focused()
        stand_in.tell(mode="mute")
        page.keyboard.press("Enter")
        expect(page.locator(".notice")).to_have_text("That could not be done. Please try again.")


def test_when_all_is_quiet_it_says_so(browser: Browser, stand_in: StandIn):
    with visit(browser, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in)
        stand_in.tell(alerts=alerts(), messages=[alert_message(2, "closed")])
        expect(page.get_by_text("Nothing needs attention")).to_be_visible()
        expect(page).to_have_title("Alerts")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SCREENS.values(), ids=SCREENS)
def test_each_screen_shows_it_whole(browser: Browser, stand_in: StandIn, size: tuple[int, int], theme: str):
    with visit(browser, size, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in, f"?theme={theme}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        heights = [box["height"] for one in page.locator(".alerts button:visible").all() if (box := one.bounding_box())]
        assert min(heights) >= 44
        assert visitor.axe() == []


@pytest.mark.parametrize("language", ["es", "hi", "ar"])
def test_it_is_said_in_the_language_asked_for(browser: Browser, stand_in: StandIn, language: str):
    with visit(browser, DESK, timezone_id="UTC") as visitor:
        page = opened(visitor.page, stand_in, f"?lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        said = page.locator("main").inner_text()
        assert not re.search(r"\{\w+\}|not assigned|_", said)
        assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
