"""``matron-replay check`` over a real log of a ward: beds that were given as they should, and one that was not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.actors.patient import Gender
from engine.actors.ward import choosing
from engine.clock import SystemClock
from engine.decider import PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.beds import AddBed
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import RegisterPatient
from engine.decisions.staff import AddStaff
from engine.decisions.wards import AddWard
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from tests.engine.living import CLERK, read
from tests.serving import replay_check


async def a_woman_and_a_man_want_one_room(data: Path) -> None:
    """One room with two beds; who comes second waits."""
    store = LmdbStore(data, allow_any_filesystem=True)
    async with open_engine(store, clock=SystemClock()) as engine:
        await engine.until_ready()

        async def say(command: Any) -> str:
            return str(read(await engine.ask("main", command, CLERK))["id"])

        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        ward = await say(AddWard(name="Medicine", mixed_ages=True))
        for label in "12":
            await say(AddBed(ward_id=ward, label=label, room="A"))
        for role in ("doctor", "nurse"):
            await say(AddStaff(name=PersonName("Vera Cruz"), role=role))
        for gender in ("female", "male"):
            someone = await say(RegisterPatient(name=PersonName("Asha Rao"), gender=Gender(gender)))
            await say(AdmitPatient(patient_id=someone, acuity="high"))


@pytest.mark.parametrize("sound", [True, False])
async def test_a_bed_that_was_given_beside_others_is_found_though_the_log_and_the_states_agree(
    tmp_path: Path, sound: bool, monkeypatch: pytest.MonkeyPatch
):
    if not sound:
        monkeypatch.setattr(choosing, "_disagree", lambda *_: "")
    await a_woman_and_a_man_want_one_room(tmp_path / "data")
    checked = replay_check(tmp_path / "data")
    (found,) = json.loads(checked.stdout)["hospitals"]
    assert (found["equal"], found["admissions"]) == (True, 2)
    assert (found["sound"], checked.returncode) == (sound, 0 if sound else 1)
    assert found["misassigned"] == (0 if sound else 1)
    assert all("is in a room with women and men" in fault for fault in found["unsound"])
