"""The guide to rooms: its commands work as they stand there, its rules are rules, its paths are paths."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from string import Template

import httpx2
import msgspec

from engine.rules.kinds import HARD, SOFT, AnyRule, kind_of
from gateway.routes import TABLE
from tests.gateway.surface import hospital

GUIDE = (Path(__file__).parents[2] / "docs" / "rooms.md").read_text("utf-8")
HERE = "http://127.0.0.1:8000"


def commands() -> list[tuple[str | None, list[str]]]:
    """The curl calls of the script: the variable that takes the id of what is made, and the words of the call."""
    (script,) = re.findall(r"```sh\n(.*?)```", GUIDE.replace("2030-", "2100-"), re.DOTALL)  # it works after 2030, too
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
