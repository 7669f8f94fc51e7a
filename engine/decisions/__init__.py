"""The registry of decisions: every command that the outside world may send, and who decides it. One line each.

``DECISIONS`` is by the command's type; ``WAKE`` by kind of actor: the command with which a durable timer wakes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.decider import Decision
from engine.decisions.cancel_slot import CANCEL_SLOT, DOCTOR_UNAVAILABLE
from engine.decisions.delay_slot import DELAY_SLOT
from engine.decisions.doctors import ADD_DOCTOR, REMOVE_DOCTOR, UPDATE_DOCTOR
from engine.decisions.hospital import ADD_HOSPITAL, CHANGE_POLICY
from engine.decisions.open_slot import OPEN_SLOT
from engine.decisions.patients import MERGE_PATIENTS, REGISTER_PATIENT, REMOVE_PATIENT, UPDATE_PATIENT
from engine.decisions.slot_templates import (
    ADD_SLOT_TEMPLATE,
    CHANGE_SLOT_TEMPLATE,
    GENERATE_SLOTS,
    REMOVE_SLOT_TEMPLATE,
)

_DECISIONS: tuple[Decision, ...] = (
    ADD_HOSPITAL,
    CHANGE_POLICY,
    ADD_DOCTOR,
    UPDATE_DOCTOR,
    REMOVE_DOCTOR,
    REGISTER_PATIENT,
    UPDATE_PATIENT,
    REMOVE_PATIENT,
    MERGE_PATIENTS,
    OPEN_SLOT,
    DELAY_SLOT,
    CANCEL_SLOT,
    DOCTOR_UNAVAILABLE,
    ADD_SLOT_TEMPLATE,
    CHANGE_SLOT_TEMPLATE,
    REMOVE_SLOT_TEMPLATE,
    GENERATE_SLOTS,
)

DECISIONS: dict[type[Any], Decision] = {decision.command: decision for decision in _DECISIONS}

WAKE: dict[str, Callable[[str, int], Any]] = {
}
