"""The guide to staff, wards and admissions: what stands there works as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway import ward_examples
from gateway.routes import BASE, TABLE
from gateway.ward_examples import EXAMPLES
from tests.gateway.surface import hospital
from tests.gateway.test_rooms_guide import called, commands

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "admissions.md").read_text("utf-8")
HERE = "http://127.0.0.1:8000"


async def test_the_commands_of_the_guide_work_as_they_stand_there():
    script = commands(GUIDE)
    assert len(script) == GUIDE.count("curl -s ")
    async with hospital() as client:
        names = {"api": f"{HERE}/api/v1", "json": ""}
        answers: list[Any] = []
        for name, words in script:
            response = await called(client, words, names)
            assert response.is_success, f"{words}: {response.text}"
            answers.append(response.json())
            if name is not None:
                names[name] = response.json()["id"]
        (given, backlog, left, board, clean, served, beds, roster, figures) = (answers[n] for n in (
            7, 9, 10, 11, 12, 13, 14, 15, 16,
        ))  # fmt: skip
        assert (given["status"], given["doctor_id"], given["nurse_id"], given["bed_id"]) == (
            "assigned", names["doctor"], names["nurse"], names["bed"],
        )  # fmt: skip
        assert [(one["id"], one["reason"]) for one in backlog["items"]] == [(names["second"], "no_bed")]
        assert left["status"] == "discharged"
        assert board["rooms"][0]["beds"][0]["state"] == "housekeeping"
        assert not any(names[who] in str(board) for who in ("jane", "john", "doctor", "nurse", "first", "second"))
        assert (clean["state"], clean["patient_id"]) == ("occupied", names["john"])
        assert (served["status"], served["bed_id"]) == ("assigned", names["bed"])
        assert beds["rooms"][0]["beds"][0]["patient_name"] == "John Roe"
        assert [one["load"] for one in roster["items"]] == [1, 1]
        assert figures["waiting"].get("no_bed", 0) == 0


async def test_the_commands_of_the_guide_to_staff_work_and_the_one_that_is_refused_is_refused():
    async with hospital() as client:
        names = {"api": f"{HERE}/api/v1", "json": ""}
        found = []
        for name, words in commands((DOCS / "staff.md").read_text("utf-8")):
            response = await called(client, words, names)
            found.append(response.status_code)
            if name is not None:
                names[name] = response.json()["id"]
            if response.status_code == 409:
                assert response.json()["code"] == "rest_too_short"
        assert found == [201, 201, 200, 201, 200, 409, 200, 201, 200]


@pytest.mark.parametrize(("guide", "many"), [("admissions", 25), ("staff", 2), ("wards", 10), ("alerts", 2)])
def test_the_paths_of_a_guide_are_paths_of_the_interface(guide: str, many: int):
    text = " ".join((DOCS / f"{guide}.md").read_text("utf-8").split())
    known = {(row.method, re.sub(r"\{\w+\}", "{id}", row.path)) for row in TABLE}
    named = re.findall(r"`((?:GET|POST|PUT|DELETE)(?:\|\w+)*) (/[^`?\s]*)", text)
    assert len(named) >= many
    for methods, path in named:
        for method in methods.split("|"):
            assert (method, path.rstrip("/")) in known, f"{method} {path}"


def test_what_the_guide_calls_a_page_is_one():
    text = (DOCS / "ward-board.md").read_text("utf-8")
    assert {"/wards/{ward id}/board/", "/alerts/"} <= set(re.findall(r"^ {4}(/[^?\n]*)", text, re.MULTILINE))


async def test_the_examples_of_the_documentation_work_one_after_another():
    async with hospital() as client:
        known: dict[str, str] = {}
        done: set[str] = set()

        async def run(name: str, as_id: str = "", **ids: str) -> dict[str, Any]:
            (row,) = (row for row in TABLE if row.name == name)
            text = json.dumps(EXAMPLES.get(name, {})).replace("2026-", "2093-")
            for id, real in known.items():
                text = text.replace(id, real)
            response = await client.request(row.method, BASE + row.path.format(**ids), json=json.loads(text))
            assert response.is_success, f"{name}: {response.text}"
            told: dict[str, Any] = response.json() if response.content else {}
            done.add(name)
            if as_id:
                known[as_id] = told["id"]
            return told

        async def made(path: str, **body: Any) -> str:
            return str((await client.post(f"{BASE}{path}", json=body)).json()["id"])

        known[ward_examples.PATIENT] = await made("/patients", name="Jane Doe", gender="female")
        ward = {"ward_id": (await run("AddWard", ward_examples.WARD))["id"]}
        await run("ChangeWard", **ward)
        bed = {"bed_id": (await run("AddBed", ward_examples.BED, **ward))["id"]}
        for step in ("ReserveBed", "ReleaseBed", "CloseBed", "ReopenBed", "IsolateBed", "ReopenBed", "ChangeBed"):
            await run(step, **bed)
        member = {"staff_id": (await run("AddStaff", ward_examples.STAFF))["id"]}
        await run("ChangeStaff", **member)
        await run("ApproveStaff", **member)
        await run("AddLeave", **member)
        known[ward_examples.COLLEAGUE] = await made("/staff", name="Dr. Sol", role="doctor", skills=["cardiology"])
        await made("/staff", name="Nuno Alves", role="nurse")
        stay = {"admission_id": (await run("AdmitPatient", ward_examples.ADMISSION))["id"]}
        await run("ReassignCarer", **stay)
        await run("AssignManually", **stay)
        await run("ChangeAdmission", **stay)
        assert [one["admission_id"] for one in (await run("HandOver", **member))["moved"]] == [stay["admission_id"]]
        await run("AcknowledgeHandover", **stay)
        await made(f"/wards/{ward['ward_id']}/beds", label="302", equipment=["oxygen"])
        assert (await run("TransferPatient", **stay))["bed_id"] != bed["bed_id"]
        await run("CleanBed", **bed)
        other = await made("/patients", name="Mary Roe", gender="female")
        body = {"patient_id": other, "acuity": "low", "ward_id": ward["ward_id"]}
        known[ward_examples.OTHER_ADMISSION] = await made("/admissions", **body)
        assert (await run("SwapBeds"))["bed_id"] == bed["bed_id"]
        await run("DischargePatient", **stay)
        assert (await run("DecontaminateBed", **bed))["state"] == "housekeeping"
        await run("ContaminateBed", **bed)
        await run("CancelAdmission", admission_id=known[ward_examples.OTHER_ADMISSION])
        shift = {"shift_id": (await run("AddShift", **member))["id"]}
        await run("ChangeShift", **shift)
        await run("ActivateStaff", **member)
        assert EXAMPLES.keys() - done == {"AcknowledgeAlert", "CloseAlert"}  # nothing is wrong here
