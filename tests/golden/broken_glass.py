"""An eighth story of version 1: somebody breaks the glass twice, and others see to it, or the clock does."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from engine.decider import FreeText
from engine.decisions.alerts import AcknowledgeAlert, CloseAlert
from engine.decisions.break_glass import NoteBreakGlass
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from tests.engine.living import CLERK, living, read
from tests.golden.story import MINUTE, Corpus

CORPUS = Path(__file__).with_name("version-1-broken-glass.msgpack")
NURSE = Principal("user:bela", "auditor+break-glass", "10.0.0.7", "r-1")
DOCTOR = Principal("user:chand", "clinician+break-glass", "10.0.0.8", "r-2")


async def tell(engine: Engine) -> None:
    """Two people, three reasons; one alert is closed, the other is over after a day."""

    async def broke(who: Principal, why: str) -> None:
        await engine.ask("main", NoteBreakGlass(reason=FreeText(why)), who)

    await broke(NURSE, "the only doctor on duty is in theatre")
    alerts = engine.partitions["main"].state("alerts:self").open
    [first] = alerts
    await engine.ask("main", AcknowledgeAlert(alert_id=first, note=FreeText("seen from home")), CLERK)
    await trio.sleep(40 * MINUTE)
    await broke(NURSE, "and now a child is choking")
    await broke(DOCTOR, "nobody answers the telephone")
    closed = read(await engine.ask("main", CloseAlert(alert_id=first, note=FreeText("it was right")), CLERK))
    assert closed["times"] == 2
    await trio.sleep(25 * 60 * MINUTE)
    assert not alerts


async def corpus() -> Corpus:
    """Tell the story and keep what it wrote."""
    disk = MemoryDisk()
    async with living(disk) as engine:
        await tell(engine)
    return Corpus(disk.entries["main"], disk.keys)


def written() -> Corpus:
    """The corpus as told now."""
    return trio.run(corpus, clock=MockClock(autojump_threshold=0))
