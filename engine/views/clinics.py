"""Lists of clinics. They know settings and counts, and nothing of what is booked."""

from __future__ import annotations

from collections.abc import Iterator

from engine.actors.clinic.state import Clinic
from engine.actors.clinic.view import ClinicView, clinic_view
from engine.decider import Value
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import clinic_of, known_clinic


class ListClinics(ListQuery, frozen=True):
    """Clinics in the order in which they were added; those no longer used only with ``retired``."""

    retired: bool = False


class GetClinic(Value, frozen=True):
    """One clinic, also one that is no longer used."""

    clinic_id: Id


def list_clinics(reader: Reader, query: ListClinics) -> Found:
    """A page of clinics."""
    after = position(query, ById)

    def rows() -> Iterator[tuple[ById, Clinic | None]]:
        for id in filed(reader, "clinics", after.id if after else None):
            clinic = clinic_of(reader, id)
            yield ById(id), clinic if clinic is not None and clinic.retired == query.retired else None

    found: Page[ClinicView] = page(query, rows(), clinic_view)
    return Found(found)


def get_clinic(reader: Reader, query: GetClinic) -> Found:
    """A clinic, or ``NotFound``."""
    clinic = known_clinic(reader, query.clinic_id)
    return Found(clinic_view(clinic), clinic.version)
