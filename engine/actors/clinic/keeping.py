"""What the engine needs to keep a clinic: its invariants, its snapshot, and how it and its rules are found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.actors.clinic.events import ClinicEvent, ClinicOpened, RuleDrafted
from engine.actors.clinic.state import KEPT_VERSIONS, MAX_ROOMS, MAX_RULES, Clinic, ClinicRecord
from engine.rules.inherent import asks_for_patient


def freeze(state: Clinic) -> ClinicRecord:
    """The snapshot: the state without its index and its compiled policies."""
    return ClinicRecord(**_plain(state))


def thaw(stored: ClinicRecord) -> Clinic:
    """The state of a snapshot."""
    return Clinic(**_plain(stored), by_patient={room.id for room in stored.rooms.values() if asks_for_patient(room)})


def _plain(state: ClinicRecord) -> dict[str, Any]:
    return {name: getattr(state, name) for name in ClinicRecord.__struct_fields__}


def check(state: Clinic) -> None:
    """What always holds."""
    assert not (state.retired and state.rooms), "R3: a retired clinic has rooms"
    assert len(state.rooms) <= MAX_ROOMS, "R4: too many rooms"
    assert all(id == room.id for id, room in state.rooms.items()), "a room is listed under another id"
    assert state.by_patient == thaw(freeze(state)).by_patient, "the index by_patient is wrong"
    assert state.draft is None or all(id == rule.id for id, rule in state.draft.items()), "R6: a rule under another id"
    assert len(state.draft or ()) <= MAX_RULES, "R5: too many rules"
    assert state.active == len(state.versions), "R7: not the last is in force"
    assert all(one.number == number for number, one in enumerate(state.versions, 1)), "R7: a number is left out"
    assert not any(one.rules for one in state.versions[:-KEPT_VERSIONS]), "R8: too many versions are kept"
    assert all(len(one.rules) == one.count for one in state.versions[-KEPT_VERSIONS:]), "R8: a version lost its rules"
    assert all(bool(one.archived_at) for one in state.versions[:-1]), "R7: two versions are in force"
    assert not state.versions or not state.versions[-1].archived_at, "R7: none is in force"
    assert len(set(state.rule_ids)) == len(state.rule_ids), "R6: an id was given twice"


def files(state: Clinic) -> Iterable[tuple[str, str]]:
    """All ids by which the clinic is found now: its own and those of all its rules, ever."""
    if state.version:
        yield "clinics", state.id
        for rule_id in state.rule_ids:
            yield "rules", rule_id


def filed(event: ClinicEvent) -> Iterable[tuple[str, str, bool]]:
    """How one event changed that."""
    if isinstance(event, ClinicOpened):
        yield "clinics", event.id, True
    elif isinstance(event, RuleDrafted):
        yield "rules", event.rule.id, True
