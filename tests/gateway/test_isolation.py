"""Nothing crosses a hospital: whatever id of another one is named, in a path or in a body, there is no such thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.access.requests import REQUESTS
from gateway.explorer.queries import QUESTIONS
from gateway.routes import BASE, TABLE
from tests.gateway.surface import As, hospital

ELSEWHERE = {asked.__name__ for asked in (*QUESTIONS, *REQUESTS)}
HERE = [row for row in TABLE if row.name not in ELSEWHERE]
"""What the log says is asked of another process, where there is one: see test_explorer_over_http.py. Who may come in no
engine is asked: see tests/gateway/access."""
TIMES = {"start_time": "2100-02-01T09:00:00Z", "end_time": "2100-02-01T10:00:00Z", "max_capacity": 1}
LATER = {"start_time": "2100-02-02T09:00:00Z", "end_time": "2100-02-02T10:00:00Z", "max_capacity": 1}
WEEK = {"weekdays": ["MON"], "start_time": "09:00", "end_time": "10:00", "max_capacity": 1, "valid_from": "2100-01-01"}
ABSENCE = {"from_time": TIMES["start_time"], "to_time": TIMES["end_time"], "reason": "ill"}
DAYS = {"from_date": "2100-02-01", "to_date": "2100-02-28"}
REASON = {"reason": "entered wrongly"}
ONLINE = {"category": "ONLINE"}
ROOM = {"name": "Room 1", "type": "examination"}
RULE = {"kind": "maximum_duration", "name": "An hour", "minutes": 60}
CLOSED = {"kind": "closed", "start_time": "2100-02-07T09:00:00Z", "end_time": "2100-02-07T10:00:00Z"}
VISIT = {"start_time": "2100-02-03T09:00:00Z", "end_time": "2100-02-03T09:30:00Z"}
ANOTHER = {"start_time": "2100-02-05T09:00:00Z", "end_time": "2100-02-05T09:30:00Z"}
AGAIN = {"rrule": "FREQ=WEEKLY;COUNT=2"}
WEEKLY = {"start_time": "2100-02-03T12:00:00Z", "end_time": "2100-02-03T12:30:00Z", **AGAIN}
WHY = {"reason": "it was entered wrongly"}
NAMED = {"name": "East"}
BED = {"label": "1"}
SHIFT = {"start_time": "2100-02-02T07:00:00Z", "end_time": "2100-02-02T15:00:00Z"}
LEAVE = {"start_time": "2100-03-02T00:00:00Z", "end_time": "2100-03-09T00:00:00Z"}
MEMBER = {"name": "Dr. Cruz", "role": "doctor"}
LAB_TEST = {"name": "Blood count", "price_minor": 100, "currency": "EUR"}
Made = Callable[..., Awaitable[str]]
WARD = {"name": "Ward", "channel": "email", "addresses": ["ward@example.org"]}


async def things(client: Any, name: str) -> dict[str, str]:
    """One id of each kind in this hospital, under the name that paths give it."""

    async def made(path: str, body: dict[str, Any], id: str = "id") -> str:
        response = await client.post(f"{BASE}{path}", json=body, headers={"Hospital-Id": name})
        assert response.status_code in (201, 202), response.text
        return str(response.json()[id])

    doctor = await made("/doctors", {"name": "Dr. Rao", "specialization": "Cardiology"})
    patient, other = [await made("/patients", {"name": "Jane Doe"}) for _ in range(2)]
    slot, open_slot = [await made("/slots", {"doctor": doctor, **times}) for times in (TIMES, LATER)]
    service = await made("/services", {"name": "Laboratory"})
    ticket = (await client.post(f"{BASE}/services/{service}/tickets", json={}, headers={"Hospital-Id": name})).json()
    clinic = await made("/clinics", {"name": "Orthopaedics"})
    room = await made("/rooms", {"clinic_id": clinic, **ROOM})
    asked = {"clinic_id": clinic, "doctor_id": doctor, "patient_id": patient}
    ward = await made("/wards", NAMED)
    referred = await laboratory(client, name, made, service, patient)
    staff = await made("/staff", MEMBER)
    return {
        **referred,
        "staff_id": staff,
        "shift_id": await made(f"/staff/{staff}/shifts", SHIFT),
        "leave_id": await made(f"/staff/{staff}/leaves", LEAVE),
        "ward_id": ward,
        "bed_id": await made(f"/wards/{ward}/beds", BED),
        "admission_id": await made("/admissions", {"patient_id": other, "acuity": "low"}),
        "someone": await made("/patients", {"name": "John Roe"}),
        "alert_id": await alert(client, name, made, patient),
        "clinic_id": clinic,
        "room_id": room,
        "rule_id": await made("/rules", {"clinic_id": clinic, "rule": RULE}),
        "closure_id": await made("/closures", {"room_id": room, **CLOSED}),
        "appointment_id": await made("/appointments", {**asked, **VISIT}),
        "series_id": await made("/appointments/series", {**asked, **WEEKLY}, "series_id"),
        "doctor_id": doctor,
        "patient_id": patient,
        "slot_id": slot,
        "token_id": await made("/tokens", {"slot_id": slot, "patient_id": patient, **ONLINE}),
        "entry_id": await made("/tokens", {"slot_id": slot, "patient_id": other, **ONLINE}),
        "hold_id": await made("/holds", {"slot_id": open_slot}),
        "template_id": await made("/slot-templates", {"doctor": doctor, **WEEK}),
        "destination_id": await made("/destinations", WARD),
        "letter_id": "1.1",
        "service_id": service,
        "ticket_id": ticket["id"],
        "link": ticket["link"],
    }


async def laboratory(client: Any, name: str, made: Made, service: str, patient: str) -> dict[str, str]:
    """A facility with a test, those who refer and examine, and a referral."""
    facility = await made("/facilities", NAMED)
    branch = await made(f"/facilities/{facility}/branches", {**NAMED, "service_id": service})
    kind = await made("/test-types", NAMED)
    test = await made(f"/facilities/{facility}/tests", {**LAB_TEST, "test_type_id": kind, "branch_ids": [branch]})
    practitioner = await made("/practitioners", NAMED)
    asked = {"patient_id": patient, "practitioner_id": practitioner, "branch_id": branch, "tests": [test]}
    referral = await client.post(f"{BASE}/referrals", json=asked, headers={"Hospital-Id": name})
    return {
        "facility_id": facility,
        "branch_id": branch,
        "test_type_id": kind,
        "test_id": test,
        "practitioner_id": practitioner,
        "technician_id": await made("/technicians", {**NAMED, "branch_ids": [branch]}),
        "referral_id": referral.json()["id"],
        "referral_test_id": referral.json()["tests"][0]["id"],
    }


async def alert(client: Any, name: str, made: Made, patient: str) -> str:
    """An alert that is open: somebody's shift is over while there is a patient."""
    now = datetime.now(UTC)
    hours = {"start_time": (now - timedelta(hours=1)).isoformat(), "end_time": (now + timedelta(hours=9)).isoformat()}
    leaving = await made("/staff", MEMBER)
    shift = await made(f"/staff/{leaving}/shifts", hours)
    await made("/staff", {"name": "Nuno Alves", "role": "nurse"})
    await made("/admissions", {"patient_id": patient, "acuity": "high", "needs_bed": False})
    named = {"Hospital-Id": name}
    assert (await client.delete(f"{BASE}/shifts/{shift}", headers=named)).status_code == 204
    (found,) = (await client.get(f"{BASE}/alerts", headers=named)).json()["items"]
    return str(found["id"])


def bodies(mine: dict[str, str]) -> dict[str, dict[str, Any]]:
    """By row: a body that would do, were the id in the path one's own."""
    return {
        "POST /doctors/{doctor_id}/unavailable": ABSENCE,
        "POST /patients/{patient_id}/merge": {"into": mine["patient_id"]},
        "POST /patients/{patient_id}/erase": REASON,
        "PUT /slots/{slot_id}": {"max_capacity": 5},
        "PUT /slots/{slot_id}/delay": {"delay_minutes": 5},
        "POST /slots/{slot_id}/cancel": REASON,
        "PUT /slot-templates/{template_id}": WEEK,
        "PUT /destinations/{destination_id}": WARD,
        "POST /slot-templates/{template_id}/generate": DAYS,
        "POST /tokens/{token_id}/reschedule": {"slot_id": mine["slot_id"]},
        "PUT /services/{service_id}": {"settings": {}},
        "POST /services/{service_id}/status": {"status": "paused"},
        "POST /services/{service_id}/call-next": {"counter": "1"},
        "POST /tickets/{ticket_id}/call": {"counter": "1"},
        "POST /tickets/{ticket_id}/transfer": {"to_service": mine["service_id"]},
        "POST /tickets/{ticket_id}/priority": {"priority": "high", **REASON},
        "PUT /clinics/{clinic_id}": {"name": "Ours", "settings": {}},
        "POST /clinics/{clinic_id}/rules/dry-run": {"date": "2100-02-03"},
        "PUT /rules/{rule_id}": {"rule": RULE},
        "PUT /rooms/{room_id}": ROOM,
        "PUT /closures/{closure_id}": CLOSED,
        "POST /appointments/{appointment_id}/reschedule": VISIT,
        "PUT /appointments/{appointment_id}/room": {"room_id": mine["room_id"], **WHY},
        "POST /appointments/{appointment_id}/turnover": {"minutes": 5, **WHY},
        "POST /appointments/{appointment_id}/decline": WHY,
        "POST /tokens/{token_id}/category": {"category": "WALKIN", **REASON},
        **{
            f"PUT {path}": NAMED
            for path in (
                "/facilities/{facility_id}",
                "/branches/{branch_id}",
                "/test-types/{test_type_id}",
                "/practitioners/{practitioner_id}",
            )
        },
        "POST /facilities/{facility_id}/branches": NAMED,
        "POST /facilities/{facility_id}/tests": {**LAB_TEST, "test_type_id": mine["test_type_id"]},
        "PUT /tests/{test_id}": {**LAB_TEST, "test_type_id": mine["test_type_id"]},
        "PUT /technicians/{technician_id}": {**NAMED, "branch_ids": [mine["branch_id"]]},
        "PUT /referrals/{referral_id}": {"priority": "stat"},
        "POST /referrals/{referral_id}/decline": WHY,
        "POST /referrals/{referral_id}/cancel": WHY,
        "POST /referrals/{referral_id}/redirect": {"branch_id": mine["branch_id"], **WHY},
        "POST /referrals/{referral_id}/tests/{referral_test_id}/status": {"status": "Received"},
        "PUT /staff/{staff_id}": MEMBER,
        "POST /staff/{staff_id}/approval": {"is_approved": True},
        "POST /staff/{staff_id}/activity": {"is_active": False},
        "POST /staff/{staff_id}/shifts": SHIFT,
        "POST /staff/{staff_id}/leaves": LEAVE,
        "PUT /shifts/{shift_id}": SHIFT,
        "PUT /wards/{ward_id}": NAMED,
        "POST /wards/{ward_id}/beds": BED,
        "PUT /beds/{bed_id}": BED,
        "POST /beds/{bed_id}/reserve": {"patient_id": mine["patient_id"]},
        **{f"POST /beds/{{bed_id}}/{step}": WHY for step in ("contaminate", "isolate", "close")},
        "PUT /admissions/{admission_id}": {"acuity": "high"},
        "POST /admissions/{admission_id}/assign-manually": WHY,
        "POST /admissions/{admission_id}/reassign": {"role": "doctor"},
        "POST /holds/{hold_id}/confirm": {"patient_id": mine["patient_id"], **ONLINE},
    }


async def test_no_row_knows_an_id_of_another_hospital_in_its_path_and_nothing_changes_there():
    async with hospital(As("network", hospital="*")) as client:
        north = {"hospital_id": "north", "name": "North", "time_zone": "UTC"}
        assert (await client.post(f"{BASE}/hospitals", json=north)).status_code == 201
        mine, theirs = await things(client, "main"), await things(client, "north")

        async def seen() -> list[str]:
            paths = [f"{BASE}{row.path.format(**theirs)}" for row in HERE if row.method == "GET" and row.ids]
            answers = [await client.get(path, headers={"Hospital-Id": "north"}) for path in paths]
            assert {answer.status_code for answer in answers} == {200}
            return [answer.headers.get("etag", "") for answer in answers]

        before = await seen()
        for row in HERE:
            if not row.ids:
                continue
            body = bodies(mine).get(f"{row.method} {row.path}", {} if row.method in ("POST", "PUT") else None)
            path = f"{BASE}{row.path.format(**theirs)}/"
            response = await client.request(row.method, path, json=body, headers={"Hospital-Id": "main"})
            assert (response.status_code, response.json()["code"]) == (404, "not_found"), f"{row.method} {row.path}"
        assert await seen() == before


async def test_no_body_and_no_filter_reaches_another_hospital():
    async with hospital(As("network", hospital="*")) as client:
        north = {"hospital_id": "north", "name": "North", "time_zone": "UTC"}
        assert (await client.post(f"{BASE}/hospitals", json=north)).status_code == 201
        mine, theirs = await things(client, "main"), await things(client, "north")
        slot, patient = mine["slot_id"], mine["patient_id"]
        visit = {"clinic_id": mine["clinic_id"], "doctor_id": mine["doctor_id"], "patient_id": patient, **ANOTHER}
        check = {"room_id": mine["room_id"], **VISIT}
        for path, body in (
            ("/slots", {"doctor": theirs["doctor_id"], **TIMES}),
            ("/slot-templates", {"doctor": theirs["doctor_id"], **WEEK}),
            ("/tokens", {"slot_id": theirs["slot_id"], "patient_id": patient, **ONLINE}),
            ("/tokens", {"slot_id": slot, "patient_id": theirs["patient_id"], **ONLINE}),
            ("/tokens/emergency", {"slot_id": theirs["slot_id"], "patient_id": patient}),
            ("/tokens/emergency", {"slot_id": slot, "patient_id": theirs["patient_id"]}),
            (f"/tokens/{mine['token_id']}/reschedule", {"slot_id": theirs["slot_id"]}),
            (f"/patients/{patient}/merge", {"into": theirs["patient_id"]}),
            ("/holds", {"slot_id": theirs["slot_id"]}),
            ("/holds", {"slot_id": slot, "patient_id": theirs["patient_id"]}),
            (f"/services/{mine['service_id']}/tickets", {"patient_id": theirs["patient_id"]}),
            (f"/tickets/{mine['ticket_id']}/transfer", {"to_service": theirs["service_id"]}),
            ("/rooms", {"clinic_id": theirs["clinic_id"], **ROOM}),
            ("/rules", {"clinic_id": theirs["clinic_id"], "rule": RULE}),
            ("/closures", {"room_id": theirs["room_id"], **CLOSED}),
            *[
                (path, {**visit, name: theirs[name], **more})
                for name in ("clinic_id", "doctor_id", "patient_id", "room_id")
                for path, more in (
                    ("/appointments", {}),
                    ("/appointments/holds", {}),
                    ("/appointments/series", AGAIN),
                )
            ],
            *[
                ("/rooms/conflicts", {"checks": [{**check, name: theirs[name]}]})
                for name in ("room_id", "doctor_id", "patient_id")
            ],
            *[("/rules/evaluate", {**visit, name: theirs[name]}) for name in ("clinic_id", "doctor_id", "patient_id")],
            (f"/appointments/{mine['appointment_id']}/reschedule", {**VISIT, "room_id": theirs["room_id"]}),
            (f"/appointments/{mine['appointment_id']}/reschedule", {**VISIT, "doctor_id": theirs["doctor_id"]}),
            (f"/holds/{mine['hold_id']}/confirm", {"patient_id": theirs["patient_id"], **ONLINE}),
            ("/staff", {**MEMBER, "ward_ids": [theirs["ward_id"]]}),
            ("/staff", {**MEMBER, "doctor_id": theirs["doctor_id"]}),
            (f"/staff/{mine['staff_id']}/handover", {"to_staff_id": theirs["staff_id"]}),
            (f"/beds/{mine['bed_id']}/reserve", {"patient_id": theirs["patient_id"]}),
            ("/admissions", {"patient_id": theirs["patient_id"], "acuity": "low"}),
            ("/admissions", {"patient_id": mine["someone"], "acuity": "low", "ward_id": theirs["ward_id"]}),
            *[
                (f"/admissions/{mine['admission_id']}/{step}", {**WHY, name: theirs[of], **more})
                for step, name, of, more in (
                    ("assign-manually", "doctor_id", "staff_id", {}),
                    ("assign-manually", "nurse_id", "staff_id", {}),
                    ("assign-manually", "bed_id", "bed_id", {}),
                    ("reassign", "staff_id", "staff_id", {"role": "doctor"}),
                    ("transfer", "bed_id", "bed_id", {}),
                    ("transfer", "ward_id", "ward_id", {}),
                )
            ],
            (
                "/admissions/swap-beds",
                {"admission_id": mine["admission_id"], "other_admission_id": theirs["admission_id"]},
            ),
        ):
            response = await client.post(f"{BASE}{path}/", json=body, headers={"Hospital-Id": "main"})
            assert response.status_code == 404, f"{path} {body}: {response.text}"
        for path in ("/tokens/?slot_id={slot_id}", "/tokens/?patient_id={patient_id}", "/slots/?doctor_id={doctor_id}",
                     "/waiting-list/?slot_id={slot_id}", "/slot-templates/?doctor_id={doctor_id}",
                     "/rooms/?clinic_id={clinic_id}", "/closures/?room_id={room_id}",
                     "/appointments/?clinic_id={clinic_id}", "/appointments/?doctor_id={doctor_id}",
                     "/appointments/?patient_id={patient_id}", "/escalations/?clinic_id={clinic_id}",
                     "/beds/?ward_id={ward_id}",
                     "/admissions/?patient_id={patient_id}",
                     "/admissions/?staff_id={staff_id}", "/admissions/?ward_id={ward_id}",
                     "/backlog/?ward_id={ward_id}"):  # fmt: skip
            response = await client.get(f"{BASE}{path.format(**theirs)}", headers={"Hospital-Id": "main"})
            assert response.json()["items"] == []
        unknown = await client.get(f"{BASE}/shifts/?staff_id={theirs['staff_id']}", headers={"Hospital-Id": "main"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
