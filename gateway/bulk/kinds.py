"""The kinds of things that come and go by the file: which command makes one, where they are listed, what names them.

A kind's columns are the fields of its command: nothing is listed twice, and a new field is a new column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any, Final, get_args, get_origin

import msgspec

from engine.decisions import DECISIONS
from gateway.routes import TABLE, Row
from gateway.shapes import VERSION_FIELD, Shape

_COMMANDS: Final = {kind.__name__: kind for kind in DECISIONS}


class Kind:
    """One kind. ``same``: the fields in which two that are one agree; ``refers``: fields that are ids of a kind."""

    def __init__(
        self, name: str, command: str, *lists: str, same: tuple[str, ...] = ("name",), label: str = "name",
        refers: Mapping[str, str] | None = None, listed_as: Mapping[str, str] | None = None,
        leaves: Collection[str] = (), unless: Collection[str] = ("retired",),
    ) -> None:  # fmt: skip
        self.name = name
        self.lists = lists
        self.same = same
        self.label = label
        self.refers = refers or {}
        self.listed_as = listed_as or {}
        self.leaves = leaves
        self._unless = unless
        self._command = command

    @cached_property
    def row(self) -> Row:
        """The row that makes one."""
        return next(row for row in TABLE if row.name == self._command)

    @cached_property
    def shape(self) -> Shape:
        """What the gateway holds a body against, and so what a line is held against before it is sent."""
        return Shape(_COMMANDS[self._command], self.row.ids)

    @cached_property
    def columns(self) -> dict[str, Any]:
        """The fields of the command by name, with their types."""
        fields = msgspec.structs.fields(_COMMANDS[self._command])
        return {one.encode_name: one.type for one in fields if one.encode_name not in (VERSION_FIELD, *self.leaves)}

    def holds(self, item: Mapping[str, Any]) -> bool:
        """Whether a row of the list is one that somebody made, and still there."""
        return not any(item.get(name) for name in self._unless)

    def given(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """What would have to be said to make this one: a row of the list as the body of the command."""
        body = {name: item.get(self.listed_as.get(name, name)) for name in self.columns}
        return {name: _trimmed(value, self.columns[name]) for name, value in body.items() if value is not None}


def _trimmed(value: Any, hint: Any) -> Any:
    """A value of an answer without what the command does not take: an answer may tell more than was said."""
    known = next((one for one in _structs(hint)), None)
    if known is None:
        return value
    fields = {one.encode_name for one in msgspec.structs.fields(known)}
    told = {"last_issue_time": "last_issue_at"}  # a slot's quota says the time of its last ticket by another name

    def trim(one: Any) -> Any:
        if not isinstance(one, dict):
            return one
        renamed = {told.get(name, name) if name not in fields else name: inner for name, inner in one.items()}
        return {name: inner for name, inner in renamed.items() if name in fields and inner is not None}

    if isinstance(value, list):
        return [trim(one) for one in value]
    if get_origin(hint) is dict and isinstance(value, dict):
        return {name: trim(one) for name, one in value.items()}
    return trim(value)


def _structs(hint: Any) -> list[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [hint]
    return [found for inner in get_args(hint) for found in _structs(inner)]


KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("doctors", "AddDoctor", "/doctors/", same=("name", "specialization")),
        Kind(
            "patients", "RegisterPatient", "/patients/", same=("name", "phone", "dob"),
            unless=("retired", "erased", "merged_into"),
        ),
        Kind(
            "slots", "OpenSlot", "/slots/", same=("doctor", "start_time"), label="", refers={"doctor": "doctors"},
            listed_as={"doctor": "doctor_id"}, unless=(),
        ),
        Kind(
            "slot-templates", "AddSlotTemplate", "/slot-templates/", label="", refers={"doctor": "doctors"},
            same=("doctor", "weekdays", "start_time", "end_time", "valid_from"), listed_as={"doctor": "doctor_id"},
        ),
        # A doctor's own queue opens itself at his first patient.
        Kind("services", "AddService", "/services/", unless=("retired", "doctor_id")),
        Kind("clinics", "AddClinic", "/clinics/"),
        Kind(
            "rooms", "AddRoom", "/rooms/", same=("clinic_id", "name"),
            refers={"clinic_id": "clinics", "doctors": "doctors"},
        ),
        Kind("wards", "AddWard", "/wards/"),
        Kind("beds", "AddBed", "/beds/", same=("ward_id", "label"), label="", refers={"ward_id": "wards"}),
        Kind(
            "staff", "AddStaff", "/staff/", same=("name", "role"),
            refers={"ward_ids": "wards", "doctor_id": "doctors"},
        ),
        Kind("facilities", "AddFacility", "/facilities/"),
        Kind(
            "branches", "AddBranch", "/branches/", same=("facility_id", "name"),
            refers={"facility_id": "facilities", "service_id": "services"},
        ),
        Kind("test-types", "AddTestType", "/test-types/"),
        Kind(
            "tests", "AddTest", "/tests/", "/tests/?active=false", same=("facility_id", "name"),
            refers={"facility_id": "facilities", "test_type_id": "test-types", "branch_ids": "branches"},
        ),
        Kind(
            "practitioners", "AddPractitioner", "/practitioners/", same=("name", "specialty"),
            refers={"doctor_id": "doctors"},
        ),
        Kind("technicians", "AddTechnician", "/technicians/", refers={"branch_ids": "branches"}),
    )
}  # fmt: skip
"""By name, in an order in which each comes after what it refers to."""
