"""A day of a desk in a data folder on a real disk, signed as it came; and its stored records, to be read or altered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import trio
from click.testing import CliRunner, Result

from engine.decider import FreeText
from engine.decisions.cancel_token import CancelToken
from engine.decisions.hospital import AddHospital
from engine.errors import Rejected
from engine.eventlog.checkpoint import LocalSigner, Verifier
from engine.eventlog.lmdb_store import LmdbStore
from engine.notary import CheckpointSettings, Seal
from engine.runtime import EngineSettings, open_engine
from replay.__main__ import main
from replay.verifying import PUBLIC_FILE
from tests.engine.living import CLERK, START, TrioClock
from tests.golden.story import Story
from tests.replay.planting import day

NAME = "hospital.example"
SIGNER = LocalSigner(bytes(range(32)))
KEY = Verifier(f"{NAME}/main", SIGNER.key).text()


async def write(data: Path, more: Callable[[Story], Any] = day) -> None:
    """What happens at the desk, in ``data``; a hospital is made where there is none."""
    store = LmdbStore(data, allow_any_filesystem=True)
    settings = EngineSettings(seal=Seal(NAME, SIGNER, CheckpointSettings(entries=20)))
    clock = TrioClock(START - int(trio.current_time() * 1_000_000))  # trio's real clock begins anywhere
    async with open_engine(store, clock=clock, settings=settings) as engine:
        await engine.until_ready()
        if not await store.hospitals():
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="Asia/Kolkata"), CLERK)
        await more(Story(engine))
    (data / PUBLIC_FILE).write_text(Verifier(NAME, SIGNER.key).text() + "\n")


async def refuse(desk: Story) -> None:
    """The day, and a command that is refused."""
    await day(desk)
    doctor = await desk.doctor("Dermatology")
    token = await desk.book(await desk.slot(doctor, 60, 1))
    await desk.say(CancelToken(token_id=token))
    try:
        await desk.say(CancelToken(token_id=token, reason=FreeText("again")))
    except Rejected:
        return
    raise AssertionError("a token is cancelled once")


def told(data: Path, *arguments: str) -> Result:
    """``matron-replay`` with these arguments on this log."""
    return CliRunner().invoke(main, [*arguments, "--data", str(data)])


def answer(data: Path, *arguments: str, code: int = 0) -> Any:
    """What it prints as JSON, and that it ends with this code."""
    result = told(data, *arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def rows(data: Path, *arguments: str) -> list[Any]:
    """The JSON Lines that it prints."""
    result = told(data, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def alter(data: Path, name: bytes, change: Callable[[bytes, bytes], bytes | None]) -> None:
    """Put another value (``None``: none) in the place of each of a database of the log."""
    with lmdb.open(str(data / "log"), max_dbs=64, lib_version=0, map_size=1 << 30) as env:
        db = env.open_db(name, create=False)
        with env.begin(write=True, db=db) as txn:
            for key, value in list(txn.cursor()):
                other = change(bytes(key), bytes(value))
                if other is None:
                    txn.delete(key)
                elif other != value:
                    txn.put(key, other)


def fresh(data: Path, more: Callable[[Story], Any] = refuse) -> Path:
    """A data folder in which that has happened, after a start and a stop before it: so there are two checkpoints."""
    trio.run(write, data, lambda desk: desk.doctor("Cardiology"))
    trio.run(write, data, more)
    return data
