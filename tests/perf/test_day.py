"""A simulated day: the same seed gives the same day in any process, and the day is one that a hospital would know."""

from __future__ import annotations

import os
import subprocess
import sys

import trio._core._run as scheduler

from perf.day import live, told
from perf.virtual import SWITCH


def printed(seed: int) -> str:
    """What ``matron-perf day`` prints in a process of its own, which hashes otherwise."""
    command = [sys.executable, "-m", "perf", "day", "--seed", str(seed), "--patients", "25"]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_same_seed_gives_the_same_day_in_another_process_and_another_seed_another_day() -> None:
    seventh = told(live(7, 25))
    assert printed(7) == seventh + "\n"
    assert told(live(8, 25)) != seventh


def test_a_day_adds_up() -> None:
    day = live(3, 100)
    total = day.report["totals"]
    assert sum(total["by_status"].values()) == sum(total["by_category"].values()) == total["tokens"] > 50
    assert total["by_status"]["CONFIRMED"] == 0
    assert total["by_status"]["COMPLETED"] == total["waits"]["count"] > 30
    assert total["by_status"]["NO_SHOW"] > 0
    assert total["delays"]["max"] == 20.0
    assert f"{day.entries} entries" in told(day)


def test_the_scheduler_still_has_the_switch_that_the_seed_needs() -> None:
    assert SWITCH in vars(scheduler)
