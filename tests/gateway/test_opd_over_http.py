"""The OPD system over HTTP as the source document shows it, and each step of a token's life."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import trio

from engine.decider import DAY, HOUR, MINUTE
from engine.decisions.hospital import AddHospital
from engine.eventlog.memory_store import MemoryStore
from engine.runtime import open_engine
from tests.gateway.surface import SYSTEM, client_of

EIGHT = 1_769_932_800_000_000  # 2026-02-01T08:00:00Z, an hour before the source's slot
BASE = "/api/v1"


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = EIGHT
        self._drawn = 0

    def wall(self) -> int:
        return self.now

    def monotonic(self) -> int:
        return self.now

    def entropy(self, count: int) -> bytes:
        self._drawn += 1
        return self._drawn.to_bytes(count, "big")


class Desk:
    """Somebody at a front desk: short words for requests, and what came back checked for its status."""

    def __init__(self, client: httpx2.AsyncClient, clock: SetClock) -> None:
        self.client = client
        self.clock = clock
        self._slots = 0

    async def ask(self, method: str, path: str, expect: int, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.client.request(method, BASE + path, json=body, headers=named)
        assert response.status_code == expect, response.text
        return response.json() if response.content else None

    async def doctor(self, specialization: str = "Cardiology") -> str:
        body = {"name": "Dr. John Smith", "specialization": specialization}
        return str((await self.ask("POST", "/doctors/", 201, body))["id"])

    async def patient(self, name: str = "Jane Doe") -> str:
        body = {"name": name, "phone": "+1234567890", "email": "jane@example.com"}
        return str((await self.ask("POST", "/patients/", 201, body))["id"])

    async def slot(self, doctor: str, capacity: int = 15, start: str = "09", end: str = "10") -> str:
        times = {"start_time": f"2026-02-01T{start}:00:00Z", "end_time": f"2026-02-01T{end}:00:00Z"}
        made = await self.ask("POST", "/slots/", 201, {"doctor": doctor, **times, "max_capacity": capacity})
        assert made["doctor_id"] == doctor
        return str(made["id"])

    async def book(self, slot: str, category: str = "ONLINE", expect: int = 201, patient: str | None = None) -> Any:
        body = {"slot_id": slot, "patient_id": patient or await self.patient(), "category": category}
        return await self.ask("POST", "/tokens/", expect, body)

    async def line(self, slot: str) -> list[Any]:
        return list((await self.ask("GET", f"/slots/{slot}/tokens/", 200))["items"])


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    clock = SetClock()
    async with open_engine(MemoryStore(), clock=clock) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), SYSTEM)
        async with client_of(engine) as client:
            yield Desk(client, clock)


def moment_of(priority: float) -> Any:
    """The clock stands, but entries are a microsecond apart: so are the instants at which a priority is read."""
    return pytest.approx(priority, abs=1e-8)


async def test_the_walk_through_of_the_source_document():
    async with desk() as at:
        doctor, patient = await at.doctor(), await at.patient()
        slot = await at.slot(doctor)
        token = await at.book(slot, "ONLINE", patient=patient)
        assert (token["token_number"], token["status"], token["category"]) == (1, "CONFIRMED", "ONLINE")
        assert token["ticket_code"] == "CAR-001"
        assert (await at.ask("GET", f"/slots/{slot}/", 200))["current_capacity"] == 1

        urgent = {"slot_id": slot, "patient_id": await at.patient()}
        emergency = await at.ask("POST", "/tokens/emergency/", 201, urgent)
        assert [row["id"] for row in await at.line(slot)] == [emergency["id"], token["id"]]
        assert (await at.ask("GET", f"/tokens/{token['id']}/", 200))["token_number"] == 2

        delayed = await at.ask("PUT", f"/slots/{slot}/delay/", 200, {"delay_minutes": 30})
        assert (delayed["status"], delayed["delay_minutes"]) == ("DELAYED", 30)

        await at.ask("DELETE", f"/tokens/{emergency['id']}/", 200)
        assert [row["token_number"] for row in await at.line(slot) if row["status"] == "CONFIRMED"] == [1]

        report = await at.ask("GET", f"/reports/daily/?date=2026-02-01&doctor_id={doctor}", 200)
        assert report["totals"]["by_category"]["ONLINE"] == 1
        assert report["totals"]["by_status"] == {"CONFIRMED": 1, "CANCELLED": 1, "NO_SHOW": 0, "COMPLETED": 0}


async def test_the_source_s_two_priorities_hold_exactly():
    async with desk() as at:
        slot = await at.slot(await at.doctor(), start="12", end="13")
        first = await at.book(slot)
        at.clock.now += 90 * MINUTE
        second = await at.book(slot)
        at.clock.now += 30 * MINUTE
        assert (await at.ask("GET", f"/tokens/{first['id']}/", 200))["priority"] == moment_of(3.8)
        assert (await at.ask("GET", f"/tokens/{second['id']}/", 200))["priority"] == moment_of(3.95)


async def test_a_full_slot_gives_a_place_in_the_waiting_list_and_a_free_seat_goes_to_it():
    async with desk() as at:
        slot = await at.slot(await at.doctor(), capacity=1)
        holder = await at.book(slot)
        waiting = await at.book(slot, expect=202)
        assert (waiting["status"], waiting["position"]) == ("WAITING", 1)
        listed = await at.ask("GET", f"/waiting-list/by_slot/?slot_id={slot}", 200)
        assert [entry["id"] for entry in listed["items"]] == [waiting["id"]]
        await at.ask("DELETE", f"/tokens/{holder['id']}/", 200)
        promoted = await at.ask("GET", f"/tokens/{waiting['id']}/", 200)
        assert (promoted["status"], promoted["token_number"]) == ("CONFIRMED", 1)
        assert promoted["booked_at"] == waiting["booked_at"]
        assert (await at.ask("GET", "/waiting-list/", 200))["items"] == []


async def test_a_place_in_the_waiting_list_can_be_read_and_left():
    async with desk() as at:
        slot = await at.slot(await at.doctor(), capacity=1)
        await at.book(slot)
        waiting = await at.book(slot, expect=202)
        assert (await at.ask("GET", f"/waiting-list/{waiting['id']}/", 200))["position"] == 1
        left = await at.ask("DELETE", f"/waiting-list/{waiting['id']}/", 200)
        assert left["status"] == "CANCELLED"
        problem = await at.ask("DELETE", f"/waiting-list/{waiting['id']}/", 409)
        assert problem["code"] == "invalid_transition"


async def test_a_second_token_of_the_day_is_refused_and_names_the_first():
    async with desk() as at:
        doctor, patient = await at.doctor(), await at.patient()
        slot, other = await at.slot(doctor), await at.slot(doctor, start="11", end="12")
        held = await at.book(slot, patient=patient)
        problem = await at.book(other, patient=patient, expect=409)
        assert problem["code"] == "double_booking"
        assert problem["facts"]["token_id"] == held["id"]


async def test_of_simultaneous_requests_for_the_last_seats_just_as_many_win():
    async with desk() as at:
        slot = await at.slot(await at.doctor(), capacity=5)
        patients = [await at.patient() for _ in range(20)]
        statuses: list[int] = []

        async def one(patient: str) -> None:
            body = {"slot_id": slot, "patient_id": patient, "category": "WALKIN"}
            statuses.append((await at.client.post(f"{BASE}/tokens/", json=body)).status_code)

        async with trio.open_nursery() as nursery:
            for patient in patients:
                nursery.start_soon(one, patient)
        assert sorted(statuses) == [201] * 5 + [202] * 15
        assert [row["token_number"] for row in await at.line(slot)] == [1, 2, 3, 4, 5]


async def test_of_simultaneous_requests_of_one_patient_just_one_wins():
    async with desk() as at:
        patient = await at.patient()
        slots = [await at.slot(await at.doctor()) for _ in range(8)]
        answers: list[httpx2.Response] = []

        async def one(slot: str) -> None:
            body = {"slot_id": slot, "patient_id": patient, "category": "ONLINE"}
            answers.append(await at.client.post(f"{BASE}/tokens/", json=body))

        async with trio.open_nursery() as nursery:
            for slot in slots:
                nursery.start_soon(one, slot)
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
        assert {answer.json().get("code") for answer in answers} == {None, "double_booking"}


async def test_a_visit_goes_from_check_in_to_completion_and_no_step_twice():
    async with desk() as at:
        slot = await at.slot(await at.doctor())
        token = await at.book(slot)
        path = f"/tokens/{token['id']}"
        for step, phase in (("check-in", "ARRIVED"), ("call", "CALLED"), ("start", "IN_CONSULT")):
            assert (await at.ask("POST", f"{path}/{step}/", 200))["phase"] == phase
        problem = await at.ask("DELETE", f"{path}/", 409)
        assert problem["code"] == "invalid_transition"
        assert problem["facts"]["from_state"]
        at.clock.now += 5 * MINUTE
        assert (await at.ask("POST", f"{path}/complete/", 200))["status"] == "COMPLETED"
        assert (await at.ask("POST", f"{path}/complete/", 409))["code"] == "invalid_transition"
        assert (await at.ask("POST", f"{path}/undo/", 200))["phase"] == "IN_CONSULT"


async def test_a_no_show_is_refused_before_its_time_unless_forced_with_a_reason():
    async with desk() as at:
        token = await at.book(await at.slot(await at.doctor()))
        path = f"/tokens/{token['id']}/no_show/"
        early = await at.ask("POST", path, 409)
        assert early["code"] == "too_early"
        assert (await at.ask("POST", path, 422, {"force": True}))["errors"][0]["field"] == "reason"
        forced = await at.ask("POST", path, 200, {"force": True, "reason": "called and cancelled by phone"})
        assert forced["status"] == "NO_SHOW"


async def test_a_token_moves_to_another_slot_and_to_another_category():
    async with desk() as at:
        doctor = await at.doctor()
        slot, other = await at.slot(doctor), await at.slot(doctor, start="11", end="12")
        token = await at.book(slot)
        path = f"/tokens/{token['id']}"
        moved = await at.ask("POST", f"{path}/reschedule/", 200, {"slot_id": other, "reason": "later"})
        assert (moved["id"], moved["slot_id"]) == (token["id"], other)
        paid = await at.ask("POST", f"{path}/category/", 200, {"category": "PRIORITY_PAID", "reason": "paid"})
        assert paid["category"] == "PRIORITY_PAID"
        assert paid["ticket_code"] == moved["ticket_code"]


async def test_a_seat_is_held_confirmed_and_gone_when_the_hold_has_lapsed():
    async with desk() as at:
        slot = await at.slot(await at.doctor(), capacity=2)
        held = await at.ask("POST", "/holds/", 201, {"slot_id": slot, "client_hold_id": "form-1"})
        again = await at.ask("POST", "/holds/", 201, {"slot_id": slot, "client_hold_id": "form-1"})
        assert again["id"] == held["id"]
        who = {"patient_id": await at.patient(), "category": "ONLINE"}
        token = await at.ask("POST", f"/holds/{held['id']}/confirm/", 201, who)
        assert token["status"] == "CONFIRMED"
        released = await at.ask("POST", "/holds/", 201, {"slot_id": slot})
        await at.ask("DELETE", f"/holds/{released['id']}/", 204)
        lapsing = await at.ask("POST", "/holds/", 201, {"slot_id": slot})
        at.clock.now += 6 * MINUTE
        late = {"patient_id": await at.patient(), "category": "ONLINE"}
        problem = await at.ask("POST", f"/holds/{lapsing['id']}/confirm/", 410, late)
        assert problem["code"] == "hold_expired"


async def test_a_slot_is_cancelled_first_as_a_plan_and_then_in_fact():
    async with desk() as at:
        doctor = await at.doctor()
        slot = await at.slot(doctor)
        await at.slot(await at.doctor())
        token = await at.book(slot)
        plan = await at.ask("POST", f"/slots/{slot}/cancel/", 200, {"reason": "ill", "dry_run": True})
        assert (plan["applied"], plan["cancelled_slots"]) == (False, [slot])
        assert (await at.ask("GET", f"/slots/{slot}/", 200))["status"] == "ACTIVE"
        done = await at.ask("POST", f"/slots/{slot}/cancel/", 200, {"reason": "ill"})
        assert done["applied"]
        assert done["tokens"] == plan["tokens"]
        assert (await at.ask("GET", f"/slots/{slot}/", 200))["status"] == "CANCELLED"
        assert token["id"] in {row["token_id"] for row in done["tokens"]}
        assert (await at.book(slot, expect=409))["code"] == "slot_cancelled"


async def test_a_doctor_s_absence_is_planned_for_his_slots():
    async with desk() as at:
        doctor = await at.doctor()
        slot = await at.slot(doctor)
        away = {"from_time": "2026-02-01T08:30:00Z", "to_time": "2026-02-01T12:00:00Z", "reason": "called away"}
        plan = await at.ask("POST", f"/doctors/{doctor}/unavailable/", 200, {**away, "dry_run": True})
        assert plan["cancelled_slots"] == [slot]
        assert (await at.ask("GET", f"/slots/{slot}/", 200))["status"] == "ACTIVE"


async def test_more_capacity_promotes_and_a_paused_slot_says_so():
    async with desk() as at:
        slot = await at.slot(await at.doctor(), capacity=1)
        await at.book(slot)
        waiting = await at.book(slot, expect=202)
        grown = await at.ask("PUT", f"/slots/{slot}/", 200, {"max_capacity": 2, "paused": True}, If_Match='"3"')
        assert (grown["max_capacity"], grown["paused"]) == (2, True)
        assert (await at.ask("GET", f"/tokens/{waiting['id']}/", 200))["status"] == "CONFIRMED"
        assert (await at.ask("PUT", f"/slots/{slot}/", 412, {"paused": False}, If_Match='"3"'))[
            "code"
        ] == "stale_version"


async def test_a_weekly_template_makes_its_slots_once():
    async with desk() as at:
        week = {"weekdays": ["MON"], "start_time": "09:00", "end_time": "12:00", "max_capacity": 10}
        body = {"doctor": await at.doctor(), **week, "valid_from": "2026-02-01"}
        template = await at.ask("POST", "/slot-templates/", 201, body)
        path = f"/slot-templates/{template['id']}"
        assert (await at.ask("GET", f"{path}/", 200))["id"] == template["id"]
        days = {"from_date": "2026-02-01", "to_date": "2026-02-14"}
        made = await at.ask("POST", f"{path}/generate/", 201, days)
        assert [slot["date"] for slot in made["created"]] == ["2026-02-02", "2026-02-09"]
        again = await at.ask("POST", f"{path}/generate/", 200, days)
        assert again["created"] == []
        await at.ask("PUT", f"{path}/", 200, {**week, "max_capacity": 12, "valid_from": "2026-02-01"})
        await at.ask("DELETE", f"{path}/", 204)


async def test_two_records_of_one_patient_become_one():
    async with desk() as at:
        slot = await at.slot(await at.doctor())
        twice, right = await at.patient("Jane D"), await at.patient("Jane Doe")
        token = await at.book(slot, patient=twice)
        merged = await at.ask("POST", f"/patients/{twice}/merge/", 200, {"into": right})
        assert merged["id"] == right
        assert (await at.ask("GET", f"/tokens/{token['id']}/", 200))["patient_id"] == right
        assert (await at.ask("GET", f"/patients/{twice}/", 200))["merged_into"] == right


async def test_an_offered_seat_is_accepted_or_declined():
    async with desk() as at:
        await at.ask("PUT", "/policy/", 200, {"promotion": "offer"})
        slot = await at.slot(await at.doctor(), capacity=1)
        holder = await at.book(slot)
        first, second = await at.book(slot, expect=202), await at.book(slot, expect=202)
        await at.ask("DELETE", f"/tokens/{holder['id']}/", 200)
        assert (await at.ask("GET", f"/waiting-list/{first['id']}/", 200))["status"] == "OFFERED"
        declined = await at.ask("POST", f"/waiting-list/{first['id']}/decline/", 200, {"reason": "no time"})
        assert declined["status"] == "DECLINED"
        accepted = await at.ask("POST", f"/waiting-list/{second['id']}/accept/", 200)
        assert accepted["status"] == "CONFIRMED"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_repeat_with_the_same_key_gets_the_first_answer_and_changes_nothing(method):
    async with desk() as at:
        slot = await at.slot(await at.doctor())
        body = {"slot_id": slot, "patient_id": await at.patient(), "category": "ONLINE"}
        path = f"{BASE}/tokens/"
        if method == "DELETE":
            path, body = f"{path}{(await at.ask('POST', '/tokens/', 201, body))['id']}/", {}
        key = {"Idempotency-Key": "desk-1"}
        first = await at.client.request(method, path, json=body, headers=key)
        again = await at.client.request(method, path, json=body, headers=key)
        assert first.status_code == again.status_code
        assert first.json() == again.json()
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        assert first.headers["event-sequence"] == again.headers["event-sequence"]
        other = await at.client.request(method, path, json={**body, "reason": "x"}, headers=key)
        assert other.status_code == 422


async def test_the_report_is_had_as_a_table_for_spreadsheets():
    async with desk() as at:
        await at.ask("POST", "/doctors/", 201, {"name": "=SUM(A1)", "specialization": "Cardiology"})
        (doctor,) = (await at.ask("GET", "/doctors/", 200))["items"]
        await at.book(await at.slot(doctor["id"]))
        for path, headers in (("?date=2026-02-01&format=csv", {}), ("?date=2026-02-01", {"Accept": "text/csv"})):
            response = await at.client.get(f"{BASE}/reports/daily/{path}", headers=headers)
            assert response.headers["content-type"] == "text/csv; charset=utf-8"
            head, row, total, end = response.text.split("\r\n")
            assert head.startswith("date,doctor_id,name,specialization,slots,")
            assert row.startswith(f"2026-02-01,{doctor['id']},'=SUM(A1),Cardiology,1,")
            assert total.startswith("2026-02-01,total,,,1,")
            assert end == ""


async def test_pages_of_a_list_hold_together_while_it_grows():
    async with desk() as at:
        made = [await at.patient(f"patient {number}") for number in range(25)]
        seen: list[str] = []
        cursor = ""
        while True:
            page = await at.ask("GET", f"/patients/?limit=10{cursor}", 200)
            seen += [patient["id"] for patient in page["items"]]
            if page["next_cursor"] is None:
                break
            made.append(await at.patient("latecomer"))
            cursor = f"&cursor={page['next_cursor']}"
        assert seen == made


async def test_what_was_written_down_later_counts_from_when_it_happened():
    async with desk() as at:
        slot = await at.slot(await at.doctor())
        body = {"slot_id": slot, "patient_id": await at.patient(), "category": "WALKIN"}
        token = await at.ask("POST", "/tokens/", 201, {**body, "occurred_at": "2026-02-01T06:00:00Z"})
        assert token["booked_at"] == "2026-02-01T06:00:00Z"
        assert token["priority"] == moment_of(4.8)
        at.clock.now += HOUR
        assert at.clock.now < EIGHT + DAY


async def test_ids_in_capitals_are_the_same_ids():
    async with desk() as at:
        patient, slot = await at.patient(), await at.slot(await at.doctor())
        body = {"slot_id": slot.upper(), "patient_id": patient.upper(), "category": "ONLINE"}
        token = await at.ask("POST", "/tokens/", 201, body)
        assert (token["slot_id"], token["patient_id"]) == (slot, patient)
        assert (await at.ask("GET", f"/tokens/{token['id'].upper()}/", 200))["id"] == token["id"]
        assert (await at.ask("GET", f"/tokens/?slot_id={slot.upper()}&", 200))["items"][0]["id"] == token["id"]
