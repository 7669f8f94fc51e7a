"""How a process is set up: looked at in one of its own, for what is set stays set."""

from __future__ import annotations

import subprocess
import sys

TUNED = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
from engine.process import tune_process
tune_process()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def limits_after(soft: int, hard: int) -> str:
    program = TUNED.format(soft=soft, hard=hard)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_as_many_files_may_be_open_as_the_system_allows() -> None:
    assert limits_after(256, 2_048) == "2048 2048"


KEPT = """
import gc
from engine.process import Collector, GC_THRESHOLDS, tune_process
tune_process()
collector = Collector()
with collector:
    during = gc.get_threshold()
    before = gc.get_freeze_count()
    kept = [[] for _ in range(300_000)]
    due = collector.due
    collector.tidy()
    more = gc.get_freeze_count() - before > 300_000
    print(during[:2] == GC_THRESHOLDS[:2], during[2] > 1_000_000, due, collector.due, more)
print(gc.get_threshold() == GC_THRESHOLDS, gc.callbacks == [])
"""


def test_all_objects_are_looked_through_by_tidying_only_while_an_engine_lives() -> None:
    told = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ["True True True False True", "True True"]


def test_what_is_allowed_already_is_left_alone() -> None:
    assert limits_after(1_024, 1_024) == "1024 1024"
