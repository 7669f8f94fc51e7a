"""Matron beside other stacks: the same load for each, ratios with their targets, and a reason for what is left out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from perf.baselines.stack import Plan, Running
from perf.figures import Incorrect
from perf.load.plan import Settings
from perf.load.scenario import Compared, Context
from perf.scenarios import baselines
from tests.perf.stand_in import stand_in


class Other:
    """A stack that does nothing but answer."""

    def __init__(self, *, missing: str = "", forgets: int = 0, broken: bool = False) -> None:
        self._missing = missing
        self._forgets = forgets
        self._broken = broken

    def missing(self) -> str:
        return self._missing

    @asynccontextmanager
    async def running(self, folder: Path, plan: Plan, tell: object) -> AsyncIterator[Running]:
        if self._broken:
            raise OSError("no room")
        async with stand_in() as served:
            bodies = [f'{{"patient_id":"{n}"}}' for n in range(plan.patients)]
            yield Running("other", served.port, "/tokens/", bodies, (), {"version": "1"}, plan, folder)

    async def booked(self, running: Running) -> dict[str, int]:
        return {"slot": running.plan.patients - self._forgets}


async def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **stacks: Other) -> Compared:
    monkeypatch.setattr(baselines, "STACKS", stacks)
    settings = Settings(connections=5)
    context = Context(folder=tmp_path, settings=settings, repeats=1, quick=True, tell=lambda what: None, any_disk=True)
    return await baselines.measure(context)


async def test_each_stack_is_measured_in_turn_with_matron_and_judged_by_its_ratio(tmp_path, monkeypatch):
    found = await beside(tmp_path, monkeypatch, django=Other(), fastapi=Other())
    rows = {row.name: row for row in found.rows}
    for name in ("django", "fastapi"):
        for kind in baselines.QUICK:
            for way in baselines.MATRON:
                ours, theirs = rows[f"{way}, {kind.name}"], rows[f"{name}, {kind.name}"]
                ratio = rows[f"{way} by {name}, {kind.name}"]
                assert ratio.median == pytest.approx(ours.median / theirs.median)
                assert ratio.target is not None
                assert ratio.target.value == kind.aims[name]
                assert ratio.verdict
    assert found.about["django"] == {"version": "1"}
    assert found.left_out == {}
    assert [kind.aims for kind in baselines.KINDS] == [
        {"django": 15.0, "fastapi": 2.5}, {"django": 30.0, "fastapi": 2.5},
    ]  # fmt: skip


async def test_what_is_not_installed_or_does_not_start_is_left_out_with_the_reason(tmp_path, monkeypatch):
    found = await beside(tmp_path, monkeypatch, django=Other(missing="Install PostgreSQL."), fastapi=Other(broken=True))
    assert found.left_out["django"] == "Install PostgreSQL."
    assert "no room" in found.left_out["fastapi"]
    assert {row.name.partition(",")[0] for row in found.rows} == set(baselines.MATRON)


async def test_a_stack_that_lost_a_booking_spoils_the_run(tmp_path, monkeypatch):
    with pytest.RaisesGroup(
        pytest.RaisesExc(Incorrect, match="60 were acknowledged, 59 are booked"),
        allow_unwrapped=True,
        flatten_subgroups=True,
    ):
        await beside(tmp_path, monkeypatch, fastapi=Other(forgets=1))
