"""What-if over more than one local day: from when on a policy holds, and shifts that end with their day."""

from __future__ import annotations

import datetime as dt

import trio

from engine import calendar
from engine.decider import PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.call_next import CallNext
from engine.decisions.check_in import CheckIn
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.open_slot import OpenSlot
from engine.decisions.serve_ticket import CompleteTicket, StartTicket
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.runtime import open_engine
from replay.whatif.comparing import compare
from replay.whatif.variation import spoken
from tests.engine.living import CLERK, START, TrioClock, living, patient
from tests.replay.days import DOCTOR, MINUTE, ask

ZONE = "America/Los_Angeles"
"""Where ``START`` is midnight."""
EVENING, TODAY = "2027-01-14", "2027-01-15"


async def booked_in_the_evening() -> MemoryDisk:
    """One seat of the next morning, for which two ask before midnight; who has it comes and is seen."""
    disk = MemoryDisk()
    clock = TrioClock(START - 10 * 60 * 1_000_000)
    async with open_engine(MemoryStore(disk), clock=clock) as engine:
        await engine.until_ready()
        await ask(engine, AddHospital(hospital_id="main", name="Main", time_zone=ZONE), CLERK)
        doctor = (await ask(engine, AddDoctor(name=PersonName("Dr. Rao"), specialization="Surgery"), CLERK))["id"]
        begin = calendar.moment(START) + dt.timedelta(minutes=20)
        end = begin + dt.timedelta(minutes=20)
        slot = await ask(engine, OpenSlot(doctor=doctor, start_time=begin, end_time=end, max_capacity=1), CLERK)
        tokens = []
        for _ in range(2):
            who = (await ask(engine, patient(), CLERK))["id"]
            booking = BookToken(slot_id=slot["id"], patient_id=who, category="ONLINE")
            tokens.append((await ask(engine, booking, CLERK))["id"])
        await trio.sleep(30 * MINUTE)
        await ask(engine, CheckIn(token_id=tokens[0]), CLERK)
        await ask(engine, CallNext(service_id=doctor, counter="1"), DOCTOR)
        await ask(engine, StartTicket(ticket_id=tokens[0]), DOCTOR)
        await trio.sleep(5 * MINUTE)
        await ask(engine, CompleteTicket(ticket_id=tokens[0]), DOCTOR)
        await trio.sleep(30 * MINUTE)
        await ask(engine, patient(), CLERK)
    return disk


async def test_a_policy_holds_from_the_day_on_or_from_so_many_days_before(autojump_clock: object):
    store = MemoryStore(await booked_in_the_evening())
    await store.open()
    two = spoken([], ["2"])
    late, early = [await compare(store, "main", TODAY, [two], ahead=ahead) for ahead in (0, 1)]
    assert late.zone == ZONE
    assert late.since - early.since == 24 * 3600 * 1_000_000
    assert late.error.exact
    assert early.error.exact
    assert (late.log.tokens, late.log.promotions) == (1, 0)
    for found, promotions in ((late, 1), (early, 0)):
        figures = found.variants[0].figures
        assert (figures.tokens, figures.promotions, figures.completed, figures.left) == (2, promotions, 2, 0)
        assert found.variants[0].assumed.check_ins == 1


async def test_the_evening_itself_has_bookings_and_no_visits(autojump_clock: object):
    store = MemoryStore(await booked_in_the_evening())
    await store.open()
    found = await compare(store, "main", EVENING, [spoken([], ["2"])])
    assert found.whole
    assert found.error.exact
    assert (found.error.visits, found.log.tokens, found.model.calls) == (0, 0, 0)


async def test_a_timer_that_came_late_because_nothing_ran_comes_as_late_in_the_model(autojump_clock: object):
    disk = MemoryDisk()
    async with living(disk) as engine:
        doctor = (await ask(engine, AddDoctor(name=PersonName("Dr. Rao"), specialization="Surgery"), CLERK))["id"]
        begin = calendar.moment(START) + dt.timedelta(minutes=5)
        end = begin + dt.timedelta(hours=2)
        slot = await ask(engine, OpenSlot(doctor=doctor, start_time=begin, end_time=end, max_capacity=1), CLERK)
        tokens = []
        for _ in range(2):
            who = (await ask(engine, patient(), CLERK))["id"]
            booking = BookToken(slot_id=slot["id"], patient_id=who, category="ONLINE")
            tokens.append((await ask(engine, booking, CLERK))["id"])
    await trio.sleep(60 * MINUTE)  # the first should have been marked meanwhile, and the second promoted
    async with living(disk) as engine:
        await trio.sleep(10 * MINUTE)
        await ask(engine, CheckIn(token_id=tokens[1]), CLERK)
        await ask(engine, CallNext(service_id=doctor, counter="1"), DOCTOR)
        await ask(engine, StartTicket(ticket_id=tokens[1]), DOCTOR)
    store = MemoryStore(disk)
    await store.open()
    found = await compare(store, "main", TODAY, [])
    assert (found.log.no_shows_by_clock, found.log.promotions) == (1, 1)
    assert found.error.exact
