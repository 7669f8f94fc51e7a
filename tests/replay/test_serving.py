"""The reading process without a process: what it says was, was; going back costs nothing; nobody has a name."""

from __future__ import annotations

from bisect import bisect_right
from random import Random
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from engine.actors.slot.view import token_view
from engine.errors import Invalid, NotFound
from engine.eventlog.memory_store import MemoryStore
from engine.recovery import Cell
from replay.serving.desk import Desk
from replay.serving.past import Busy, Past
from replay.walking import Walk
from tests.replay.days import DAY, Hospital


class Read:
    """A day's log, and a desk at it."""

    def __init__(self, hospital: Hospital, store: MemoryStore, head: int) -> None:
        self.hospital = hospital
        self.store = store
        self.head = head
        self.desk = Desk(store, patience=60)

    async def ask(self, call: str, **args: Any) -> Any:
        return (await self.desk.answer(call, "main", args)).value


@pytest.fixture(scope="module")
def lived() -> Hospital:
    hospital = Hospital(5)
    trio.run(hospital.live, clock=MockClock(autojump_threshold=0))
    return hospital


@pytest.fixture
async def read(lived: Hospital) -> Read:
    store = MemoryStore(lived.disk)
    await store.open()
    return Read(lived, store, await store.head("main"))


async def as_folded(store: MemoryStore, position: int) -> dict[str, bytes]:
    walk = Walk(store, "main")
    await walk.go(position)
    return dict(walk.book.frozen_states())


def frozen(past: Past, states: dict[str, Any]) -> dict[str, bytes]:
    """The states alone: versions and positions of cells are not what was asked for."""
    found = {}
    for key, state in states.items():
        cell = past.book.new_cell(key)
        found[key] = past.book.codec.freeze(cell.decider.freeze(state))
    return found


@pytest.mark.parametrize("small", [{"spacing": 7}, {"spacing": 5, "mark_bytes": 200_000}, {}])
async def test_every_state_at_any_position_is_the_one_that_a_fold_gives(read: Read, small: dict[str, int]):
    past = Past(read.store, "main", **small)
    random = Random(3)
    start = random.randrange(2, read.head // 2)
    await past.open(start, read.head)
    if "mark_bytes" in small:
        assert past.window.held <= 2 * small["mark_bytes"]
        assert past.window.spacing > small["spacing"], "marks were thinned out"
    for position in (start - 1, read.head, *random.sample(range(start, read.head), 8)):
        expected = await as_folded(read.store, position)
        keys = past.book.cells.keys()
        states = frozen(past, await past.states(keys, position))
        assert states.keys() == expected.keys()
        for key, bytes_of in expected.items():
            assert bytes_of.endswith(states[key]), f"{key} at {position}"


async def test_going_back_folds_nothing_again_and_an_earlier_day_begins_anew(read: Read):
    past = Past(read.store, "main", spacing=10)
    await past.open(40, read.head)
    folded = past.folded
    for position in range(read.head, 40, -9):
        await past.open(40, position)
        await past.states(["hospital:self"], position)
    assert past.folded == folded
    await past.open(10, read.head)
    assert past.window.start == 9
    assert past.folded == folded + read.head - 9


async def test_a_log_that_grows_entry_by_entry_needs_no_mark_for_each(read: Read):
    past = Past(read.store, "main", spacing=20)
    for position in range(1, read.head + 1):
        await past.open(1, position)
    assert len(past.window.marks) <= 2 + read.head // 10
    whole = Past(read.store, "main", spacing=20)
    await whole.open(1, read.head)
    for position in (read.head // 3, read.head // 2):
        keys = past.book.cells.keys()
        assert frozen(past, await past.states(keys, position)) == frozen(whole, await whole.states(keys, position))


async def test_whoever_asks_while_the_log_is_being_read_is_told_how_far_it_is(read: Read):
    impatient = Desk(read.store, patience=0)
    with pytest.raises(Busy) as busy:
        await impatient.answer("GetAuditDay", "main", {"date": DAY})
    assert (busy.value.read, busy.value.of) == (0, read.head)
    with pytest.raises(Busy):
        await impatient.answer("GetAuditEntry", "main", {"position": read.head})


async def test_a_day_says_what_there_was_and_how_much_was_decided(read: Read):
    days = await read.ask("ListAuditDays")
    assert [(day.date, day.first, day.last) for day in days.items] == [(DAY, 1, read.head)]
    day = await read.ask("GetAuditDay", date=DAY)
    assert sum(minute.entries for minute in day.minutes) == read.head == day.last
    assert sum(minute.refused for minute in day.minutes) > 0
    assert {slot.id for slot in day.slots} == set(read.hospital.slots)
    assert {doctor.id for doctor in day.doctors} == set(read.hospital.doctors)
    assert {service.name for service in day.services} >= {"Laboratory"}
    assert day.live
    empty = await read.ask("GetAuditDay", date="2020-01-01")
    assert (empty.first, empty.last, empty.minutes, empty.live) == (0, 0, [], False)


async def test_a_slot_stands_in_the_order_that_the_engine_had(read: Read):
    await read.ask("GetAuditDay", date=DAY)
    seen = 0
    for position in range(20, read.head, 37):
        walk = Walk(read.store, "main")
        await walk.go(position)
        for id in read.hospital.slots:
            cell = walk.book.cell(f"slot:{id}")
            assert isinstance(cell, Cell)
            state = await read.ask("GetAuditState", slot=id, at=str(position))
            time = walk.book.time
            expected = [token_view(cell.state, one, time).ticket_code for one in (*cell.state.pinned, *cell.state.line)]
            assert [one.code for one in (*state.slot.called, *state.slot.line)] == expected
            assert [one.place for one in (*state.slot.called, *state.slot.line)] == list(range(1, len(expected) + 1))
            seen += len(expected)
    assert seen > 10


async def test_each_row_names_its_last_entry_and_the_next_ones_lead_through_the_day(read: Read):
    day = await read.ask("GetAuditDay", date=DAY)
    slot = max(day.slots, key=lambda one: one.entries)
    about = [one.position for one in (await read.ask("ListAuditEntries", actor=f"slot:{slot.id}", limit=500)).items]
    assert len(about) == slot.entries
    walked = [about[0]]
    while True:
        state = await read.ask("GetAuditState", slot=slot.id, at=str(walked[-1]))
        if not state.after:
            break
        walked.append(state.after)
    assert walked == about
    for token in (*state.slot.called, *state.slot.line, *state.slot.over):
        entry = await read.ask("GetAuditEntry", position=token.changed)
        assert token.id in str(entry.changes)
        later = await read.ask("ListAuditEntries", about=token.id, **{"from": str(token.changed + 1)})
        assert not any(f"slot:{slot.id}" in one.actors for one in later.items)


async def test_a_time_stands_for_all_that_had_happened_by_then(read: Read):
    day = await read.ask("GetAuditDay", date=DAY)
    times = [entry.time for entry in (await read.ask("ListAuditEntries", limit=500)).items]
    for position in (30, len(times) // 2):
        at = times[position - 1]
        state = await read.ask("GetAuditState", service=day.services[-1].id, at=at.isoformat())
        assert state.position == bisect_right(times, at) == position
    with pytest.raises(NotFound):
        await read.ask("GetAuditState", slot=day.slots[0].id, at="2000-01-01T00:00:00Z")
    with pytest.raises(Invalid):
        await read.ask("GetAuditState", slot=day.slots[0].id, service=day.services[0].id)
    with pytest.raises(Invalid):
        await read.ask("GetAuditState", slot=day.slots[0].id, at="half past")


async def test_pages_of_entries_follow_each_other_without_gap_or_repeat(read: Read):
    found, cursor = [], None
    while True:
        page = await read.ask("ListAuditEntries", limit=17, cursor=cursor)
        found += [entry.position for entry in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == list(range(1, read.head + 1))
    refused = (await read.ask("ListAuditEntries", refused=True, limit=500)).items
    assert refused
    assert all(entry.refusal and not entry.events for entry in refused)
    by_doctor = (await read.ask("ListAuditEntries", who="doctor", limit=500)).items
    assert {entry.who for entry in by_doctor} == {"doctor"}
    with pytest.raises(Invalid):
        await read.ask("ListAuditEntries", cursor="-1")


async def test_a_patient_s_history_is_every_entry_that_names_him_and_nobody_has_none(read: Read):
    booked = (await read.ask("ListAuditEntries", command="BookToken", limit=5)).items[0]
    [patient] = (await read.ask("GetAuditEntry", position=booked.position)).patients
    answer = await read.desk.answer("ListPatientHistory", "main", {"patient_id": patient})
    assert answer.patients == {patient}
    positions = [entry.position for entry in answer.value.items]
    assert positions[0] < booked.position
    assert booked.position in positions
    records = await read.store.read("main", 1, read.head)
    assert positions == [position for position, record in records if patient.encode() in record]
    with pytest.raises(NotFound):
        await read.ask("ListPatientHistory", patient_id="01890000-0000-7000-8000-000000000000")


async def test_an_entry_comes_with_the_reason_for_it_also_when_one_goes_back(read: Read):
    await read.ask("GetAuditDay", date=DAY)
    for position in (read.head, read.head // 2, read.head // 2 + 3, 5):
        entry = await read.ask("GetAuditEntry", position=position)
        assert entry.explanation.get("same", True)
        assert entry.explanation["rules"]
        assert any(str(position) in line for line in entry.lines)
        assert entry.unexplained == ""


async def test_no_answer_has_a_patient_s_name_in_it(read: Read):
    day = await read.ask("GetAuditDay", date=DAY)
    answers = [
        await read.ask("ListAuditEntries", limit=500),
        *[await read.ask("GetAuditEntry", position=position) for position in range(1, read.head, 9)],
        *[await read.ask("GetAuditState", slot=slot.id) for slot in day.slots],
        *[await read.ask("GetAuditState", service=service.id, counts=True) for service in day.services],
    ]
    said = msgspec.json.encode(answers).decode()
    assert "sealed" in said
    assert "Asha" not in said


async def test_another_hospital_s_log_and_one_that_is_not_there_are_alike(read: Read):
    for call in ("ListAuditDays", "GetAuditDay", "ListAuditEntries"):
        with pytest.raises(NotFound):
            await read.desk.answer(call, "north", {"date": DAY})


async def test_a_call_that_was_given_up_leaves_the_log_readable(read: Read):
    past = Past(read.store, "main", spacing=10)
    for _ in range(5):
        with trio.CancelScope() as scope:
            scope.cancel()
            await past.open(30, read.head)
    await past.open(30, read.head)
    assert past.book.head == read.head
