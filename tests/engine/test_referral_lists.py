"""Lists of referrals: who sees which, in what order, narrowed how, and what they add up to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from trio.testing import MockClock

from engine import calendar
from engine.decider import FreeText, PersonName
from engine.decisions.practitioners import ChangeTechnician, RemovePractitioner, RemoveTechnician
from engine.decisions.referrals import CancelReferral, DeclineReferral, RedirectReferral
from engine.errors import Invalid, NotFound, Rejected
from engine.eventlog.entry import Principal
from engine.runtime import EngineSettings
from engine.views.referral_lists import (
    ListPractitionerReferrals,
    ListReferrals,
    ListTechnicianReferrals,
)
from engine.views.referrals import GetReferral
from tests.engine.laboratories import ADMIN, NOBODY, Laboratories, ids, laboratories, staff, summed
from tests.engine.living import living

ADA, BELL = "Dr. Ada", "Dr. Bell"


async def test_a_technician_sees_what_came_to_all_of_his_branches_and_nothing_else(autojump_clock: MockClock):
    async with laboratories(branches=("North", "South", "West")) as here:
        await here.technician("both", "North", "South")
        north = await here.refer(ADA, "North")
        south = await here.refer(BELL, "South")
        await here.refer(ADA, "West")
        assert ids(await here.at_work("both")) == [south["id"], north["id"]]
        assert ids(await here.at_work("tess")) == [north["id"]]
        assert ids(await here.at_work("both", branch_id=here.branches["South"])) == [south["id"]]
        assert ids(await here.at_work("both", practitioner_id=here.practitioners[ADA])) == [north["id"]]


async def test_a_practitioner_sees_what_is_his_wherever_it_went(autojump_clock: MockClock):
    async with laboratories() as here:
        north, south = await here.refer(ADA, "North"), await here.refer(ADA, "South")
        await here.refer(BELL, "North")
        assert ids(await here.of(ADA)) == [south["id"], north["id"]]
        assert ids(await here.of(ADA, sort="time")) == [north["id"], south["id"]]
        assert ids(await here.of(ADA, branch_id=here.branches["North"])) == [north["id"]]


async def test_a_row_says_whose_where_and_how_far_by_name(autojump_clock: MockClock):
    async with laboratories() as here:
        made = await here.refer(ADA, "North", ("Blood count", "Ferritin"), of="Jane Doe", priority="urgent")
        await here.step(made, "Received", "Completed", result="Hb seven", critical=True)
        [row] = (await here.of(ADA))["items"]
        assert (row["patient_name"], row["practitioner_name"], row["branch_name"]) == ("Jane Doe", ADA, "North")
        assert (row["reference"], row["status"], row["priority"]) == (made["reference"], "Received", "urgent")
        assert [(one["name"], one["status"], one["critical"]) for one in row["tests"]] == [
            ("Blood count", "Completed", True), ("Ferritin", "Pending", False),
        ]  # fmt: skip
        assert row["awaits_acknowledgement"] is True
        assert "Hb seven" not in str(row), "a list has no results"


async def test_the_summary_is_of_the_filter_and_not_of_the_page(autojump_clock: MockClock):
    async with laboratories() as here:
        made = [await here.refer(ADA, "North") for _ in range(6)]
        await here.refer(BELL, "South")
        await here.step(made[0], "Received")
        await here.step(made[1], "Received", "Completed", result="fine")
        await here.ask(DeclineReferral(referral_id=made[2]["id"], reason=FreeText("no reagents")))
        await here.ask(CancelReferral(referral_id=made[3]["id"]))
        found = await here.at_work("tess", limit=2)
        assert len(found["items"]) == 2
        assert summed(found) == {
            "total": 6, "pending": 2, "received": 1, "completed": 1, "declined": 1, "cancelled": 1,
        }  # fmt: skip
        assert found["summary"]["exact"] is True
        assert summed(await here.at_work("tess", status="Pending")) == {"total": 2, "pending": 2}
        assert summed(await here.all()) == {**summed(found), "total": 7, "pending": 3}


async def test_pages_follow_one_another_also_when_something_comes_in_between(autojump_clock: MockClock):
    async with laboratories() as here:
        await here.technician("both", "North", "South")
        made = [(await here.refer(ADA, "North" if n % 3 else "South"))["id"] for n in range(7)]
        first = await here.at_work("both", limit=3)
        later = await here.refer(ADA, "North")
        second = await here.at_work("both", limit=3, cursor=first["next_cursor"])
        third = await here.at_work("both", limit=3, cursor=second["next_cursor"])
        assert ids(first) + ids(second) + ids(third) == made[::-1]
        assert third["next_cursor"] is None
        assert ids(await here.at_work("both", limit=1)) == [later["id"]]
        assert third["summary"]["total"] == 8


async def test_a_page_past_the_end_is_empty_and_still_says_what_there_is(autojump_clock: MockClock):
    async with laboratories() as here:
        made = [await here.refer(ADA, "North") for _ in range(2)]
        cursor = (await here.at_work("tess", status="Pending", limit=1))["next_cursor"]
        await here.step(made[0], "Received")
        past = await here.at_work("tess", status="Pending", limit=1, cursor=cursor)
        assert (past["items"], past["next_cursor"]) == ([], None)
        assert summed(past) == {"total": 1, "pending": 1}
        nothing = await here.at_work("tess", status="Expired")
        assert (nothing["items"], nothing["next_cursor"], summed(nothing)) == ([], None, {})


async def test_a_cursor_belongs_to_its_list_and_its_filters(autojump_clock: MockClock):
    async with laboratories() as here:
        for _ in range(2):
            await here.refer(ADA, "North")
        cursor = (await here.at_work("tess", limit=1))["next_cursor"]
        with pytest.raises(Invalid):
            await here.at_work("tess", limit=1, cursor=cursor, status="Pending")
        with pytest.raises(Invalid):
            await here.of(ADA, limit=1, cursor=cursor)


async def test_from_is_the_first_instant_and_to_the_first_one_left_out(autojump_clock: MockClock):
    async with laboratories() as here:
        made = [await here.refer(ADA, "North") for _ in range(4)]
        times = [one["created_at"] for one in made]
        found = await here.of(ADA, from_=times[1], to=times[3])
        assert ids(found) == [made[2]["id"], made[1]["id"]]
        assert summed(found) == {"total": 2, "pending": 2}
        assert ids(await here.of(ADA, from_=times[3])) == [made[3]["id"]]
        assert ids(await here.of(ADA, to=times[0])) == []
        assert summed(await here.of(ADA, from_=times[1] + dt.timedelta(microseconds=1))) == {"total": 2, "pending": 2}


async def test_by_doctor_is_by_the_name_and_then_the_latest_first(autojump_clock: MockClock):
    async with laboratories() as here:
        await here.practitioner("aaron")
        await here.technician("both", "North", "South")
        made = {}
        for number, (who, where) in enumerate(
            [(BELL, "North"), (ADA, "South"), ("aaron", "North"), (ADA, "North"), (BELL, "South")]
        ):
            made[number] = (await here.refer(who, where))["id"]
        wanted = [made[2], made[3], made[1], made[4], made[0]]
        assert ids(await here.at_work("both", sort="doctor")) == wanted
        paged: list[str] = []
        cursor = None
        for _ in range(5):
            found = await here.at_work("both", sort="doctor", limit=1, cursor=cursor)
            assert summed(found) == {"total": 5, "pending": 5}
            paged, cursor = paged + ids(found), found["next_cursor"]
        assert (paged, cursor) == (wanted, None)
        assert ids(await here.at_work("tess", sort="doctor")) == [made[2], made[3], made[0]]


async def test_a_search_finds_by_id_reference_and_every_name(autojump_clock: MockClock):
    async with laboratories() as here:
        await here.technician("both", "North", "South")
        blood = await here.refer(ADA, "North", of="Jane Doe")
        iron = await here.refer(BELL, "South", ("Ferritin",), of="John Bellamy")
        jane = here.patients["Jane Doe"]

        async def sought(text: str, **more: Any) -> list[str]:
            found = await here.at_work("both", search=text, **more)
            assert found["summary"]["total"] == len(found["items"])
            return ids(found)

        for text in (blood["id"], blood["reference"], f" {blood['reference'].lower()} ", jane, "jane", "NE DO",
                     "ada", "north", "blood"):  # fmt: skip
            assert await sought(text) == [blood["id"]], text
        for text in ("bell", "SOUTH", "ferr", "john"):
            assert await sought(text) == [iron["id"]], text
        assert await sought("o") == [iron["id"], blood["id"]]
        assert await sought("o", sort="doctor") == [blood["id"], iron["id"]]
        for text in ("nobody", NOBODY, "ABCDEFGHIJ"):
            assert await sought(text) == [], text
        assert await sought("  ") == [iron["id"], blood["id"]], "what is blank narrows nothing"


async def test_a_search_stays_within_the_list_and_its_other_filters(autojump_clock: MockClock):
    async with laboratories() as here:
        south = await here.refer(ADA, "South", of="Jane Doe")
        north = await here.refer(ADA, "North", of="Jane Doe")
        jane = here.patients["Jane Doe"]
        for text in (south["id"], south["reference"], "south"):
            assert ids(await here.at_work("tess", search=text)) == [], "it is at another branch"
        for text in (jane, "jane"):
            assert ids(await here.at_work("tess", search=text)) == [north["id"]]
            assert ids(await here.at_work("tess", search=text, status="Received")) == []
            assert ids(await here.of(ADA, search=text, to=north["created_at"])) == [south["id"]]


async def test_the_whole_house_is_narrowed_by_patient_test_branch_and_practitioner(autojump_clock: MockClock):
    async with laboratories() as here:
        one = await here.refer(ADA, "North", of="Jane Doe")
        two = await here.refer(ADA, "South", ("Ferritin",), of="Jane Doe")
        three = await here.refer(BELL, "South", ("Ferritin",), of="John Roe")
        jane, ferritin, south = here.patients["Jane Doe"], here.tests["Ferritin"], here.branches["South"]
        ada = here.practitioners[ADA]
        assert ids(await here.all()) == [three["id"], two["id"], one["id"]]
        assert ids(await here.all(patient_id=jane)) == [two["id"], one["id"]]
        assert ids(await here.all(test_id=ferritin)) == [three["id"], two["id"]]
        assert ids(await here.all(test_id=ferritin, patient_id=jane)) == [two["id"]]
        assert ids(await here.all(branch_id=south)) == [three["id"], two["id"]]
        assert ids(await here.all(branch_id=south, practitioner_id=ada)) == [two["id"]]
        assert summed(await here.all(practitioner_id=ada, patient_id=jane)) == {"total": 2, "pending": 2}
        await here.step(two, "Received")
        assert summed(await here.all(patient_id=jane)) == {"total": 2, "pending": 1, "received": 1}
        assert ids(await here.all(patient_id=jane, status="Received")) == [two["id"]]


async def test_a_redirected_referral_leaves_the_lists_of_the_branch_it_was_at(autojump_clock: MockClock):
    async with laboratories() as here:
        await here.technician("sam", "South")
        made = await here.refer(ADA, "North")
        await here.ask(RedirectReferral(referral_id=made["id"], branch_id=here.branches["South"]))
        assert (ids(await here.at_work("tess")), summed(await here.at_work("tess"))) == ([], {})
        assert summed(await here.at_work("sam")) == {"total": 1, "pending": 1}
        [row] = (await here.of(ADA))["items"]
        assert (row["id"], row["branch_name"]) == (made["id"], "South")
        with pytest.raises(Rejected) as refused:
            await here.view(GetReferral(referral_id=made["id"]), staff("tess"))
        assert refused.value.code == "forbidden"
        assert (await here.view(GetReferral(referral_id=made["id"]), staff("sam")))["id"] == made["id"]


async def test_who_has_nothing_to_do_with_a_referral_is_refused_and_who_watches_over_all_is_not(
    autojump_clock: MockClock,
):
    async with laboratories() as here:
        await here.technician("sam", "South")
        made = await here.refer(ADA, "North")
        one = GetReferral(referral_id=made["id"])
        everything = ListReferrals()
        for who in (staff("sam"), staff(BELL), staff("somebody"), Principal("desk", "clerk")):
            for query in (one, everything):
                with pytest.raises(Rejected) as refused:
                    await here.view(query, who)
                assert (refused.value.code, refused.value.family) == ("forbidden", "forbidden")
        for who in (staff("tess"), staff(ADA)):
            assert (await here.view(one, who))["reference"] == made["reference"]
        for role in ("admin", "auditor", "clerk+integration", "network"):
            assert (await here.view(one, Principal("x", role)))["id"] == made["id"]
            assert ids(await here.view(everything, Principal("x", role))) == [made["id"]]
        with pytest.raises(NotFound):
            await here.view(GetReferral(referral_id=NOBODY), staff("somebody"))


async def test_somebody_else_s_list_is_only_for_who_sees_all(autojump_clock: MockClock):
    async with laboratories() as here:
        await here.refer(ADA, "North")
        of_ada = ListPractitionerReferrals(practitioner_id=here.practitioners[ADA])
        of_tess = ListTechnicianReferrals(technician_id=here.technicians["tess"])
        elsewhere = ListTechnicianReferrals(branch_id=here.branches["South"])
        for query, who in ((of_ada, BELL), (of_tess, BELL), (of_ada, "tess"), (elsewhere, "tess"),
                           (ListTechnicianReferrals(), ADA), (ListPractitionerReferrals(), "tess")):  # fmt: skip
            with pytest.raises(Rejected) as refused:
                await here.view(query, staff(who))
            assert refused.value.code == "forbidden"
        assert len((await here.view(of_ada, staff(ADA)))["items"]) == 1
        assert len((await here.view(of_ada))["items"]) == len((await here.view(of_tess))["items"]) == 1
        assert ids(await here.view(elsewhere)) == []
        await here.technician("head", "North")
        assert len((await here.view(ListTechnicianReferrals()))["items"]) == 1, "who sees all may have a list, too"
        await here.ask(RemoveTechnician(technician_id=here.technicians["head"]))
        for nameless in (ListTechnicianReferrals(), ListPractitionerReferrals()):
            with pytest.raises(Invalid):
                await here.view(nameless)
        for unknown in (
            ListTechnicianReferrals(technician_id=NOBODY),
            ListPractitionerReferrals(practitioner_id=NOBODY),
        ):
            with pytest.raises(NotFound):
                await here.view(unknown)


async def test_a_credential_is_somebody_s_until_the_record_says_otherwise(autojump_clock: MockClock):
    async with laboratories() as here:
        made = await here.refer(ADA, "North")
        change = ChangeTechnician(
            technician_id=here.technicians["tess"], name=PersonName("Tess"), principal="tess",
            branch_ids=(here.branches["South"],),
        )  # fmt: skip
        await here.ask(change)
        assert ids(await here.at_work("tess")) == []
        await here.ask(RemovePractitioner(practitioner_id=here.practitioners[ADA]))
        with pytest.raises(Rejected):
            await here.of(ADA)
        # Whose referrer has left can be taken over, so it can be read.
        assert (await here.view(GetReferral(referral_id=made["id"]), staff(BELL)))["id"] == made["id"]


async def test_lists_are_the_same_after_a_restart(autojump_clock: MockClock):
    settings = EngineSettings(snapshot_entries=1, checking=True)
    async with laboratories(settings=settings) as here:
        made = [await here.refer(ADA, "North" if n % 2 else "South", of=f"Patient {n}") for n in range(6)]
        await here.step(made[1], "Received", "Completed", result="fine")
        await here.ask(RedirectReferral(referral_id=made[3]["id"], branch_id=here.branches["South"]))
        asked = [
            (ListTechnicianReferrals(sort="doctor"), staff("tess")),
            (ListTechnicianReferrals(search="patient"), staff("tess")),
            (ListPractitionerReferrals(status="Pending"), staff(ADA)),
            (ListReferrals(sort="time"), ADMIN),
        ]
        before = [await here.view(query, who) for query, who in asked]
        disk = here.disk
    async with living(disk, clock=here.clock) as engine:
        again = Laboratories(engine, disk, here.clock)
        assert [await again.view(query, who) for query, who in asked] == before


async def test_an_instant_of_a_row_is_that_of_its_place(autojump_clock: MockClock):
    """What ``from`` and ``to`` stand on: a referral's id is of the instant at which it was made."""
    async with laboratories() as here:
        made = await here.refer(ADA, "North")
        instant = calendar.instant(made["created_at"], "created_at")
        for span, count in (((instant, instant + 1), 1), ((instant + 1, instant + 2), 0), ((instant - 1, instant), 0)):
            found = await here.all(from_=calendar.moment(span[0]), to=calendar.moment(span[1]))
            assert found["summary"]["total"] == len(found["items"]) == count
