"""The reading process: started by who asks first, replaced when it dies, ended when idle and with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio

from engine.errors import Overloaded, Unavailable
from gateway.explorer.answers import AuditDays, AuditTimeline
from gateway.explorer.frames import Asked, Frames, Told, framed
from gateway.explorer.process import AT_ONCE, ReadingProcess
from gateway.problems import Problem
from tests.gateway.explored import day_on_disk
from tests.replay.days import DAY


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("explored") / "data"
    day_on_disk(folder)
    return folder


@asynccontextmanager
async def reading(data: Path, **more: float) -> AsyncIterator[ReadingProcess]:
    process, shutdown = ReadingProcess(data, **more), trio.Event()
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(process.run, shutdown)
            yield process
            shutdown.set()


async def days(process: ReadingProcess) -> AuditDays:
    told = await process.ask("main", "ListAuditDays", {}, 30)
    return msgspec.msgpack.decode(told.result, type=AuditDays)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"


async def test_it_starts_with_the_first_question_is_replaced_when_it_dies_and_ends_with_the_gateway(data: Path):
    async with reading(data, longest=30) as process:
        assert process.starts == 0
        found = await days(process)
        assert [day.date for day in found.items] == [DAY]
        told = await process.ask("main", "GetAuditDay", {"date": DAY}, 30)
        day = msgspec.msgpack.decode(told.result, type=AuditTimeline)
        assert day.last == found.head
        with pytest.raises(Problem, match="nothing here"):
            await process.ask("north", "ListAuditDays", {}, 30)
        async with trio.open_nursery() as nursery:
            for _ in range(AT_ONCE):
                nursery.start_soon(days, process)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(Overloaded):
                await days(process)
        assert process.starts == 1

        os.kill(process.pid, signal.SIGSTOP)
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def waits() -> None:
                with pytest.raises(Unavailable, match="ended meanwhile"):
                    await days(process)

            await trio.testing.wait_all_tasks_blocked()
            os.kill(process.pid, signal.SIGKILL)
        assert (await days(process)).head > 0
        assert process.starts == 2
        assert alive(process.pid)
    assert not alive(process.pid)


async def test_one_that_does_not_answer_is_given_up_and_one_that_nobody_asks_ends(data: Path):
    async with reading(data, longest=30, idle=1.0) as process:
        await days(process)
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(Unavailable, match="in time"):
            await process.ask("main", "ListAuditDays", {}, 0.3)
        while alive(process.pid):
            await trio.testing.wait_all_tasks_blocked(0.05)
        assert process.starts == 1


def test_it_ends_when_its_parent_has_gone_and_says_so_where_there_is_no_log(data: Path, tmp_path: Path):
    command = [sys.executable, "-m", "replay.serving", "--data"]
    asked = framed(Asked(7, "ListAuditDays", "main"))
    with subprocess.Popen([*command, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(asked)
        process.stdin.flush()
        frames, found = Frames(), list[bytes]()
        while not found:
            found = list(frames.take(os.read(process.stdout.fileno(), 65_536)))
        assert msgspec.msgpack.decode(found[0], type=Told).id == 7
        process.stdin.close()  # what its parent's death does
        assert process.wait(20) == 0
    nothing = subprocess.run([*command, str(tmp_path)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert nothing.returncode == 2
    assert b"no log" in nothing.stderr
