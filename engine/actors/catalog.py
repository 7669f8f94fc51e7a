"""The types of tests of a hospital: what the catalog is ordered by. One actor; it knows no test.

R1  No two types have one name; a type is never taken out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, assert_never

import msgspec

from engine.decider import At, Decider, Event
from engine.errors import NotFound, Rejected, Stale

CATALOG_KEY: Final = "test_catalog:self"
"""The actor: one a hospital."""

MAX_TYPES: Final = 1_000


class LabTestType(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A type of tests, such as haematology."""

    id: str
    name: str
    version: int = 1


class LabTestTypeAdded(Event, frozen=True):
    """A type more."""

    test_type: LabTestType


class LabTestTypeChanged(Event, frozen=True):
    """A type's name from now on."""

    test_type: LabTestType


CatalogEvent = LabTestTypeAdded | LabTestTypeChanged


class TypeNameTaken(Rejected):
    """R1. Fact ``test_type_id``: the type of this name."""

    code = "name_taken"
    rule = "R1"


class TooManyTypes(Rejected):
    """There are as many types as there may be."""

    code = "too_many"


class AddType(msgspec.Struct, frozen=True):
    """A type more."""

    id: str
    name: str


class RenameType(msgspec.Struct, frozen=True):
    """Another name for a type."""

    id: str
    name: str
    if_version: int | None = None


class Catalog(msgspec.Struct):
    """State. Types by id, in the order in which they came."""

    types: dict[str, LabTestType] = {}
    version: int = 0


class LabTestTypeView(msgspec.Struct, frozen=True):
    """A type as answered."""

    id: str
    name: str
    version: int


def lab_test_type_view(type: LabTestType) -> LabTestTypeView:
    """A type as answered."""
    return LabTestTypeView(type.id, type.name, type.version)


def the_type(state: Catalog | None, test_type_id: str) -> LabTestType:
    """A type of this hospital."""
    type = state.types.get(test_type_id) if state is not None else None
    if type is None:
        raise NotFound("there is no such type of tests", field="test_type_id", test_type_id=test_type_id)
    return type


def decide(state: Catalog, command: AddType | RenameType, at: At) -> list[CatalogEvent]:
    """The events of a command to the catalog."""
    match command:
        case AddType():
            if len(state.types) >= MAX_TYPES:
                raise TooManyTypes(f"a hospital has {MAX_TYPES} types of tests at most", limit=MAX_TYPES)
            _unlike(state, command)
            return [LabTestTypeAdded(test_type=LabTestType(id=command.id, name=command.name))]
        case RenameType():
            known = the_type(state, command.id)
            if command.if_version is not None and command.if_version != known.version:
                raise Stale("the type has changed", version=known.version)
            _unlike(state, command)
            if command.name == known.name:
                return []
            return [
                LabTestTypeChanged(test_type=LabTestType(id=known.id, name=command.name, version=known.version + 1))
            ]
        case _:
            assert_never(command)


def _unlike(state: Catalog, wanted: AddType | RenameType) -> None:
    """R1."""
    for other in state.types.values():
        if other.id != wanted.id and other.name.casefold() == wanted.name.casefold():
            raise TypeNameTaken("there is a type of this name", test_type_id=other.id)


def evolve(state: Catalog, event: CatalogEvent) -> None:
    """Change the state."""
    state.version += 1
    state.types[event.test_type.id] = event.test_type


def check(state: Catalog) -> None:
    """What always holds."""
    names = {type.name.casefold() for type in state.types.values()}
    assert len(names) == len(state.types), "R1: two types of one name"


def _files(state: Catalog) -> Iterable[tuple[str, str]]:
    return (("test_types", id) for id in state.types)


def _filed(event: CatalogEvent) -> Iterable[tuple[str, str, bool]]:
    return (("test_types", event.test_type.id, True),) if isinstance(event, LabTestTypeAdded) else ()


CATALOG: Final[Decider[Any]] = Decider(
    kind="test_catalog",
    events=(LabTestTypeAdded, LabTestTypeChanged),
    initial=lambda _: Catalog(),
    decide=decide,
    evolve=evolve,
    state=Catalog,
    check=check,
    files=_files,
    filed=_filed,
)
