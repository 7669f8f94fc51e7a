"""Examples of bodies, as the documentation shows them; a test reads each with the type that it is an example of."""

from __future__ import annotations

from typing import Any

from gateway.access.requests import EXAMPLES as OF_ACCESS
from gateway.ward_examples import EXAMPLES as OF_WARDS

DOCTOR = "0193a1d2-7a10-7c4e-8b21-3f5d6c7e8a90"
PATIENT = "0193a1d2-7b34-7d18-9c02-1a2b3c4d5e6f"
SLOT = "0193a1d3-0c55-7e21-a1b2-c3d4e5f60718"
SERVICE = "0193a1d4-1e66-7f32-b4c5-d6e7f8091a2b"
CLINIC = "0193a1d5-2f77-7043-85d6-e7f809102a3b"
ROOM = "0193a1d5-3a88-7154-96e7-f8091a2b3c4d"
OTHER_ROOM = "0193a1d5-3a89-7265-a7f8-091a2b3c4d5e"

BRANCH = "0193a1d6-40aa-7487-89a0-2a3b4c5d6e7f"
OTHER_BRANCH = "0193a1d6-40ab-7598-9ab1-3b4c5d6e7f80"
TEST_TYPE = "0193a1d6-51bb-76a9-8bc2-4c5d6e7f8091"
LAB_TEST = "0193a1d6-51cc-77ba-9cd3-5d6e7f8091a2"
PRACTITIONER = "0193a1d6-62dd-78cb-8de4-6e7f8091a2b3"
OTHER_SLOT = "0193a1d3-0c56-7a02-b3c4-d5e6f7081920"

EXAMPLES: dict[str, dict[str, Any]] = {
    "AddHospital": {"hospital_id": "north", "name": "North Hospital", "time_zone": "Asia/Kolkata"},
    "ChangePolicy": {"double_booking": "day", "promotion": "offer", "offer_minutes": 20},
    "AddDoctor": {"name": "Dr. John Smith", "specialization": "Cardiology"},
    "UpdateDoctor": {"specialization": "Neurology"},
    "DoctorUnavailable": {
        "from_time": "2026-02-01T09:00:00Z", "to_time": "2026-02-01T12:00:00Z", "reason": "Called to theatre",
        "dry_run": True,
    },
    "RegisterPatient": {"name": "Jane Doe", "phone": "+1234567890", "email": "jane@example.com"},
    "UpdatePatient": {"phone": "+1987654321"},
    "MergePatients": {"into": PATIENT},
    "ErasePatient": {"reason": "Asked for in writing, case 2026-113"},
    "OpenSlot": {
        "doctor": DOCTOR, "start_time": "2026-02-01T09:00:00Z", "end_time": "2026-02-01T10:00:00Z", "max_capacity": 15,
    },
    "ChangeSlot": {"max_capacity": 20},
    "DelaySlot": {"delay_minutes": 30},
    "CancelSlot": {"reason": "The room is closed", "dry_run": True},
    "AddSlotTemplate": {
        "doctor": DOCTOR, "weekdays": ["MON", "WED"], "start_time": "09:00", "end_time": "12:00", "max_capacity": 20,
        "valid_from": "2026-02-01",
    },
    "ChangeSlotTemplate": {
        "weekdays": ["MON", "WED", "FRI"], "start_time": "09:00", "end_time": "12:00", "max_capacity": 20,
        "valid_from": "2026-02-01", "valid_until": "2026-12-31",
    },
    "GenerateSlots": {"from_date": "2026-02-01", "to_date": "2026-02-28"},
    "BookToken": {"slot_id": SLOT, "patient_id": PATIENT, "category": "ONLINE"},
    "InsertEmergency": {"slot_id": SLOT, "patient_id": PATIENT},
    "RescheduleToken": {"slot_id": OTHER_SLOT},
    "ChangeCategory": {"category": "FOLLOWUP", "reason": "A return visit after all"},
    "HoldSeat": {"slot_id": SLOT},
    "AddService": {
        "name": "Blood tests", "prefix": "LAB",
        "settings": {"location": "Ground floor", "counters": [{"name": "1"}, {"name": "2", "skills": ["children"]}]},
    },
    "ChangeService": {"settings": {"counters": [{"name": "1"}, {"name": "2"}, {"name": "3"}], "expected_minutes": 8}},
    "SetServiceStatus": {"status": "paused", "reason": "The printer is out of paper"},
    "JoinQueue": {"patient_id": PATIENT, "priority": "low"},
    "CallNext": {"counter": "1"},
    "CallTicket": {"counter": "1", "reason": "She is in pain"},
    "TransferTicket": {"to_service": SERVICE, "reason": "Blood first"},
    "PrioritizeTicket": {"priority": "high", "reason": "Chest pain"},
    "CompleteTicket": {"counter": "1"},
    "ConfirmHold": {"patient_id": PATIENT, "category": "ONLINE"},
    "AddClinic": {"name": "Orthopaedics", "settings": {"hold_minutes": 5, "release_minutes": 15}},
    "ChangeClinic": {"name": "Orthopaedics", "settings": {"early_check_in_minutes": 60, "alternatives": 5}},
    "AddRule": {
        "clinic_id": CLINIC,
        "rule": {
            "kind": "allowed_hours", "name": "Weekdays, nine to five", "days": [0, 1, 2, 3, 4], "opens": "09:00",
            "closes": "17:00",
        },
    },
    "ChangeRule": {"rule": {"kind": "preferred_room", "name": "Ground floor first", "tags": ["ground"], "weight": 20}},
    "EvaluateRules": {
        "clinic_id": CLINIC, "doctor_id": DOCTOR, "patient_id": PATIENT, "start_time": "2026-02-02T09:00:00Z",
        "end_time": "2026-02-02T09:30:00Z", "required_equipment": ["ultrasound"], "version": "draft",
    },
    "DryRunRules": {"date": "2026-02-02"},
    "AddRoom": {
        "clinic_id": CLINIC, "name": "Room 12", "type": "examination", "equipment": ["ultrasound", "couch"], "floor": 1,
        "setup_minutes": 5, "cleaning_minutes": 10,
    },
    "ChangeRoom": {
        "name": "Room 12", "type": "examination", "equipment": ["couch"], "floor": 1, "is_available": False,
        "cleaning_minutes": 10,
    },
    "SetRoomDisplay": {"color_hex": "#2E7D32", "label": "12", "display_order": 3},
    "AddClosure": {
        "room_id": ROOM, "kind": "maintenance", "start_time": "2026-02-06T12:00:00Z",
        "end_time": "2026-02-06T14:00:00Z", "rrule": "FREQ=WEEKLY;BYDAY=FR;COUNT=8", "reason": "Filters",
        "affected": "move",
    },
    "ChangeClosure": {
        "kind": "maintenance", "start_time": "2026-02-06T13:00:00Z", "end_time": "2026-02-06T14:00:00Z",
    },
    "CheckConflicts": {
        "checks": [
            {"room_id": ROOM, "start_time": "2026-02-02T09:00:00Z", "end_time": "2026-02-02T09:30:00Z"},
            {
                "room_id": OTHER_ROOM, "start_time": "2026-02-02T09:00:00Z", "end_time": "2026-02-02T09:30:00Z",
                "doctor_id": DOCTOR,
            },
        ],
    },
    "BookAppointment": {
        "clinic_id": CLINIC, "patient_id": PATIENT, "doctor_id": DOCTOR, "start_time": "2026-02-02T09:00:00Z",
        "end_time": "2026-02-02T09:30:00Z", "required_equipment": ["ultrasound"], "fallback": "unassigned",
    },
    "HoldRoom": {
        "clinic_id": CLINIC, "patient_id": PATIENT, "doctor_id": DOCTOR, "start_time": "2026-02-02T09:00:00Z",
        "end_time": "2026-02-02T09:30:00Z", "room_id": ROOM,
    },
    "BookSeries": {
        "clinic_id": CLINIC, "patient_id": PATIENT, "doctor_id": DOCTOR, "start_time": "2026-02-02T09:00:00Z",
        "end_time": "2026-02-02T09:30:00Z", "rrule": "FREQ=WEEKLY;COUNT=6", "mode": "skip",
    },
    "RescheduleAppointment": {"start_time": "2026-02-03T10:00:00Z", "end_time": "2026-02-03T10:30:00Z"},
    "ChangeAppointmentRoom": {"room_id": OTHER_ROOM, "reason": "The patient cannot climb stairs"},
    "ShortenTurnover": {"minutes": 5, "reason": "An emergency needs the room"},
    "DeclineEscalation": {"reason": "It takes place at the bedside"},
    "AddFacility": {"name": "City Laboratories"},
    "ChangeFacility": {"name": "City Laboratories and Imaging"},
    "AddBranch": {"name": "North", "location": "12 Hill Road", "service_id": SERVICE},
    "ChangeBranch": {"name": "North", "location": "12 Hill Road", "active": False},
    "AddTestType": {"name": "Haematology"},
    "ChangeTestType": {"name": "Blood"},
    "AddTest": {
        "name": "Blood count", "test_type_id": TEST_TYPE, "branch_ids": [BRANCH], "price_minor": 45_000,
        "currency": "INR", "turnaround_hours": 4,
    },
    "ChangeTest": {"name": "Blood count", "test_type_id": TEST_TYPE, "price_minor": 50_000, "currency": "INR"},
    "AddPractitioner": {"name": "Dr. Ada Rao", "specialty": "Medicine", "principal": "ada", "doctor_id": DOCTOR},
    "ChangePractitioner": {"name": "Dr. Ada Rao", "specialty": "Haematology", "principal": "ada"},
    "AddTechnician": {"name": "Tom Lee", "branch_ids": [BRANCH], "principal": "tom"},
    "ChangeTechnician": {"name": "Tom Lee", "branch_ids": [BRANCH, OTHER_BRANCH], "principal": "tom"},
    "CreateReferral": {
        "patient_id": PATIENT, "practitioner_id": PRACTITIONER, "branch_id": BRANCH, "tests": [LAB_TEST],
        "priority": "urgent", "note": "Fasting since midnight",
    },
    "ChangeReferral": {"priority": "stat"},
    "DeclineReferral": {"reason": "The analyser is being repaired"},
    "RedirectReferral": {"branch_id": OTHER_BRANCH, "reason": "The analyser is being repaired"},
    "CancelReferral": {"reason": "Done elsewhere"},
    "AcknowledgeResult": {"note": "The patient was called"},
    "UpdateTestStatus": {"status": "Completed", "result": "Hb 6.1 g/dl", "critical": True},
    "JoinLab": {"priority": "high"},
    "AddDestination": {
        "name": "Text messages", "channel": "webhook", "url": "https://sms.example.org/matron",
        "events": ["ticket_near", "patient_called"], "quiet_from": "21:00", "quiet_to": "07:00",
    },
    "ChangeDestination": {
        "name": "Ward 3", "channel": "email", "addresses": ["ward3@example.org"], "events": ["admin_alert"],
    },
    **OF_WARDS,
    **OF_ACCESS,
}  # fmt: skip
