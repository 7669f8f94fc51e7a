"""Why an entry came out as it did: complete, and what the rules give when they decide again."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

import msgspec
import pytest
import trio
from click.testing import CliRunner
from trio.testing import MockClock

from engine.clock import SystemClock
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.hospital import AddHospital
from engine.errors import Rejected
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.runtime import open_engine
from replay.__main__ import main
from replay.explaining import Explanation, Unknown, explain
from replay.explaining.form import Section, Told
from replay.explaining.telling import Teller
from replay.explaining.watching import Watch
from tests.engine.living import CLERK, living, patient
from tests.golden.story import Story
from tests.simulation import clockwork
from tests.simulation.client import HOSPITAL_ID
from tests.simulation.simulation import Simulation

CHOSEN = ("room", "doctor", "nurse", "bed", "promotion", "call")
"""Kinds of sections in which one of the candidates is the chosen one."""


async def why(disk: MemoryDisk, what: int | str, hospital: str = "main", **more: Any) -> Explanation:
    store = MemoryStore(disk)
    await store.open()
    try:
        return await explain(store, hospital, what, **more)
    finally:
        await store.close()


def of(found: Explanation, kind: str) -> list[Section]:
    return [section for one in found.told for section in one.sections if section.kind == kind]


async def test_a_place_names_who_stands_before_it_and_why(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        desk = Story(engine)
        slot = await desk.slot(await desk.doctor("Cardiology"), 10, 5)
        early, urgent = await desk.book(slot, "WALKIN"), await desk.book(slot, "PRIORITY_PAID")
        mine = await desk.book(slot, "WALKIN")
    found = await why(disk, mine)
    assert (found.what, len(found.told), found.same) == ("token", 1, True)
    (place,) = of(found, "place")
    assert (place.winner, place.decided) == ("TokenBooked", "TokenBooked")
    assert [(row.id, row.chosen, row.facts.get("because")) for row in place.candidates] == [
        (urgent, False, "tier comes first"),
        (early, False, "same tier, earlier"),
        (mine, True, None),
    ]
    assert "2 of 5 taken" in place.said[0]
    rules = {(rule.book, rule.rule): rule.text for rule in found.told[0].rules}
    assert rules["engine.actors.slot", "R3"].startswith("Regular tokens, holds and offers never exceed the capacity")
    assert "engine.decisions.book_token" in {book for book, _ in rules}
    assert {met.actor.partition(":")[0] for met in found.told[0].met} >= {"hospital", "slot", "patient", "patient_day"}
    assert any("decided again, it comes out the same" in line for line in found.lines())


async def test_a_promotion_shows_whom_the_seat_went_past(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        desk = Story(engine)
        doctor = await desk.doctor("Cardiology")
        full, other = await desk.slot(doctor, 10, 1), await desk.slot(doctor, 60, 3)
        seated, busy = await desk.book(full), await desk.patient("Busy")
        passed = await desk.book(full, "FOLLOWUP", patient=busy)
        behind, last = await desk.book(full), await desk.book(full, "WALKIN")
        await desk.book(other, patient=busy)
        await desk.say(CancelToken(token_id=seated))
        position = engine.partitions["main"].tail.head
    found = await why(disk, position)
    promotion = next(one for one in of(found, "promotion") if one.subject == behind)
    assert (promotion.winner, promotion.decided) == (behind, behind)
    assert [(row.id, row.chosen) for row in promotion.candidates] == [(passed, False), (behind, True)]
    assert promotion.candidates[0].why_not[0].startswith("double_booking")
    assert last not in {row.id for row in promotion.candidates}


async def test_a_refusal_names_its_rule_and_the_figures_that_it_compared(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        desk = Story(engine)
        doctor = await desk.doctor("Cardiology")
        one, other = await desk.slot(doctor, 10, 2), await desk.slot(doctor, 60, 2)
        person = await desk.patient()
        token = await desk.book(one, patient=person)
        with pytest.raises(Rejected):
            await desk.book(other, patient=person)
        await engine.ask("main", patient(), CLERK)
        position = engine.partitions["main"].tail.head - 1
    found = await why(disk, position)
    refusal = found.told[0].refusal
    assert refusal is not None
    assert (refusal.code, refusal.rule, refusal.book) == ("double_booking", "R1", "engine.actors.patient_day")
    assert refusal.text.startswith("One active token per day")
    assert refusal.facts["token_id"] == token
    assert found.told[0].entry["command"]["slot_id"] == other
    assert any("double_booking" in line for line in found.lines())


async def test_the_story_of_a_token_has_each_entry_that_touched_it(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        desk = Story(engine)
        slot = await desk.slot(await desk.doctor("Cardiology"), 10, 1)
        first = await desk.book(slot)
        mine = await desk.book(slot)
        await desk.say(CancelToken(token_id=first))
        await desk.say(CancelToken(token_id=mine))
    found = await why(disk, mine)
    assert [one.entry["name"] for one in found.told] == ["BookToken", "CancelToken", "CancelToken"]
    assert [section.kind for section in found.told[1].sections] == ["place", "promotion"]
    short = await why(disk, mine, limit=1)
    assert (len(short.told), short.left_out) == (1, 2)


def test_a_look_that_fails_is_told_and_does_not_become_the_decisions_fault():
    def sight(local: Any, gave: Any) -> None:
        raise KeyError("roster")

    def chosen() -> int:
        return 1

    before = sys.getprofile()
    with Watch(lambda: {chosen.__code__: sight}) as watch:
        assert chosen() == 1
    (blind,) = watch.blind
    assert "chosen could not be looked at: KeyError" in blind
    assert sys.getprofile() is before


async def test_what_is_nowhere_in_the_log_is_unknown(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk):
        pass
    with pytest.raises(Unknown):
        await why(disk, "01900000-0000-7000-8000-000000000000")
    with pytest.raises(Unknown):
        await why(disk, 99)


@cache
def simulated(seed: int) -> MemoryDisk:
    """What a simulated morning left on the disk; to be read only."""
    simulation = Simulation(seed)
    clockwork.run(seed, simulation.run)
    return simulation.machine.disk


async def all_explained(disk: MemoryDisk) -> dict[str, int]:
    """Every entry of a log explained; how many sections of each kind there were."""
    store = MemoryStore(disk)
    await store.open()
    teller = Teller(store, HOSPITAL_ID, "UTC")
    counts: dict[str, int] = {}
    for position, record in await store.read(HOSPITAL_ID, 1, 1_000_000):
        told = await teller.tell(position, record)
        assert told.rules, f"position {position}: no rule"
        assert told.blind == [], f"position {position}"
        assert told.same or "was left out" in told.unreadable, f"position {position}: {told.differences}"
        for section in told.sections:
            where = f"position {position}, {section.kind}"
            assert section.said or section.candidates, f"{where}: empty"
            if told.refusal is None:
                assert section.winner == section.decided, where
            if section.winner and section.candidates and section.kind in CHOSEN:
                (chosen,) = [row for row in section.candidates if row.chosen]
                assert chosen.id == section.winner, where
                assert not chosen.why_not, where
                others = [row for row in section.candidates if not row.chosen and not row.why_not]
                if section.kind in ("doctor", "nurse", "bed"):
                    assert all(row.facts["behind"] for row in others), where
            counts[section.kind] = counts.get(section.kind, 0) + 1
        subjects = {(section.kind, section.subject) for section in told.sections}
        assert wanted(told.entry) <= subjects, f"position {position}"
        agrees_with_what_was_kept(told)
    await store.close()
    return counts


def agrees_with_what_was_kept(told: Told) -> None:
    """Events keep a little of how a choice was made: the explanation's table says the same."""
    sections = {(section.kind, section.subject): section for section in told.sections}
    for change in told.entry.get("changes", ()):
        for event in change["events"]:
            one, how = event.get("appointment", {}), event.get("assigned", {})
            kept = one.get("assignment") or {}
            if event["type"] in ("AppointmentBooked", "AppointmentHeld") and kept.get("method") == "rules":
                section = sections["room", one["id"]]
                if section.title.startswith("it keeps"):
                    continue
                could = [row for row in section.candidates if not row.why_not]
                ranked = [kept["chosen"], *kept.get("next", ())]
                assert [(row.id, row.score) for row in could[: len(ranked)]] == [
                    (rank["room_id"], rank["score"]) for rank in ranked
                ], told.position
                assert len(section.candidates) == kept["considered"]
                points = {rule.rpartition(" ")[2].rstrip(")"): given for rule, given in could[0].points.items()}
                assert points == {term["rule_id"]: term["points"] / 1_000 for term in ranked[0].get("terms", ())}
            if event["type"] == "PatientAssigned" and how["how"] == "automatic":
                for role in ("doctor", "nurse"):
                    section = sections[role, change["actor"].partition(":")[2]]
                    (chosen,) = [row for row in section.candidates if row.chosen]
                    assert [chosen.facts["load"], chosen.facts["max_load"]] == list(how["choice"][f"{role}_load"])


def wanted(entry: dict[str, Any]) -> set[tuple[str, str]]:
    """What an explanation must speak of: each token, room appointment and assignment that came about in the entry."""
    found = set()
    for change in entry.get("changes", ()):
        for event in change["events"]:
            match event["type"]:
                case "TokenBooked":
                    found.add(("place", event["token_id"]))
                case "EntryPromoted":
                    found |= {("place", event["entry_id"]), ("promotion", event["entry_id"])}
                case "AppointmentBooked" | "AppointmentHeld" | "AppointmentRescheduled" | "RoomAssigned":
                    found.add(("room", event["appointment"]["id"]))
                case "PatientAssigned":
                    carers, id = event["assigned"]["carers"], change["actor"].partition(":")[2]
                    found |= {(role, id) for role in ("doctor", "nurse", "bed") if carers.get(f"{role}_id")}
                case "ReferralStatusChanged":
                    found.add(("status", event["id"]))
    return found


def hold(seeds: range) -> dict[str, int]:
    counts: dict[str, int] = {}
    for seed in seeds:
        for kind, count in trio.run(all_explained, simulated(seed)).items():
            counts[kind] = counts.get(kind, 0) + count
    return counts


def test_every_token_room_and_assignment_of_a_morning_is_explained_and_is_what_the_rules_give_again():
    assert set(hold(range(4, 5))) >= {"place", "promotion", "room", "doctor", "nurse", "bed", "waits", "call", "status"}


@pytest.mark.long
@pytest.mark.parametrize("first", range(3_000, 3_200, 10))
def test_many_more_mornings_are_explained(first: int):
    hold(range(first, first + 10))


def test_the_command_tells_people_and_programs(tmp_path: Any):
    ids: list[str] = []

    async def fill() -> None:
        async with open_engine(LmdbStore(tmp_path, allow_any_filesystem=True), clock=SystemClock()) as engine:
            await engine.until_ready()
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
            reply = await engine.ask("main", patient(), CLERK)
            ids.append(msgspec.msgpack.decode(reply.body)["id"])
            with pytest.raises(Rejected):
                await engine.ask("main", BookToken(slot_id=ids[0], patient_id=ids[0], category="WALKIN"), CLERK)
            await engine.ask("main", patient(), CLERK)

    trio.run(fill)
    data = ["--data", str(tmp_path)]
    told = CliRunner().invoke(main, ["explain", ids[0], *data])
    assert told.exit_code == 0, told.output
    assert "RegisterPatient" in told.stdout
    assert "patient" in told.stdout.splitlines()[0]
    found = json.loads(CliRunner().invoke(main, ["explain", "3", "--json", *data]).stdout)
    assert found["told"][0]["refusal"]["code"] == "not_found"
    assert found["told"][0]["refusal"]["facts"]["slot_id"] == ids[0]
    assert CliRunner().invoke(main, ["explain", "77", *data]).exit_code == 2


def test_without_the_patients_keys_an_assignment_says_what_its_event_kept():
    disk = MemoryDisk()
    disk.entries = simulated(4).entries
    disk.keys.update({name: key for name, key in simulated(4).keys.items() if name.endswith(bytes(16))})

    async def tell() -> list[Told]:
        store = MemoryStore(disk)
        await store.open()
        teller = Teller(store, HOSPITAL_ID, "UTC")
        return [await teller.tell(position, record) for position, record in await store.read(HOSPITAL_ID, 1, 300)]

    found = trio.run(tell)
    assert all(one.same or one.unreadable for one in found)
    kept = [
        section
        for one in found
        for section in one.sections
        if section.title == "only what was kept of the choice can be told" and section.kind == "doctor"
    ]
    assert all(section.winner == section.decided for section in kept)
    assert all("key is not here" in section.said[-1] for section in kept)
    assert any("under their maximum" in section.said[0] for section in kept)
