"""Very many commands about wards: nobody in two beds, no bed with two, nobody over the maximum, everybody in turn."""

from __future__ import annotations

import pytest

from tests.simulation.ward_storm import Outcome, storm


def hold(outcome: Outcome, commands: int) -> None:
    """All rules held, and it was not for want of trying."""
    assert outcome.faults == []
    assert outcome.commands >= commands
    assert outcome.admissions > commands / 20
    assert outcome.assigned > commands / 20


@pytest.mark.parametrize("seed", [1, 3])
def test_ten_thousand_commands_leave_every_bed_one_patient_and_nobody_over_the_maximum(seed: int):
    outcome = storm(5_000, seed)
    hold(outcome, 5_000)
    expected = (
        "AdmitPatient",
        "AdmitPatient: already_admitted",
        "AssignAdmission",
        "AssignManually",
        "ReassignCarer",
        "AcknowledgeHandover",
        "ChangeAdmission",
        "TransferPatient",
        "SwapBeds",
        "DischargePatient",
        "CancelAdmission",
        "HandOver",
        "ActivateStaff",
        "AddShift",
        "ReserveBed",
        "CleanBed",
        "ContaminateBed",
        "DecontaminateBed",
        "CloseBed",
        "ReopenBed",
        "ChangeBed",
        "ChangeWard",
        "MergePatients",
    )
    assert [name for name in expected if not outcome.seen[name]] == []


@pytest.mark.long
def test_a_hundred_thousand_commands_leave_every_bed_one_patient_and_nobody_over_the_maximum():
    hold(storm(100_000, 2026), 100_000)
