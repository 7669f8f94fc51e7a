"""The guide to referrals: what stands there works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gateway.routes import TABLE
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
