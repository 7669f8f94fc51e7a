"""What all tests share: how hypothesis searches, and what becomes of browser tests where there is no browser."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import replaying

LEFT_OUT = pytest.StashKey[int]()

# No deadline: shared machines are slow at times, and a slow example is no wrong one.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# In CI the same examples every time, so that a red run is about the change; elsewhere it goes on exploring.
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")


replaying.install()


def pytest_configure() -> None:
    """No search for rubbish while tests are collected, thousands of them: half of the time went into it, for none."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was collected stays to the end, and need not be looked through again."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def untuned() -> Iterator[None]:
    """A benchmark tunes its process; the engines of the next file must not find it so: they have one task more then."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


SLOW = ("tests/crash/", "tests/simulation/", "tests/perf/", "tests/journeys/", "tests/replay/")
"""Files with tests of many seconds, which begin first: else one process ends with them while the others rest."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Slow files first. Leave the browser's tests out where there is none, and say so at the end; CI demands them."""
    items.sort(key=lambda item: next((at for at, folder in enumerate(SLOW) if folder in item.nodeid), len(SLOW)))
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out and os.environ.get("TESTS_NEED_BROWSER"):
        raise pytest.UsageError("the browser tests cannot run: there is no chromium")
    items[:] = [item for item in items if item not in left_out]
    config.stash[LEFT_OUT] = len(left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say plainly what did not run."""
    if left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.section("no browser", red=True)
        terminalreporter.line(f"{left_out} browser tests did NOT run: install chromium (apt-get install chromium).")
