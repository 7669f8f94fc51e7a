"""Whatever is done to a log is found by the independent verifier, and nothing is found in a log as it was written.

Every byte of a segment is covered: kinds and lengths by what follows them, headers by what is before them, entries by
their hashes, checkpoints by signatures and by the mark that they stand behind. So there is no alteration without a
meaning, and one counts unless it leaves all bytes as they were.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from trio.testing import MockClock

from tests.replay.alterations import ALTERATIONS
from tests.replay.shipped_logs import Log, checked, found, written


async def many_logs(count: int, seed: int, folder: Path) -> list[Log]:
    logs = list[Log]()
    while len(logs) < count:
        some = min(8, count - len(logs))
        logs += await written(
            Random(seed + len(logs)), [f"h{number}" for number in range(some)], folder / f"{len(logs)}"
        )
    return logs


def find_all(alterations: int, logs: list[Log], folder: Path) -> None:
    rng, done, missed = Random(7), Counter[str](), list[str]()
    while done.total() < alterations:
        log, other = rng.sample(logs, 2)
        alteration = ALTERATIONS[done.total() % len(ALTERATIONS)]
        files = alteration(rng, log, other)
        if files == log.files:
            continue
        done[alteration.__name__] += 1
        if files and not found(folder, log, files):  # with no file left at all there is nothing to verify
            missed.append(f"{alteration.__name__} ({done.total()})")
    assert not missed
    assert len(done) == len(ALTERATIONS)


def find_nothing(logs: list[Log], folder: Path) -> None:
    for log in logs:
        [check] = checked(folder, log)
        assert check.findings == []
        assert check.size == check.signed == check.witnessed


async def test_three_hundred_alterations_are_found_and_nothing_in_forty_logs(autojump_clock: MockClock, tmp_path: Path):
    logs = await many_logs(40, 1, tmp_path / "written")
    find_nothing(logs, tmp_path / "checked")
    find_all(300, logs[:8], tmp_path / "checked")


@pytest.mark.long
async def test_ten_thousand_alterations_are_found(autojump_clock: MockClock, tmp_path: Path):
    find_all(10_000, await many_logs(80, 1_000, tmp_path / "written"), tmp_path / "checked")


@pytest.mark.long
async def test_in_a_thousand_logs_as_they_were_written_nothing_is_found(autojump_clock: MockClock, tmp_path: Path):
    find_nothing(await many_logs(1_000, 5_000, tmp_path / "written"), tmp_path / "checked")
