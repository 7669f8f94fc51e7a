"""The board in a real browser: calls are seen and heard once, whatever becomes of the connection.

What a server does not do on demand (falling silent, refusing) the stand-in does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.gateway.browser import WALL, chromium, visit
from tests.gateway.stand_in import SERVICE, StandIn, board_view, standing_in

pytestmark = pytest.mark.browser

# Keeps every sentence of the live region, and every bell, from the first moment on.
WITNESS = """
  window.heard = []; window.bells = 0;
  new MutationObserver((records) => {
    for (const {target, addedNodes: [added]} of records)
      if (added && target.ariaLive === "assertive") window.heard.push(added.textContent);
  }).observe(document, {subtree: true, childList: true});
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) { window.bells += 0.5; return start.apply(this, when); };
"""


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
    server.tell(mode="on", board=board_view(), forget=True)
    return server


def heard(page: Page) -> list[str]:
    """What was announced so far, without the marks that keep directions apart."""
    return [re.sub("[\u2066-\u2069]", "", text).replace("\xa0", " ") for text in page.evaluate("window.heard")]


def call(stand_in: StandIn, n: int, **view: Any) -> None:
    """Ticket n is called to counter n: the view has it, and the stream says so."""
    stand_in.tell(board=board_view(n, **view), messages=[stand_in.call(f"CAR-{n:03}", str(n), n)])


def opened(page: Page, stand_in: StandIn, query: str = "") -> Page:
    """The board, once it shows something."""
    page.add_init_script(WITNESS)
    page.goto(f"{stand_in.url}/board/{SERVICE}{query}")
    expect(page.locator("h1")).to_have_text("Cardiology")
    return page


def announced(page: Page, text: str) -> None:
    expect(page.locator("[aria-live=assertive]")).to_have_text(re.compile(text))


def test_a_call_is_shown_announced_and_marked_and_what_was_there_before_is_not(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        expect(page.locator(".calls tbody tr")).to_have_count(1)
        call(stand_in, 2)
        newest = page.locator(".calls tbody tr").first
        expect(newest.locator(".code")).to_have_text("CAR-002")
        expect(newest.locator(".counter")).to_have_text("2")
        expect(newest).to_have_attribute("data-fresh", "")
        expect(page.locator(".calls tbody tr").nth(1).locator(".code")).to_have_text("CAR-001")
        announced(page, "CAR-002.*counter.*2")
        assert heard(page) == ["Ticket CAR-002: please go to counter 2."]
        expect(page.locator(".next tbody tr").first).to_contain_text("CAR-003")
        assert visitor.complaints == []
        assert {url.split("/")[2] for url in visitor.asked} == {stand_in.url.removeprefix("http://")}


def test_a_recall_is_announced_again_and_whoever_goes_in_or_away_leaves_the_light(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        call(stand_in, 2)
        announced(page, "CAR-002")
        again = board_view(2)
        again["calls"][0] |= {"at": "2030-02-01T09:00:30.5Z", "calls": 2, "counter": "Room 7"}
        recall = stand_in.call("CAR-002", "Room 7", 30, at="2030-02-01T09:00:30.500000Z", calls=2)
        stand_in.tell(board=again, messages=[recall])
        announced(page, "please go to .*Room 7")
        expect(page.locator(".calls tbody tr")).to_have_count(2)
        again["calls"][0]["status"] = "consulting"
        started = {"type": "ticket_update", "at": "2030-02-01T09:00:40Z", "code": "CAR-002", "status": "consulting"}
        stand_in.tell(board=again, messages=[started])
        expect(page.locator(".calls tbody tr").first).to_have_attribute("data-status", "consulting")
        done = {"type": "ticket_update", "at": "2030-02-01T09:00:50Z", "code": "CAR-002", "status": "completed"}
        stand_in.tell(board=board_view(1, 2), messages=[done])
        expect(page.locator(".calls tbody tr")).to_have_count(1)
        assert len(heard(page)) == 2


def test_one_who_did_not_answer_is_not_called_any_more(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        back = {"type": "queue_position_update", "change": "requeued", "code": "CAR-001", "position": 3, "waiting": 4}
        stand_in.tell(board=board_view(0, 4), messages=[{**back, "at": "2030-02-01T09:00:30Z"}])
        expect(page.locator(".calls tbody tr")).to_have_count(0)
        expect(page.locator(".empty")).to_be_visible()
        expect(page.locator(".count")).to_have_text("4 people waiting")


def test_calls_of_one_moment_are_announced_one_after_the_other(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        both = [stand_in.call("CAR-002", "2", 2), stand_in.call("CAR-003", "3", 3)]
        stand_in.tell(board=board_view(3), messages=both)
        announced(page, "CAR-003")
        assert heard(page) == ["Ticket CAR-002: please go to counter 2.", "Ticket CAR-003: please go to counter 3."]


def test_a_broken_connection_is_said_and_mended_and_no_call_is_lost_or_doubled(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        visitor.page.clock.install()
        page = opened(visitor.page, stand_in)
        call(stand_in, 2)
        announced(page, "CAR-002")
        stand_in.tell(mode="off")
        call(stand_in, 3)
        call(stand_in, 4)
        banner = page.locator(".banner[role=status]")
        page.clock.run_for(11_000)
        expect(banner).to_contain_text("No connection since")
        assert heard(page) == ["Ticket CAR-002: please go to counter 2."]
        stand_in.tell(mode="on")
        page.clock.run_for(15_000)
        announced(page, "CAR-004")
        expect(banner).to_be_hidden()
        assert [said[7:14] for said in heard(page)] == ["CAR-002", "CAR-003", "CAR-004"]


def test_silence_is_said_and_what_was_missed_is_made_good(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        visitor.page.clock.install()
        page = opened(visitor.page, stand_in)
        stand_in.tell(mode="mute")
        page.clock.run_for(9_000)
        expect(page.locator(".banner[role=status]")).to_be_hidden()
        page.clock.run_for(2_500)
        expect(page.locator(".banner[role=status]")).to_contain_text("No connection since")
        call(stand_in, 2)
        page.clock.run_for(20_000)  # given up, and asked again
        stand_in.tell(mode="on")
        announced(page, "CAR-002")
        expect(page.locator(".banner[role=status]")).to_be_hidden()
        assert heard(page) == ["Ticket CAR-002: please go to counter 2."]


def test_a_browser_without_a_network_goes_on_when_it_has_one_again(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        visitor.page.clock.install()
        page = opened(visitor.page, stand_in)
        stand_in.tell(mode="off")  # an open connection outlives the browser's own switch
        page.context.set_offline(True)
        stand_in.tell(mode="on")
        call(stand_in, 2)
        page.clock.run_for(11_000)
        expect(page.locator(".banner[role=status]")).to_contain_text("No connection since")
        page.context.set_offline(False)
        announced(page, "CAR-002")
        expect(page.locator(".banner[role=status]")).to_be_hidden()


def test_a_page_loaded_anew_tells_nothing_twice_and_misses_nothing(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        call(stand_in, 2)
        announced(page, "CAR-002")
        page.goto("about:blank")
        call(stand_in, 3)
        page.goto(f"{stand_in.url}/board/{SERVICE}")
        announced(page, "CAR-003")
        assert heard(page) == ["Ticket CAR-003: please go to counter 3."]


def test_however_much_happens_the_view_is_asked_for_once_a_second_at_most(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        before = stand_in.tell()["questions"]
        joined = {"type": "queue_position_update", "change": "joined", "at": "2030-02-01T09:00:30Z"}
        for n in range(1, 301):
            stand_in.tell(messages=[{**joined, "code": f"CAR-{n + 10:03}", "position": n, "waiting": n}])
            page.wait_for_timeout(10)  # together three seconds at least, of which each has its question
        last = {**joined, "code": "CAR-311", "position": 300, "waiting": 300}
        stand_in.tell(board=board_view(1, 300), messages=[last])
        expect(page.locator(".count")).to_have_text("300 people waiting")
        expect(page.locator(".next tbody tr")).to_have_count(12)
        seconds = page.evaluate("performance.now()") / 1000
        assert 2 <= stand_in.tell()["questions"] - before <= 2 + seconds


def test_an_answer_that_is_older_than_what_the_stream_brought_is_not_the_last_word(browser: Browser, stand_in: StandIn):
    stand_in.tell(board=board_view(1, 300))
    view = re.compile(r"/board/\?")
    with visit(browser) as visitor:
        page, held = visitor.page, list[Route]()
        page.route(view, lambda route: route.continue_() if held else held.append(route))
        opened(page, stand_in)
        expect(page.locator(".count")).to_have_text("300 people waiting")
        with page.expect_request(view):
            held[0].fulfill(json=board_view(1, 200))
        expect(page.locator(".count")).to_have_text("300 people waiting")


def test_a_thousand_who_wait_are_a_number_and_a_dozen_lines(browser: Browser, stand_in: StandIn):
    crowd = board_view(8, 1_000)
    crowd["next"] = [
        {"code": f"CAR-{n}", "position": n, "estimated_wait_minutes": {"low": n, "high": n}} for n in range(1, 1_001)
    ]
    stand_in.tell(board=crowd)
    with visit(browser, WALL) as visitor:
        page = opened(visitor.page, stand_in)
        expect(page.locator(".count")).to_have_text("1,000 people waiting")
        expect(page.locator(".next tbody tr")).to_have_count(12)
        assert page.locator("*").count() < 250


def test_a_bell_rings_for_each_call_once_somebody_touched_the_page(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        button = page.get_by_role("button", name="Tap for sound")
        expect(button).to_be_visible()
        call(stand_in, 2)
        announced(page, "CAR-002")
        assert page.evaluate("window.bells") == 0
        button.click()
        expect(button).to_be_hidden()
        call(stand_in, 3)
        announced(page, "CAR-003")
        assert page.evaluate("window.bells") == 1


def test_a_board_without_sound_does_not_ask_for_it(browser: Browser, stand_in: StandIn):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in, "?sound=off")
        expect(page.locator("[data-part=sound]")).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "said"),
    [("paused", "Calls are paused"), ("inactive", "No more tickets"), ("emergency", "emergency"), ("closed", "Closed")],
)
def test_a_service_that_does_not_run_as_usual_says_so(browser: Browser, stand_in: StandIn, status: str, said: str):
    with visit(browser) as visitor:
        page = opened(visitor.page, stand_in)
        expect(page.locator(".notice")).to_be_hidden()
        changed = {"type": "service_update", "change": "status", "at": "2030-02-01T09:00:30Z", "status": status}
        stand_in.tell(board=board_view(status=status), messages=[changed])
        expect(page.locator(".notice")).to_contain_text(said)


def test_a_queue_that_is_not_there_yet_is_looked_for_until_it_is(browser: Browser, stand_in: StandIn):
    stand_in.tell(board=False)
    with visit(browser) as visitor:
        page = visitor.page
        page.clock.install()
        page.goto(f"{stand_in.url}/board/{SERVICE}")
        expect(page.locator(".notice")).to_contain_text("There is no queue here yet.")
        stand_in.tell(board=board_view())
        page.clock.run_for(20_000)
        expect(page.locator("h1")).to_have_text("Cardiology")
        expect(page.locator(".notice")).to_be_hidden()


def test_names_with_markup_are_texts(browser: Browser, stand_in: StandIn):
    evil = "<img src=x onerror=alert(1)><b>Cardio</b>"
    shown = board_view(1, name=evil, location=evil)
    shown["calls"][0] |= {"counter": evil[:40], "counter_location": evil}
    stand_in.tell(board=shown)
    with visit(browser) as visitor:
        page = visitor.page
        page.goto(f"{stand_in.url}/board/{SERVICE}")
        expect(page.locator("h1")).to_have_text(evil)
        expect(page.locator(".counter")).to_have_text(evil[:40])
        expect(page.locator("img, main b")).to_have_count(0)
        assert visitor.complaints == []
