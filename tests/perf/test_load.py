"""The load itself: durations counted closely enough, waits that begin when a request was due, and nothing left out."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
import trio

from perf.figures import percentile
from perf.load.driver import sending
from perf.load.histogram import Histogram, together
from perf.load.order import Answer, Measured, Order
from perf.load.plan import Settings, Site
from tests.perf.stand_in import StandIn, stand_in


def test_percentiles_of_a_histogram_are_within_one_percent_of_the_true_ones():
    random = Random(1)
    waits = sorted(random.lognormvariate(-6, 1.5) for _ in range(20_000))
    halves = [Histogram(), Histogram()]
    for number, wait in enumerate(waits):
        halves[number % 2].add(wait)
    whole = together(halves)
    for share in (0.5, 0.9, 0.99, 0.999):
        assert whole.percentile(share) == pytest.approx(percentile(waits, share), rel=0.011)
    assert whole.most == waits[-1] == pytest.approx(whole.percentile(1.0), rel=0.01)
    assert whole.mean == pytest.approx(sum(waits) / len(waits))
    assert whole.rising()[-1][1] == 1.0


def test_an_empty_histogram_has_no_waits():
    assert Histogram().percentile(0.99) == Histogram().mean == 0.0
    assert Histogram().rising() == []


def order(served: StandIn, tmp_path, settings: Settings, scenario: str = "booking-storm") -> Order:
    patients = [f"patient-{n}" for n in range(1_000)]
    site = Site(
        "storm", doctors=["doctor"], patients=patients, days=[["slot-1", "slot-2"]], services=["one"], counters=9
    )
    record = str(tmp_path / "answers.jsonl")
    return Order(
        scenario=scenario, settings=settings, sites=[site], host="127.0.0.1", port=served.port, run="r", record=record
    )


async def sent(*orders: Order) -> Measured:
    async with sending(orders) as senders:
        return await senders.run(lambda progress: None)


def answers(order: Order) -> list[Answer]:
    with open(order.record, "rb") as lines:
        return [msgspec.json.decode(line, type=Answer) for line in lines]


async def test_waits_count_from_the_instant_at_which_a_request_was_due_so_a_server_that_stalls_shows(tmp_path):
    stalled = trio.Event()

    async def before(number: int) -> bool:
        if number == 20:
            await trio.sleep(0.6)
            stalled.set()
        elif number > 20:
            await stalled.wait()
        return True

    settings = Settings(rate=100.0, seconds=1.5, connections=4, warm=0.0)
    async with stand_in(before) as served:
        asked = order(served, tmp_path, settings)
        measured = await sent(asked)
    waits = measured.ops["book"]
    assert waits.count == measured.sent == measured.planned == served.asked > 100
    # Four connections stood still, and those who came meanwhile could not even be sent; all of them waited.
    held = sum(count for bucket, count in waits.counts.items() if waits.percentile(1) and bucket > 1_150)
    assert held > 20
    assert waits.percentile(0.95) > 0.3
    assert measured.late.percentile(0.95) > 0.3
    assert measured.answering.percentile(0.90) < 0.3, "the server itself was slow to four only"
    assert measured.unanswered == measured.bad == 0


async def test_every_write_is_noted_with_what_it_was_answered(tmp_path):
    async with stand_in() as served:
        asked = order(served, tmp_path, Settings(rate=100.0, seconds=0.5, connections=4, warm=0.1))
        measured = await sent(asked)
    noted = answers(asked)
    assert len(noted) == measured.sent == served.asked
    assert {answer.key for answer in noted} == {f"r-{n}-0" for n in range(len(noted))}
    assert all(answer.good and answer.made == "tokens" and int(answer.id) == answer.position for answer in noted)
    assert measured.ops["book"].count < measured.sent, "the warm-up is noted, and counted in no figure"


async def test_a_connection_that_ends_is_an_answer_that_never_came(tmp_path):
    async def before(number: int) -> bool:
        return number % 10 != 0

    async with stand_in(before) as served:
        asked = order(served, tmp_path, Settings(rate=100.0, seconds=0.5, connections=4, warm=0.0))
        measured = await sent(asked)
    lost = [answer for answer in answers(asked) if answer.status == 0]
    assert len(lost) == measured.unanswered == measured.problems["no answer"] == served.asked // 10 > 1
    assert measured.sent == served.asked


async def test_what_is_refused_is_an_error_with_its_status(tmp_path):
    async with stand_in(status="503 Service Unavailable") as served:
        asked = order(served, tmp_path, Settings(rate=100.0, seconds=0.3, connections=4, warm=0.0))
        measured = await sent(asked)
    assert measured.bad == measured.sent == measured.problems["status 503"]
    assert measured.statuses == {"book": {"503": measured.sent}}


async def test_steps_behind_one_that_failed_are_not_sent_and_counted_with_the_reason(tmp_path):
    async with stand_in(status="500 Internal Server Error") as served:
        settings = Settings(rate=40.0, seconds=2.0, connections=4, warm=0.0)
        measured = await sent(order(served, tmp_path, settings, "queue-rush"))
    calls = sum(measured.statuses["call-next"].values())
    assert calls > 2
    assert measured.skipped == {"the one before failed": 2 * calls}
    assert measured.planned == measured.sent + 2 * calls


async def test_a_closed_loop_asks_again_when_it_is_answered_and_ends_in_time(tmp_path):
    async def before(number: int) -> bool:
        await trio.sleep(0.02)
        return True

    async with stand_in(before) as served:
        settings = Settings(closed=3, seconds=0.6, warm=0.0)
        measured = await sent(order(served, tmp_path, settings))
    assert 30 < measured.sent <= 3 * 0.6 / 0.02 + 3
    assert measured.sent == served.asked == measured.ops["book"].count
    assert measured.connections == 3


async def test_two_senders_share_a_plan_and_leave_nothing_out(tmp_path):
    async with stand_in() as served:
        one = order(served, tmp_path, Settings(rate=100.0, seconds=0.5, connections=4, warm=0.0))
        alone = await sent(one)
        parts = [
            msgspec.structs.replace(one, part=part, parts=2, record=str(tmp_path / f"part-{part}")) for part in (0, 1)
        ]
        both = await sent(*parts)
    assert both.sent == alone.sent
    keys = [answer.key for part in parts for answer in answers(part)]
    assert sorted(keys) == sorted(answer.key for answer in answers(one))


@pytest.mark.parametrize("closed", [0, 2])
async def test_a_server_that_goes_leaves_requests_without_an_answer_and_each_is_counted(closed: int, tmp_path):
    async with stand_in() as served:
        asked = order(served, tmp_path, Settings(rate=50.0, seconds=1.0, connections=2, closed=closed, warm=0.0))
        async with sending([asked]) as senders:
            served.stop()
            measured = await senders.run(lambda progress: None)
    assert measured.sent == measured.unanswered == measured.bad > 5
