"""The ten seconds of an assignment: what is told when they are over, what is in the log then, and what happens next."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from engine.actors.intake.state import INTAKE
from engine.actors.roster.state import ROSTER
from engine.census import census
from engine.decider import FreeText, PersonName
from engine.decisions.admissions import AdmitPatient, ChangeAdmission
from engine.decisions.assign_admission import AssignAdmission
from engine.decisions.beds import AddBed
from engine.decisions.hospital import ChangePolicy
from engine.decisions.patients import RegisterPatient, UpdatePatient
from engine.decisions.staff import AddStaff
from engine.decisions.wards import AddWard
from engine.errors import DeadlinePassed, Rejected, Unavailable
from engine.eventlog.entry import checked
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from engine.views.admissions import GetAdmission
from engine.views.alerts import GetAssignmentFigures, ListAlerts
from tests.engine.living import CLERK, hold_keys, living, read

MINUTES = 60.0
TEN = 10.0


async def ask(engine: Engine, command: Any, **more: Any) -> Any:
    return read(await engine.ask("main", command, CLERK, **more))


async def see(engine: Engine, query: Any) -> Any:
    return read(await engine.view("main", query, CLERK))


async def person(engine: Engine) -> str:
    made = await ask(engine, RegisterPatient(name=PersonName("Asha Rao")))
    return str(made["id"])


async def staffed(engine: Engine) -> None:
    """A doctor, a nurse and a bed, for one patient."""
    for role in ("doctor", "nurse"):
        await ask(engine, AddStaff(name=PersonName("Sam Sample"), role=role))
    ward = await ask(engine, AddWard(name="Medicine"))
    await ask(engine, AddBed(ward_id=ward["id"], label="1"))


def urgent(patient_id: str) -> AdmitPatient:
    return AdmitPatient(patient_id=patient_id, acuity="critical")


async def outcome_of(engine: Engine, command: Any, **more: Any) -> str:
    """``committed``, or what is told of it."""
    try:
        await engine.ask("main", command, CLERK, **more)
    except DeadlinePassed as late:
        return late.outcome
    except Unavailable as trouble:
        return f"{trouble.code}: {trouble.outcome}"
    return "committed"


def told(disk: MemoryDisk) -> list[str]:
    """The commands of all entries, refused ones left out."""
    entries = [msgspec.msgpack.decode(checked(record))[0] for record in disk.entries["main"]]
    return [entry["name"] for entry in entries if "refusal" not in entry]


async def kinds(engine: Engine) -> list[str]:
    alerts = await see(engine, ListAlerts())
    return sorted(alert["kind"] for alert in alerts["items"])


class Disk:
    """A disk that stalls once it is told to, and then goes on, or fails."""

    def __init__(self) -> None:
        self.held = MemoryDisk()
        self.stalled: trio.Event | None = None
        self.broken: Exception | None = None

    async def faults(self, step: str) -> None:
        if step == "data" and self.stalled is not None:
            stalled, self.stalled = self.stalled, None
            await stalled.wait()
            if self.broken is not None:
                raise self.broken

    def stall(self, broken: Exception | None = None) -> Callable[[], None]:
        """The next commit waits until what this gives is called."""
        self.stalled, self.broken = stalled, _ = trio.Event(), broken
        return stalled.set


# -- claimed: nobody knows before the disk does -------------------------------------------------------------


async def test_decided_and_not_durable_in_time_is_unknown_and_then_what_the_log_says(autojump_clock: MockClock):
    disk = Disk()
    async with living(disk.held, faults=disk.faults) as engine:
        await staffed(engine)
        patient = await person(engine)
        let = disk.stall()
        began = trio.current_time()
        assert await outcome_of(engine, urgent(patient), key="k", within=TEN) == "unknown"
        assert trio.current_time() - began == pytest.approx(TEN, abs=0.1)
        await trio.sleep(20)
        let()
        settled = await engine.ask("main", urgent(patient), CLERK, key="k", within=60)
        assert (settled.replayed, read(settled)["status"]) == (True, "assigned")
        await trio.sleep(6)
        assert await kinds(engine) == ["assignment_average", "assignment_slow"]
        figures = await see(engine, GetAssignmentFigures())
        assert (figures["assignments"], figures["timeouts"]) == (1, 0)
        assert figures["slowest_ms"] == pytest.approx(30_000, abs=100)


async def test_decided_and_never_durable_is_unknown_and_nothing_of_it_is_there(autojump_clock: MockClock):
    disk = Disk()
    async with living(disk.held, faults=disk.faults) as engine:
        await staffed(engine)
        patient = await person(engine)
        before = len(disk.held.entries["main"])
        let = disk.stall(broken=OSError(5, "EIO"))
        assert await outcome_of(engine, urgent(patient), key="k", within=TEN) == "unknown"
        let()
        await trio.sleep(1)
        await engine.until_ready()
        assert len(disk.held.entries["main"]) == before
        again = await engine.ask("main", urgent(patient), CLERK, key="k")
        assert (again.replayed, read(again)["status"]) == (False, "assigned")


async def test_nothing_is_withdrawn_twice_after_what_was_decided(autojump_clock: MockClock):
    disk = Disk()
    async with living(disk.held, faults=disk.faults) as engine:
        await staffed(engine)
        patient = await person(engine)
        let = disk.stall()
        assert await outcome_of(engine, urgent(patient), within=TEN) == "unknown"
        let()
        await trio.sleep(10)
        assert "assignment_timeout" not in await kinds(engine)
        with pytest.raises(Rejected):
            await engine.ask("main", urgent(patient), CLERK)


# -- queued: withdrawn, for ever ----------------------------------------------------------------------------


async def test_what_waits_behind_others_for_ten_seconds_is_withdrawn_and_nothing_of_it_is_ever_done(
    autojump_clock: MockClock,
):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await staffed(engine)
        patient = await person(engine)
    async with living(disk) as engine:
        keys = hold_keys(engine)
        outcomes: list[str] = []

        async def late(command: Any, within: float) -> None:
            outcomes.append(await outcome_of(engine, command, within=within))

        async with trio.open_nursery() as nursery:
            ahead = UpdatePatient(patient_id=patient, name=PersonName("Asha Rao-Sen"))
            nursery.start_soon(late, ahead, 60.0)
            await trio.sleep(0.1)
            nursery.start_soon(late, urgent(patient), TEN)
            await trio.sleep(11)
            assert outcomes == ["not_applied"]
            keys.set()
        assert outcomes == ["not_applied", "committed"]
        await trio.sleep(6)
        names = told(disk)
        assert "AdmitPatient" not in names
        partition = engine.partitions["main"]
        assert partition.state(INTAKE) is None
        assert all(not one.patients for one in partition.state(ROSTER).members.values())
        assert census(partition, partition.book.time)["beds"] == {"unoccupied": 1}
        assert names[-3:].count("NoteAssignmentTimeout") == 1
        [alert] = [one for one in (await see(engine, ListAlerts()))["items"] if one["kind"] == "assignment_timeout"]
        assert (alert["severity"], alert["subject"], alert["patient_id"]) == ("critical", patient, patient)
        assert alert["value"] == pytest.approx(TEN, abs=0.1)
        figures = await see(engine, GetAssignmentFigures())
        assert (figures["timeouts"], figures["timeout_rate"], figures["since_beginning"]["timeouts"]) == (1, 1.0, 1)
        assert (await ask(engine, urgent(patient)))["status"] == "assigned"
        assert "assignment_timeout" not in await kinds(engine)


@pytest.mark.parametrize("way", ["submitted", "in a batch", "without time"])
async def test_it_is_the_same_however_it_was_asked(way: str, autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        patient = await person(engine)
    async with living(disk) as engine:
        keys = hold_keys(engine)
        heard: list[Any] = []
        async with trio.open_nursery() as nursery:
            ahead = UpdatePatient(patient_id=patient, name=PersonName("Asha Rao-Sen"))
            nursery.start_soon(partial(outcome_of, engine, ahead, within=60.0))
            await trio.sleep(0.1)
            if way == "submitted":
                assert engine.submit("main", urgent(patient), CLERK, heard.append, within=TEN) is not None
            elif way == "in a batch":
                heard.extend(await engine.ask_batch("main", [(urgent(patient), None)], CLERK, within=TEN))
            else:
                with pytest.raises(DeadlinePassed) as passed:
                    await engine.ask("main", urgent(patient), CLERK, within=0)
                heard.append(passed.value)
            await trio.sleep(11)
            keys.set()
        assert [late.outcome for late in heard] == ["not_applied"]
        await trio.sleep(6)
        assert "AdmitPatient" not in told(disk)
        assert "assignment_timeout" in await kinds(engine)


async def test_whoever_gives_up_before_the_time_is_over_alarms_nobody(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        patient = await person(engine)
    async with living(disk) as engine:
        keys = hold_keys(engine)
        with trio.move_on_after(3):
            await engine.ask("main", urgent(patient), CLERK, within=TEN)
        withdraw = engine.submit("main", urgent(patient), CLERK, lambda _: None, within=TEN)
        assert withdraw is not None
        withdraw()
        keys.set()
        await trio.sleep(20)
        assert await kinds(engine) == []
        assert (await see(engine, GetAssignmentFigures()))["timeouts"] == 0


# -- tried again --------------------------------------------------------------------------------------------


async def timed_out(disk: MemoryDisk, **policy: Any) -> tuple[str, str]:
    """A patient who waits for staff, and whose assignment by hand was withdrawn after ten seconds."""
    async with living(disk) as engine:
        await ask(engine, ChangePolicy(**policy))
        patient = await person(engine)
        admission = (await ask(engine, urgent(patient)))["id"]
    async with living(disk) as engine:
        keys = hold_keys(engine)
        async with trio.open_nursery() as nursery:
            ahead = ChangeAdmission(admission_id=admission, acuity="high", reason=FreeText("better"))
            nursery.start_soon(partial(outcome_of, engine, ahead, within=60.0))
            await trio.sleep(0.1)
            assert await outcome_of(engine, AssignAdmission(admission_id=admission), within=TEN) == "not_applied"
            keys.set()
        await trio.sleep(2)
        seen = await see(engine, GetAdmission(admission_id=admission))
        assert (seen["status"], seen["reason"]) == ("waiting", "timeout")
    return admission, patient


async def test_it_is_tried_again_after_five_minutes_also_by_an_engine_that_was_started_since(autojump_clock: MockClock):
    disk = MemoryDisk()
    admission, patient = await timed_out(disk)
    async with living(disk) as engine:
        [alert] = [one for one in (await see(engine, ListAlerts()))["items"] if one["kind"] == "assignment_timeout"]
        assert (alert["subject"], alert["patient_id"]) == (admission, patient)
        await trio.sleep(4.5 * MINUTES)
        assert "WakeAdmission" not in told(disk)
        await trio.sleep(1 * MINUTES)
        assert told(disk).count("WakeAdmission") == 1
        seen = await see(engine, GetAdmission(admission_id=admission))
        assert seen["attempts"] >= 1
        assert seen["reason"] == "no_staff"
        figures = (await see(engine, GetAssignmentFigures()))["since_beginning"]
        assert (figures["retries"], figures["retry_success_rate"]) == (1, 0.0)
        await staffed(engine)
        assert (await see(engine, GetAdmission(admission_id=admission)))["status"] == "assigned"
        assert "assignment_timeout" not in await kinds(engine)
        await trio.sleep(90 * MINUTES)
        assert told(disk).count("WakeAdmission") == 1


async def test_retries_come_later_each_time_until_somebody_is_told(autojump_clock: MockClock):
    disk = MemoryDisk()
    admission, _ = await timed_out(disk, assignment_max_retries=3)
    async with living(disk) as engine:
        for minutes, retries in ((6, 1), (8, 1), (3, 2), (17, 2), (4, 3), (100, 3)):
            await trio.sleep(minutes * MINUTES)
            assert told(disk).count("WakeAdmission") == retries
        assert "assignment_escalated" in await kinds(engine)
        seen = await see(engine, GetAdmission(admission_id=admission))
        assert (seen["status"], seen["retry_at"]) == ("waiting", None)
        assert seen["escalated_at"] is not None
        await staffed(engine)
        assert await kinds(engine) == []


async def test_who_has_been_served_meanwhile_is_not_tried_again(autojump_clock: MockClock):
    disk = MemoryDisk()
    admission, _ = await timed_out(disk)
    async with living(disk) as engine:
        await staffed(engine)
        before = await see(engine, GetAdmission(admission_id=admission))
        assert before["status"] == "assigned"
        await trio.sleep(30 * MINUTES)
        assert await see(engine, GetAdmission(admission_id=admission)) == before
        assert "WakeAdmission" not in told(disk)


# -- measured ------------------------------------------------------------------------------------------------


async def test_assignments_in_time_open_nothing_and_are_counted_in_one_entry_for_some_seconds(
    autojump_clock: MockClock,
):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await staffed(engine)
        for _ in range(10):
            await ask(engine, urgent(await person(engine)))
        before = len(disk.entries["main"])
        await trio.sleep(6)
        assert len(disk.entries["main"]) == before + 1
        figures = await see(engine, GetAssignmentFigures())
        assert (figures["assignments"], figures["timeout_rate"], figures["waiting"]) == (10, 0.0, {"no_bed": 9})
        assert figures["p95_ms"] <= figures["slowest_ms"] < 1_000
        assert await kinds(engine) == []


async def test_a_hospital_where_all_is_well_writes_nothing_of_itself(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        for _ in range(30):
            await person(engine)
            await see(engine, ListAlerts())
            await trio.sleep(1)
        await trio.sleep(10 * MINUTES)
        assert told(disk).count("ObserveFigures") == 0


async def test_faults_of_ours_open_an_alert_which_closes_when_they_are_long_over(autojump_clock: MockClock):
    disk = Disk()
    async with living(disk.held, faults=disk.faults) as engine:
        for _ in range(30):
            await person(engine)
        let = disk.stall()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(outcome_of, engine, RegisterPatient(name=PersonName("Late")), within=1.0))
            await trio.sleep(7)
            let()
        await trio.sleep(1)
        [alert] = (await see(engine, ListAlerts()))["items"]
        assert (alert["kind"], alert["severity"], alert["unit"]) == ("error_rate", "critical", "ratio")
        assert alert["value"] == pytest.approx(1 / 32)
        await trio.sleep(6 * MINUTES)
        assert await kinds(engine) == []
        closed = (await see(engine, ListAlerts(status="closed")))["items"]
        assert [(one["kind"], one["closed_by"], one["times"]) for one in closed] == [("error_rate", None, 1)]
        entries = len(disk.held.entries["main"])
        await trio.sleep(60 * MINUTES)
        assert len(disk.held.entries["main"]) == entries


async def test_what_could_not_be_weighed_while_the_disk_stood_is_weighed_when_it_goes_on(autojump_clock: MockClock):
    disk = Disk()
    async with living(disk.held, faults=disk.faults) as engine:
        await staffed(engine)
        patient = await person(engine)
        let = disk.stall(broken=OSError(28, "ENOSPC"))
        assert await outcome_of(engine, urgent(patient), within=TEN) == "unknown"
        await trio.sleep(10)
        let()
        await trio.sleep(1)
        await engine.until_ready()
        assert (await ask(engine, urgent(patient)))["status"] == "assigned"
        await trio.sleep(6)
        assert (await see(engine, GetAssignmentFigures()))["assignments"] == 1
        assert await kinds(engine) == []
