"""Facilities, their branches, the types of tests and the tests: what can be ordered where.

R1  A branch's queue is a service of the hospital.
R2  A test has a type that is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from engine.actors.catalog import CATALOG_KEY, AddType, Catalog, RenameType, lab_test_type_view, the_type
from engine.actors.facility import facility_key, the_test
from engine.actors.facility.commands import AddBranch as BranchMore
from engine.actors.facility.commands import AddTest as TestMore
from engine.actors.facility.commands import Create, Rename, ReplaceBranch, ReplaceTest
from engine.actors.facility.state import Branch, Facility, LabTest
from engine.actors.facility.view import branch_view, facility_view, lab_test_view
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, Done, Find, Look, Propose, Value
from engine.decisions import finding
from engine.decisions.referring.catalog import the_branch, the_facility
from engine.decisions.services import the_service
from engine.errors import Invalid, NotFound

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Location = Annotated[str, Meta(max_length=120)]
Price = Annotated[int, Meta(ge=0, le=10**12)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", max_length=3)]
"""ISO 4217."""
Hours = Annotated[int, Meta(ge=1, le=10_000)]


class AddFacility(Value, frozen=True):
    """Add a facility, without branches and tests."""

    name: Name


class ChangeFacility(Value, frozen=True):
    """Give a facility another name."""

    facility_id: Id
    name: Name
    if_version: int | None = None


class AddBranch(Value, frozen=True):
    """Add a branch to a facility. ``service_id``: the queue in which patients wait for its laboratory."""

    facility_id: Id
    name: Name
    location: Location = ""
    active: bool = True
    service_id: Id | None = None


class ChangeBranch(Value, frozen=True):
    """Replace what a branch is; one that is not active takes no further referrals."""

    branch_id: Id
    name: Name
    location: Location = ""
    active: bool = True
    service_id: Id | None = None
    if_version: int | None = None


class AddTestType(Value, frozen=True):
    """Add a type of tests."""

    name: Name


class ChangeTestType(Value, frozen=True):
    """Give a type of tests another name."""

    test_type_id: Id
    name: Name
    if_version: int | None = None


class AddTest(Value, frozen=True):
    """Add a test to a facility's catalog, done at these branches, or at all of them where none is named."""

    facility_id: Id
    name: Name
    test_type_id: Id
    branch_ids: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()
    price_minor: Price = 0
    currency: Currency | None = None
    turnaround_hours: Hours | None = None
    active: bool = True


class ChangeTest(Value, frozen=True):
    """Replace what a test is; what was ordered before keeps its price and promise."""

    test_id: Id
    name: Name
    test_type_id: Id
    branch_ids: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()
    price_minor: Price = 0
    currency: Currency | None = None
    turnaround_hours: Hours | None = None
    active: bool = True
    if_version: int | None = None


def add_facility(command: AddFacility, at: At) -> Deciding:
    """A facility of this hospital's network."""
    yield from finding.the_hospital()
    key = facility_key(at.new_id(0))
    yield Propose(key, Create(tidy(command.name)))
    return Done(lambda look: facility_view(look(key)), "created")


def change_facility(command: ChangeFacility, at: At) -> Deciding:
    """Another name."""
    facility = yield from the_facility(command.facility_id)
    key = facility_key(facility.id)
    yield Propose(key, Rename(tidy(command.name), command.if_version))
    return Done(lambda look: facility_view(look(key)))


def add_branch(command: AddBranch, at: At) -> Deciding:
    """R1."""
    facility = yield from the_facility(command.facility_id)
    branch = yield from _branch(command, at.new_id(0))
    yield Propose(facility_key(facility.id), BranchMore(branch))
    return _branch_as_it_is(facility.id, branch.id, "created")


def change_branch(command: ChangeBranch, at: At) -> Deciding:
    """R1."""
    facility = (yield from the_branch(command.branch_id)).facility
    branch = yield from _branch(command, command.branch_id)
    yield Propose(facility_key(facility.id), ReplaceBranch(branch, command.if_version))
    return _branch_as_it_is(facility.id, branch.id)


def add_type(command: AddTestType, at: At) -> Deciding:
    """The name is its own."""
    yield from finding.the_hospital()
    id = at.new_id(0)
    yield Propose(CATALOG_KEY, AddType(id, tidy(command.name)))
    return Done(lambda look: lab_test_type_view(the_type(look(CATALOG_KEY), id)), "created")


def change_type(command: ChangeTestType, at: At) -> Deciding:
    """Another name."""
    id = command.test_type_id
    the_type((yield Look(CATALOG_KEY)), id)
    yield Propose(CATALOG_KEY, RenameType(id, tidy(command.name), command.if_version))
    return Done(lambda look: lab_test_type_view(the_type(look(CATALOG_KEY), id)))


def add_test(command: AddTest, at: At) -> Deciding:
    """R2."""
    facility = yield from the_facility(command.facility_id)
    test = yield from _lab_test(command, at.new_id(0))
    yield Propose(facility_key(facility.id), TestMore(test))
    return _test_as_it_is(facility.id, test.id, "created")


def change_test(command: ChangeTest, at: At) -> Deciding:
    """R2."""
    key: str | None = yield Find("tests", command.test_id)
    if key is None:
        raise NotFound("there is no such test", field="test_id", test_id=command.test_id)
    facility: Facility = yield Look(key)
    test = yield from _lab_test(command, command.test_id)
    yield Propose(key, ReplaceTest(test, command.if_version))
    return _test_as_it_is(facility.id, test.id)


def _branch(command: AddBranch | ChangeBranch, id: str) -> finding.Deciding[Branch]:
    """R1."""
    service_id = command.service_id or ""
    if service_id:
        yield from the_service(service_id)
    return Branch(
        id=id, name=tidy(command.name), location=command.location, active=command.active, service_id=service_id
    )


def _lab_test(command: AddTest | ChangeTest, id: str) -> finding.Deciding[LabTest]:
    """R2."""
    catalog: Catalog | None = yield Look(CATALOG_KEY)
    the_type(catalog, command.test_type_id)
    return LabTest(
        id=id,
        name=tidy(command.name),
        test_type_id=command.test_type_id,
        branch_ids=tuple(dict.fromkeys(command.branch_ids)),
        price_minor=command.price_minor,
        currency=command.currency or "",
        turnaround_hours=command.turnaround_hours or 0,
        active=command.active,
    )


def tidy(name: str) -> str:
    """A name without needless blanks."""
    tidied = " ".join(name.split())
    if not tidied:
        raise Invalid("name must not be blank", field="name")
    return tidied


def _branch_as_it_is(facility_id: str, branch_id: str, outcome: str = "ok") -> Done:
    def answer(look: Callable[[str], Any]) -> Any:
        facility: Facility = look(facility_key(facility_id))
        return branch_view(facility, facility.branches[branch_id])

    return Done(answer, outcome)


def _test_as_it_is(facility_id: str, test_id: str, outcome: str = "ok") -> Done:
    def answer(look: Callable[[str], Any]) -> Any:
        facility: Facility = look(facility_key(facility_id))
        return lab_test_view(facility, the_test(facility, test_id))

    return Done(answer, outcome)


ADD_FACILITY = Decision(command=AddFacility, run=add_facility)
CHANGE_FACILITY = Decision(
    command=ChangeFacility, run=change_facility, home=lambda command, find: find("facilities", command.facility_id)
)
ADD_BRANCH = Decision(
    command=AddBranch, run=add_branch, home=lambda command, find: find("facilities", command.facility_id)
)
CHANGE_BRANCH = Decision(
    command=ChangeBranch, run=change_branch, home=lambda command, find: find("branches", command.branch_id)
)
ADD_TEST_TYPE = Decision(command=AddTestType, run=add_type)
CHANGE_TEST_TYPE = Decision(
    command=ChangeTestType, run=change_type, home=lambda command, find: find("test_types", command.test_type_id)
)
ADD_TEST = Decision(command=AddTest, run=add_test, home=lambda command, find: find("facilities", command.facility_id))
CHANGE_TEST = Decision(command=ChangeTest, run=change_test, home=lambda command, find: find("tests", command.test_id))
