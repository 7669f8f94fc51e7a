"""Lists of practitioners, who refer, and of technicians, who do the tests. They know the records and no referral.

Who has left is listed only when ``retired`` says so; by id they stay readable.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

from msgspec import Meta

from engine.actors.practitioner import Practitioner, PractitionerView, practitioner_key, practitioner_view
from engine.actors.technician import Technician, TechnicianView, technician_key, technician_view
from engine.decider import Value
from engine.errors import NotFound
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader

Sought = Annotated[str, Meta(max_length=200)]


class ListPractitioners(ListQuery, frozen=True):
    """Practitioners in the order in which they were added."""

    name: Sought | None = None
    specialty: Sought | None = None
    retired: bool = False


class GetPractitioner(Value, frozen=True):
    """One practitioner, also one who has left."""

    practitioner_id: Id


class ListTechnicians(ListQuery, frozen=True):
    """Technicians in the order in which they were added; ``branch_id``: those who work there."""

    name: Sought | None = None
    branch_id: Id | None = None
    retired: bool = False


class GetTechnician(Value, frozen=True):
    """One technician, also one who has left."""

    technician_id: Id


def list_practitioners(reader: Reader, query: ListPractitioners) -> Found:
    """A page of practitioners."""
    after = position(query, ById)
    name, specialty = _folded(query.name), _folded(query.specialty)

    def wanted(state: Practitioner) -> bool:
        return (
            bool(state.retired_at) == query.retired
            and specialty in state.profile.specialty.casefold()
            and (not name or name in state.profile.name.text.casefold())
        )

    def rows() -> Iterator[tuple[ById, Practitioner | None]]:
        for id in filed(reader, "practitioners", after.id if after is not None else None):
            state = cast("Practitioner | None", reader.look(practitioner_key(id)))
            yield ById(id), state if state is not None and wanted(state) else None

    found: Page[PractitionerView] = page(query, rows(), practitioner_view)
    return Found(found)


def get_practitioner(reader: Reader, query: GetPractitioner) -> Found:
    """A practitioner, or ``NotFound``."""
    state = cast("Practitioner | None", reader.look(practitioner_key(query.practitioner_id)))
    if state is None:
        raise NotFound("there is no such practitioner", practitioner_id=query.practitioner_id)
    return Found(practitioner_view(state), state.version)


def list_technicians(reader: Reader, query: ListTechnicians) -> Found:
    """A page of technicians."""
    after, name = position(query, ById), _folded(query.name)

    def wanted(state: Technician) -> bool:
        return (
            bool(state.retired_at) == query.retired
            and (query.branch_id is None or query.branch_id in state.profile.branch_ids)
            and (not name or name in state.profile.name.text.casefold())
        )

    def rows() -> Iterator[tuple[ById, Technician | None]]:
        for id in filed(reader, "technicians", after.id if after is not None else None):
            state = cast("Technician | None", reader.look(technician_key(id)))
            yield ById(id), state if state is not None and wanted(state) else None

    found: Page[TechnicianView] = page(query, rows(), technician_view)
    return Found(found)


def get_technician(reader: Reader, query: GetTechnician) -> Found:
    """A technician, or ``NotFound``."""
    state = cast("Technician | None", reader.look(technician_key(query.technician_id)))
    if state is None:
        raise NotFound("there is no such technician", technician_id=query.technician_id)
    return Found(technician_view(state), state.version)


def _folded(text: str | None) -> str:
    return text.casefold() if text is not None else ""
