"""The demo's wards over a living engine: an hour in which whatever is asked is done or refused by a rule."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import msgspec
import trio
from trio.testing import MockClock

from engine.errors import Rejected
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryDisk
from engine.views.staff import GetRoster
from engine.views.wards import ListBeds
from gateway.arrivals import day_of
from gateway.demo import ADMIN, CLERK, COMMANDS, LABORATORY
from gateway.demo_wards import STAFF, Inpatients
from tests.engine.living import TrioClock, living, read


async def test_in_the_demos_wards_patients_come_lie_in_beds_and_leave(autojump_clock: MockClock):
    done: Counter[str] = Counter()
    async with living(MemoryDisk()) as engine:

        async def do(who: Principal, name: str, /, **fields: Any) -> dict[str, Any] | None:
            try:
                reply = await engine.ask("main", COMMANDS[name](**fields), who)
            except Rejected:
                return None
            done[name] += 1
            return dict(msgspec.msgpack.decode(reply.body)) if reply.body else {}

        wards = Inpatients(partial(do, ADMIN), partial(do, CLERK), TrioClock(), 1)
        laboratory = await do(ADMIN, "AddService", name="Laboratory", settings=LABORATORY)
        assert laboratory is not None
        await wards.open([one.name for one in day_of(1, 40)], laboratory["id"])
        with trio.move_on_after(900):
            await wards.live()
        assert all(done[name] > 5 for name in ("AdmitPatient", "DischargePatient", "CleanBed", "CreateReferral"))
        beds = read(await engine.view("main", ListBeds(), ADMIN))["items"]
        assert any(bed["state"] == "occupied" for bed in beds)
        roster = read(await engine.view("main", GetRoster(), ADMIN))
        assert len(roster["items"]) == len(STAFF)
        assert any(one["load"] for one in roster["items"])
