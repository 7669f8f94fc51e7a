"""What can be ordered, and where: facilities, their branches, types of tests, and the tests with their prices.

The catalog names nobody, so every key may read it. A filter by text looks for it anywhere in a name, in any case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

from msgspec import Meta

from engine.actors.catalog import CATALOG_KEY, Catalog, LabTestTypeView, lab_test_type_view, the_type
from engine.actors.facility.state import Branch, Facility, LabTest, facility_key, offered
from engine.actors.facility.view import (
    BranchView,
    FacilityView,
    LabTestView,
    branch_view,
    facility_view,
    lab_test_view,
)
from engine.decider import Value
from engine.errors import NotFound
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader

Sought = Annotated[str, Meta(max_length=200)]


class ListFacilities(ListQuery, frozen=True):
    """Facilities in the order in which they were added."""

    name: Sought | None = None


class GetFacility(Value, frozen=True):
    """One facility with its branches."""

    facility_id: Id


class ListBranches(ListQuery, frozen=True):
    """Branches in the order in which they were added; ``active``: those that take referrals, or those that do not."""

    facility_id: Id | None = None
    active: bool | None = None
    name: Sought | None = None


class GetBranch(Value, frozen=True):
    """One branch."""

    branch_id: Id


class ListTestTypes(ListQuery, frozen=True):
    """The types of tests in the order in which they were added."""


class GetTestType(Value, frozen=True):
    """One type of tests."""

    test_type_id: Id


class ListTests(ListQuery, frozen=True):
    """The catalog, in the order in which tests were added.

    ``branch_id``: what can be ordered there now. Tests that are no longer done only with ``active`` false.
    """

    facility_id: Id | None = None
    branch_id: Id | None = None
    test_type_id: Id | None = None
    active: bool = True
    name: Sought | None = None


class GetTest(Value, frozen=True):
    """One test of the catalog."""

    test_id: Id


def list_facilities(reader: Reader, query: ListFacilities) -> Found:
    """A page of facilities."""
    after, name = position(query, ById), _folded(query.name)

    def rows() -> Iterator[tuple[ById, Facility | None]]:
        for id in filed(reader, "facilities", after.id if after is not None else None):
            facility = _facility(reader, facility_key(id))
            yield ById(id), facility if facility is not None and name in facility.name.casefold() else None

    found: Page[FacilityView] = page(query, rows(), facility_view)
    return Found(found)


def get_facility(reader: Reader, query: GetFacility) -> Found:
    """A facility, or ``NotFound``."""
    facility = _facility(reader, facility_key(query.facility_id))
    if facility is None:
        raise NotFound("there is no such facility", facility_id=query.facility_id)
    return Found(facility_view(facility), facility.version)


def list_branches(reader: Reader, query: ListBranches) -> Found:
    """A page of branches."""
    after, name = position(query, ById), _folded(query.name)

    def wanted(facility: Facility, branch: Branch) -> bool:
        return (
            query.facility_id in (None, facility.id)
            and query.active in (None, branch.active)
            and name in branch.name.casefold()
        )

    def rows() -> Iterator[tuple[ById, tuple[Facility, Branch] | None]]:
        for id in filed(reader, "branches", after.id if after is not None else None):
            found = branch_of(reader, id)
            yield ById(id), found if found is not None and wanted(*found) else None

    found: Page[BranchView] = page(query, rows(), lambda row: branch_view(*row))
    return Found(found)


def get_branch(reader: Reader, query: GetBranch) -> Found:
    """A branch, or ``NotFound``."""
    found = branch_of(reader, query.branch_id)
    if found is None:
        raise NotFound("there is no such branch", branch_id=query.branch_id)
    return Found(branch_view(*found), found[1].version)


def list_test_types(reader: Reader, query: ListTestTypes) -> Found:
    """A page of types."""
    after = position(query, ById)
    types = _catalog(reader).types
    left = ((ById(id), types[id]) for id in sorted(types) if after is None or id > after.id)
    found: Page[LabTestTypeView] = page(query, left, lab_test_type_view)
    return Found(found)


def get_test_type(reader: Reader, query: GetTestType) -> Found:
    """A type, or ``NotFound``."""
    type = the_type(_catalog(reader), query.test_type_id)
    return Found(lab_test_type_view(type), type.version)


def list_tests(reader: Reader, query: ListTests) -> Found:
    """A page of the catalog."""
    after, name = position(query, ById), _folded(query.name)
    at = branch_of(reader, query.branch_id) if query.branch_id is not None else None

    def wanted(facility: Facility, test: LabTest) -> bool:
        if query.branch_id is not None:
            if at is None or at[0].id != facility.id:
                return False
            if query.active and not (at[1].active and offered(test, at[1].id)):
                return False
        return (
            query.facility_id in (None, facility.id)
            and query.test_type_id in (None, test.test_type_id)
            and test.active == query.active
            and name in test.name.casefold()
        )

    def rows() -> Iterator[tuple[ById, tuple[Facility, LabTest] | None]]:
        for id in filed(reader, "tests", after.id if after is not None else None):
            found = test_of(reader, id)
            yield ById(id), found if found is not None and wanted(*found) else None

    found: Page[LabTestView] = page(query, rows(), lambda row: lab_test_view(*row))
    return Found(found)


def get_test(reader: Reader, query: GetTest) -> Found:
    """A test of the catalog, or ``NotFound``."""
    found = test_of(reader, query.test_id)
    if found is None:
        raise NotFound("there is no such test", test_id=query.test_id)
    return Found(lab_test_view(*found), found[1].version)


def branch_of(reader: Reader, branch_id: str) -> tuple[Facility, Branch] | None:
    """A branch and its facility, ``None`` when the id is unknown."""
    facility = _facility(reader, reader.find("branches", branch_id))
    branch = facility.branches.get(branch_id) if facility is not None else None
    return (facility, branch) if facility is not None and branch is not None else None


def test_of(reader: Reader, test_id: str) -> tuple[Facility, LabTest] | None:
    """A test and its facility, ``None`` when the id is unknown."""
    facility = _facility(reader, reader.find("tests", test_id))
    test = facility.tests.get(test_id) if facility is not None else None
    return (facility, test) if facility is not None and test is not None else None


def _facility(reader: Reader, key: str | None) -> Facility | None:
    return None if key is None else cast("Facility | None", reader.look(key))


def _catalog(reader: Reader) -> Catalog:
    return cast("Catalog | None", reader.look(CATALOG_KEY)) or Catalog()


def _folded(text: str | None) -> str:
    return text.casefold() if text is not None else ""
