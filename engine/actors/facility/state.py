"""A facility: its branches, and the tests that they offer. It knows nothing of referrals.

Names of facilities, branches and tests are public: the catalog is open to whoever may refer.
"""

from __future__ import annotations

import msgspec


class Branch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A place of the facility that takes referrals while it is active."""

    id: str
    name: str
    active: bool = True
    service_id: str = ""
    """The service in whose queue patients wait for a test; ``""``: the branch has none."""
    location: str = ""
    version: int = 1


class LabTest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A test that can be ordered."""

    id: str
    name: str
    test_type_id: str
    branch_ids: tuple[str, ...] = ()
    """Where it is done; none named: at every branch of the facility."""
    price_minor: int = 0
    """In the smallest unit of the currency."""
    currency: str = ""
    turnaround_hours: int = 0
    """In how many hours after the referral the result is promised; 0: nothing is."""
    active: bool = True
    version: int = 1


class Facility(msgspec.Struct):
    """State. Branches and tests by id, in the order in which they came; they are never taken out."""

    id: str
    name: str = ""
    branches: dict[str, Branch] = {}
    tests: dict[str, LabTest] = {}
    created_at: int = 0
    version: int = 0
    """Of what the facility is; branches and tests count for themselves."""


def facility_key(facility_id: str) -> str:
    """The actor of a facility."""
    return f"facility:{facility_id}"


def offered(test: LabTest, branch_id: str) -> bool:
    """Whether the test can be ordered at this branch of its facility now."""
    return test.active and (not test.branch_ids or branch_id in test.branch_ids)
