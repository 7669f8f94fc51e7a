"""The simulation finds what it is there to find: each planted bug, in a few seeds that hold without it."""

from __future__ import annotations

import re

import pytest

from tests.simulation import planted
from tests.simulation.planted import Planting
from tests.simulation.simulation import simulate

SEEDS = range(20)


def test_without_a_planted_bug_these_seeds_hold():
    assert [outcome.fault for seed in SEEDS if (outcome := simulate(seed)).fault] == []


@pytest.mark.parametrize(
    ("planting", "told"),
    [
        (planted.answer_before_commit, "durable is"),
        (planted.partner_not_evolved, "the day of its patient says|active tokens|not what the log says"),
        (planted.abandoned_command_applied, "was answered not_applied; position"),
        (planted.retry_decided_twice, "and again at"),
        (planted.timer_fired_twice, "though the next is due"),
        (planted.room_not_evolved, "which does not know it|not what the log says|live states differ.*room:"),
        (planted.freed_room_kept_back, "waits for a room, and room .* is free"),
        (planted.room_without_memory, "BookAppointment met a fault|HoldRoom met a fault|at one time"),
        (planted.ward_not_evolved, "which says|not what the log says|live states differ.*ward:|have a bed"),
        (planted.bed_free_without_housekeeping, "to unoccupied by BedVacated|nobody has cleaned"),
        (planted.bed_given_twice, "from occupied to occupied|lies in|which says"),
        (planted.head_skipped, "waits, and .* free|was served before"),
        (planted.load_not_released, "do not say the same|and is had by|met a fault"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_bug_is_found(planting: Planting, told: str):
    with planting():
        assert any(re.search(told, simulate(seed).fault) for seed in SEEDS)
