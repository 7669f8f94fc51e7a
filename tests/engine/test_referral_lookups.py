"""What a page of referrals looks at: its rows, the people and places they name, and nothing that grows with others."""

from __future__ import annotations

from typing import Any

import pytest
from trio.testing import MockClock

from engine.decider import DAY
from engine.decisions.referrals import CancelReferral
from engine.eventlog.entry import Principal
from engine.reading import StateReader
from engine.recovery import ARCHIVED
from engine.views import QUERIES
from engine.views.referral_lists import SEARCHED, ListPractitionerReferrals, ListReferrals, ListTechnicianReferrals
from tests.engine.laboratories import ADMIN, Laboratories, laboratories, staff
from tests.engine.living import START, TrioClock, living, patient

ADA, BELL = "Dr. Ada", "Dr. Bell"
PAGE = 10


class Counting(StateReader):
    """Counts what a query looks at. ``kinds``: of which kinds."""

    def __init__(self, here: Laboratories, who: Principal) -> None:
        super().__init__(here.engine.partitions["main"], 0, who)
        self.keys: set[str] = set()
        self.looks = 0

    def look(self, key: str) -> Any | None:
        self.looks += 1
        self.keys.add(key)
        return super().look(key)

    def of(self, kind: str) -> int:
        return sum(key.startswith(f"{kind}:") for key in self.keys)


def looked(here: Laboratories, query: Any, who: Principal) -> Counting:
    reader = Counting(here, who)
    QUERIES[type(query)](reader, query)
    return reader


async def test_a_page_looks_at_as_much_among_many_as_among_few(autojump_clock: MockClock):
    asked = [
        (ListTechnicianReferrals(limit=PAGE), staff("tess")),
        (ListTechnicianReferrals(limit=PAGE, sort="time", status="Pending"), staff("tess")),
        (ListTechnicianReferrals(limit=PAGE, sort="doctor"), staff("tess")),
        (ListPractitionerReferrals(limit=PAGE), staff(ADA)),
        (ListReferrals(limit=PAGE), ADMIN),
    ]
    counts: list[list[int]] = []
    async with laboratories() as here:
        for more in (3 * PAGE, 27 * PAGE):
            for n in range(more):
                await here.refer(ADA if n % 2 else BELL, "North", of=f"Patient {n % PAGE}")
            readers = [looked(here, query, who) for query, who in asked]
            counts.append([reader.looks for reader in readers])
            for reader in readers:
                assert reader.of("referral") == PAGE
                assert reader.of("patient") <= PAGE
                assert len(reader.keys) <= 2 * PAGE + 5, "two practitioners, a facility, who asks, and the hospital"
    assert counts[0] == counts[1]


async def test_what_is_asked_for_by_id_or_reference_costs_one_row(autojump_clock: MockClock):
    async with laboratories() as here:
        made = [await here.refer(ADA, "North", of=f"Patient {n}") for n in range(3 * PAGE)]
        for text in (made[7]["id"], made[7]["reference"], here.patients["Patient 7"]):
            reader = looked(here, ListTechnicianReferrals(search=text), staff("tess"))
            assert (reader.of("referral"), reader.of("patient")) == (1, 1)


async def test_a_search_by_name_looks_at_so_many_and_says_that_there_are_more(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
):
    assert SEARCHED == 2_000
    monkeypatch.setattr("engine.views.referral_lists.SEARCHED", PAGE)
    async with laboratories() as here:
        made = [await here.refer(ADA, "North", of="Jane Doe" if n in (1, 2, 14) else "John Roe") for n in range(25)]
        reader = looked(here, ListTechnicianReferrals(search="jane"), staff("tess"))
        assert reader.of("referral") == PAGE + 1, "one more, to know that there are more"
        found: list[str] = []
        cursor, pages = None, 0
        while pages == 0 or cursor is not None:
            page = await here.at_work("tess", search="jane", cursor=cursor)
            assert page["summary"]["exact"] is False
            found, cursor, pages = found + [row["id"] for row in page["items"]], page["next_cursor"], pages + 1
        assert found == [made[14]["id"], made[2]["id"], made[1]["id"]], "pages may be short, and none is left out"
        assert pages == 3


async def test_what_left_memory_comes_back_many_at_a_time(autojump_clock: MockClock):
    async with laboratories() as here:
        made = [await here.refer(ADA, "North", of=f"Patient {n % PAGE}") for n in range(12 * PAGE)]
        for one in made:
            await here.ask(CancelReferral(referral_id=one["id"]))
        before = await here.at_work("tess", search="patient 3", sort="time")
        disk = here.disk
    disk.rounds.clear()  # the next is of everything, and leaves out what is over
    later = TrioClock(START + 400 * DAY)
    async with living(disk, clock=later) as engine:
        await engine.ask("main", patient(), ADMIN)
    async with living(disk, clock=later) as engine:
        again = Laboratories(engine, disk, later)
        archived = [one for one in made if engine.partitions["main"].book.cells[f"referral:{one['id']}"] is ARCHIVED]
        assert archived == made
        assert await again.at_work("tess", search="patient 3", sort="time") == before
        assert engine.load()["caches"]["states"]["misses"] <= 3


async def test_a_sum_costs_no_look_at_any_referral(autojump_clock: MockClock):
    async with laboratories() as here:
        for _ in range(PAGE):
            await here.refer(ADA, "North")
        reader = looked(here, ListTechnicianReferrals(status="Received"), staff("tess"))
        assert reader.of("referral") == 0
