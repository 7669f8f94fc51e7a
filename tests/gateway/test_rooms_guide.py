"""The guide to rooms and the examples of the documentation: what stands there works as it stands there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from string import Template
from typing import Any

import httpx2
import msgspec

from engine.rules.kinds import HARD, SOFT, AnyRule, kind_of
from gateway import examples
from gateway.routes import BASE, TABLE, appointments, clinics, rooms
from tests.gateway.surface import hospital

GUIDE = (Path(__file__).parents[2] / "docs" / "rooms.md").read_text("utf-8")
HERE = "http://127.0.0.1:8000"


def commands(guide: str = GUIDE) -> list[tuple[str | None, list[str]]]:
    """The curl calls of the script: the variable that takes the id of what is made, and the words of the call."""
    (script,) = re.findall(r"```sh\n(.*?)```", guide.replace("2030-", "2100-"), re.DOTALL)  # it works after 2030, too
    found = []
    for line in re.findall(r"^(?:\w+=\$\()?curl(?:[^'\n]|'[^']*')*$", script, re.MULTILINE):
        name, _, call = line.rpartition("=$(curl") if line.partition("curl")[0].endswith("=$(") else (None, "", line)
        words = shlex.split(call.removesuffix("| id)").removeprefix("curl"), posix=True)
        found.append((name, words))
    return found


async def called(client: httpx2.AsyncClient, words: list[str], names: dict[str, str]) -> httpx2.Response:
    """What a call of curl does."""
    method, body, url = "GET", None, ""
    left = iter(words)
    for word in left:
        if word == "-d":
            method, body = ("POST", next(left)) if method == "GET" else (method, next(left))
        elif word == "-X":
            method = next(left)
        elif word == "-H":
            assert next(left) == "$json"
        elif word != "-s":
            url = word
    told = None if body is None else json.loads(Template(body).substitute(names))
    return await client.request(method, Template(url).substitute(names).removeprefix(HERE), json=told)


async def test_the_commands_of_the_guide_work_as_they_stand_there():
    script = commands()
    assert len(script) == GUIDE.count("curl -s ")
    async with hospital() as client:
        names = {"api": f"{HERE}/api/v1", "json": ""}
        answers = []
        for name, words in script:
            response = await called(client, words, names)
            assert response.is_success, f"{words}: {response.text}"
            if name is not None:
                names[name] = response.json()["id"]
            answers.append(response)
        visit = answers[7].json()
        assert (visit["room_id"], visit["assignment"]["rule_version"]) == (names["two"], 1)
        assert answers[-2].json()["start_time"] == "2100-02-04T11:00:00Z"
        assert answers[-1].text.startswith("BEGIN:VCALENDAR")


def test_the_rules_of_the_guide_are_rules_one_of_each_kind():
    given = [msgspec.json.decode(text, type=AnyRule) for text in re.findall(r"^\| `(\{.*?\})` \|", GUIDE, re.MULTILINE)]
    assert [type(rule) for rule in given] == [*HARD, *SOFT]
    assert len({kind_of(rule) for rule in given}) == len(given)


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

        async def run(name: str, as_id: str = "", **ids: str) -> dict[str, Any]:
            (row,) = (row for row in TABLE if row.name == name)
            text = json.dumps(examples.EXAMPLES.get(name, {})).replace(
                "2026-", "2093-"
            )  # a year with the same weekdays
            for id, real in known.items():
                text = text.replace(id, real)
            response = await client.request(row.method, BASE + row.path.format(**ids), json=json.loads(text))
            assert response.is_success, f"{name}: {response.text}"
            told: dict[str, Any] = response.json() if response.content else {}
            done.add(name)
            if as_id:
                known[as_id] = told["id"]
            return told

        await run("AddDoctor", examples.DOCTOR)
        await run("RegisterPatient", examples.PATIENT)
        await run("AddClinic", examples.CLINIC)
        clinic = {"clinic_id": known[examples.CLINIC]}
        await run("ChangeClinic", **clinic)
        await run("AddRoom", examples.ROOM)
        await run("AddRoom", examples.OTHER_ROOM)
        room = {"room_id": known[examples.ROOM]}
        await run("SetRoomDisplay", **room)
        await run("ChangeRule", rule_id=(await run("AddRule"))["id"])
        await run("EvaluateRules")
        await run("DryRunRules", **clinic)
        await run("ActivateRules", **clinic)
        assert (await run("CheckConflicts"))["results"][0] == {"conflict": False, "with": []}
        held = (await run("HoldRoom"))["id"]
        await run("ReleaseAppointment", appointment_id=held)
        visit = {"appointment_id": (await run("BookAppointment"))["id"]}
        await run("RescheduleAppointment", **visit)
        moved = await run("ChangeAppointmentRoom", **visit)
        assert moved["room_id"] == known[examples.OTHER_ROOM]
        await run("ShortenTurnover", **visit)
        await run("CancelAppointment", **visit)
        assert len((await run("BookSeries"))["appointments"]) == 6
        closure = {"closure_id": (await run("AddClosure"))["id"]}
        await run("ChangeClosure", **closure)
        await run("ChangeRoom", **room)
        asks = {row.name for row in (*clinics.ROWS, *rooms.ROWS, *appointments.ROWS) if row.method != "GET"}
        assert asks & examples.EXAMPLES.keys() <= done | {"DeclineEscalation"}  # nobody waits here
