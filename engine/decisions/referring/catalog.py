"""What can be ordered where: the branch of a referral and the tests that it offers.

R1  A branch that is not active takes no referral.
R2  Every test belongs to the branch's facility, is active and done at the branch; all that are not are named at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.actors.facility import facility_key, offered
from engine.actors.facility.state import Branch, Facility, LabTest
from engine.decider import Find, Look
from engine.decisions.finding import Deciding
from engine.errors import NotFound, Rejected


class BranchInactive(Rejected):
    """R1. Fact ``branch_id``."""

    code = "branch_inactive"
    rule = "R1"


class NotOffered(Rejected):
    """R2. Facts ``test_ids``: all of them; ``reasons``: of each ``unknown``, ``foreign``, ``inactive`` or
    ``not_at_branch``."""

    code = "invalid_tests"
    family = "invalid"
    rule = "R2"


class Place(NamedTuple):
    """A branch and its facility."""

    facility: Facility
    branch: Branch


def the_branch(branch_id: str) -> Deciding[Place]:
    """The branch of this id."""
    key: str | None = yield Find("branches", branch_id)
    if key is None:
        raise NotFound("there is no such branch", field="branch_id", branch_id=branch_id)
    facility: Facility = yield Look(key)
    return Place(facility, facility.branches[branch_id])


def open_branch(branch_id: str) -> Deciding[Place]:
    """R1."""
    place = yield from the_branch(branch_id)
    if not place.branch.active:
        raise BranchInactive("the branch takes no referrals", branch_id=branch_id)
    return place


def ordered(place: Place, test_ids: Sequence[str]) -> Deciding[tuple[LabTest, ...]]:
    """R2: these tests, at this branch."""
    reasons: dict[str, str] = {}
    for id in test_ids:
        test = place.facility.tests.get(id)
        if test is None:
            known = yield Find("tests", id)
            reasons[id] = "unknown" if known is None else "foreign"
        elif not test.active:
            reasons[id] = "inactive"
        elif not offered(test, place.branch.id):
            reasons[id] = "not_at_branch"
    if reasons:
        raise NotOffered(
            "the branch does not offer these tests: " + ", ".join(reasons),
            field="tests",
            branch_id=place.branch.id,
            test_ids=list(reasons),
            reasons=reasons,
        )
    return tuple(place.facility.tests[id] for id in test_ids)


def the_facility(facility_id: str) -> Deciding[Facility]:
    """The facility of this id."""
    facility: Facility | None = yield Look(facility_key(facility_id))
    if facility is None or not facility.version:
        raise NotFound("there is no such facility", field="facility_id", facility_id=facility_id)
    return facility
