"""Laboratories with so many referrals, for a load that reads their lists; made by the engine's own commands."""

from __future__ import annotations

from typing import Final

from engine.decider import PersonName
from engine.decisions.facilities import AddBranch, AddFacility, AddTest, AddTestType
from engine.decisions.practitioners import AddPractitioner, AddTechnician
from engine.decisions.referrals import CancelReferral, CreateReferral
from perf.load.founding import found_site
from perf.load.plan import Laboratory, Site
from perf.load.scenario import Founder

BRANCHES: Final = 3
PRACTITIONERS: Final = 4
TESTS: Final = 5
CANCELLED: Final = 5
"""One referral in so many is over."""

_AT_ONCE: Final = 5_000


async def found_laboratory(founder: Founder, hospital: str, *, referrals: int, patients: int) -> Site:
    """A hospital whose practitioners have referred so often, to all branches in turn."""
    site = await found_site(founder, hospital, patients=patients)
    lab = site.laboratory = await _open(founder, hospital)
    wanted = [
        CreateReferral(
            patient_id=site.patients[n % patients],
            branch_id=lab.branches[n % BRANCHES],
            practitioner_id=lab.practitioners[n % PRACTITIONERS],
            tests=tuple(lab.tests[: 1 + n % 2]),
        )
        for n in range(referrals)
    ]
    for first in range(0, referrals, _AT_ONCE):
        made = await founder.make(hospital, wanted[first : first + _AT_ONCE])
        await founder.make(hospital, [CancelReferral(referral_id=id) for id in made[::CANCELLED]], "ok")
    return site


async def _open(founder: Founder, hospital: str) -> Laboratory:
    [facility] = await founder.make(hospital, [AddFacility(name="Laboratories")])
    branches = await founder.make(
        hospital, [AddBranch(facility_id=facility, name=f"Branch {n + 1}") for n in range(BRANCHES)]
    )
    [kind] = await founder.make(hospital, [AddTestType(name="Haematology")])
    tests = await founder.make(
        hospital, [AddTest(facility_id=facility, name=f"Test {n + 1}", test_type_id=kind) for n in range(TESTS)]
    )
    practitioners = await founder.make(
        hospital, [AddPractitioner(name=PersonName(f"Dr. Number {n + 1}")) for n in range(PRACTITIONERS)]
    )
    [technician] = await founder.make(hospital, [AddTechnician(name=PersonName("Tom Lee"), branch_ids=tuple(branches))])
    return Laboratory(branches, tests, practitioners, technician)
