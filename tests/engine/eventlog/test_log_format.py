"""What ``docs/log-format.md`` says of the log, done with its own code: LMDB and MessagePack, nothing of ours."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio

from engine.decisions.hospital import AddHospital
from engine.eventlog.entry import Change, Entry, Refusal
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from tests.engine.living import CLERK, patient

DOCUMENT = Path(__file__).parents[3] / "docs" / "log-format.md"


async def written(data: Path) -> None:
    """A log on a real disk."""
    async with open_engine(LmdbStore(data, allow_any_filesystem=True)) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        async with trio.open_nursery() as nursery:  # committed together, so they share a frame
            for key in "kl":
                nursery.start_soon(partial(engine.ask, "main", patient(), CLERK, key=key))


def test_the_documents_own_program_reads_a_log(tmp_path: Path):
    trio.run(written, tmp_path / "data")
    [program] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = ran.stdout.splitlines()
    names = ["AddHospital", "RegisterPatient", "RegisterPatient"]
    assert [line.split()[:2] for line in lines] == [[str(n), name] for n, name in enumerate(names, 1)]
    assert "patient:" in lines[2]


def test_the_document_names_every_field_of_an_entry_and_a_change():
    text = DOCUMENT.read_text("utf-8")
    kinds: list[Any] = [Entry, Change, Refusal]
    for kind in kinds:
        for field in msgspec.structs.fields(kind):
            assert f"`{field.encode_name}`" in text, f"{kind.__name__}.{field.encode_name}"
