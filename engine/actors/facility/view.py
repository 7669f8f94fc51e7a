"""How facilities, their branches and tests are answered."""

from __future__ import annotations

from datetime import datetime

import msgspec

from engine import calendar
from engine.actors.facility.state import Branch, Facility, LabTest


class BranchView(msgspec.Struct, frozen=True):
    """A branch. ``service_id``: the queue of its laboratory."""

    id: str
    facility_id: str
    name: str
    location: str
    active: bool
    service_id: str | None
    version: int


class LabTestView(msgspec.Struct, frozen=True):
    """A test of the catalog. ``branch_ids`` are those where it can be ordered; ``price_minor`` in the smallest unit."""

    id: str
    facility_id: str
    name: str
    test_type_id: str
    branch_ids: list[str]
    price_minor: int
    currency: str | None
    turnaround_hours: int | None
    active: bool
    version: int


class FacilityView(msgspec.Struct, frozen=True):
    """A facility with its branches."""

    id: str
    name: str
    branches: list[BranchView]
    tests: int
    """How many it has in its catalog."""
    created_at: datetime
    version: int


def facility_view(state: Facility) -> FacilityView:
    """The facility as answered."""
    return FacilityView(
        id=state.id,
        name=state.name,
        branches=[branch_view(state, branch) for branch in state.branches.values()],
        tests=len(state.tests),
        created_at=calendar.moment(state.created_at),
        version=state.version,
    )


def branch_view(state: Facility, branch: Branch) -> BranchView:
    """A branch as answered."""
    return BranchView(
        id=branch.id,
        facility_id=state.id,
        name=branch.name,
        location=branch.location,
        active=branch.active,
        service_id=branch.service_id or None,
        version=branch.version,
    )


def lab_test_view(state: Facility, test: LabTest) -> LabTestView:
    """A test as answered."""
    return LabTestView(
        id=test.id,
        facility_id=state.id,
        name=test.name,
        test_type_id=test.test_type_id,
        branch_ids=list(test.branch_ids or state.branches),
        price_minor=test.price_minor,
        currency=test.currency or None,
        turnaround_hours=test.turnaround_hours or None,
        active=test.active,
        version=test.version,
    )
