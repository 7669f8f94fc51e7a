"""Examples of bodies of staff, wards and admissions, as the documentation shows them."""

from __future__ import annotations

from typing import Any

PATIENT = "0193a1d2-7b34-7d18-9c02-1a2b3c4d5e6f"
WARD = "0193a1d6-4b99-7376-b8f9-0a1b2c3d4e5f"
BED = "0193a1d6-5caa-7487-89fa-1b2c3d4e5f60"
STAFF = "0193a1d6-6dbb-7598-9a0b-2c3d4e5f6071"
COLLEAGUE = "0193a1d6-6dbc-76a9-ab1c-3d4e5f607182"
ADMISSION = "0193a1d6-7ecc-77ba-bc2d-4e5f60718293"
OTHER_ADMISSION = "0193a1d6-7ecd-78cb-8d3e-5f60718293a4"

EXAMPLES: dict[str, dict[str, Any]] = {
    "AddStaff": {"name": "Dr. Vera Cruz", "role": "doctor", "skills": ["cardiology"], "max_load": 8},
    "ChangeStaff": {"name": "Dr. Vera Cruz", "role": "doctor", "skills": ["cardiology", "echo"], "max_load": 6},
    "ApproveStaff": {"is_approved": True},
    "ActivateStaff": {"is_active": False, "reason": "On parental leave"},
    "AddShift": {
        "start_time": "2026-02-02T07:00:00Z", "end_time": "2026-02-02T15:00:00Z",
        "breaks": [{"start_time": "2026-02-02T11:00:00Z", "end_time": "2026-02-02T11:30:00Z"}],
    },
    "ChangeShift": {"start_time": "2026-02-02T08:00:00Z", "end_time": "2026-02-02T16:00:00Z"},
    "AddLeave": {"start_time": "2026-03-02T00:00:00Z", "end_time": "2026-03-16T00:00:00Z", "reason": "Holidays"},
    "HandOver": {"to_staff_id": COLLEAGUE, "note": "Bed 301 A: potassium at six"},
    "AddWard": {"name": "Ward 3 East", "specialty": "Surgery", "cleaning_minutes": 30},
    "ChangeWard": {"name": "Ward 3 East", "specialty": "Surgery", "gender": "female", "cleaning_minutes": 45},
    "AddBed": {"label": "301 A", "room": "301", "type": "general", "equipment": ["oxygen", "monitor"]},
    "ChangeBed": {"label": "301 A", "room": "301", "type": "general", "equipment": ["oxygen"], "isolation": True},
    "ReserveBed": {"patient_id": PATIENT, "minutes": 90},
    "ContaminateBed": {"reason": "Norovirus"},
    "CloseBed": {"reason": "The rail is broken"},
    "IsolateBed": {"reason": "The patient beside is isolated"},
    "AdmitPatient": {
        "patient_id": PATIENT, "acuity": "high", "ward_id": WARD, "equipment": ["oxygen"],
        "doctor_skills": ["cardiology"],
    },
    "AssignManually": {"doctor_id": STAFF, "bed_id": BED, "reason": "She knows the patient well"},
    "ReassignCarer": {"role": "doctor", "staff_id": COLLEAGUE, "reason": "Second opinion"},
    "ChangeAdmission": {"acuity": "critical", "reason": "Sepsis is suspected"},
    "TransferPatient": {"ward_id": WARD, "reason": "Out of intensive care"},
    "SwapBeds": {"admission_id": ADMISSION, "other_admission_id": OTHER_ADMISSION, "reason": "He needs the window"},
    "DischargePatient": {"contaminated": True, "reason": "Home, with norovirus"},
    "CancelAdmission": {"reason": "Went home before a bed was free"},
    "AcknowledgeAlert": {"note": "The night shift has been called"},
    "CloseAlert": {"note": "All is well again"},
}  # fmt: skip
