"""The lists in which a referral stands: tables of the directory, so that a page and a count cost no walk.

``referrals`` has all; ``…:practitioner:{id}``, ``…:branch:{id}`` and ``…:pair:{branch}:{practitioner}`` are parts of
it, and each of these four has one more table for every status, ``…:{status}``. ``referrals:patient:{id}`` and
``referrals:test:{test}`` have no such parts. In all of them an id is the referral's, so that the order is that of
creation; in ``references`` it is the printed reference. No table holds private text.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.actors.referral.events import (
    ReferralCreated,
    ReferralEvent,
    ReferralRedirected,
    ReferralRepointed,
    ReferralStatusChanged,
)
from engine.actors.referral.state import Referral, ReferralStatus


def all_table(status: ReferralStatus | None = None) -> str:
    """All referrals, or those of a status."""
    return _with("referrals", status)


def practitioner_table(practitioner_id: str, status: ReferralStatus | None = None) -> str:
    """Those of one referrer."""
    return _with(f"referrals:practitioner:{practitioner_id}", status)


def branch_table(branch_id: str, status: ReferralStatus | None = None) -> str:
    """Those that are at a branch now."""
    return _with(f"referrals:branch:{branch_id}", status)


def pair_table(branch_id: str, practitioner_id: str, status: ReferralStatus | None = None) -> str:
    """Those of one referrer at one branch."""
    return _with(f"referrals:pair:{branch_id}:{practitioner_id}", status)


def patient_table(patient_id: str) -> str:
    """Those of one patient."""
    return f"referrals:patient:{patient_id}"


def ordered_table(test_id: str) -> str:
    """Those that ask for a test of the catalog."""
    return f"referrals:test:{test_id}"


REFERENCES = "references"


def files(state: Referral) -> Iterable[tuple[str, str]]:
    """Every table that has the referral, as after a restart."""
    if not state.version:
        return
    yield (REFERENCES, state.reference)
    yield (patient_table(state.patient_id), state.id)
    for test in state.tests.values():
        yield (ordered_table(test.test_id), state.id)
    for status in (None, state.status):
        yield (all_table(status), state.id)
        yield (practitioner_table(state.practitioner_id, status), state.id)
        for table in _at(state.branch_id, state.practitioner_id, status):
            yield (table, state.id)


def filed(event: ReferralEvent) -> Iterable[tuple[str, str, bool]]:
    """How one event changes that."""
    match event:
        case ReferralCreated():
            yield (REFERENCES, event.reference, True)
            yield (patient_table(event.patient_id), event.id, True)
            for test in event.tests:
                yield (ordered_table(test.test_id), event.id, True)
            status: ReferralStatus | None
            for status in (None, "Pending"):
                yield (all_table(status), event.id, True)
                yield (practitioner_table(event.practitioner_id, status), event.id, True)
                for table in _at(event.branch_id, event.practitioner_id, status):
                    yield (table, event.id, True)
        case ReferralStatusChanged():
            for status, there in ((event.was, False), (event.now, True)):
                yield (all_table(status), event.id, there)
                yield (practitioner_table(event.practitioner_id, status), event.id, there)
                for table in _at(event.branch_id, event.practitioner_id, status):
                    yield (table, event.id, there)
        case ReferralRedirected():
            for status, there in ((event.was, False), (event.now, True)):
                yield (all_table(status), event.id, there)
                yield (practitioner_table(event.practitioner_id, status), event.id, there)
            for status in (None, event.was):
                for table in _at(event.from_branch_id, event.practitioner_id, status):
                    yield (table, event.id, False)
            for status in (None, event.now):
                for table in _at(event.branch_id, event.practitioner_id, status):
                    yield (table, event.id, True)
        case ReferralRepointed():
            yield (patient_table(event.from_patient_id), event.id, False)
            yield (patient_table(event.patient_id), event.id, True)
        case _:
            pass


def _at(branch_id: str, practitioner_id: str, status: ReferralStatus | None) -> Iterable[str]:
    yield branch_table(branch_id, status)
    yield pair_table(branch_id, practitioner_id, status)


def _with(table: str, status: ReferralStatus | None) -> str:
    return table if status is None else f"{table}:{status}"
