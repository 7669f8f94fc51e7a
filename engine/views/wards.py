"""Lists of wards and beds. Who lies there stands as an id; names are on the board of a ward for its staff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

from engine.actors.ward.state import Bed, BedState, Ward, ward_key
from engine.actors.ward.view import BedView, WardView, bed_view, ward_view
from engine.decider import Value
from engine.errors import NotFound
from engine.rules.subject import Word
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader


class ListWards(ListQuery, frozen=True):
    """Wards in the order in which they were opened; those closed for good only with ``retired``."""

    retired: bool = False


class GetWard(Value, frozen=True):
    """One ward, also one that is closed."""

    ward_id: Id


class ListBeds(ListQuery, frozen=True):
    """Beds in the order in which they were added; every filter narrows.

    ``available``: whether somebody could be put there now. A bed that is reserved or being cleaned is not available.
    """

    ward_id: Id | None = None
    state: BedState | None = None
    type: Word | None = None
    available: bool | None = None


class GetBed(Value, frozen=True):
    """One bed."""

    bed_id: Id


class InWard(NamedTuple):
    """A bed and its ward."""

    ward: Ward
    bed: Bed


def list_wards(reader: Reader, query: ListWards) -> Found:
    """A page of wards."""
    after = position(query, ById)

    def rows() -> Iterator[tuple[ById, Ward | None]]:
        for id in filed(reader, "wards", after.id if after is not None else None):
            ward = ward_of(reader, id)
            yield ById(id), ward if ward is not None and bool(ward.retired_at) == query.retired else None

    found: Page[WardView] = page(query, rows(), ward_view)
    return Found(found)


def get_ward(reader: Reader, query: GetWard) -> Found:
    """A ward, or ``NotFound``."""
    ward = known_ward(reader, query.ward_id)
    return Found(ward_view(ward), ward.version)


def list_beds(reader: Reader, query: ListBeds) -> Found:
    """A page of beds."""
    after = position(query, ById)

    def wanted(bed: Bed) -> bool:
        return (
            query.state in (None, bed.state)
            and query.type in (None, bed.profile.type)
            and query.available in (None, bed.state == "unoccupied")
        )

    def rows() -> Iterator[tuple[ById, InWard | None]]:
        for id in _beds(reader, query.ward_id, after.id if after is not None else None):
            one = bed_of(reader, id)
            yield ById(id), one if one is not None and wanted(one.bed) else None

    found: Page[BedView] = page(query, rows(), _shown)
    return Found(found)


def get_bed(reader: Reader, query: GetBed) -> Found:
    """A bed, or ``NotFound``."""
    one = bed_of(reader, query.bed_id)
    if one is None:
        raise NotFound("there is no such bed", bed_id=query.bed_id)
    return Found(_shown(one), one.bed.version)


def ward_of(reader: Reader, ward_id: str) -> Ward | None:
    """The ward's state, ``None`` when the id is unknown."""
    ward = cast("Ward | None", reader.look(ward_key(ward_id)))
    return ward if ward is not None and ward.version else None


def known_ward(reader: Reader, ward_id: str) -> Ward:
    """The ward's state, or ``NotFound``; also one that is closed."""
    ward = ward_of(reader, ward_id)
    if ward is None:
        raise NotFound("there is no such ward", ward_id=ward_id)
    return ward


def bed_of(reader: Reader, bed_id: str) -> InWard | None:
    """A bed that is in a ward."""
    key = reader.find("beds", bed_id)
    ward = cast("Ward | None", reader.look(key)) if key is not None else None
    bed = ward.beds.get(bed_id) if ward is not None else None
    return None if ward is None or bed is None else InWard(ward, bed)


def _beds(reader: Reader, ward_id: str | None, after: str | None) -> Iterable[str]:
    if ward_id is None:
        return filed(reader, "beds", after)
    ward = ward_of(reader, ward_id)
    return sorted(id for id in (ward.beds if ward is not None else ()) if after is None or id > after)


def _shown(one: InWard) -> BedView:
    return bed_view(one.ward, one.bed)
