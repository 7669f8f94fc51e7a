"""Referrals as the rows of a list, with the names of all they are about. A name is opened once for a question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

import msgspec

from engine import calendar
from engine.actors.facility.state import Branch, Facility, LabTest
from engine.actors.patient import Patient, patient_key
from engine.actors.practitioner import Practitioner, practitioner_key
from engine.actors.referral.state import Referral, ReferralStatus, TestStatus, Urgency, referral_key
from engine.actors.referral.tables import pair_table
from engine.decider import PersonName
from engine.views.paging import filed
from engine.views.reader import Reader

Standing = tuple[str, str]
"""Where a practitioner stands among all: by name, whatever its case, and id."""


class RowTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test of a referral, without its result."""

    id: str
    test_id: str
    name: str | None
    status: TestStatus
    attempt: int
    critical: bool


class ReferralRow(msgspec.Struct, frozen=True, kw_only=True):
    """A referral in a list. ``awaits_acknowledgement``: there is a result, and the referrer has not said so."""

    id: str
    reference: str
    status: ReferralStatus
    priority: Urgency
    patient_id: str
    patient_name: PersonName | None
    practitioner_id: str
    practitioner_name: PersonName | None
    facility_id: str
    branch_id: str
    branch_name: str | None
    tests: list[RowTest]
    awaits_acknowledgement: bool
    created_at: dt.datetime
    updated_at: dt.datetime
    completed_at: dt.datetime | None
    version: int


class Names:
    """What things are called, for one question; each is looked at once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._practitioners: dict[str, PersonName | None] = {}
        self._patients: dict[str, PersonName | None] = {}
        self._facilities: dict[str, Facility | None] = {}

    def row(self, referral_id: str) -> ReferralRow:
        """A referral that stands in a table."""
        referral = referral_of(self._reader, referral_id)
        assert referral is not None, "what is filed is there"
        branch = self.branch(referral.branch_id)
        tests = [
            RowTest(
                id=test.id,
                test_id=test.test_id,
                name=named.name if (named := self.test(test.test_id)) is not None else None,
                status=test.status,
                attempt=test.attempt,
                critical=test.critical,
            )
            for test in referral.tests.values()
        ]
        return ReferralRow(
            id=referral.id,
            reference=referral.reference,
            status=referral.status,
            priority=referral.priority,
            patient_id=referral.patient_id,
            patient_name=self.patient(referral.patient_id),
            practitioner_id=referral.practitioner_id,
            practitioner_name=self.practitioner(referral.practitioner_id),
            facility_id=referral.facility_id,
            branch_id=referral.branch_id,
            branch_name=branch.name if branch is not None else None,
            tests=tests,
            awaits_acknowledgement=bool(referral.result_at),
            created_at=calendar.moment(referral.created_at),
            updated_at=calendar.moment(referral.updated_at),
            completed_at=calendar.moment(referral.completed_at) if referral.completed_at else None,
            version=referral.version,
        )

    def practitioner(self, id: str) -> PersonName | None:
        """Also of one who has left."""
        if id not in self._practitioners:
            state = cast("Practitioner | None", self._reader.look(practitioner_key(id)))
            self._practitioners[id] = state.profile.name if state is not None else None
        return self._practitioners[id]

    def patient(self, id: str) -> PersonName | None:
        """As the record has it now."""
        if id not in self._patients:
            state = cast("Patient | None", self._reader.look(patient_key(id)))
            self._patients[id] = state.name if state is not None else None
        return self._patients[id]

    def branch(self, id: str) -> Branch | None:
        """A branch, by way of its facility."""
        facility = self._facility(self._reader.find("branches", id))
        return facility.branches.get(id) if facility is not None else None

    def test(self, id: str) -> LabTest | None:
        """A test of the catalog, by way of its facility."""
        facility = self._facility(self._reader.find("tests", id))
        return facility.tests.get(id) if facility is not None else None

    def standing(self, practitioner_id: str) -> Standing:
        """Where a practitioner stands in a list by name."""
        name = self.practitioner(practitioner_id)
        return (name.text.casefold() if name is not None else "", practitioner_id)

    def practitioners_in_order(self, branch_ids: Sequence[str]) -> list[str]:
        """By name, those who ever referred to one of these branches; nobody else is looked at."""
        count = self._reader.count
        those = [
            id
            for id in filed(self._reader, "practitioners", None)
            if any(count(pair_table(branch, id)) for branch in branch_ids)
        ]
        return sorted(those, key=self.standing)

    def _facility(self, key: str | None) -> Facility | None:
        if key is None:
            return None
        if key not in self._facilities:
            self._facilities[key] = cast("Facility | None", self._reader.look(key))
        return self._facilities[key]


def referral_of(reader: Reader, referral_id: str) -> Referral | None:
    """The referral's state, ``None`` when the id is unknown."""
    return cast("Referral | None", reader.look(referral_key(referral_id)))
