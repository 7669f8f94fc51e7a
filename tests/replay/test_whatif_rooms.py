"""Rules of rooms tried over a day of the log: what its appointments would have got."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from engine import calendar
from engine.decider import PersonName
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.clinics import AddClinic
from engine.decisions.doctors import AddDoctor
from engine.decisions.room_rules import ActivateRules, AddRule
from engine.decisions.rooms import AddRoom
from engine.errors import Invalid
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.rules.kinds import PreferredRoom
from replay.whatif.comparing import Comparison, compare
from replay.whatif.variation import spoken
from tests.engine.living import CLERK, START, living, patient
from tests.replay.days import DAY, ask

ONE_EACH = '[[rules]]\nkind = "maximum_daily"\nname = "one a day"\nbookings = 1\n'


async def three_appointments() -> MemoryDisk:
    """Two rooms, the first preferred; three appointments behind each other, all of them in the first."""
    disk = MemoryDisk()
    async with living(disk) as engine:
        clinic = (await ask(engine, AddClinic(name="Day clinic"), CLERK))["id"]
        rooms = [
            (await ask(engine, AddRoom(clinic_id=clinic, name=name, type="treatment"), CLERK))["id"] for name in "AB"
        ]
        rule = PreferredRoom(name="first", rooms=(rooms[0],))
        await ask(engine, AddRule(clinic_id=clinic, rule=rule), CLERK)
        await ask(engine, ActivateRules(clinic_id=clinic), CLERK)
        doctor = (await ask(engine, AddDoctor(name=PersonName("Dr. Rao"), specialization="Surgery"), CLERK))["id"]
        for number in range(3):
            begin = calendar.moment(START) + dt.timedelta(hours=1 + number)
            wanted = BookAppointment(
                clinic_id=clinic,
                patient_id=(await ask(engine, patient(), CLERK))["id"],
                doctor_id=doctor,
                start_time=begin,
                end_time=begin + dt.timedelta(minutes=20),
                fallback="unassigned",
            )
            assert (await ask(engine, wanted, CLERK))["room_id"] == rooms[0]
    return disk


async def tried(disk: MemoryDisk, rules: Path) -> Comparison:
    store = MemoryStore(disk)
    await store.open()
    return await compare(store, "main", DAY, [spoken([], (), str(rules)), spoken(["max_calls=2"])])


async def test_other_rules_choose_other_rooms_and_the_same_rules_the_same(autojump_clock: object, tmp_path: Path):
    rules = tmp_path / "rules.toml"
    rules.write_text(ONE_EACH)
    found = await tried(await three_appointments(), rules)
    (same,), (other,) = found.rooms, found.variants[0].rooms
    assert (same.appointments, same.unchanged, same.without_room, same.changed) == (3, 3, 0, ())
    # Each is chosen again by itself, the others being where they were: so both behind the first get the other room.
    assert (other.appointments, other.unchanged, other.without_room) == (3, 1, 0)
    assert len({one.would_be for one in other.changed}) == 1
    assert found.variants[1].rooms == ()


async def test_rules_that_look_at_patients_find_their_keys(autojump_clock: object, tmp_path: Path):
    rules = tmp_path / "rules.json"
    rules.write_text('{"rules": [{"kind": "age_band", "name": "grown up", "min_age": 18}]}')
    disk = await three_appointments()
    found = await tried(disk, rules)
    assert found.variants[0].rooms[0].without_room == 3  # nobody's age is known
    rules.write_text("{}")
    assert (await tried(disk, rules)).variants[0].rooms[0].without_room == 0


async def test_a_file_without_rules_is_refused(autojump_clock: object, tmp_path: Path):
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rules]]\nkind = "no_such_kind"\n')
    with pytest.raises(Invalid, match=r"rules\.toml"):
        await tried(await three_appointments(), rules)
