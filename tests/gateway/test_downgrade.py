"""A log that a newer program wrote is refused before anything is written, and says what to do."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec
import pytest
import trio
from click.testing import CliRunner

from engine.clock import SystemClock
from engine.decider import PersonName
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import RegisterPatient
from engine.errors import LogCorrupt
from engine.eventlog import lmdb_reads
from engine.eventlog.entry import FORMAT, RULEBOOK, Codec, checked
from engine.eventlog.keys import Keyring
from engine.eventlog.lmdb_store import LmdbStore
from engine.recovery import EVENTS
from engine.runtime import open_engine
from gateway.__main__ import BAD_LOG, main
from gateway.checking import refuse_newer
from tests.engine.living import CLERK
from tests.golden.story import CORPUS, Corpus


async def written(data: Path) -> None:
    store = LmdbStore(data, allow_any_filesystem=True)
    async with open_engine(store, clock=SystemClock()) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        await engine.ask("main", RegisterPatient(name=PersonName("Asha")), CLERK)


def bytes_of(data: Path) -> dict[str, str]:
    """A hash of every file but the readers' table, which holds no data."""
    files = (Path(folder, name) for folder, _, names in os.walk(data) for name in names)
    return {str(one): hashlib.sha256(one.read_bytes()).hexdigest() for one in files if one.name != "lock.mdb"}


@pytest.mark.parametrize(
    ("what", "newer", "why"),
    [
        ("RULEBOOK", RULEBOOK + 1, f"rule book {RULEBOOK + 1} is newer"),
        ("FORMAT", FORMAT + 1, f"entry format {FORMAT + 1} is not known"),
    ],
)
def test_what_a_newer_program_decided_is_refused_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, newer: int, why: str
) -> None:
    with monkeypatch.context() as tomorrow:
        for module in ("engine.partition", "engine.eventlog.entry"):
            tomorrow.setattr(f"{module}.{what}", newer)
        trio.run(written, tmp_path)
    before = bytes_of(tmp_path)
    for command in (["serve", "--dev", "--bind", "127.0.0.1:0"], ["check", "--dev"]):
        refused = CliRunner().invoke(main, [*command, "--data", str(tmp_path)])
        assert refused.exit_code == BAD_LOG, refused.output
        assert why in refused.stderr
        assert "newer program wrote this log" in refused.stderr
        assert bytes_of(tmp_path) == before


def test_a_store_of_a_newer_form_is_refused_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as tomorrow:
        tomorrow.setattr("engine.eventlog.lmdb_store.FORMAT", b"matron-log 9")
        tomorrow.setattr("engine.eventlog.lmdb_reads.KNOWN", (*lmdb_reads.KNOWN, b"matron-log 9"))
        trio.run(written, tmp_path)
    before = bytes_of(tmp_path)
    refused = CliRunner().invoke(main, ["serve", "--dev", "--bind", "127.0.0.1:0", "--data", str(tmp_path)])
    assert refused.exit_code == BAD_LOG
    assert "matron-log 9" in refused.stderr
    assert bytes_of(tmp_path) == before


async def test_a_log_of_today_and_a_folder_without_one_are_let_through(tmp_path: Path) -> None:
    await refuse_newer(tmp_path)
    await written(tmp_path)
    await refuse_newer(tmp_path)


def test_an_event_that_is_not_known_is_said_to_be_a_newer_programs() -> None:
    kept = msgspec.msgpack.decode(CORPUS.read_bytes(), type=Corpus)
    keys = Keyring("main", bytes)
    keys.adopt(kept.keys)
    data = checked(kept.records[1]).replace(b"DoctorAdded", b"DoctorTamed")
    with pytest.raises(LogCorrupt, match=r"DoctorTamed.*a newer program wrote this log"):
        Codec(EVENTS, keys).decode(data)
