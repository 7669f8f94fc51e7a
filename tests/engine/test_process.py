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


def test_what_is_allowed_already_is_left_alone() -> None:
    assert limits_after(1_024, 1_024) == "1024 1024"
