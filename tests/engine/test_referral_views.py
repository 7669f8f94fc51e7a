"""One referral as it is read, the catalog and the people of laboratories, and how long a branch takes."""

from __future__ import annotations

import datetime as dt

import pytest
from trio.testing import MockClock

from engine.decider import HOUR, FreeText
from engine.decisions.facilities import AddFacility, ChangeBranch, ChangeTest
from engine.decisions.practitioners import RemoveTechnician
from engine.decisions.referral_results import AcknowledgeResult
from engine.errors import Invalid, NotFound, Rejected
from engine.views.facilities import (
    GetBranch,
    GetFacility,
    GetTest,
    GetTestType,
    ListBranches,
    ListFacilities,
    ListTests,
    ListTestTypes,
)
from engine.views.practitioners import GetPractitioner, GetTechnician, ListPractitioners, ListTechnicians
from engine.views.referrals import GetReferral, GetReferralCounts, GetReferralProgress, GetTurnaround
from tests.engine.laboratories import NOBODY, ids, laboratories, staff

ADA, BELL = "Dr. Ada", "Dr. Bell"
TODAY = dt.date(2027, 1, 15)


async def test_a_referral_is_read_with_its_results_and_its_history(autojump_clock: MockClock):
    async with laboratories() as here:
        made = await here.refer(ADA, "North", ("Blood count", "Ferritin"), note=FreeText("fasting"))
        await here.step(made, "Received", "Completed", result="7.1")
        await here.step(made, "Received", "Rejected", test=1, reason="haemolysed")
        found = await here.view(GetReferral(referral_id=made["id"]), staff(ADA))
        assert [(one["status"], one["result"], one["reason"]) for one in found["tests"]] == [
            ("Completed", "7.1", None), ("Rejected", None, "haemolysed"),
        ]  # fmt: skip
        assert (found["note"], found["status"]) == ("fasting", "Received")
        assert [one["what"] for one in found["history"]] == [
            "created", "received", "completed", "received", "rejected",
        ]  # fmt: skip


async def test_what_is_told_to_watchers_at_first_has_ids_and_states_only(autojump_clock: MockClock):
    async with laboratories() as here:
        made = await here.refer(ADA, "North", of="Jane Doe")
        await here.step(made, "Received", "Completed", result="7.1")
        shown = await here.view(GetReferralProgress(referral_id=made["id"]))
        assert shown == {
            "referral_id": made["id"], "status": "Completed", "branch_id": here.branches["North"],
            "practitioner_id": here.practitioners[ADA],
            "tests": [{"id": made["tests"][0]["id"], "status": "Completed"}], "version": shown["version"],
        }  # fmt: skip
        counts = await here.view(GetReferralCounts(of="branch", id=here.branches["North"]))
        assert (counts["total"], counts["counts"]["Completed"], counts["counts"]["Pending"]) == (1, 1, 0)
        mine = await here.view(GetReferralCounts(of="practitioner", id=here.practitioners[BELL]))
        assert mine["total"] == 0
        for unknown in (
            GetReferralCounts(of="branch", id=NOBODY),
            GetReferralCounts(of="practitioner", id=NOBODY),
            GetReferralProgress(referral_id=NOBODY),
        ):
            with pytest.raises(NotFound):
                await here.view(unknown)


async def test_the_catalog_is_listed_by_facility_branch_type_and_name(autojump_clock: MockClock):
    async with laboratories() as here:
        other = await here.ask(AddFacility(name="Other House"))
        north, south = here.branches["North"], here.branches["South"]
        only = await here.test("Biopsy", branch_ids=(south,), price_minor=12_000, currency="INR")
        blood, iron = here.tests["Blood count"], here.tests["Ferritin"]
        assert ids(await here.view(ListTests())) == [blood, iron, only]
        assert ids(await here.view(ListTests(branch_id=south))) == [blood, iron, only]
        assert ids(await here.view(ListTests(branch_id=north))) == [blood, iron]
        assert ids(await here.view(ListTests(facility_id=other["id"]))) == []
        assert ids(await here.view(ListTests(test_type_id=here.type, name="BIO"))) == [only]
        assert ids(await here.view(ListTests(branch_id=NOBODY))) == []
        gone = ChangeTest(test_id=iron, name="Ferritin", test_type_id=here.type, active=False)
        await here.ask(gone)
        assert ids(await here.view(ListTests(branch_id=north))) == [blood]
        assert ids(await here.view(ListTests(active=False))) == [iron]
        found = await here.view(GetTest(test_id=only))
        assert (found["branch_ids"], found["price_minor"], found["currency"]) == ([south], 12_000, "INR")
        await here.ask(ChangeBranch(branch_id=north, name="North", active=False))
        assert ids(await here.view(ListTests(branch_id=north))) == [], "it takes no referrals"
        assert ids(await here.view(ListBranches(active=True, facility_id=here.facility))) == [south]
        assert ids(await here.view(ListBranches(name="nor"))) == [north]
        assert (await here.view(GetBranch(branch_id=north)))["active"] is False
        assert ids(await here.view(ListFacilities())) == [here.facility, other["id"]]
        assert ids(await here.view(ListFacilities(name="house"))) == [other["id"]]
        assert [one["name"] for one in (await here.view(GetFacility(facility_id=here.facility)))["branches"]] == [
            "North", "South",
        ]  # fmt: skip
        assert ids(await here.view(ListTestTypes())) == [here.type]
        assert (await here.view(GetTestType(test_type_id=here.type)))["name"] == "Haematology"


async def test_practitioners_and_technicians_are_listed_those_who_left_apart(autojump_clock: MockClock):
    async with laboratories() as here:
        await here.technician("sam", "South")
        ada, bell = here.practitioners[ADA], here.practitioners[BELL]
        tess, sam = here.technicians["tess"], here.technicians["sam"]
        assert ids(await here.view(ListPractitioners())) == [ada, bell]
        assert ids(await here.view(ListPractitioners(name="BELL"))) == [bell]
        assert ids(await here.view(ListPractitioners(specialty="x"))) == []
        assert ids(await here.view(ListTechnicians(branch_id=here.branches["South"]))) == [sam]
        await here.ask(RemoveTechnician(technician_id=tess))
        assert ids(await here.view(ListTechnicians())) == [sam]
        assert ids(await here.view(ListTechnicians(retired=True))) == [tess]
        assert (await here.view(GetTechnician(technician_id=tess)))["retired"] is True
        assert (await here.view(GetPractitioner(practitioner_id=ada)))["name"] == ADA


async def test_what_is_not_there_is_not_found(autojump_clock: MockClock):
    async with laboratories() as here:
        for query in (
            GetFacility(facility_id=NOBODY), GetBranch(branch_id=NOBODY), GetTest(test_id=NOBODY),
            GetTestType(test_type_id=NOBODY), GetPractitioner(practitioner_id=NOBODY),
            GetTechnician(technician_id=NOBODY), GetReferral(referral_id=NOBODY), GetTurnaround(branch_id=NOBODY),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await here.view(query)


async def test_a_branch_s_durations_are_of_the_days_on_which_tests_were_done(autojump_clock: MockClock):
    async with laboratories() as here:
        north = here.branches["North"]
        for hours in (2, 4):
            made = await here.refer(ADA, "North")
            here.clock.step += HOUR
            await here.step(made, "Received")
            here.clock.step += (hours - 1) * HOUR
            await here.step(made, "Completed", result="fine")
        await here.refer(ADA, "North")
        found = await here.view(GetTurnaround(branch_id=north), staff("tess"))
        assert (found["tests"]["count"], found["tests"]["p50_hours"], found["tests"]["p95_hours"]) == (2, 2.0, 4.0)
        assert (found["bench"]["p50_hours"], found["bench"]["average_hours"]) == (1.0, 2.0)
        assert (found["referrals"]["count"], found["open"]) == (2, {"Pending": 1, "Received": 0})
        assert found["counts"] == {"referred": 3, "received": 2, "completed": 2}
        [of_test] = found["by_test"]
        assert (of_test["name"], of_test["count"], of_test["average_hours"]) == ("Blood count", 2, 3.0)
        span = GetTurnaround(branch_id=north, from_date=TODAY - dt.timedelta(days=30), to_date=TODAY)
        assert (await here.view(span))["tests"] == found["tests"]
        before = await here.view(GetTurnaround(branch_id=north, to_date=TODAY - dt.timedelta(days=1)))
        assert (before["from_date"], before["tests"]["p50_hours"]) == ("2027-01-14", None)
        for wrong in (
            GetTurnaround(branch_id=north, from_date=TODAY, to_date=TODAY - dt.timedelta(days=1)),
            GetTurnaround(branch_id=north, from_date=TODAY - dt.timedelta(days=31), to_date=TODAY),
        ):
            with pytest.raises(Invalid):
                await here.view(wrong)
        with pytest.raises(Rejected):
            await here.view(GetTurnaround(branch_id=here.branches["South"]), staff("tess"))


async def test_an_amendment_moves_no_duration(autojump_clock: MockClock):
    async with laboratories() as here:
        made = await here.refer(ADA, "North")
        here.clock.step += HOUR
        await here.step(made, "Received", "Completed", result="7.1")
        await here.ask(AcknowledgeResult(referral_id=made["id"]), staff(ADA))
        before = await here.view(GetTurnaround(branch_id=here.branches["North"]))
        here.clock.step += 5 * HOUR
        await here.step(made, "Amended", result="7.4", reason="the units were wrong")
        after = await here.view(GetTurnaround(branch_id=here.branches["North"]))
        assert [after[name] for name in ("tests", "bench", "referrals")] == [
            before[name] for name in ("tests", "bench", "referrals")
        ]
