"""A facility that takes referrals: its branches and the tests that it offers.

R1  Added once; nothing of it is ever taken out: what is over is inactive.
R2  No two branches, and no two tests, of a facility have one name.
R3  A test is done at branches of its own facility; where none is named, at all of them.
R4  A price has a currency.
R5  Branches and tests are not too many.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, get_args

from engine.actors.facility.decide import decide, evolve, the_branch, the_test
from engine.actors.facility.events import BranchAdded, FacilityAdded, FacilityEvent, LabTestAdded
from engine.actors.facility.state import Facility, facility_key, offered
from engine.decider import Decider

__all__ = ["FACILITY", "facility_key", "offered", "the_branch", "the_test"]


def check(state: Facility) -> None:
    """What always holds."""
    assert all(id == branch.id for id, branch in state.branches.items()), "a branch is kept under another id"
    assert all(id == test.id for id, test in state.tests.items()), "a test is kept under another id"
    for test in state.tests.values():
        assert set(test.branch_ids) <= state.branches.keys(), "R3: a test is done elsewhere"


def _files(state: Facility) -> Iterable[tuple[str, str]]:
    if state.version:
        yield ("facilities", state.id)
    for id in state.branches:
        yield ("branches", id)
    for id in state.tests:
        yield ("tests", id)


def _filed(event: FacilityEvent) -> Iterable[tuple[str, str, bool]]:
    match event:
        case FacilityAdded():
            yield ("facilities", event.id, True)
        case BranchAdded():
            yield ("branches", event.branch.id, True)
        case LabTestAdded():
            yield ("tests", event.test.id, True)
        case _:
            pass


FACILITY: Final[Decider[Any]] = Decider(
    kind="facility",
    events=get_args(FacilityEvent),
    initial=Facility,
    decide=decide,
    evolve=evolve,
    state=Facility,
    check=check,
    files=_files,
    filed=_filed,
)
