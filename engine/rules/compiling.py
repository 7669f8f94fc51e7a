"""A clinic's rules of one day, compiled: plain functions in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from engine.rules.hard import BindHard, compile_hard
from engine.rules.kinds import AgeBand, CleaningBuffer, Continuity, GenderMatch, HardRule, Rule, SoftRule
from engine.rules.scopes import Holds, in_force, rooms_of
from engine.rules.soft import BindSoft, compile_soft
from engine.rules.subject import RoomProfile


class Hard(NamedTuple):
    """A hard rule: ``bind`` it to a question, then ask it for each room."""

    rule_id: str
    bind: BindHard


class Soft(NamedTuple):
    """A soft rule, likewise."""

    rule_id: str
    bind: BindSoft


class Buffer(NamedTuple):
    """A cleaning buffer: minutes after each appointment in a room of its scope."""

    minutes: int
    scope: Holds | None
    doctors: frozenset[str]


class Policy:
    """The rules of version ``number`` that hold on some day. ``hard`` is asked in order, ``soft`` is summed up."""

    __slots__ = ("buffers", "failures", "hard", "number", "soft", "wants_last_room", "wants_patient")

    def __init__(
        self,
        number: int,
        hard: tuple[Hard, ...] = (),
        soft: tuple[Soft, ...] = (),
        buffers: tuple[Buffer, ...] = (),
        *,
        wants_last_room: bool = False,
        wants_patient: bool = False,
    ) -> None:
        self.number: Final = number
        self.hard: Final = hard
        self.soft: Final = soft
        self.buffers: Final = buffers
        self.wants_last_room: Final = wants_last_room
        """A rule asks where the patient was last time,"""
        self.wants_patient: Final = wants_patient
        """and one of which gender or age he is."""
        self.failures = 0
        """Rooms that a rule could not look at. Counted here because a request that is refused leaves no event."""

    def cleaning_minutes(self, profile: RoomProfile, doctor_id: str = "") -> int:
        """How long the room is held after an appointment: what it says itself, or the longest buffer.

        A buffer for some doctors only counts for them; where no doctor is named, it counts.
        """
        longest = profile.cleaning_minutes
        for minutes, scope, doctors in self.buffers:
            if (
                minutes > longest
                and (scope is None or scope(profile))
                and (not doctors or not doctor_id or doctor_id in doctors)
            ):
                longest = minutes
        return longest


def compile_rules(number: int, rules: Sequence[Rule], day: date) -> Policy:
    """The policy of these rules on this local day: those enabled and effective, by priority, then id."""
    held = sorted((rule for rule in rules if in_force(rule.spec, day)), key=lambda rule: (rule.spec.priority, rule.id))
    specs = [rule.spec for rule in held]
    return Policy(
        number,
        tuple(Hard(rule.id, compile_hard(rule.spec)) for rule in held if isinstance(rule.spec, HardRule)),
        tuple(Soft(rule.id, compile_soft(rule.spec)) for rule in held if isinstance(rule.spec, SoftRule)),
        tuple(
            Buffer(spec.minutes, rooms_of(spec.scope), frozenset(spec.scope.doctor_ids))
            for spec in specs
            if isinstance(spec, CleaningBuffer)
        ),
        wants_last_room=any(isinstance(spec, Continuity) for spec in specs),
        wants_patient=any(isinstance(spec, GenderMatch | AgeBand) for spec in specs),
    )
