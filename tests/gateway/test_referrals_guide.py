"""The guide to referrals: what stands there works as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gateway import examples
from gateway.routes import BASE, TABLE, referrals
from tests.gateway.surface import hospital
from tests.gateway.test_rooms_guide import called, commands

GUIDE = (Path(__file__).parents[2] / "docs" / "referrals.md").read_text("utf-8")
HERE = "http://127.0.0.1:8000"
TEST = ["|", "first_test)"]


async def test_the_commands_of_the_guide_work_as_they_stand_there():
    script = commands(GUIDE)
    assert len(script) == GUIDE.count("curl -s ")
    async with hospital() as client:
        names = {"api": f"{HERE}/api/v1", "json": ""}
        answers: list[Any] = []
        for name, words in script:
            of_test = words[-2:] == TEST
            response = await called(client, words[:-2] if of_test else words, names)
            assert response.is_success, f"{words}: {response.text}"
            told = response.json()
            answers.append(told)
            if name is not None:
                names[name] = told["tests"][0]["id"] if of_test else told["id"]
        catalog, *steps = (answers[n] for n in (5, 12, 13, 14, 15, 16))
        assert [one["id"] for one in catalog["items"]] == [names["blood"]]
        assert [one["status"] for one in steps] == ["Received", "Received", "Pending", "Received", "Completed"]
        assert steps[-1]["tests"][0]["attempt"] == 2
        technician, practitioner, acknowledged, turnaround = answers[-4:]
        [row] = technician["items"]
        assert (row["id"], row["patient_name"], row["awaits_acknowledgement"]) == (names["referral"], "Jane Doe", True)
        assert practitioner["items"] == technician["items"]
        assert practitioner["summary"]["completed"] == practitioner["summary"]["total"] == 1
        assert acknowledged["awaits_acknowledgement"] is False
        assert (turnaround["tests"]["count"], turnaround["counts"]["rejected"]) == (1, 1)


def test_the_paths_of_the_guide_are_paths_of_the_interface():
    known = {(row.method, re.sub(r"\{\w+\}", "{id}", row.path)) for row in TABLE}
    named = re.findall(r"`((?:GET|POST|PUT|DELETE)(?:\|\w+)*) (/[^`?\s]*)", GUIDE)
    assert len(named) > 25
    for methods, path in named:
        for method in methods.split("|"):
            assert (method, path.rstrip("/")) in known, f"{method} {path}"


async def test_the_examples_of_the_documentation_work_one_after_another():
    async with hospital() as client:
        known: dict[str, str] = {}
        done: set[str] = set()

        async def run(name: str, as_id: str = "", **ids: str) -> Any:
            (row,) = (row for row in TABLE if row.name == name)
            text = json.dumps(examples.EXAMPLES[name])
            for id, real in known.items():
                text = text.replace(id, real)
            response = await client.request(row.method, BASE + row.path.format(**ids), json=json.loads(text))
            assert response.is_success, f"{name}: {response.text}"
            told = response.json()
            done.add(name)
            if as_id:
                known[as_id] = told["id"]
            return told

        for name, as_id in (("AddDoctor", examples.DOCTOR), ("RegisterPatient", examples.PATIENT)):
            await run(name, as_id)
        await run("AddService", examples.SERVICE)
        facility = (await run("AddFacility"))["id"]
        await run("ChangeFacility", facility_id=facility)
        await run("AddBranch", examples.BRANCH, facility_id=facility)
        south = await client.post(f"{BASE}/facilities/{facility}/branches/", json={"name": "South"})
        known[examples.OTHER_BRANCH] = south.json()["id"]
        await run("AddTestType", examples.TEST_TYPE)
        await run("ChangeTestType", test_type_id=known[examples.TEST_TYPE])
        await run("AddTest", examples.LAB_TEST, facility_id=facility)
        await run("ChangeTest", test_id=known[examples.LAB_TEST])
        await run("AddPractitioner", examples.PRACTITIONER)
        await run("ChangePractitioner", practitioner_id=known[examples.PRACTITIONER])
        await run("ChangeTechnician", technician_id=(await run("AddTechnician"))["id"])
        one = await run("CreateReferral")
        of_it = {"referral_id": one["id"], "referral_test_id": one["tests"][0]["id"]}
        await run("ChangeReferral", referral_id=one["id"])
        assert (await run("JoinLab", **of_it))["priority"] == "high"
        path = f"{BASE}/referrals/{one['id']}/tests/{of_it['referral_test_id']}/status/"
        assert (await client.post(path, json={"status": "Received"})).is_success
        assert (await run("UpdateTestStatus", **of_it))["status"] == "Completed"
        await run("AcknowledgeResult", referral_id=one["id"])
        other = (await run("CreateReferral"))["id"]
        assert (await run("DeclineReferral", referral_id=other))["status"] == "Declined"
        assert (await run("RedirectReferral", referral_id=other))["branch_id"] == known[examples.OTHER_BRANCH]
        assert (await run("CancelReferral", referral_id=other))["status"] == "Cancelled"
        await run("ChangeBranch", branch_id=known[examples.BRANCH])
        assert {row.name for row in referrals.ROWS} & examples.EXAMPLES.keys() <= done
