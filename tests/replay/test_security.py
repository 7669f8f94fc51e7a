"""``matron-replay security``: what happened at the door, as the access log on the disk tells it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result

from engine.clock import SystemClock
from engine.decisions.hospital import AddHospital
from engine.eventlog.entry import Principal
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from engine.views.people import GetPatient
from replay.__main__ import main
from tests.engine.living import CLERK, patient, read

NURSE, STRANGER = Principal("ward-3", "clinician", "10.0.0.7", "r-1"), Principal("", "", "203.0.113.9", "r-2")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped log with a look among notes."""
    data = tmp_path_factory.mktemp("guarded") / "data"

    async def fill() -> None:
        store = LmdbStore(data, allow_any_filesystem=True)
        async with open_engine(store, clock=SystemClock()) as engine:
            await engine.until_ready()
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
            asha = read(await engine.ask("main", patient("Asha"), CLERK))["id"]
            await engine.note_security("main", NURSE, "denied", {"method": "PUT", "path": "/api/v1/policy"})
            await engine.view("main", GetPatient(patient_id=asha), NURSE, purpose="TREAT")
            await engine.note_security("main", STRANGER, "unauthenticated", {"times": "41", "within_seconds": "60"})
            await engine.note_security("main", NURSE, "signed_in", {})

    trio.run(fill)
    return data


def asked(command: str, data: Path, *more: str) -> Result:
    return CliRunner().invoke(main, [command, "--data", str(data), *more], env={"COLUMNS": "200"})


def told(log: Path, *more: str) -> list[tuple[str, str, int]]:
    result = asked("security", log, *more, "--json")
    assert result.exit_code == 0, result.output
    return [(one["what"], one["who"]["name"], one["times"]) for one in json.loads(result.stdout)["notes"]]


def test_what_happened_at_the_door_is_told_in_order_and_looks_are_not(log: Path) -> None:
    assert told(log) == [("denied", "ward-3", 1), ("unauthenticated", "", 41), ("signed_in", "ward-3", 1)]


def test_a_kind_an_account_a_stretch_and_the_latest_can_be_chosen(log: Path) -> None:
    assert told(log, "--what", "denied") == [("denied", "ward-3", 1)]
    assert told(log, "--principal", "ward-3", "--from", "2") == [("signed_in", "ward-3", 1)]
    assert told(log, "--limit", "1") == [("signed_in", "ward-3", 1)]
    assert told(log, "--what", "locked_out") == []


def test_people_get_a_table_with_what_more_is_known(log: Path) -> None:
    shown = asked("security", log).stdout
    for word in ("denied", "path=/api/v1/policy", "203.0.113.9", "41", "within_seconds=60"):
        assert word in shown


def test_whoever_asks_for_looks_gets_no_notes(log: Path) -> None:
    looks = json.loads(asked("accesses", log, "--principal", "ward-3", "--json").stdout)["accesses"]
    assert [one["query"] for one in looks] == ["GetPatient"]


def test_the_whole_access_log_shows_both_and_verifies(log: Path) -> None:
    lines = [json.loads(line) for line in asked("log", log, "--access", "--json").stdout.splitlines()]
    assert [line["name"] for line in lines] == ["SecurityNote", "Look", "SecurityNote", "SecurityNote"]
    assert lines[0]["command"] == {"what": "denied", "facts": {"method": "PUT", "path": "/api/v1/policy"}}
    assert asked("verify", log, "--unsigned").exit_code == 0


def test_the_export_says_what_it_was_in_the_words_of_fhir(log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "to"
    result = asked("export", log, "--to", str(folder), "--format", "fhir", "--access")
    assert result.exit_code == 0, result.output
    [file] = list(folder.rglob("*.ndjson"))
    events: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(one["type"]["display"], one["outcome"]) for one in events] == [
        ("Security Alert", "4"), ("Query", "0"), ("User Authentication", "4"), ("User Authentication", "0"),
    ]  # fmt: skip
    assert events[2]["agent"][0]["who"]["identifier"]["value"] == "unknown"
    assert [one["display"] for one in events[3]["subtype"] if "display" in one] == ["Login"]
