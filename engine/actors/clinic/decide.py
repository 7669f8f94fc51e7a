"""What a clinic answers to a command: its events, or a refusal. The rules stand in the package's docstring."""

from __future__ import annotations

from typing import assert_never

from engine.actors.clinic.commands import (
    Activate,
    ClinicCommand,
    DelistRoom,
    DiscardDraft,
    DraftRule,
    DropRule,
    ListRoom,
    NoteFailures,
    OpenClinic,
    ReplaceClinic,
    RetireClinic,
)
from engine.actors.clinic.events import (
    ClinicChanged,
    ClinicEvent,
    ClinicOpened,
    DraftDiscarded,
    RoomDelisted,
    RoomListed,
    RuleDrafted,
    RuleDropped,
    RuleFailed,
    RulesActivated,
    RulesDrafted,
)
from engine.actors.clinic.events import ClinicRetired as Retired
from engine.actors.clinic.policies import drafted, editable_rules, version_of
from engine.actors.clinic.refusals import ClinicFull, ClinicInUse, ClinicRetired, RulesTooLarge, TooManyRules
from engine.actors.clinic.state import MAX_NAMED, MAX_ROOMS, MAX_RULES, Clinic
from engine.decider import At
from engine.errors import Invalid, NotFound, Stale
from engine.rules.checking import check_spec, named_by
from engine.rules.kinds import Rule


def decide(state: Clinic, command: ClinicCommand, at: At) -> list[ClinicEvent]:
    """The events of a command to a clinic."""
    if isinstance(command, OpenClinic):
        assert not state.version, "ids are given once"
        return [ClinicOpened(id=state.id, name=_named(command.name), settings=command.settings, time=at.time)]
    known(state)
    if isinstance(command, NoteFailures):
        return _failures(command, at.time)
    in_use(state)
    match command:
        case ReplaceClinic():
            _fresh(state, command.if_version)
            changed = ClinicChanged(name=_named(command.name), settings=command.settings)
            return [] if (changed.name, changed.settings) == (state.name, state.settings) else [changed]
        case RetireClinic():
            if state.rooms:
                raise ClinicInUse("the clinic has rooms", clinic_id=state.id, rooms=len(state.rooms))
            return [Retired()]
        case ListRoom(profile=profile):
            if profile.id not in state.rooms and len(state.rooms) >= MAX_ROOMS:
                raise ClinicFull(f"a clinic has {MAX_ROOMS} rooms at most", clinic_id=state.id, limit=MAX_ROOMS)
            return [RoomListed(profile=profile)] if state.rooms.get(profile.id) != profile else []
        case DelistRoom(room_id=room_id):
            if room_id not in state.rooms:
                raise NotFound("the clinic has no such room", room_id=room_id)
            return [RoomDelisted(room_id=room_id)]
        case DraftRule():
            return _draft(state, command)
        case DropRule():
            _fresh(state, command.if_version)
            _editable(state, command.rule_id)
            return [*_begun(state), RuleDropped(rule_id=command.rule_id)]
        case DiscardDraft():
            drafted(state)
            return [DraftDiscarded()]
        case Activate():
            return _activate(state, command, at)
        case _:
            assert_never(command)


def known(state: Clinic | None) -> Clinic:
    """The clinic, if there is one, retired or not."""
    if state is None or not state.version:
        raise NotFound("there is no such clinic")
    return state


def in_use(state: Clinic | None) -> Clinic:
    """R1: the clinic, if there is one and it is not retired."""
    clinic = known(state)
    if clinic.retired:
        raise ClinicRetired("the clinic is no longer used", clinic_id=clinic.id)
    return clinic


def _draft(state: Clinic, command: DraftRule) -> list[ClinicEvent]:
    """R5, R6."""
    _fresh(state, command.if_version)
    rules = editable_rules(state)
    rule = Rule(command.rule_id, command.spec)
    if command.new:
        assert rule.id not in state.rule_ids, "ids are given once"
        if len(rules) >= MAX_RULES:
            raise TooManyRules(f"a clinic has {MAX_RULES} rules at most", clinic_id=state.id, limit=MAX_RULES)
    else:
        _editable(state, rule.id)
    check_spec(command.spec, state.rooms)
    others = sum(named_by(other.spec) for id, other in rules.items() if id != rule.id)
    if others + named_by(rule.spec) > MAX_NAMED:
        raise RulesTooLarge(f"rules name {MAX_NAMED} ids and words at most", clinic_id=state.id, limit=MAX_NAMED)
    return [] if rules.get(rule.id) == rule else [*_begun(state), RuleDrafted(rule=rule)]


def _activate(state: Clinic, command: Activate, at: At) -> list[ClinicEvent]:
    """R7, R8."""
    if command.version is None:
        rules, from_draft = tuple(drafted(state).values()), True
    elif command.version == state.active:
        return []
    else:
        rules, from_draft = version_of(state, command.version).rules, False
    return [
        RulesActivated(number=state.active + 1, rules=rules, time=at.time, by=command.by, from_draft=from_draft),
    ]


def _failures(command: NoteFailures, time: int) -> list[ClinicEvent]:
    """R9."""
    return [
        RuleFailed(
            rule_id=rule_id,
            rule_version=command.rule_version,
            rooms=rooms,
            first_room=first_room,
            error=error,
            time=time,
        )
        for rule_id, rooms, first_room, error in command.failures
    ]


def _begun(state: Clinic) -> list[ClinicEvent]:
    """R6: the first change begins a draft."""
    return [RulesDrafted(from_version=state.active)] if state.draft is None else []


def _editable(state: Clinic, rule_id: str) -> None:
    if rule_id not in editable_rules(state):
        where = "in the draft" if state.draft is not None else "in force"
        raise NotFound(f"no such rule is {where}", rule_id=rule_id)


def _fresh(state: Clinic, if_version: int | None) -> None:
    """R2."""
    if if_version is not None and if_version != state.version:
        raise Stale("the clinic has changed", version=state.version)


def _named(name: str) -> str:
    tidy = " ".join(name.split())
    if not tidy:
        raise Invalid("name must not be blank", field="name")
    return tidy
