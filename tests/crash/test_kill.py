"""kill -9 under load, again and again on one log: what was acknowledged is there, what was not applied is not.

After each kill the server starts on what the disk holds. Now and then it is killed while it is still reading its
log, frozen until deadlines have passed, or stopped in order, so that the next start reads a snapshot.
"""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import trio

from tests.crash.house import open_house
from tests.crash.storm import Answer, Ledger
from tests.crash.struck import StruckServer, struck
from tests.serving import replay_check


async def strike(server: StruckServer, ledger: Ledger, chance: Random, freeze: bool) -> None:
    """Let the storm rage for a moment, then kill."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ledger.storm, server.url)
        await trio.sleep(chance.uniform(0.05, 0.8))
        if freeze:
            server.send(signal.SIGSTOP)
            await trio.sleep(1.3)  # beyond the deadline of those who wait for a second
            server.send(signal.SIGCONT)
            await trio.sleep(chance.uniform(0.0, 0.1))
        server.kill()


def endure(tmp_path: Path, kills: int, seed: int, *more: str) -> Ledger:
    """So many kills on one log; the ledger of them all. ``more``: flags of the server."""
    chance = Random(seed)
    with struck(tmp_path / "data", *more) as server:
        ledger = Ledger(open_house(server), chance)
        for number in range(kills):
            since = len(ledger.deeds)
            trio.run(strike, server, ledger, chance, number % 8 == 3)
            if number % 7 == 2:
                server.start_and_kill(chance.uniform(0.0, 1.0))
            server.start()
            trio.run(ledger.settle, server.url, since)
            if number % 10 == 9:
                assert server.stop() == 0
                server.start()
        assert server.stop() == 0
    ledger.verify_log(tmp_path / "data")
    checked = replay_check(tmp_path / "data")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    found = json.loads(checked.stdout)
    assert found["equal"] is True
    assert found["sound"] is True
    assert found["hospitals"][0]["appointments"] > 0
    assert found["hospitals"][0]["admissions"] > 0
    return ledger


def test_thirty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path):
    ledger = endure(tmp_path, 30, 1)
    answers = [deed.answer for deed in ledger.deeds if deed.answer is not None]
    assert sum(answer.accepted for answer in answers) > 500
    assert sum(answer.not_applied for answer in answers) > 0
    assert ledger.repeated > 500
    accepted = next(deed for deed in ledger.deeds if deed.answer is not None and deed.answer.accepted)
    for forged in (replace(accepted, key="never sent"), replace(accepted, answer=Answer(409, {}, 0, False))):
        ledger.deeds.append(forged)  # the ledger would notice a deed that was lost, and one that came to life
        with pytest.raises(AssertionError, match="stands at"):
            ledger.verify_log(tmp_path / "data")
        ledger.deeds.pop()


def test_kills_of_an_engine_behind_gateway_processes_lose_nothing_either(tmp_path: Path):
    ledger = endure(tmp_path, 5, 2, "--workers", "2")
    assert sum(deed.answer is not None and deed.answer.accepted for deed in ledger.deeds) > 100


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 20))
def test_three_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path: Path, seed: int):
    endure(tmp_path, 30, seed, *(("--workers", "2") if seed % 5 == 4 else ()))
