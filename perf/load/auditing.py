"""An auditor who follows the live log, by turns there and not there, while a load goes on.

The auditor is a process of its own, ``matron-replay log --follow``; what it prints goes nowhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL
from typing import Final

import trio

from perf.figures import Incorrect
from perf.runs import Spell

_BLOCK: Final = 512


async def audit(data: Path, hospital: str, seconds: float, begun: float, spells: list[Spell]) -> None:
    """Alternate until cancelled, nobody there first; a spell is told once it is over."""
    followed = False
    file = trio.Path(data / "log" / "data.mdb")
    while True:
        begin, before = trio.current_time() - begun, (await file.stat()).st_blocks * _BLOCK
        if followed:
            async with follower(data, hospital) as process:
                await trio.sleep(seconds)
                if process.poll() is not None:
                    raise Incorrect(f"the auditor ended by itself, with status {process.returncode}")
        else:
            await trio.sleep(seconds)
        after = (await file.stat()).st_blocks * _BLOCK
        spells.append(Spell(begin=begin, end=trio.current_time() - begun, followed=followed, grown=after - before))
        followed = not followed


@asynccontextmanager
async def follower(data: Path, hospital: str) -> AsyncGenerator[trio.Process, None]:
    """The auditor, for as long as the block."""
    command = [sys.executable, "-m", "replay", "log", "--data", os.fspath(data), "--hospital", hospital]
    process = await trio.lowlevel.open_process([*command, "--follow", "--json"], stdout=DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
