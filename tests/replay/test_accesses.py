"""``matron-replay accesses``: who looked at whom, as the access log on the disk tells it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result

from engine.clock import SystemClock
from engine.decisions.hospital import AddHospital
from engine.errors import Invalid
from engine.eventlog.entry import Principal
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from engine.views.people import GetPatient, ListPatients
from gateway.explorer.answers import Accesses
from replay.__main__ import main
from replay.serving.desk import Desk
from tests.engine.living import CLERK, patient, read

NURSE, DOCTOR = (
    Principal("ward-3", "clinician", "10.0.0.7", "r-1"),
    Principal("dr-bose", "clinician", "10.0.0.8", "r-2"),
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A stopped log with looks in it, and its patients."""
    data = tmp_path_factory.mktemp("looked") / "data"

    async def fill() -> list[str]:
        store = LmdbStore(data, allow_any_filesystem=True)
        async with open_engine(store, clock=SystemClock()) as engine:
            await engine.until_ready()
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
            ids = [read(await engine.ask("main", patient(name), CLERK))["id"] for name in ("Asha", "Bela", "Chand")]
            await engine.view("main", GetPatient(patient_id=ids[0]), NURSE, purpose="TREAT")
            await engine.view("main", GetPatient(patient_id=ids[1]), NURSE)
            await engine.view("main", ListPatients(limit=2), DOCTOR, purpose="HOPERAT")
            return ids

    return data, trio.run(fill)


def asked(data: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["accesses", "--data", str(data), *more], env={"COLUMNS": "200"})


def told(result: Result) -> list[tuple[str, str, str | None]]:
    assert result.exit_code == 0, result.output
    return [(one["who"]["name"], one["query"], one["purpose"]) for one in json.loads(result.stdout)["accesses"]]


def test_all_who_looked_at_a_patient_are_told(log: tuple[Path, list[str]]) -> None:
    data, (asha, bela, chand) = log
    of_asha, of_bela = asked(data, asha, "--json"), asked(data, bela, "--json")
    assert told(of_asha) == [("ward-3", "GetPatient", "TREAT"), ("dr-bose", "ListPatients", "HOPERAT")]
    assert told(of_bela) == [("ward-3", "GetPatient", None), ("dr-bose", "ListPatients", "HOPERAT")]
    assert told(asked(data, chand, "--json")) == []
    first = json.loads(of_asha.stdout)["accesses"][0]
    assert (first["position"], first["who"]["source"], first["patients"]) == (1, "10.0.0.7", [asha])


def test_all_whom_somebody_looked_at_are_told(log: tuple[Path, list[str]]) -> None:
    data, (asha, bela, _) = log
    found = json.loads(asked(data, "--principal", "ward-3", "--json").stdout)["accesses"]
    assert [one["patients"] for one in found] == [[asha], [bela]]
    assert told(asked(data, bela, "--principal", "ward-3", "--json")) == [("ward-3", "GetPatient", None)]


def test_a_stretch_and_the_latest_can_be_chosen(log: tuple[Path, list[str]]) -> None:
    data, (asha, *_) = log
    assert told(asked(data, asha, "--from", "2", "--json")) == [("dr-bose", "ListPatients", "HOPERAT")]
    assert told(asked(data, asha, "--to", "2000-01-01", "--json")) == []
    assert told(asked(data, asha, "--limit", "1", "--json")) == [("dr-bose", "ListPatients", "HOPERAT")]


def test_people_get_a_table(log: tuple[Path, list[str]]) -> None:
    data, (asha, *_) = log
    shown = asked(data, asha).stdout
    for word in ("ward-3", "dr-bose", "TREAT", "10.0.0.7", "GetPatient"):
        assert word in shown
    assert "Asha" not in shown


@pytest.mark.parametrize("more", [(), ("nobody",), ("--principal", "x", "--hospital", "elsewhere")])
def test_a_call_that_makes_no_sense_is_told_so(log: tuple[Path, list[str]], more: tuple[str, ...]) -> None:
    assert asked(log[0], *more).exit_code == 2


def test_the_interface_lists_the_latest_look_first_in_pages(log: tuple[Path, list[str]]) -> None:
    data, (asha, bela, chand) = log

    async def ask(**args: Any) -> Any:
        async with LmdbReader(data) as reader:
            told = await Desk(reader).answer("ListAccesses", "main", args)
        return told.value, told.patients

    found, patients = trio.run(partial(ask, patient_id=asha))
    assert [(one.who, one.purpose, one.patients) for one in found.items] == [
        ("dr-bose", "HOPERAT", 2), ("ward-3", "TREAT", 1),
    ]  # fmt: skip
    assert (found.next_cursor, patients) == (None, {asha})
    first, _ = trio.run(partial(ask, patient_id=asha, limit=1))
    second, _ = trio.run(partial(ask, patient_id=asha, limit=1, cursor=first.next_cursor))
    assert [*first.items, *second.items] == found.items
    narrowed, _ = trio.run(partial(ask, patient_id=bela, **{"from": "1", "to": "2"}))
    assert [one.query for one in narrowed.items] == ["GetPatient"]
    assert trio.run(partial(ask, patient_id=bela, to="2000-01-01"))[0].items == []
    assert trio.run(partial(ask, patient_id=chand)) == (Accesses([], None), frozenset())
    for wrong in ({"limit": 0}, {"cursor": "x"}):
        with pytest.raises(Invalid):
            trio.run(partial(ask, patient_id=asha, **wrong))
