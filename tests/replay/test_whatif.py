"""A day once more: with nothing changed it is the log's own, and what is changed has the effect that it must have."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
import trio
import trio.testing

from engine import calendar
from engine.actors.service.state import ServiceSettings
from engine.decider import PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.call_next import CallNext
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import ChangePolicy
from engine.decisions.join_queue import JoinQueue
from engine.decisions.open_slot import OpenSlot
from engine.decisions.serve_ticket import CompleteTicket, StartTicket
from engine.decisions.services import AddService
from engine.errors import Invalid, NotFound
from engine.eventlog.entry import stored
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from replay.whatif.comparing import Comparison, compare, read_day
from replay.whatif.running import Run
from replay.whatif.variation import Variation, spoken
from replay.whatif.world import World
from tests.engine.living import CLERK, START, living, patient
from tests.replay.days import DAY, DOCTOR, MINUTE, Hospital, ask, tried
from tests.replay.disturbed import Disturbed


async def compared(disk: MemoryDisk, *variations: Variation, day: str = DAY) -> Comparison:
    store = MemoryStore(disk)
    await store.open()
    return await compare(store, "main", day, variations)


def everybody(found: Comparison, number: int):
    return found.variants[number].figures.waits["everybody"]


MORE = [(kind, seed) for kind in (Hospital, Disturbed) for seed in range(100, 150)]


@pytest.mark.parametrize(
    ("kind", "seed"),
    [(Hospital, 7), (Disturbed, 5), *(pytest.param(kind, seed, marks=pytest.mark.long) for kind, seed in MORE)],
)
async def test_with_nothing_changed_the_model_gives_the_day_of_the_log(
    autojump_clock: object, kind: type[Hospital], seed: int
):
    found = await compared(await kind(seed, patients=20).live())
    assert found.error.exact, found.error
    assert found.baseline.figures == found.log
    assert found.error.visits > 1
    assert (found.baseline.assumed.check_ins, found.baseline.drifted) == (0, 0)


@pytest.fixture(scope="module")
def disk() -> MemoryDisk:
    """A day on which seats are short."""
    return trio.run(Hospital(4, patients=30, capacity=5).live, clock=trio.testing.MockClock(autojump_threshold=0))


async def test_more_counters_never_lengthen_the_waits_and_fewer_seats_serve_fewer(disk: MemoryDisk):
    found = await compared(disk, spoken(["service.*.counters=3"]), spoken([], ["3"]), spoken([], ["x2"]))
    base = found.baseline.figures
    assert everybody(found, 0).mean < base.waits["everybody"].mean
    assert found.variants[1].figures.tokens < base.tokens <= found.variants[2].figures.tokens
    assert found.variants[1].figures.turned_away > base.turned_away >= found.variants[2].figures.turned_away


async def test_the_same_question_has_the_same_answer(disk: MemoryDisk):
    wanted = spoken(["promotion=offer", "no_show_grace_minutes=2", "service.Laboratory.max_calls=1"], ["x0.5"])
    assert await compared(disk, wanted) == await compared(disk, wanted)


async def test_offers_are_accepted_only_by_patients_who_came(disk: MemoryDisk):
    found = await compared(disk, spoken(["promotion=offer"]))
    (variant,) = found.variants
    assert found.baseline.figures.promotions > 0
    assert variant.assumed.acceptances > 0
    assert variant.figures.promotions <= found.baseline.figures.promotions + variant.assumed.acceptances


WILD: tuple[tuple[list[str], list[str]], ...] = (
    (["promotion=offer", "no_show_grace_minutes=0", "service.*.counters=1", "double_booking=day"], ["x0.3"]),
    (["overbook_pct=50", "max_calls=1", "quotas.*.WALKIN=1", "early_check_in_minutes=5"], ["x2"]),
    (["service.*.confirm_arrival=false", "service.*.shares.low=5", "service.*.closes_at=09:30"], []),
    (["service.*.max_calls=1", "service.*.requeue_minutes=0", "service.*.capacity=1", "service.*.counters=4"], ["1"]),
)


async def test_whatever_is_tried_the_rule_books_invariants_hold_at_the_end(autojump_clock: object):
    store = MemoryStore(await Disturbed(2, patients=30).live())
    await store.open()
    read = await read_day(store, "main", DAY)
    for settings, capacity in WILD:
        world = World(read.opening)
        Run(world, read.recorded, spoken(settings, capacity), read.until).go()
        assert world.drifted == set()
        cells = [cell for cell in map(world.book.cell, list(world.book.cells)) if cell is not None]
        assert len(cells) > 20
        for cell in cells:
            cell.decider.check(cell.state)


async def one_counter(settings: ServiceSettings, joins: int) -> tuple[MemoryDisk, str]:
    """Who joins at once, ten minutes each at one counter, called without delay; the log goes on for another hour."""
    disk = MemoryDisk()
    async with living(disk) as engine:
        service = (await ask(engine, AddService(name="Kiosk", settings=settings), CLERK))["id"]
        await trio.sleep(60)
        for _ in range(joins):
            await tried(engine, JoinQueue(service_id=service), CLERK)
            await trio.sleep(1)
        while (called := await ask(engine, CallNext(service_id=service, counter="1"), DOCTOR))["ticket"]:
            ticket = called["ticket"]["id"]
            await ask(engine, StartTicket(ticket_id=ticket), DOCTOR)
            await trio.sleep(10 * MINUTE)
            await ask(engine, CompleteTicket(ticket_id=ticket), DOCTOR)
        await trio.sleep(60 * MINUTE)
        await ask(engine, AddService(name="Later"), CLERK)
    return disk, service


async def test_who_was_turned_away_is_served_where_there_is_room(autojump_clock: object):
    disk, service = await one_counter(ServiceSettings(capacity=2), joins=5)
    found = await compared(disk, spoken([f"service.{service}.capacity=10"]))
    (variant,) = found.variants
    assert found.error.exact
    assert found.log.refused == found.baseline.figures.refused == {"queue_full": 3}
    assert variant.figures.refused == {}
    assert variant.assumed.services == 3
    assert (variant.figures.waits["everybody"].served, variant.figures.completed, variant.figures.left) == (5, 5, 0)
    assert variant.figures.waits["everybody"].longest == pytest.approx(40, abs=0.2)


def older(record: bytes) -> bytes:
    """The record as it was when of a refused command only the ids were kept."""
    head, answer = msgspec.msgpack.decode(record[32:])
    if "refusal" not in head:
        return record
    head["refusal"] = {"code": head["refusal"]["code"]}
    head["command"] = {name: value for name, value in head["command"].items() if name.endswith("_id")}
    return stored(msgspec.msgpack.encode([head, answer]))


async def test_of_whom_the_log_has_only_ids_nobody_can_say_what_would_have_been(autojump_clock: object):
    disk, service = await one_counter(ServiceSettings(capacity=2), joins=5)
    disk.entries["main"] = [older(record) for record in disk.entries["main"]]
    found = await compared(disk, spoken([f"service.{service}.capacity=10"]))
    assert found.error.exact
    assert (found.model.unusable, found.log.refused) == (3, {"queue_full": 3})
    for figures in (found.baseline.figures, found.variants[0].figures):
        assert (figures.refused, figures.waits["everybody"].served) == ({"queue_full": 3}, 2)


async def test_a_second_counter_serves_two_at_a_time(autojump_clock: object):
    disk, _ = await one_counter(ServiceSettings(), joins=6)
    found = await compared(disk, spoken(["service.Kiosk.counters=2"]))
    assert found.log.waits["everybody"].mean == pytest.approx(25, abs=0.2)
    assert everybody(found, 0).mean == pytest.approx(10, abs=0.2)


async def test_a_shorter_limit_of_waiting_lifts_who_waits_longer(autojump_clock: object):
    disk, _ = await one_counter(ServiceSettings(), joins=6)
    found = await compared(disk, spoken(["service.*.max_wait_minutes.low=15"]))
    assert found.baseline.figures.lifted == 0
    assert found.variants[0].figures.lifted == 4  # those behind 20, 30, 40 and 50 minutes


async def test_a_day_of_which_there_is_nothing_is_refused(autojump_clock: object):
    disk, _ = await one_counter(ServiceSettings(), joins=1)
    with pytest.raises(Invalid, match="no entry on 2020-01-01"):
        await compared(disk, day="2020-01-01")
    nothing = MemoryStore(MemoryDisk())
    await nothing.open()
    with pytest.raises(NotFound):
        await compare(nothing, "main", DAY, [])


async def test_what_a_policy_says_holds_although_the_log_changes_the_policy_on_that_day(autojump_clock: object):
    disk = MemoryDisk()
    async with living(disk) as engine:
        doctor = (await ask(engine, AddDoctor(name=PersonName("Dr. Rao"), specialization="Surgery"), CLERK))["id"]
        start = calendar.moment(START) + dt.timedelta(hours=1)
        end = start + dt.timedelta(hours=1)
        slot = await ask(engine, OpenSlot(doctor=doctor, start_time=start, end_time=end, max_capacity=1), CLERK)
        await ask(engine, ChangePolicy(hold_minutes=7), CLERK)
        for _ in range(3):
            patient_id = (await ask(engine, patient(), CLERK))["id"]
            await ask(engine, BookToken(slot_id=slot["id"], patient_id=patient_id, category="ONLINE"), CLERK)
    found = await compared(disk, spoken(["overbook_pct=100"]))
    (variant,) = found.variants
    assert (found.log.tokens, found.log.overbooked, found.log.turned_away) == (1, 0, 2)
    assert (variant.figures.tokens, variant.figures.overbooked, variant.figures.turned_away) == (2, 1, 1)
