"""Slots that will not take place: a plan for their patients, as a dry run or made true in one decision."""

from __future__ import annotations

from engine.decisions.cancel_slot.commands import CANCEL_SLOT, DOCTOR_UNAVAILABLE, CancelSlot, DoctorUnavailable

__all__ = ["CANCEL_SLOT", "DOCTOR_UNAVAILABLE", "CancelSlot", "DoctorUnavailable"]
