"""What is measured and what comes of it: counted once, and brought again where it was not taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine import calendar
from engine.actors.admission.events import AdmissionWaits, PatientAssigned
from engine.actors.admission.state import Assigned
from engine.actors.alerts.state import ALERTS, Slice
from engine.census import census
from engine.decider import DAY, SECOND, PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.assign_admission import AssignAdmission
from engine.decisions.beds import AddBed
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.clinics import AddClinic
from engine.decisions.doctors import AddDoctor
from engine.decisions.join_queue import JoinQueue
from engine.decisions.patients import RegisterPatient
from engine.decisions.rooms import AddRoom
from engine.decisions.services import AddService
from engine.decisions.staff import AddStaff
from engine.decisions.wards import AddWard
from engine.errors import DeadlinePassed, Unavailable
from engine.eventlog.memory_store import MemoryDisk
from engine.measures import MISSED, Measures
from engine.needs import Carers
from engine.runtime import Engine
from engine.views.alerts import ListAlerts
from tests.engine.living import CLERK, START, hold_keys, living, patient, read

NOBODY = "01900000-0000-7000-8000-000000000000"


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.hurries = 0

    def __call__(self) -> float:
        return self.seconds

    def hurry(self) -> None:
        self.hurries += 1


def test_assignments_and_bookings_are_counted_apart_and_taken_once():
    watch = Watch()
    measures = Measures(watch, watch.hurry)
    watch.seconds = 2.0
    measures.durable(AdmitPatient, 1.0)
    measures.durable(AssignAdmission, 1.9)
    measures.durable(BookAppointment, 1.8)
    measures.durable(BookAppointment, 1.9)
    taken = measures.take(7)
    assert taken is not None
    assert (taken.at, taken.assignments, taken.assigning_total, taken.assigning_slowest) == (7, 2, 1_100_000, SECOND)
    assert sum(count for _, count in taken.assigning) == 2
    assert (sum(count for _, count in taken.rooms), taken.rooms_slow) == (2, 1)
    assert measures.take(8) is None
    assert watch.hurries == 0


def test_what_is_slow_or_too_late_is_told_at_once():
    watch = Watch()
    measures = Measures(watch, watch.hurry)
    watch.seconds = 6.0
    measures.durable(AdmitPatient, 0.0)
    assert watch.hurries == 1
    command = AdmitPatient(patient_id=NOBODY, acuity="low")
    measures.withdrawn(command, 9.8)
    assert watch.hurries == 3  # too late, and slow
    taken = measures.take(1)
    assert taken is not None
    assert (taken.assignments, taken.timeouts, taken.assigning_slowest) == (1, 1, 9_800_000)
    assert [one.command for one in measures.take_missed()] == [command]
    assert measures.take_missed() == []


def test_what_is_to_be_written_down_is_bounded():
    measures = Measures()
    for _ in range(MISSED + 5):
        measures.withdrawn(AdmitPatient(patient_id=NOBODY, acuity="low"), 10.0)
    assert len(measures.take_missed()) == MISSED
    assert measures.take(1) == Slice(at=1, timeouts=MISSED + 5, assigning_slowest=10 * SECOND)


def test_a_retry_succeeds_where_somebody_was_assigned():
    measures = Measures()
    measures.tried_again((AdmissionWaits(reason="no_bed", since=1),))
    measures.tried_again((PatientAssigned(assigned=Assigned(at=1, how="retry", carers=Carers())),))
    taken = measures.take(1)
    assert taken is not None
    assert (taken.retries, taken.retried) == (2, 1)


async def test_what_was_refused_by_a_full_log_is_brought_again(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        one = read(await engine.ask("main", patient(), CLERK))["id"]
    async with living(disk) as engine:
        keys = hold_keys(engine)
        partition = engine.partitions["main"]
        reserve, refused = partition._log.reserve, 0

        def full() -> None:
            nonlocal refused
            refused += 1
            raise Unavailable("storage_full", "no space")

        partition._log.reserve = full  # type: ignore[method-assign]
        with pytest.raises(DeadlinePassed):
            await engine.ask("main", AdmitPatient(patient_id=one, acuity="high"), CLERK, within=0)
        await trio.sleep(12)
        assert refused >= 4  # the note and the figures, twice and more
        assert await kinds(engine) == []
        partition._log.reserve = reserve  # type: ignore[method-assign]
        keys.set()
        await trio.sleep(6)
        assert await kinds(engine) == ["assignment_timeout", "timeout_rate"]


async def kinds(engine: Engine) -> list[str]:
    alerts = read(await engine.view("main", ListAlerts(), CLERK))
    return sorted(alert["kind"] for alert in alerts["items"])


async def test_a_thousand_withdrawn_at_once_are_all_written_down(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        for number in range(1_000):
            command = AdmitPatient(patient_id=f"01900000-0000-7000-8000-{number:012d}", acuity="high")
            with pytest.raises(DeadlinePassed):
                await engine.ask("main", command, CLERK, within=0)
        await trio.sleep(3)
        opened = engine.partitions["main"].state(ALERTS).open.values()
        assert len({one.subject for one in opened if one.kind == "assignment_timeout"}) == 1_000
        assert sorted(one.kind for one in opened if not one.subject) == ["error_rate", "timeout_rate"]
        await engine.ask("main", patient(), CLERK)


async def test_the_figures_of_a_hospital_are_counted_from_its_states(autojump_clock: MockClock):
    disk = MemoryDisk()

    async def ask(engine: Engine, command: Any) -> Any:
        return read(await engine.ask("main", command, CLERK))

    async with living(disk) as engine:
        service = await ask(engine, AddService(name="Blood"))
        for _ in range(3):
            await ask(engine, JoinQueue(service_id=service["id"], priority="low"))
        ward = await ask(engine, AddWard(name="Medicine"))
        for label in "12":
            await ask(engine, AddBed(ward_id=ward["id"], label=label))
        for role in ("doctor", "nurse"):
            await ask(engine, AddStaff(name=PersonName("Sam Sample"), role=role))
        for _ in range(3):
            person = await ask(engine, RegisterPatient(name=PersonName("Asha Rao")))
            await ask(engine, AdmitPatient(patient_id=person["id"], acuity="low"))
        await trio.sleep(6)
    async with living(disk) as engine:  # what has not been touched since the start counts too
        partition = engine.partitions["main"]
        found = census(partition, partition.book.time)
        assert found["queues"] == {"services": 1, "waiting": 3, "serving": 0, "parked": 0}
        assert found["beds"] == {"occupied": 2}
        assert (found["admitted"], found["backlog"], found["alerts"]) == (3, {"no_bed": 1}, {})
        assert found["assignments"]["assignments"] == 3
        assert found["entries"] == partition.tail.head


async def test_bookings_of_rooms_that_take_too_long_are_told_together_with_those_before(autojump_clock: MockClock):
    disk, slow = MemoryDisk(), [0.0]

    async def faults(step: str) -> None:
        if step == "data":
            await trio.sleep(slow[0])

    async with living(disk, faults=faults) as engine:

        async def ask(command: Any) -> Any:
            return read(await engine.ask("main", command, CLERK))

        clinic = (await ask(AddClinic(name="Eyes")))["id"]
        await ask(AddRoom(clinic_id=clinic, name="1", type="exam"))
        doctor = (await ask(AddDoctor(name=PersonName("Dr. Sam Sample"), specialization="Eyes")))["id"]
        begins = calendar.moment(START + DAY)

        async def book(number: int) -> None:
            person = (await ask(RegisterPatient(name=PersonName("Asha Rao"))))["id"]
            start = begins + timedelta(minutes=30 * number)
            end = start + timedelta(minutes=20)
            command = BookAppointment(
                clinic_id=clinic, patient_id=person, doctor_id=doctor, start_time=start, end_time=end
            )  # fmt: skip
            await ask(command)

        for number in range(25):
            await book(number)
        await trio.sleep(20)
        head = len(disk.entries["main"])
        assert await kinds(engine) == []
        slow[0] = 0.2
        for number in range(25, 28):
            await book(number)
        slow[0] = 0.0
        await trio.sleep(6)
        assert await kinds(engine) == ["room_p95"]
        assert len(disk.entries["main"]) == head + 3 * 2 + 1
        [alert] = read(await engine.view("main", ListAlerts(), CLERK))["items"]
        assert (alert["value"], alert["threshold"], alert["unit"]) == (pytest.approx(200, rel=0.27), 150.0, "ms")
        await trio.sleep(310)
        assert await kinds(engine) == []
