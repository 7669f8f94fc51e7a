"""Rules that failed while a room was looked for in vain: a refusal has no events, and somebody must hear of them.

R1  What a refusal found is written down after it, once a minute and clinic: the rule fails for everybody who asks.
"""

from __future__ import annotations

from engine.actors.clinic.commands import NoteFailures
from engine.actors.clinic.state import Clinic, clinic_key
from engine.actors.hospital import Id
from engine.decider import MINUTE, At, Deciding, Decision, Done, Look, Propose, Value


class NoteRuleFailures(Value, frozen=True):
    """Asked by the engine itself. ``failures``: rule, for how many rooms, the first of them, and the kind of error."""

    clinic_id: Id
    rule_version: int
    failures: tuple[tuple[str, int, str, str], ...]


def note_rule_failures(command: NoteRuleFailures, at: At) -> Deciding:
    """R1."""
    key = clinic_key(command.clinic_id)
    clinic: Clinic | None = yield Look(key)
    if clinic is not None and clinic.version and at.time - clinic.failed_at >= MINUTE:
        yield Propose(key, NoteFailures(command.rule_version, command.failures))
    return Done()


NOTE_RULE_FAILURES = Decision(
    command=NoteRuleFailures,
    run=note_rule_failures,
    home=lambda command, find: find("clinics", command.clinic_id),
)
