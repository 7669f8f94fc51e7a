"""What a ward answers to a command: its events, or a refusal. The rules are in the package's docstring."""

from __future__ import annotations

from engine.actors.ward.commands import (
    AddBed,
    ChangeBed,
    Create,
    RemoveBed,
    Retire,
    Revise,
    Together,
    WardCommand,
    WardStep,
)
from engine.actors.ward.draft import Draft
from engine.actors.ward.events import BedAdded, BedChanged, BedRemoved, WardChanged, WardEvent, WardOpened, WardRetired
from engine.actors.ward.refusals import BedInUse, LabelTaken, TooManyBeds, WardExists, WardGone, WardInUse
from engine.actors.ward.state import MAX_BEDS, Bed, BedProfile, Ward
from engine.actors.ward.steps import step
from engine.decider import At
from engine.errors import NotFound, Stale


def decide(state: Ward, command: WardCommand, at: At) -> list[WardEvent]:
    """The events of a command to a ward."""
    draft = Draft(state, at.time)
    for one in command.do if isinstance(command, Together) else (command,):
        take(draft, one)
    draft.nobody_in_two_beds()
    return draft.events


def in_use(state: Ward, if_version: int | None = None) -> None:
    """R1: refuses an unknown ward, one that is closed for good, and whoever knows another version of it."""
    if not state.version:
        raise NotFound("there is no such ward", field="ward_id", ward_id=state.id)
    if state.retired_at:
        raise WardGone("the ward is closed", ward_id=state.id)
    if if_version not in (None, state.version):
        raise Stale("the ward has changed", ward_id=state.id, version=state.version)


def take(draft: Draft, command: WardStep) -> None:
    """One step, each seeing what the ones before it left; or a refusal."""
    ward = draft.ward
    if isinstance(command, Create):
        if ward.version:
            raise WardExists("the ward has been opened", ward_id=ward.id)
        draft.profile(WardOpened(id=ward.id, profile=command.profile, time=draft.time), command.profile)
        return
    in_use(ward)
    match command:
        case Revise():
            in_use(ward, command.if_version)
            if command.profile != ward.profile:
                draft.profile(WardChanged(profile=command.profile), command.profile)
        case Retire():
            _retire(draft, command)
        case AddBed():
            _add(draft, command)
        case ChangeBed():
            _change(draft, command)
        case RemoveBed():
            _remove(draft, command)
        case _:
            step(draft, command)


def _retire(draft: Draft, command: Retire) -> None:
    """R1."""
    state = draft.ward
    in_use(state, command.if_version)
    assert not draft.changed, "a ward closes in a decision of its own"
    if state.theirs:
        beds = sorted(id for theirs in state.theirs.values() for id in theirs)
        raise WardInUse("somebody lies there, or is expected", ward_id=state.id, bed_ids=beds[:10])
    draft.events += [BedRemoved(bed_id=id) for id in state.beds]
    draft.events.append(WardRetired(time=draft.time))


def _add(draft: Draft, command: AddBed) -> None:
    """R2."""
    assert command.bed_id not in draft.ward.beds, "ids are given once"
    if draft.count() >= MAX_BEDS:
        raise TooManyBeds(f"a ward has {MAX_BEDS} beds at most", ward_id=draft.ward.id, limit=MAX_BEDS)
    _unique(draft, command.bed_id, command.profile)
    bed = Bed(id=command.bed_id, profile=_tidy(command.profile), since=draft.time)
    draft.note(BedAdded(bed=bed), bed)


def _change(draft: Draft, command: ChangeBed) -> None:
    """R2: who lies there stays, whatever the bed is now."""
    bed = draft.find(command.bed_id)
    _current(bed, command.if_version)
    profile = _tidy(command.profile)
    if profile == bed.profile:
        return
    _unique(draft, bed.id, profile)
    after = Bed(
        id=bed.id,
        profile=profile,
        state=bed.state,
        since=bed.since,
        occupant=bed.occupant,
        reserved_until=bed.reserved_until,
        reason=bed.reason,
        unclean=bed.unclean,
        version=bed.version + 1,
    )
    draft.note(BedChanged(bed=after), after)


def _remove(draft: Draft, command: RemoveBed) -> None:
    """R3."""
    bed = draft.find(command.bed_id)
    _current(bed, command.if_version)
    if bed.occupant is not None:
        raise BedInUse("somebody lies there, or is expected", bed_id=bed.id, state=bed.state)
    draft.changed[bed.id] = None
    draft.events.append(BedRemoved(bed_id=bed.id))


def _current(bed: Bed, if_version: int | None) -> None:
    if if_version not in (None, bed.version):
        raise Stale("the bed has changed", bed_id=bed.id, version=bed.version)


def _unique(draft: Draft, bed_id: str, profile: BedProfile) -> None:
    other = draft.labelled(profile.label)
    if other not in ("", bed_id):
        raise LabelTaken("another bed of the ward has this label", field="label", ward_id=draft.ward.id, bed_id=other)


def _tidy(profile: BedProfile) -> BedProfile:
    """Equipment in order, each once: beds that have the same are alike."""
    equipment = tuple(sorted(set(profile.equipment)))
    if equipment == profile.equipment:
        return profile
    return BedProfile(
        label=profile.label, room=profile.room, type=profile.type, equipment=equipment, isolation=profile.isolation
    )
