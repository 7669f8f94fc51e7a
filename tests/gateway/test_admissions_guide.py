"""The guide to staff, wards and admissions: what stands there works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gateway.routes import TABLE
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


def test_the_paths_of_the_guide_are_paths_of_the_interface():
    known = {(row.method, re.sub(r"\{\w+\}", "{id}", row.path)) for row in TABLE}
    named = re.findall(r"`((?:GET|POST|PUT|DELETE)(?:\|\w+)*) (/[^`?\s]*)", GUIDE)
    assert len(named) > 25
    for methods, path in named:
        for method in methods.split("|"):
            assert (method, path.rstrip("/")) in known, f"{method} {path}"


def test_what_the_guide_calls_a_page_is_one():
    text = (DOCS / "ward-board.md").read_text("utf-8")
    assert {"/wards/{ward id}/board/", "/alerts/"} <= set(re.findall(r"^ {4}(/[^?\n]*)", text, re.MULTILINE))
