"""Examples of bodies, as the documentation shows them; a test reads each with the type that it is an example of."""

from __future__ import annotations

from typing import Any

DOCTOR = "0193a1d2-7a10-7c4e-8b21-3f5d6c7e8a90"
PATIENT = "0193a1d2-7b34-7d18-9c02-1a2b3c4d5e6f"
SLOT = "0193a1d3-0c55-7e21-a1b2-c3d4e5f60718"
SERVICE = "0193a1d4-1e66-7f32-b4c5-d6e7f8091a2b"
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
    "AddDestination": {
        "name": "Text messages", "channel": "webhook", "url": "https://sms.example.org/matron",
        "events": ["ticket_near", "patient_called"], "quiet_from": "21:00", "quiet_to": "07:00",
    },
    "ChangeDestination": {
        "name": "Ward 3", "channel": "email", "addresses": ["ward3@example.org"], "events": ["admin_alert"],
    },
}  # fmt: skip
