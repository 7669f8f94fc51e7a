"""What a facility answers to a command, and what an event does to it. Rules stand in the package's docstring."""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

import msgspec

from engine.actors.facility.commands import (
    AddBranch,
    AddTest,
    Create,
    FacilityCommand,
    Rename,
    ReplaceBranch,
    ReplaceTest,
)
from engine.actors.facility.events import (
    BranchAdded,
    BranchChanged,
    FacilityAdded,
    FacilityChanged,
    FacilityEvent,
    LabTestAdded,
    LabTestChanged,
)
from engine.actors.facility.refusals import NameTaken, TooMany
from engine.actors.facility.state import Branch, Facility, LabTest
from engine.decider import At
from engine.errors import Invalid, NotFound, Stale

MAX_BRANCHES = 500
MAX_TESTS = 5_000
"""R5: of one facility."""


def decide(state: Facility, command: FacilityCommand, at: At) -> list[FacilityEvent]:
    """The events of a command to a facility."""
    if isinstance(command, Create):
        assert not state.version, "R1: ids are given once"
        return [FacilityAdded(id=state.id, name=command.name, time=at.time)]
    if not state.version:
        raise NotFound("there is no such facility", field="facility_id", facility_id=state.id)
    match command:
        case Rename():
            _fresh(state.version, command.if_version, "facility")
            return [FacilityChanged(name=command.name)] if command.name != state.name else []
        case AddBranch():
            _room_for_more(state.branches, MAX_BRANCHES, "branches")
            _unlike(command.branch, state.branches.values())
            return [BranchAdded(branch=command.branch)]
        case ReplaceBranch():
            known = the_branch(state, command.branch.id)
            _fresh(known.version, command.if_version, "branch")
            _unlike(command.branch, state.branches.values())
            branch = msgspec.structs.replace(command.branch, version=known.version)
            if branch == known:
                return []
            return [BranchChanged(branch=msgspec.structs.replace(branch, version=known.version + 1))]
        case AddTest():
            _room_for_more(state.tests, MAX_TESTS, "tests")
            _fits(state, command.test)
            return [LabTestAdded(test=command.test)]
        case ReplaceTest():
            before = the_test(state, command.test.id)
            _fresh(before.version, command.if_version, "test")
            _fits(state, command.test)
            test = msgspec.structs.replace(command.test, version=before.version)
            if test == before:
                return []
            return [LabTestChanged(test=msgspec.structs.replace(test, version=before.version + 1))]
        case _:
            assert_never(command)


def the_branch(state: Facility, branch_id: str) -> Branch:
    """A branch of this facility."""
    branch = state.branches.get(branch_id)
    if branch is None:
        raise NotFound("there is no such branch", field="branch_id", branch_id=branch_id)
    return branch


def the_test(state: Facility, test_id: str) -> LabTest:
    """A test of this facility."""
    test = state.tests.get(test_id)
    if test is None:
        raise NotFound("there is no such test", field="test_id", test_id=test_id)
    return test


def _fits(state: Facility, test: LabTest) -> None:
    """R3, R4."""
    foreign = [id for id in test.branch_ids if id not in state.branches]
    if foreign:
        raise Invalid("a test is done at branches of its own facility", field="branch_ids", branch_ids=foreign)
    if test.price_minor and not test.currency:
        raise Invalid("a price has a currency", field="currency")
    _unlike(test, state.tests.values())


def _unlike(wanted: Branch | LabTest, others: Collection[Branch] | Collection[LabTest]) -> None:
    """R2."""
    name = wanted.name.casefold()
    for other in others:
        if other.id != wanted.id and other.name.casefold() == name:
            raise NameTaken("the facility has one of this name", id=other.id)


def _fresh(version: int, if_version: int | None, what: str) -> None:
    if if_version is not None and if_version != version:
        raise Stale(f"the {what} has changed", version=version)


def _room_for_more(there: Collection[str], limit: int, what: str) -> None:
    """R5."""
    if len(there) >= limit:
        raise TooMany(f"a facility has {limit} {what} at most", limit=limit)


def evolve(state: Facility, event: FacilityEvent) -> None:
    """Change the state."""
    match event:
        case FacilityAdded():
            state.id, state.name, state.created_at, state.version = event.id, event.name, event.time, 1
        case FacilityChanged():
            state.name = event.name
            state.version += 1
        case BranchAdded() | BranchChanged():
            state.branches[event.branch.id] = event.branch
        case LabTestAdded() | LabTestChanged():
            state.tests[event.test.id] = event.test
        case _:
            assert_never(event)
