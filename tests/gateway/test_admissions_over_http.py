"""Admissions as a client of the interface sees them: each row, all or none, who waits, by hand, and bad input."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.routes import BASE
from tests.gateway.hospital_ward import House
from tests.gateway.surface import UNKNOWN, As, hospital

WHY = {"reason": "she knows the patient"}


async def test_an_admission_gives_a_doctor_a_nurse_and_a_bed_or_none_of_them():
    async with hospital() as client:
        here = House(client)
        patient = await here.patient()
        asked = {"patient_id": patient, "acuity": "high"}
        nobody = await here.post("/admissions", asked)
        assert (nobody["status"], nobody["reason"]) == ("waiting", "no_staff")
        assert (nobody["doctor_id"], nobody["nurse_id"], nobody["bed_id"]) == (None, None, None)
        assert (await here.post("/admissions", asked, 409))["code"] == "already_admitted"
        doctor = await here.member("doctor")
        assert (await here.get(f"/admissions/{nobody['id']}/"))["reason"] == "no_staff"
        nurse = await here.member("nurse")
        assert (await here.post(f"/admissions/{nobody['id']}/assign", {}, 200))["reason"] == "no_bed"
        assert {one["load"] for one in (await here.get("/roster/"))["items"]} == {0}
        bed = await here.bed(await here.ward())
        served = await here.get(f"/admissions/{nobody['id']}/")
        assert (served["status"], served["doctor_id"], served["nurse_id"], served["bed_id"]) == (
            "assigned", doctor, nurse, bed,
        )  # fmt: skip
        assert served["history"][-1]["how"] == "backlog"


async def test_a_repeat_with_the_same_key_is_the_same_admission():
    async with hospital() as client:
        here = House(client)
        await here.open()
        body = {"patient_id": await here.patient(), "acuity": "low"}
        first, again = [
            await client.post(f"{BASE}/admissions/", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
        ]
        assert (first.status_code, first.json()) == (201, again.json())
        assert again.headers["idempotent-replayed"] == "true"
        assert first.headers["location"] == f"{BASE}/admissions/{first.json()['id']}/"
        other = await client.post(
            f"{BASE}/admissions/", json={**body, "acuity": "high"}, headers={"Idempotency-Key": "k"}
        )
        assert other.status_code == 422


async def test_the_line_is_served_by_acuity_and_then_by_time():
    async with hospital() as client:
        here = House(client)
        _, (bed,) = await here.open()
        lies = await here.admit()
        low, high, critical, late = [
            (await here.admit(None, one))["id"] for one in ("low", "high", "critical", "critical")
        ]
        backlog = await here.get("/backlog/")
        assert [one["id"] for one in backlog["items"]] == [critical, late, high, low]
        assert backlog["counts"] == {"no_bed": 4}
        order = []
        for stay in (lies["id"], critical, late, high):
            await here.post(f"/admissions/{stay}/discharge", {}, 200)
            order.append((await here.post(f"/beds/{bed}/clean", {}, 200))["admission_id"])
        assert order == [critical, late, high, low]
        listed = (await here.get("/admissions/?status=discharged"))["items"]
        assert {one["id"] for one in listed} == {lies["id"], critical, late, high}


async def test_who_waits_can_be_changed_cancelled_and_tried_again():
    async with hospital() as client:
        here = House(client)
        waits = await here.admit(None, "low", needs_bed=False)
        one = f"/admissions/{waits['id']}"
        tag = (await client.get(f"{BASE}{one}/")).headers["etag"]
        changed = await here.put(one, {"acuity": "critical", "reason": "worse"}, If_Match=tag)
        assert changed["acuity"] == "critical"
        assert (await here.put(one, {"acuity": "low"}, 412, If_Match=tag))["code"] == "stale_version"
        tried = await here.post(f"{one}/assign", {}, 200)
        assert (tried["status"], tried["reason"]) == ("waiting", "no_staff")
        off = await here.post(f"{one}/cancel", {"reason": "went home"}, 200)
        assert off["status"] == "cancelled"
        assert (await here.get("/backlog/"))["items"] == []
        assert (await here.post(f"{one}/assign", {}, 409))["code"] == "not_waiting"


async def test_by_hand_needs_a_reason_a_role_and_for_what_is_too_much_force():
    async with hospital() as client:
        here = House(client)
        _, (first, second, third) = await here.open(beds=3)
        small = await here.member("doctor", max_load=1)
        waits = await here.admit(None, "low", doctor_skills=["rare"])
        assert waits["reason"] == "no_skill"
        path = f"/admissions/{waits['id']}/assign-manually"
        named = {"doctor_id": small, "bed_id": second}
        assert (await here.post(path, {**named, "reason": "short"}, 422))["errors"][0]["field"] == "reason"
        assert (await here.post(path, {**named, **WHY}, 409))["code"] == "lacks_skill"
        given = await here.post(path, {**named, "force": True, **WHY}, 200)
        assert (given["status"], given["doctor_id"], given["bed_id"]) == ("assigned", small, second)
        assert (given["history"][-1]["how"], given["history"][-1]["choice"]["forced"]) == ("manual", True)
        other = await here.admit(None, "low")
        assert (other["status"], other["bed_id"]) == ("assigned", first)
        path = f"/admissions/{other['id']}/assign-manually"
        assert (await here.post(path, {"doctor_id": small, **WHY}, 409))["code"] == "over_maximum"
        taken = await here.post(path, {"bed_id": second, "force": True, **WHY}, 409)
        assert taken["code"] == "invalid_transition", "no force puts two into one bed"
        forced = await here.post(path, {"doctor_id": small, "bed_id": third, "force": True, **WHY}, 200)
        assert (forced["doctor_id"], forced["bed_id"]) == (small, third)
        assert (await here.get(f"/beds/{first}/"))["state"] == "housekeeping"


async def test_a_patient_is_moved_swapped_and_given_another_doctor():
    async with hospital() as client:
        here = House(client)
        _, (first, second, third) = await here.open(beds=3)
        one, two = await here.admit(), await here.admit()
        assert (one["bed_id"], two["bed_id"]) == (first, second)
        moved = await here.post(f"/admissions/{one['id']}/transfer", {"bed_id": third, "reason": "quiet"}, 200)
        assert moved["bed_id"] == third
        states = [bed["state"] for bed in (await here.get("/beds/"))["items"]]
        assert states == ["housekeeping", "occupied", "occupied"]
        stuck = await here.post(f"/admissions/{one['id']}/transfer", {}, 409)
        assert stuck["code"] == "no_bed"
        swap = {"admission_id": one["id"], "other_admission_id": two["id"], "reason": "the window"}
        await here.post("/admissions/swap-beds", swap, 200)
        assert [(await here.get(f"/admissions/{stay['id']}/"))["bed_id"] for stay in (one, two)] == [second, third]
        doctor = await here.member("doctor")
        given = await here.post(f"/admissions/{one['id']}/reassign", {"role": "doctor", "staff_id": doctor}, 200)
        assert given["doctor_id"] == doctor
        assert [held["how"] for held in given["history"]] == ["automatic", "transfer", "swap", "reassigned"]


async def test_a_step_that_is_none_says_both_states():
    async with hospital() as client:
        here = House(client)
        await here.open()
        stay = f"/admissions/{(await here.admit())['id']}"
        await here.post(f"{stay}/discharge", {"contaminated": True}, 200)
        assert (await here.get("/beds/?state=contaminated"))["items"]
        for step in ("discharge", "cancel", "transfer", "acknowledge"):
            assert (await here.post(f"{stay}/{step}", {}, 409))["code"] == "invalid_transition", step


async def test_figures_say_how_many_wait_for_what():
    async with hospital() as client:
        here = House(client)
        await here.admit()
        figures = await here.get("/assignments/figures/")
        assert figures["window_seconds"] == 300
        assert figures["waiting"] == {"no_staff": 1}


BODIES: list[tuple[str, dict[str, Any], str]] = [
    ("/admissions", {"acuity": "low"}, "patient_id"),
    ("/admissions", {"patient_id": "jane", "acuity": "low"}, "patient_id"),
    ("/admissions", {"patient_id": "{patient}", "acuity": "worst"}, "acuity"),
    ("/admissions", {"patient_id": "{patient}", "acuity": "low", "ward_id": "east"}, "ward_id"),
    ("/admissions", {"patient_id": "{patient}", "acuity": "low", "equipment": ["x"] * 10_000}, "equipment"),
    ("/admissions", {"patient_id": "{patient}", "acuity": "low", "needs_bed": 1}, "needs_bed"),
    ("/admissions", {"patient_id": "{patient}", "acuity": "low", "occurred_at": "2026-01-01T00:00:00"}, "occurred_at"),
    ("/admissions", {"patient_id": "{patient}", "acuity": "low", "occurred_at": "2190-01-01T00:00:00Z"}, "occurred_at"),
    ("/admissions", {"patient_id": "{patient}", "acuity": "low", "note": "x" * 2_001}, "note"),
    ("/admissions", {"patient_id": "{patient}", "acuity": "low", "mood": "good"}, "mood"),
    ("/admissions/swap-beds", {"admission_id": "1", "other_admission_id": "2"}, "admission_id"),
    ("/admissions/{stay}/assign-manually", {"force": True}, "reason"),
    ("/admissions/{stay}/assign-manually", {"reason": "          "}, "reason"),
    ("/admissions/{stay}/reassign", {"role": "cook"}, "role"),
    ("/admissions/{stay}/reassign", {}, "role"),
    ("/admissions/{stay}/transfer", {"bed_id": "b"}, "bed_id"),
    ("/admissions/{stay}/discharge", {"contaminated": "very"}, "contaminated"),
]


async def test_a_body_that_means_nothing_is_refused_under_its_field():
    async with hospital() as client:
        here = House(client)
        await here.open()
        patient, stay = await here.patient(), (await here.admit())["id"]
        for path, body, field in BODIES:
            filled = {name: patient if value == "{patient}" else value for name, value in body.items()}
            refused = await here.post(path.format(stay=stay), filled, 422)
            assert refused["errors"][0]["field"].startswith(field), f"{path} {str(body)[:80]}: {refused}"
        assert len((await here.get("/admissions/"))["items"]) == 1


async def test_an_id_that_is_nobody_s_is_not_found_in_a_path_or_a_body():
    async with hospital() as client:
        here = House(client)
        await here.open()
        stay = (await here.admit())["id"]
        patient = await here.patient()
        for path, body in (
            ("/admissions", {"patient_id": UNKNOWN, "acuity": "low"}),
            ("/admissions", {"patient_id": patient, "acuity": "low", "ward_id": UNKNOWN}),
            ("/admissions/swap-beds", {"admission_id": stay, "other_admission_id": UNKNOWN}),
            (f"/admissions/{stay}/assign-manually", {"doctor_id": UNKNOWN, **WHY}),
            (f"/admissions/{stay}/reassign", {"role": "nurse", "staff_id": UNKNOWN}),
            (f"/admissions/{stay}/transfer", {"ward_id": UNKNOWN}),
            (f"/admissions/{stay}/transfer", {"bed_id": UNKNOWN}),
            *[(f"/admissions/{UNKNOWN}/{step}", {}) for step in ("assign", "acknowledge", "discharge", "cancel")],
        ):
            assert (await here.post(path, body, 404))["code"] == "not_found", path


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/admissions/?status=gone", "status"), ("/admissions/?acuity=worst", "acuity"),
        ("/backlog/?reason=no", "reason"),
        ("/backlog/?ward_id=1", "ward_id"), ("/admissions/?limit=x", "limit"), ("/admissions/?staff_id=x", "staff_id"),
    ],
)  # fmt: skip
async def test_a_parameter_that_means_nothing_is_refused_under_its_name(path: str, field: str):
    async with hospital() as client:
        assert (await House(client).get(path, 422))["errors"][0]["field"] == field


async def test_only_an_admin_assigns_by_hand_and_auditors_only_read():
    async with hospital(As("clinician")) as client:
        here = House(client)
        assert (await here.post(f"/admissions/{UNKNOWN}/assign-manually", WHY, 403))["code"] == "forbidden"
        assert (await here.post(f"/admissions/{UNKNOWN}/assign", {}, 404))["code"] == "not_found"
    async with hospital(As("auditor")) as client:
        here = House(client)
        assert (await here.get("/admissions/"))["items"] == []
        assert (await here.post(f"/admissions/{UNKNOWN}/assign", {}, 403))["code"] == "forbidden"
