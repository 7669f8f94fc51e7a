"""The engine from outside: what is answered, when, and what is true afterwards. Laws by their number in the design."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.decider import PersonName
from engine.decisions.patients import UpdatePatient
from engine.errors import (
    DeadlinePassed,
    KeyReused,
    NotFound,
    Rejected,
)
from engine.eventlog.entry import checked
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import EngineSettings
from engine.views.people import GetPatient, ListPatients
from tests.engine.living import CLERK, hold_keys, living, patient, read

NOBODY = "01900000-0000-7000-8000-000000000000"


async def test_an_accepted_command_is_in_the_log_when_its_answer_comes(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        reply = await engine.ask("main", patient(), CLERK)
        assert len(disk.entries["main"]) == reply.position == 2


async def test_law_6_no_answer_leaves_before_its_commit(autojump_clock: MockClock):
    disk, stalled = MemoryDisk(), trio.Event()

    async def faults(step: str) -> None:
        if step == "data" and len(disk.entries.get("main", ())) == 1:
            await stalled.wait()

    answered = []
    async with living(disk, faults=faults) as engine, trio.open_nursery() as nursery:

        async def ask() -> None:
            answered.append(await engine.ask("main", patient(), CLERK))

        nursery.start_soon(ask)
        await trio.sleep(1)
        assert answered == []
        stalled.set()
        await trio.sleep(1)
        assert len(answered) == 1


async def test_law_6_a_read_waits_for_what_it_shows(autojump_clock: MockClock):
    disk, stalled = MemoryDisk(), trio.Event()

    async def faults(step: str) -> None:
        if step == "data" and len(disk.entries.get("main", ())) == 2:
            await stalled.wait()

    seen: list[str] = []
    async with living(disk, faults=faults) as engine, trio.open_nursery() as nursery:
        made = read(await engine.ask("main", patient("Before"), CLERK))
        change = UpdatePatient(patient_id=made["id"], name=PersonName("After"))

        async def look() -> None:
            seen.append(read(await engine.view("main", GetPatient(patient_id=made["id"]), CLERK))["name"])

        nursery.start_soon(engine.ask, "main", change, CLERK)
        await trio.sleep(1)
        nursery.start_soon(look)
        await trio.sleep(1)
        assert seen == []
        stalled.set()
        await trio.sleep(1)
        assert seen == ["After"]


async def test_a_repeat_with_the_same_key_gives_the_first_answer_also_after_a_restart(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        first = await engine.ask("main", patient(), CLERK, key="k")
        again = await engine.ask("main", patient(), CLERK, key="k")
    async with living(disk) as engine:
        later = await engine.ask("main", patient(), CLERK, key="k")
    assert (first.replayed, again.replayed, later.replayed) == (False, True, True)
    assert read(first) == read(again) == read(later)
    assert first.position == again.position == later.position
    assert first.version == later.version == 1


async def test_the_same_key_with_another_command_is_refused(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        await engine.ask("main", patient("One"), CLERK, key="k")
        with pytest.raises(KeyReused):
            await engine.ask("main", patient("Two"), CLERK, key="k")


async def test_a_repeat_while_the_first_is_under_way_waits_for_it(autojump_clock: MockClock):
    disk = MemoryDisk()
    replies = []
    async with living(disk) as engine:

        async def ask() -> None:
            replies.append(await engine.ask("main", patient(), CLERK, key="k"))

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(ask)
    assert len({reply.position for reply in replies}) == 1
    assert sorted(reply.replayed for reply in replies) == [False] + [True] * 19
    assert len(disk.entries["main"]) == 2


async def test_a_refusal_is_not_kept_under_its_key(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        command = UpdatePatient(patient_id=NOBODY, name=PersonName("X"))
        for _ in range(2):
            with pytest.raises(NotFound):
                await engine.ask("main", command, CLERK, key="k")


async def test_a_refusal_is_an_entry_without_events_or_free_text(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        with pytest.raises(NotFound):
            await engine.ask("main", UpdatePatient(patient_id=NOBODY, name=PersonName("Secret")), CLERK)
        await engine.ask("main", patient(), CLERK)
        entry = engine.partitions["main"].book.codec.loose(checked(disk.entries["main"][1]))[0]
    assert entry["refusal"]["code"] == "not_found"
    assert entry["command"] == {"patient_id": NOBODY}
    assert "changes" not in entry


async def test_law_12_requests_that_give_up_while_queued_are_never_decided(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        one = read(await engine.ask("main", patient(), CLERK))["id"]
    async with living(disk) as engine:
        keys = hold_keys(engine)
        async with trio.open_nursery() as nursery:
            for number in range(600):
                command = UpdatePatient(patient_id=one, name=PersonName(f"P{number}"))
                nursery.start_soon(engine.ask, "main", command, CLERK)
            await trio.sleep(1)
            keys.set()  # all are in the mailbox, and are taken some at a time
            while engine.partitions["main"].tail.head == 2:
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        decided = engine.partitions["main"].tail.head - 2
        assert 0 < decided < 600
        await trio.sleep(5)
        assert len(disk.entries["main"]) == 2 + decided


async def test_law_12_a_request_without_time_is_not_applied(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        with pytest.raises(DeadlinePassed) as passed:
            await engine.ask("main", patient(), CLERK, within=0, key="k")
        assert passed.value.outcome == "not_applied"
        await trio.sleep(5)
        assert len(disk.entries["main"]) == 1
        assert not (await engine.ask("main", patient(), CLERK, key="k")).replayed


async def test_law_12_a_request_that_was_decided_is_unknown_until_its_commit_and_settled_by_its_key(
    autojump_clock: MockClock,
):
    disk = MemoryDisk()

    async def faults(step: str) -> None:
        if step == "data" and len(disk.entries.get("main", ())) == 1:
            await trio.sleep(30)

    async with living(disk, faults=faults) as engine:
        with pytest.raises(DeadlinePassed) as passed:
            await engine.ask("main", patient(), CLERK, key="k", within=10)
        assert passed.value.outcome == "unknown"
        settled = await engine.ask("main", patient(), CLERK, key="k", within=60)
        assert settled.replayed
        assert settled.position == 2


async def test_a_batch_is_decided_in_order_each_on_its_own_and_in_few_commits(autojump_clock: MockClock):
    disk, commits = MemoryDisk(), []

    async def faults(step: str) -> None:
        if step == "before":
            commits.append(step)
        await trio.sleep(0.01)

    async with living(disk, faults=faults) as engine:
        before = len(commits)
        items: list[tuple[Any, str | None]] = [(patient(f"P{number}"), None) for number in range(500)]
        items.insert(250, (UpdatePatient(patient_id=NOBODY, name=PersonName("X")), None))
        results = await engine.ask_batch("main", items, CLERK)
        assert len(commits) - before < 20
    assert isinstance(results[250], Rejected)
    names = [read(result)["name"] for result in results if not isinstance(result, Exception)]
    assert names == [f"P{number}" for number in range(500)]
    positions = [result.position for result in results if not isinstance(result, Exception)]
    assert positions == sorted(positions)


async def test_states_are_the_same_with_snapshots_without_them_and_live(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk, settings=EngineSettings(snapshot_entries=10)) as engine:
        for number in range(60):
            made = read(await engine.ask("main", patient(f"P{number}"), CLERK))
            await engine.ask("main", UpdatePatient(patient_id=made["id"], name=PersonName(f"Q{number}")), CLERK)
            await trio.sleep(0.3)
        live = engine.state_hash("main")
    assert len(disk.rounds["main"]) >= 2
    async with living(disk) as engine:
        assert engine.partitions["main"].book.snapshot > 100
        assert engine.state_hash("main") == live
    disk.rounds.clear()
    async with living(disk) as engine:
        assert engine.partitions["main"].book.snapshot == 0
        assert engine.state_hash("main") == live


async def test_law_8_no_name_is_readable_on_the_disk(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        made = read(await engine.ask("main", patient("Xylophone Zebra"), CLERK, key="k"))
        await engine.ask("main", UpdatePatient(patient_id=made["id"], phone=None), CLERK)
    kept = [*disk.entries["main"], *disk.pages.values(), *disk.archive.values()]
    assert all(b"Xylophone" not in data for data in kept)
    assert any(b"PatientRegistered" in data for data in kept)


async def test_another_hospital_is_another_log(autojump_clock: MockClock):
    from engine.decisions.hospital import AddHospital

    disk = MemoryDisk()
    async with living(disk) as engine:
        await engine.ask("north", AddHospital(hospital_id="north", name="North", time_zone="Asia/Kolkata"), CLERK)
        made = read(await engine.ask("north", patient(), CLERK))
        with pytest.raises(NotFound):
            await engine.view("main", GetPatient(patient_id=made["id"]), CLERK)
        with pytest.raises(NotFound):
            await engine.ask("south", patient(), CLERK)
    assert [len(disk.entries[name]) for name in ("main", "north")] == [1, 2]


async def test_a_list_of_names_after_a_start_reads_their_keys_in_few_goes(autojump_clock: MockClock):
    disk, reads = MemoryDisk(), []
    async with living(disk) as engine:
        await engine.ask_batch("main", [(patient(f"P{number}"), None) for number in range(300)], CLERK)
    async with living(disk) as engine:
        store = engine._store
        read_keys = store.read_keys

        async def counted(subjects: Any) -> dict[bytes, bytes]:
            reads.append(len(subjects))
            return await read_keys(subjects)

        store.read_keys = counted  # type: ignore[method-assign]
        found = read(await engine.view("main", ListPatients(limit=300), CLERK))
        assert [row["name"] for row in found["items"]] == [f"P{number}" for number in range(300)]
        assert len(reads) == 1


async def test_a_command_that_is_sent_twice_is_sealed_for_each_patient_anew(autojump_clock: MockClock):
    disk = MemoryDisk()
    command = patient("Asha Rao")
    async with living(disk) as engine:
        ids = [read(await engine.ask("main", command, CLERK))["id"] for _ in range(2)]
    async with living(disk) as engine:
        for one in ids:
            assert read(await engine.view("main", GetPatient(patient_id=one), CLERK))["name"] == "Asha Rao"
    assert command.name.sealed is None
