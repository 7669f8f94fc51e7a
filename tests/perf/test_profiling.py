"""A profile is what the profiler saw, or why it saw nothing."""

from __future__ import annotations

import os
from pathlib import Path

from perf import profiling
from perf.profiling import called, permission, profiler, read, record
from perf.runs import Profile

FOLDED = """
main (gateway/__main__.py:40);run (/x/site-packages/trio/_core/_run.py:9);send (/src/gateway/door/door.py:7) 30
main (gateway/__main__.py:40);run (/x/site-packages/trio/_core/_run.py:9);decide (/src/engine/actors/slot.py:1) 10
main (gateway/__main__.py:40);run (/x/site-packages/trio/_core/_run.py:8) 10
process 7;thread 9;write (/src/engine/eventlog/lmdb_store.py:3);commit (lmdb/cpython.c) 50
"""


def test_functions_have_what_they_took_themselves_and_with_what_they_called():
    seen = read(FOLDED.splitlines(), 2.0)
    assert seen.samples == 100
    by_name = {one.name: (one.own, one.total) for one in seen.functions}
    assert by_name["send (gateway/door/door.py)"] == (0.3, 0.3)
    assert by_name["run (trio/_core/_run.py)"] == (0.1, 0.5), "two lines of one function are one"
    assert by_name["main (gateway/__main__.py)"] == (0.0, 0.5)
    assert [one.own for one in seen.functions[:4]] == [0.5, 0.3, 0.1, 0.1]
    assert seen.paths[0].name.endswith("write (engine/eventlog/lmdb_store.py) → commit (lmdb/cpython.c)")


def test_every_sample_belongs_to_one_part_of_the_program():
    seen = read(FOLDED.splitlines(), 2.0)
    assert {one.name: one.total for one in seen.areas} == {
        "disk: LMDB and its writer": 0.5, "front door": 0.3, "rules: deciding and evolving": 0.1, "scheduler": 0.1,
    }  # fmt: skip


def test_a_server_that_did_nothing_has_no_profile_but_a_reason():
    assert read([], 1.0).missing == "the profiler saw the server do nothing"


def test_names_of_frames_lose_where_they_are_installed():
    assert called("f (/home/x/.venv/lib/python3.11/site-packages/starlette/routing.py:3)") == "f (starlette/routing.py)"
    assert called("f (/usr/lib/python3.11/json/decoder.py:3)") == "f (json/decoder.py)"
    assert called("something else") == "something else"


async def recorded(pid: int | None, folder: Path) -> Profile:
    found: list[Profile] = []
    await record(pid, 1.0, folder, found)
    [profile] = found
    return profile


async def test_without_the_profiler_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(profiling, "profiler", lambda: None)
    assert "pip install 'matron[perf]'" in (await recorded(os.getpid(), tmp_path)).missing


async def test_a_server_elsewhere_cannot_be_looked_into(tmp_path):
    assert "not this machine's" in (await recorded(None, tmp_path)).missing


async def test_a_process_that_is_gone_is_told_with_what_would_be_needed(tmp_path):
    assert profiler() is not None, "the extra `test` has it"
    gone = await recorded(2**22 - 1, tmp_path)
    assert "py-spy could not look into the server" in gone.missing
    assert permission() in gone.missing
