"""Restoring: what was backed up and shipped is there again, who was erased is not, and what was lost is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from click.testing import CliRunner

from engine.calendar import moment
from engine.decisions.erase_patient import ErasePatient, ErasureReason
from engine.decisions.hospital import AddHospital
from engine.decisions.origins import BeginOrigin
from engine.eventlog.entry import Principal
from engine.eventlog.lmdb_reader import LmdbReader
from replay.__main__ import main as replay
from tests.gateway.backing.house import (
    CLERK,
    KEY,
    grow,
    hash_at,
    matron,
    name_of,
    opened,
    records,
    register,
    ship,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A log of four entries and three looks."""
    trio.run(grow, tmp_path / "data", "Asha Rao", "Bela Sen", "Chand Das")
    return tmp_path / "data"


@pytest.fixture
def backup(data: Path, tmp_path: Path) -> Path:
    """A backup of it, and of what opens its keys."""
    assert matron("backup", "--data", data, "--to", tmp_path / "backup", "--with-keys").exit_code == 0
    return tmp_path / "backup"


def restored(to: Path, *arguments: object) -> Any:
    done = matron("restore", "--data", to, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(to: Path, *arguments: object) -> str:
    done = matron("restore", "--data", to, *arguments)
    assert done.exit_code in (1, 3), done.output
    assert not to.exists()
    return done.output


def lives(data: Path, *ids: str) -> tuple[str, list[str]]:
    """The states' hash of an engine on this log, and what it calls these patients."""

    async def live() -> tuple[str, list[str]]:
        async with opened(data) as engine:
            return engine.state_hash("main"), [await name_of(engine, id) for id in ids]

    return trio.run(live)


def test_a_whole_backup_is_the_log_it_was_made_of(data: Path, backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    said = restored(new, "--from", backup)
    assert [(log["log"], log["entries"], log["signed"]) for log in said["restored"]["logs"]] == [
        ("main", 4, 4), ("main.access", 3, 3),
    ]  # fmt: skip
    assert said["restored"]["lost"] == {}
    for log in ("main", "main.access"):
        assert trio.run(records(new, log)) == trio.run(records(data, log))
    verified = CliRunner().invoke(replay, ["verify", "--data", str(new), "--key", KEY, "--complete"])
    assert verified.exit_code == 0, verified.output
    assert lives(new) == lives(data)
    assert trio.run(grow, new, "Dev Roy")


def test_a_moment_is_a_position_or_a_time_and_entries_are_whole(data: Path, backup: Path, tmp_path: Path) -> None:
    said = restored(tmp_path / "third", "--from", backup, "--to-position", "3")
    [main, beside] = said["restored"]["logs"]
    assert (main["entries"], main["left_out"], main["signed"]) == (3, 1, 0)
    assert (beside["entries"], beside["left_out"]) == (2, 1)  # the third look came after the fourth entry
    assert lives(tmp_path / "third")[0] == trio.run(hash_at, data, 3)
    times = [msgspec.msgpack.decode(record[32:])[0]["time"] for _, record in trio.run(records(data))]
    between = moment(times[2] + (times[3] - times[2]) // 2).isoformat()
    restored(tmp_path / "timed", "--from", backup, "--to-time", between)
    assert trio.run(records(tmp_path / "timed")) == trio.run(records(tmp_path / "third"))


def test_what_had_been_signed_and_is_lost_begins_a_new_name(backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    said = restored(new, "--from", backup, "--to-position", "2")
    root = json.loads((backup / "backup.json").read_bytes())["logs"]["main"]["root"]
    lost = {"previous": "hospital.example/main", "size": 4, "root": root, "reason": "restored"}
    assert said["restored"]["lost"] == {"main": lost}
    assert json.loads((new / "origin.json").read_bytes()) == {"main": lost}


def test_a_checkpoint_that_a_witness_has_tells_what_was_lost(data: Path, backup: Path, tmp_path: Path) -> None:
    trio.run(grow, data, "Dev Roy")
    later = json.loads(matron("backup", "--data", data, "--to", tmp_path / "later", "--json").stdout)
    note = tmp_path / "witnessed.note"
    note.write_text(later["logs"]["main"]["checkpoint"])
    said = restored(tmp_path / "new", "--from", backup, "--checkpoint", note)
    assert said["restored"]["lost"]["main"]["size"] == 5
    assert restored(tmp_path / "whole", "--from", tmp_path / "later", "--checkpoint", note)["restored"]["lost"] == {}


def test_what_an_earlier_restore_has_lost_is_lost_once(data: Path, backup: Path, tmp_path: Path) -> None:
    trio.run(grow, data, "Dev Roy")
    later = json.loads(matron("backup", "--data", data, "--to", tmp_path / "later", "--json").stdout)
    note = tmp_path / "witnessed.note"
    note.write_text(later["logs"]["main"]["checkpoint"])
    lost = restored(tmp_path / "new", "--from", backup, "--checkpoint", note)["restored"]["lost"]["main"]

    async def go_on() -> None:
        async with opened(tmp_path / "new") as engine:
            name = "hospital.example/main/0123456789abcdef"
            begin = BeginOrigin(name, lost["previous"], lost["size"], lost["root"], "restored")
            await engine.ask("main", begin, Principal("audit", "system"))
            await register(engine, "Esha Nair", "Farid Khan")

    trio.run(go_on)
    assert matron("backup", "--data", tmp_path / "new", "--to", tmp_path / "again", "--with-keys").exit_code == 0
    # The log is longer than that checkpoint now, and another one at its size: its new origin says why.
    said = restored(tmp_path / "newer", "--from", tmp_path / "again", "--checkpoint", note)
    assert (said["restored"]["lost"], said["restored"]["logs"][0]["entries"]) == ({}, 7)
    assert "different roots" in refused(tmp_path / "a", "--from", data, "--checkpoint", moved(note, 4))


def moved(note: Path, size: int) -> Path:
    """The same checkpoint, of another size."""
    other = note.with_name(f"{size}.note")
    lines = note.read_text().split("\n")
    lines[1] = str(size)
    other.write_text("\n".join(lines))
    return other


def test_it_goes_on_with_what_was_shipped(data: Path, backup: Path, tmp_path: Path) -> None:
    ids = trio.run(grow, data, "Dev Roy", "Esha Nair")
    trio.run(ship, data, tmp_path / "shipped")
    assert matron("backup", "--data", data, "--to", tmp_path / "keys", "--keys-only", "--with-keys").exit_code == 0
    new = tmp_path / "new"
    said = restored(new, "--from", backup, "--segments", tmp_path / "shipped", "--keys", tmp_path / "keys")
    assert [(log["entries"], log["of_backup"]) for log in said["restored"]["logs"]] == [(6, 4), (5, 3)]
    assert (said["keyless"], said["restored"]["lost"]) == ({}, {})
    for log in ("main", "main.access"):
        assert trio.run(records(new, log)) == trio.run(records(data, log))
    assert lives(new, *ids) == (lives(data)[0], ["Dev Roy", "Esha Nair"])


def test_of_whom_no_key_is_left_is_said_and_the_log_serves(data: Path, backup: Path, tmp_path: Path) -> None:
    [dev] = trio.run(grow, data, "Dev Roy")
    trio.run(ship, data, tmp_path / "shipped")
    said = restored(tmp_path / "new", "--from", backup, "--segments", tmp_path / "shipped")
    assert said["keyless"] == {"main": [dev]}
    assert lives(tmp_path / "new", dev)[1] == ["erased"]


@pytest.mark.parametrize("told_by", ["the segments", "a later backup"])
def test_who_was_erased_since_stays_erased(data: Path, backup: Path, tmp_path: Path, told_by: str) -> None:
    async def erase() -> tuple[str, str]:
        async with opened(data) as engine:
            gone, [stays] = (await register(engine, "Marked Man"))[0], await register(engine, "Dev Roy")
            return gone, stays

    gone, stays = trio.run(erase)
    assert matron("backup", "--data", data, "--to", tmp_path / "before", "--with-keys").exit_code == 0

    async def then() -> None:
        async with opened(data) as engine:
            await engine.ask("main", ErasePatient(patient_id=gone, reason=ErasureReason("asked for in writing")), CLERK)

    trio.run(then)
    trio.run(ship, data, tmp_path / "shipped")
    assert matron("backup", "--data", data, "--to", tmp_path / "after", "--with-keys").exit_code == 0
    # To a moment at which the patient was not erased yet, with keys of then or of now.
    keys = [] if told_by == "the segments" else ["--keys", tmp_path / "after"]
    said = restored(
        tmp_path / "new", "--from", tmp_path / "before", "--segments", tmp_path / "shipped", "--to-position", "6", *keys
    )
    assert said["restored"]["erased"] == {"main": [gone]}
    assert lives(tmp_path / "new", gone, stays)[1] == ["erased", "Dev Roy"]


def test_only_the_hospitals_that_are_meant_are_restored(data: Path, tmp_path: Path) -> None:
    async def second() -> None:
        async with opened(data) as engine:
            await engine.ask("north", AddHospital(hospital_id="north", name="North", time_zone="UTC"), CLERK)

    trio.run(second)
    matron("backup", "--data", data, "--to", tmp_path / "two", "--with-keys")
    assert "say which with --hospital" in refused(tmp_path / "no", "--from", tmp_path / "two", "--to-position", "1")
    restored(tmp_path / "new", "--from", tmp_path / "two", "--hospital", "main")

    async def hospitals() -> tuple[list[str], set[bytes]]:
        async with LmdbReader(tmp_path / "new") as reader:
            names = [b"main\0" + bytes(16), b"north\0" + bytes(16)]
            return await reader.hospitals(), set(await reader.read_keys(names))

    assert trio.run(hospitals) == (["main"], {b"main\0" + bytes(16)})


def test_what_is_not_one_log_is_not_restored(data: Path, backup: Path, tmp_path: Path) -> None:
    trio.run(grow, tmp_path / "other", "Asha Rao", "Bela Sen", "Chand Das", "Dev Roy")
    trio.run(ship, tmp_path / "other", tmp_path / "alien")
    assert "differ" in refused(tmp_path / "a", "--from", backup, "--segments", tmp_path / "alien")
    other = json.loads(matron("backup", "--data", tmp_path / "other", "--to", tmp_path / "b2", "--json").stdout)
    note = tmp_path / "alien.note"
    note.write_text(other["logs"]["main"]["checkpoint"].replace("\n5\n", "\n3\n"))
    assert "is not what" in refused(tmp_path / "c", "--from", backup, "--checkpoint", note)
    file = backup / "log" / "data.mdb"
    file.write_bytes(file.read_bytes().replace(b"RegisterPatient", b"RegisterImpostr"))
    assert "position 2" in refused(tmp_path / "d", "--from", backup)


def test_it_makes_a_new_folder_or_none(backup: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "something").write_text("mine")
    done = matron("restore", "--from", backup, "--data", there)
    assert (done.exit_code, [path.name for path in there.iterdir()]) == (1, ["something"])
    assert "positions 1 to 4" in refused(tmp_path / "a", "--from", backup, "--to-position", "5")
    assert "begins later" in refused(tmp_path / "b", "--from", backup, "--to-time", "2001-01-01T00:00:00Z")
    assert "no log of north" in refused(tmp_path / "c", "--from", backup, "--hospital", "north")
    shutil.rmtree(backup / "keys")
    assert "no subject keys" in refused(tmp_path / "d", "--from", backup)
    both = matron("restore", "--from", backup, "--data", tmp_path / "e", "--to-position", "1", "--to-time", "10:00")
    assert both.exit_code == 2


def test_a_restored_log_says_which_master_key_it_needs(data: Path, tmp_path: Path) -> None:
    matron("backup", "--data", data, "--to", tmp_path / "backup")
    said = restored(tmp_path / "new", "--from", tmp_path / "backup")
    assert said["master_key"]
    shutil.copy(data / "master.key", tmp_path / "new" / "master.key")
    [asha, *_] = trio.run(patients, data)
    assert lives(tmp_path / "new", asha)[1] == ["Asha Rao"]


async def patients(data: Path) -> list[str]:
    async with opened(data) as engine:
        return engine.partitions["main"].book.directory.ids("patients", None, 100)
