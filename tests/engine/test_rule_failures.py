"""A rule that fails for every room refuses every booking: it is written down all the same, and alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine import calendar
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.room_rules import ActivateRules, AddRule
from engine.errors import Rejected
from engine.eventlog.memory_store import MemoryDisk
from engine.rules.compiling import Hard, Policy
from engine.rules.hard import Meets
from engine.rules.kinds import MinimumCapacity
from engine.rules.subject import RoomProfile, RoomUse, Subject
from engine.runtime import Engine
from tests.engine.following import frames, said
from tests.engine.living import CLERK, living, patient, read
from tests.engine.test_room_race import TOMORROW, clinic_of, doctors


def broken(subject: Subject) -> Meets:
    def meets(room: RoomProfile, use: RoomUse) -> bool:
        return room.capacity / 0 > 1

    return meets


async def clinic_whose_rule_fails(engine: Engine) -> tuple[str, str, Any]:
    clinic, _ = await clinic_of(engine, 3)
    rule = read(
        await engine.ask("main", AddRule(clinic_id=clinic, rule=MinimumCapacity(name="two", minimum=2)), CLERK)
    )["id"]
    await engine.ask("main", ActivateRules(clinic_id=clinic), CLERK)
    state = engine.partitions["main"].book.cell(f"clinic:{clinic}").state  # type: ignore[union-attr]

    class Failing:
        hits = misses = 0

        def get(self, *_: Any) -> Policy:
            return Policy(1, (Hard(rule, broken),))

    state.policies = Failing()
    return clinic, rule, state


async def refused(engine: Engine, clinic: str) -> Rejected:
    (doctor,) = await doctors(engine, 1)
    who = read(await engine.ask("main", patient(), CLERK))["id"]
    start = calendar.moment(TOMORROW)
    wanted = BookAppointment(
        clinic_id=clinic, patient_id=who, doctor_id=doctor, start_time=start, end_time=start + timedelta(minutes=30)
    )
    with pytest.raises(Rejected) as refusal:
        await engine.ask("main", wanted, CLERK)
    return refusal.value


async def test_a_rule_that_fails_for_all_rooms_is_written_down_once_a_minute(autojump_clock: MockClock) -> None:
    async with living(MemoryDisk()) as engine:
        clinic, _, state = await clinic_whose_rule_fails(engine)
        assert (await refused(engine, clinic)).facts["failed"] == {"rule_error": 3}
        assert state.rule_errors == 3
        await refused(engine, clinic)
        assert state.rule_errors == 3, "it is known"
        await trio.sleep(61)
        await refused(engine, clinic)
        assert state.rule_errors == 6


async def test_who_watches_is_alerted_though_the_booking_is_refused(autojump_clock: MockClock) -> None:
    async with living(MemoryDisk()) as engine:
        clinic, rule, _ = await clinic_whose_rule_fails(engine)
        async with engine.follow("main", ["alerts"]) as subscription:
            await refused(engine, clinic)
            told = [said(frame) for frame in await frames(subscription, 2.0, "deltas")]
    alerts = [(one["alert"], one["rule_id"]) for frame in told for one in frame["messages"]]
    assert alerts == [("rule_failed", rule)]
