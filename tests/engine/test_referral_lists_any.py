"""Whatever happened to referrals: every list, page by page, and every sum is what a look at each of them says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from trio.testing import MockClock

from engine import calendar
from engine.actors.referral.state import TRANSITIONS, Referral
from engine.decider import FreeText
from engine.decisions.referral_tests import UpdateTestStatus
from engine.decisions.referrals import CancelReferral, DeclineReferral, RedirectReferral
from engine.errors import Rejected
from engine.views.referral_lists import ListPractitionerReferrals, ListReferrals, ListTechnicianReferrals
from tests.engine.laboratories import ADMIN, Laboratories, laboratories, staff

BRANCHES = ("North", "South", "West")
DOCTORS = ("Dr. Ada", "Dr. Bell", "aaron")
PATIENTS = ("Jane Doe", "John Bell", "Asha Rao")
WHY = FreeText("for a reason")


async def something(here: Laboratories, chance: Random, made: list[str]) -> None:
    """One thing that may become of a referral, or be refused."""
    if not made or chance.random() < 0.3:
        tests = chance.sample(list(here.tests), chance.randint(1, 2))
        one = await here.refer(chance.choice(DOCTORS), chance.choice(BRANCHES), tests, chance.choice(PATIENTS))
        made.append(one["id"])
        return
    id = chance.choice(made)
    here.clock.step += 1
    try:
        match chance.randrange(8):
            case 0:
                await here.ask(CancelReferral(referral_id=id))
            case 1:
                await here.ask(DeclineReferral(referral_id=id, reason=WHY))
            case 2 | 3:
                branch = here.branches[chance.choice(BRANCHES)]
                await here.ask(RedirectReferral(referral_id=id, branch_id=branch))
            case _:
                test = chance.choice(list(state_of(here, id).tests.values()))
                to = chance.choice(TRANSITIONS[test.status] or ("Pending",))
                await here.ask(UpdateTestStatus(referral_id=id, referral_test_id=test.id, status=to, reason=WHY))
    except Rejected:
        pass


def state_of(here: Laboratories, id: str) -> Referral:
    cell = here.engine.partitions["main"].book.cell(f"referral:{id}")
    assert cell is not None
    state: Referral = cell.state
    return state


async def paged(here: Laboratories, query: Any, who: Any, chance: Random) -> tuple[list[str], dict[str, int]]:
    """All ids of a list, and its summary, which is the same on every page."""
    ids: list[str] = []
    sums = set()
    cursor = None
    while True:
        fields = {name: getattr(query, name) for name in query.__struct_fields__}
        found = await here.view(type(query)(**{**fields, "cursor": cursor, "limit": chance.choice((1, 3, 7))}), who)
        ids += [row["id"] for row in found["items"]]
        sums.add(tuple(sorted(found["summary"].items())))
        cursor = found["next_cursor"]
        if cursor is None:
            [only] = sums
            return ids, dict(only)


@pytest.mark.parametrize("seed", range(4))
async def test_every_list_is_what_a_look_at_every_referral_says(autojump_clock: MockClock, seed: int):
    chance = Random(seed)
    async with laboratories(branches=BRANCHES) as here:
        await here.practitioner("aaron")
        await here.technician("both", "North", "West")
        made: list[str] = []
        for _ in range(120):
            await something(here, chance, made)
        names = {id: name for name, id in (here.practitioners | here.branches | here.patients | here.tests).items()}
        both = {here.branches["North"], here.branches["West"]}
        ada, jane, iron = here.practitioners["Dr. Ada"], here.patients["Jane Doe"], here.tests["Ferritin"]
        middle = state_of(here, made[len(made) // 2]).created_at

        def called(one: Referral, text: str) -> bool:
            tests = [test.test_id for test in one.tests.values()]
            those = (one.patient_id, one.practitioner_id, one.branch_id, *tests)
            return any(text in names[id].casefold() for id in those)

        cases: list[tuple[Any, Any, Callable[[Referral], bool]]] = [
            (ListReferrals(), ADMIN, lambda one: True),
            (ListReferrals(status="Received", sort="time"), ADMIN, lambda one: one.status == "Received"),
            (ListReferrals(patient_id=jane), ADMIN, lambda one: one.patient_id == jane),
            (ListReferrals(test_id=iron, practitioner_id=ada), ADMIN, lambda one: one.practitioner_id == ada
             and iron in {test.test_id for test in one.tests.values()}),
            (ListPractitionerReferrals(), staff("Dr. Ada"), lambda one: one.practitioner_id == ada),
            (ListPractitionerReferrals(branch_id=here.branches["South"], status="Pending"), staff("Dr. Ada"),
             lambda one: (one.practitioner_id, one.branch_id, one.status) == (ada, here.branches["South"], "Pending")),
            (ListTechnicianReferrals(), staff("both"), lambda one: one.branch_id in both),
            (ListTechnicianReferrals(sort="time", status="Pending"), staff("both"),
             lambda one: one.branch_id in both and one.status == "Pending"),
            (ListTechnicianReferrals(sort="doctor"), staff("both"), lambda one: one.branch_id in both),
            (ListTechnicianReferrals(sort="doctor", search="bell"), staff("both"),
             lambda one: one.branch_id in both and called(one, "bell")),
            (ListTechnicianReferrals(from_=calendar.moment(middle)), staff("both"),
             lambda one: one.branch_id in both and one.created_at >= middle),
            (ListTechnicianReferrals(to=calendar.moment(middle), search="or", sort="time"), staff("both"),
             lambda one: one.branch_id in both and one.created_at < middle and called(one, "or")),
        ]  # fmt: skip
        referrals = [state_of(here, id) for id in made]
        for query, who, wanted in cases:
            ids, summary = await paged(here, query, who, chance)
            those = sorted(
                (one for one in referrals if wanted(one)), key=lambda one: one.id, reverse=query.sort != "time"
            )
            if query.sort == "doctor":
                those.sort(key=lambda one: names[one.practitioner_id].casefold())
            assert ids == [one.id for one in those], query
            counts = Counter(one.status.lower() for one in those)
            assert {
                name: count for name, count in summary.items() if count and name not in ("total", "exact")
            } == counts
            assert (summary["total"], summary["exact"]) == (len(those), True)
