"""The drill: somebody about whom everything was written is erased, and nothing of it can be read in any file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import httpx2
import lmdb
import msgspec
import pytest
import trio
from click.testing import CliRunner, Result

from engine.clock import SystemClock
from engine.decisions import DECISIONS
from engine.eventlog.entry import has_text
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.vault import MasterFile
from gateway.__main__ import main as matron
from replay.__main__ import main as matron_replay
from replay.erased import erased_subjects
from tests.journeys.marked_life import BIRTHS, MARK, Life
from tests.serving import Server, serving

NOT_OF_ONE_PATIENT = {
    **dict.fromkeys(("AddDoctor", "UpdateDoctor", "AddPractitioner", "ChangePractitioner"), "who works here"),
    **dict.fromkeys(("AddTechnician", "ChangeTechnician", "AddStaff", "ChangeStaff"), "who works here"),
    **dict.fromkeys(("ApproveStaff", "ActivateStaff", "AddLeave"), "about who works here"),
    **dict.fromkeys(("AddDestination", "ChangeDestination"), "where notices go"),
    **dict.fromkeys(("AddClosure", "ChangeClosure"), "about a room"),
    **dict.fromkeys(("ContaminateBed", "CloseBed", "IsolateBed"), "about a bed"),
    "SetServiceStatus": "about a queue",
    "NoteBreakGlass": "about who broke the glass",
    **dict.fromkeys(("CancelSlot", "DoctorUnavailable", "HandOver", "SwapBeds"), "about several patients at once"),
    "ErasePatient": "it outlives the patient, and says so where it is asked for",
}
"""Commands whose texts are sealed with the hospital's key, or with another patient's, and stay: docs/erasure.md."""


def bytes_in(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def forms(text: str) -> list[bytes]:
    return [text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")]


def key_of(data: Path, patient: str) -> bytes:
    async def read() -> bytes:
        async with LmdbReader(data) as reader:
            name = b"main\x00" + bytes.fromhex(patient.replace("-", ""))
            return (await reader.read_keys([name]))[name]

    return trio.run(read)


def erase(server: Server, patient: str) -> Result:
    asked = ["erase", patient, "--reason", "asked for", "--url", server.url, "--yes"]
    return CliRunner().invoke(matron, asked)


def exported(data: Path, to: Path, *more: str) -> Path:
    ran = CliRunner().invoke(matron_replay, ["export", "--data", str(data), "--to", str(to), *more])
    assert ran.exit_code == 0, ran.output
    return to


def test_every_text_about_a_patient_is_marked_in_the_drill_or_stays_for_a_reason() -> None:
    assert {command.__name__ for command in DECISIONS if has_text(command)} >= set(NOT_OF_ONE_PATIENT)


def test_nothing_of_who_was_erased_is_left_in_any_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as server:
        life = Life(server.url)
        patient, other = life.live(), life.other()
        fields = {
            (command.__name__, field.name)
            for command in DECISIONS
            for field in msgspec.structs.fields(command)
            if has_text(msgspec.defstruct("One", [(field.name, field.type)]))
        }
        assert {(command, field) for command, field in fields if command not in NOT_OF_ONE_PATIENT} == set(life.said)
        server.stop()  # which writes snapshots of everything
        key = key_of(data, patient)
        server.start()
        opened = bytes_in(exported(data, tmp_path / "before", "--open"))
        missing = [text for text in life.said.values() if json.dumps(text, ensure_ascii=False).encode() not in opened]
        assert missing == [], "the drill is worth nothing unless they could be read before"
        for ran in (
            CliRunner().invoke(matron_replay, ["ship", "--data", str(data), "--to", str(tmp_path / "shipped")]),
            CliRunner().invoke(matron, ["backup", "--data", str(data), "--to", str(tmp_path / "backup")]),
        ):
            assert ran.exit_code == 0, ran.output
        client = httpx2.Client(base_url=f"{server.url}/api/v1", timeout=15)
        assert life.said["UpdatePatient", "name"] in client.get(f"/patients/{patient}/").text
        ran = erase(server, patient)
        assert (ran.exit_code, patient in ran.stdout) == (0, True), ran.output
        again = erase(server, patient)
        assert (again.exit_code, again.stdout) == (0, ran.stdout)
        lists = ("/patients/", "/patients/?retired=true", "/tokens/", "/appointments/", "/referrals/", "/admissions/",
                 "/alerts/", f"/patients/{patient}/", "/waiting-list/")  # fmt: skip
        for path in lists:
            answer = client.get(path)
            assert answer.status_code == 200, answer.text
            assert MARK not in answer.text
        assert client.get(f"/patients/{patient}/").json()["name"] == "erased"
        assert client.get(f"/patients/{other}/").json()["name"] == "Somebody Else"
        refused = client.put(f"/patients/{patient}/", json={"name": "New"})
        assert (refused.status_code, refused.json()["code"]) == (409, "patient_erased")
        server.stop()
        shutil.rmtree(tmp_path / "before")
        for number, more in enumerate((["--open"], ["--format", "segments"])):
            exported(data, tmp_path / f"after-{number}", *more)
        left = bytes_in(tmp_path)
        found = [form for text in (MARK, *BIRTHS) for form in forms(text) if form in left]
        assert found == []
        assert key not in left
        assert key.hex().encode() not in left
        for command in ("check", "verify"):
            ran = CliRunner().invoke(matron_replay, [command, "--data", str(data)])
            assert ran.exit_code == 0, ran.output
        assert b"asked for" in bytes_in(tmp_path / "after-0")
        # The backup of before has its keys, and nothing that opens them.
        from_backup = ["export", "--data", str(tmp_path / "backup"), "--to", str(tmp_path / "none"), "--open"]
        ran = CliRunner().invoke(matron_replay, [*from_backup, "--master-key", str(data / "master.key")])
        assert (ran.exit_code, "wrapped by another master key" in ran.output) == (2, True)
        life.close()
        client.close()


@pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.long)])
def test_an_erasure_that_is_killed_at_any_point_is_whole_after_the_next_start(tmp_path: Path, rounds: int) -> None:
    data = tmp_path / "data"
    with serving(data) as server:
        patients = f"{server.url}/api/v1/patients/"
        for number in range(rounds):
            names = [f"Qzx{number}-{one}" for one in range(3)]
            ids = [httpx2.post(patients, json={"name": name}).json()["id"] for name in names]
            killed_while_erasing(server, ids, wait=0.002 * number)
            server.start()
            for id, name in zip(ids, names, strict=True):
                shown = httpx2.get(f"{patients}{id}/").json()
                assert shown["name"] == ("erased" if shown["erased"] else name)
                asked = httpx2.post(f"{patients}{id}/erase/", json={"reason": "again"})
                assert asked.status_code == 200, asked.text
        server.stop()

        async def told() -> list[str]:
            async with LmdbReader(data) as reader:
                return await erased_subjects(reader, "main")

        assert len(trio.run(told)) == 3 * rounds
        with lmdb.open(str(data / "keys"), readonly=True, lock=False, lib_version=0) as env, env.begin() as txn:
            kept = [(bytes(name), bytes(value)) for name, value in txn.cursor()]
        assert sum(value == b"\x00" for _, value in kept) == 3 * rounds
        [id] = [value for name, value in kept if name == b"\x00\x00vault"]
        assert MasterFile(data / "master.key", SystemClock().entropy).opened(id).id == id
        assert (data / "master.key").read_bytes().count(b"0" * 64) == 1
        assert CliRunner().invoke(matron_replay, ["check", "--data", str(data)]).exit_code == 0


def killed_while_erasing(server: Server, ids: list[str], wait: float) -> None:
    """Three erasures at once; the server is killed a moment after they were sent."""

    async def run() -> None:
        async with httpx2.AsyncClient(base_url=f"{server.url}/api/v1", timeout=15) as client:

            async def ask(id: str) -> None:
                try:
                    await client.post(f"/patients/{id}/erase/", json={"reason": "asked for"})
                except httpx2.TransportError:
                    return

            async with trio.open_nursery() as nursery:
                for id in ids:
                    nursery.start_soon(ask, id)
                await trio.sleep(0.01 + wait)
                server.kill()

    trio.run(run)
