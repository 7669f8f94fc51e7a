"""A log decided again comes out the same, entry by entry; what does not is found, and what cannot be judged is said."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import trio
from click.testing import CliRunner
from trio.testing import MockClock

from engine.actors.patient import BirthDate
from engine.clock import SystemClock
from engine.decider import FreeText, Look, PersonName, Propose
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_category import ChangeCategory
from engine.decisions.erase_patient import ErasePatient, ErasureReason
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import UpdatePatient
from engine.errors import Rejected
from engine.eventlog.entry import RULEBOOK, checked, stored
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.runtime import Engine, open_engine
from replay.__main__ import main
from replay.deciding.again import Again, decide_again
from replay.deciding.redeciding import Redecided, redecide
from replay.walking import Walk
from tests.engine.living import CLERK, living, patient
from tests.golden import audit, broken_glass, queues, referrals, rooms, story, wards
from tests.golden.story import Corpus, Story
from tests.simulation import clockwork
from tests.simulation.client import HOSPITAL_ID
from tests.simulation.simulation import Simulation
from tests.simulation.test_weeks import Weeks

NOBODY = "01900000-0000-7000-8000-000000000000"
BY_OTHER_RULES = {story: 6, queues: 0, rooms: 1, wards: 1, referrals: 11, audit: 0, broken_glass: 0}
"""Entries of each corpus that the rules of today decide otherwise."""


async def decided(disk: MemoryDisk, hospital: str = "main", first: int = 1) -> Redecided:
    store = MemoryStore(disk)
    await store.open()
    try:
        return await redecide(store, hospital, first)
    finally:
        await store.close()


async def again(disk: MemoryDisk, position: int) -> Again:
    """One entry of the log, decided again with its steps."""
    store = MemoryStore(disk)
    await store.open()
    walk = Walk(store, "main")
    await walk.go(position - 1)
    entry = walk.book.codec.decode(checked(disk.entries["main"][position - 1]))
    try:
        return await decide_again(walk, entry)
    finally:
        await store.close()


async def refused(engine: Engine, command: Any) -> Rejected:
    with pytest.raises(Rejected) as found:
        await engine.ask("main", command, CLERK)
    return found.value


async def full_slot(engine: Engine) -> tuple[Story, str, str]:
    """A desk, a slot with its one seat taken, and the token that has it."""
    desk = Story(engine)
    slot = await desk.slot(await desk.doctor("Cardiology"), 10, 1)
    return desk, slot, await desk.book(slot)


@pytest.mark.parametrize("told", BY_OTHER_RULES, ids=lambda told: told.__name__)
async def test_what_rules_of_before_decided_is_no_fault_where_the_present_ones_differ(told: Any):
    kept = msgspec.msgpack.decode(told.CORPUS.read_bytes(), type=Corpus)
    disk = MemoryDisk()
    disk.entries["main"] = kept.records
    disk.keys.update(kept.keys)
    found = await decided(disk)
    assert found.sound
    assert found.entries == len(kept.records)
    assert (sum(row.other_rules for row in found.by_command.values()), len(found.not_judged)) == (
        BY_OTHER_RULES[told],
        0,
    )


PLANTED = {story: 0, queues: 0, rooms: 1, wards: 1, referrals: 0, audit: 0}
"""Entries of each story at which its teller meddles with the program: a rule that fails, a limit that is lower."""


@pytest.mark.parametrize(
    "told", [queues, rooms, audit, *(pytest.param(one, marks=pytest.mark.long) for one in (story, wards, referrals))]
)
def test_each_story_told_anew_comes_out_the_same_but_for_what_its_teller_planted(told: Any):
    kept: Corpus = told.written()
    disk = MemoryDisk()
    disk.entries["main"] = kept.records
    disk.keys.update(kept.keys)
    found = trio.run(decided, disk)
    assert (len(found.different), len(found.not_judged)) == (PLANTED[told], 0), found.different


def simulated(seed: int) -> Redecided:
    """The log of a simulated morning, decided again."""
    simulation = Simulation(seed)
    clockwork.run(seed, simulation.run)
    return trio.run(decided, simulation.machine.disk, HOSPITAL_ID)


def hold(seeds: range) -> None:
    for seed in seeds:
        found = simulated(seed)
        assert found.different == [], f"seed {seed}"
        rows = found.by_command.values()
        assert sum(row.same + row.not_judged for row in rows) == found.entries > 300
        assert all("was left out" in one.why[0] for one in found.not_judged)


def test_mornings_come_out_the_same_when_they_are_decided_again():
    hold(range(2))


@pytest.mark.long
@pytest.mark.parametrize("first", range(2_000, 2_300, 20))
def test_many_more_mornings_come_out_the_same(first: int):
    hold(range(first, first + 20))


async def test_every_entry_says_which_rules_decided_it(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await engine.ask("main", patient(), CLERK)
    assert (await again(disk, 2)).entry.rulebook == RULEBOOK


async def test_a_decision_shows_its_steps_and_the_states_that_it_met(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        desk, slot, _ = await full_slot(engine)
        await desk.book(slot)
        position = engine.partitions["main"].tail.head
    found = await again(disk, position)
    assert found.same
    assert (found.outcome, found.command.slot_id) == ("waiting", slot)
    steps = [
        (type(one.step).__name__, one.step.key.partition(":")[0])
        for one in found.steps
        if isinstance(one.step, Look | Propose)
    ]
    assert steps[:4] == [("Look", "hospital"), ("Look", "slot"), ("Look", "patient"), ("Look", "patient_day")]
    assert steps[-2:] == [("Propose", "patient_day"), ("Propose", "slot")]
    slot_then = msgspec.msgpack.decode(found.steps[1].gave)["slot"]
    assert (slot_then["max_capacity"], slot_then["regular"]) == (1, 1)
    assert [type(event).__name__ for event in found.changes[f"slot:{slot}"]] == ["PatientWaitlisted"]


async def test_an_event_that_the_rules_do_not_give_is_found(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        _, slot, _ = await full_slot(engine)
    records = disk.entries["main"]
    head, answer = msgspec.msgpack.decode(checked(records[-1]))
    (booked,) = [event for change in head["changes"] for event in change["events"] if event["type"] == "TokenBooked"]
    booked["mark_at"] += 1
    records[-1] = stored(msgspec.msgpack.encode([head, answer]))
    found = await decided(disk)
    assert not found.sound
    (one,) = found.different
    assert one.position == len(records)
    assert one.why == (f"slot:{slot}[0] TokenBooked.mark_at: {booked['mark_at']} then, {booked['mark_at'] - 1} now",)


async def test_an_event_that_cannot_have_happened_ends_the_walk_and_is_told(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await full_slot(engine)
    records = disk.entries["main"]
    head, answer = msgspec.msgpack.decode(checked(records[-1]))
    (booked,) = [event for change in head["changes"] for event in change["events"] if event["type"] == "TokenBooked"]
    booked["number"] = 999
    records[-1] = stored(msgspec.msgpack.encode([head, answer]))
    found = await decided(disk)
    assert not found.sound
    assert [one.position for one in found.different] == [len(records)]
    assert found.fault.startswith(f"position {len(records)} cannot be folded")


async def test_what_other_rules_decided_otherwise_is_no_fault(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await full_slot(engine)
    records = disk.entries["main"]
    head, answer = msgspec.msgpack.decode(checked(records[-1]))
    head["outcome"], head["rulebook"] = "waiting", RULEBOOK - 1
    records[-1] = stored(msgspec.msgpack.encode([head, answer]))
    found = await decided(disk)
    assert found.sound
    assert [(one.rulebook, one.why) for one in found.other_rules] == [
        (RULEBOOK - 1, ("outcome waiting then, created now",))
    ]


async def test_a_refusal_is_decided_again_without_the_text_that_came_with_it(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        _, slot, token = await full_slot(engine)
        reason = FreeText("Mrs Rao, who telephoned")
        await refused(engine, ChangeCategory(token_id=NOBODY, category="ONLINE", reason=reason))
        await refused(engine, BookToken(slot_id=slot, patient_id=NOBODY, category="WALKIN"))
        await refused(engine, CancelToken(token_id=token, if_version=77))
        await refused(engine, UpdatePatient(patient_id=NOBODY, name=PersonName("Asha Rao")))
        await engine.ask("main", patient(), CLERK)  # durable up to here
        position = engine.partitions["main"].tail.head
    found = await decided(disk)
    assert found.sound
    assert found.not_judged == []
    assert sum(row.refused for row in found.by_command.values()) == 4
    stale = await again(disk, position - 2)
    assert stale.refusal is not None
    assert (stale.refusal.code, stale.facts["version"]) == ("stale_version", 1)
    assert (await again(disk, position - 1)).entry.refusal.left_out == ("name",)
    assert b"telephoned" not in b"".join(disk.entries["main"])


async def test_a_refusal_of_an_older_log_is_judged_only_where_its_ids_suffice(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        _, slot, _ = await full_slot(engine)
        await refused(engine, BookToken(slot_id=slot, patient_id=NOBODY, category="WALKIN"))
        await refused(engine, CancelToken(token_id=NOBODY))
        await engine.ask("main", patient(), CLERK)
    records = disk.entries["main"]
    for place in (-3, -2):
        head, answer = msgspec.msgpack.decode(checked(records[place]))
        head["command"].pop("category", None)
        del head["refusal"]["whole"]
        records[place] = stored(msgspec.msgpack.encode([head, answer]))
    found = await decided(disk)
    assert found.sound
    assert [one.position for one in found.not_judged] == [len(records) - 2]
    assert "missing required field" in found.not_judged[0].why[0]


async def test_without_keys_decisions_that_rest_on_no_text_are_judged_all_the_same(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await full_slot(engine)
    disk.keys.clear()
    found = await decided(disk)
    assert found.sound
    rows = found.by_command
    assert (rows["BookToken"].same, rows["OpenSlot"].same) == (1, 1)


async def test_a_span_begins_where_it_is_told_to(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await full_slot(engine)
    found = await decided(disk, first=4)
    assert (found.first, found.last, found.entries) == (4, len(disk.entries["main"]), len(disk.entries["main"]) - 3)


@pytest.fixture
def data(tmp_path: Any) -> str:
    """A data folder with a few entries."""

    async def fill() -> None:
        async with open_engine(LmdbStore(tmp_path, allow_any_filesystem=True), clock=SystemClock()) as engine:
            await engine.until_ready()
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
            await engine.ask("main", patient(), CLERK)

    trio.run(fill)
    return str(tmp_path)


def test_the_command_says_by_its_exit_code_whether_all_is_the_same(data: str):
    result = CliRunner().invoke(main, ["redecide", "--data", data])
    assert result.exit_code == 0, result.output
    assert "every decision is the same" in result.stdout
    told = CliRunner().invoke(main, ["redecide", "--data", data, "--json", "--from", "2"])
    found = json.loads(told.stdout)
    assert found["sound"] is True
    assert [(row["first"], row["entries"]) for row in found["hospitals"]] == [(2, 1)]
    assert CliRunner().invoke(main, ["redecide", "--data", data, "--from", "soon"]).exit_code == 2


async def test_of_an_erased_patient_what_rests_on_no_text_is_still_judged(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        desk, _, token = await full_slot(engine)
        await desk.say(CancelToken(token_id=token, reason=FreeText("as the patient wished")))
        person = await desk.patient("Asha Rao")
        await desk.say(UpdatePatient(patient_id=person, dob=BirthDate("1980-02-29")))
        await desk.say(ErasePatient(patient_id=person, reason=ErasureReason("the patient asked for it")))
    found = await decided(disk)
    assert found.sound
    assert found.by_command["ErasePatient"].same == 1
    assert found.by_command["RegisterPatient"].decided == 2
    assert {one.why for one in found.not_judged} <= {("it rests on text whose key is not here",)}


async def test_an_answer_that_was_not_given_is_found(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await full_slot(engine)
    records = disk.entries["main"]
    head, answer = msgspec.msgpack.decode(checked(records[-1]))
    answer["token_number"] = 7
    records[-1] = stored(msgspec.msgpack.encode([head, answer]))
    found = await decided(disk)
    assert [one.why for one in found.different] == [("the answer, at [token_number]",)]


@pytest.mark.long
async def test_that_states_left_memory_meanwhile_makes_no_difference(autojump_clock: MockClock):
    weeks = Weeks(7)
    await weeks.live()
    found = await decided(weeks.disk)
    assert weeks.archived > 20
    assert (found.sound, found.not_judged) == (True, [])
    assert sum(row.refused for row in found.by_command.values()) > 10
