"""Rows of doctors and patients."""

from __future__ import annotations

from gateway.routes.row import ADMINS, CLINIC, DESK, EVERYBODY, PLANNING, READERS, Row

ROWS = (
    Row("GET", "/doctors", "ListDoctors", "List doctors", EVERYBODY),
    Row("POST", "/doctors", "AddDoctor", "Add a doctor", PLANNING, "/doctors/{id}/"),
    Row("GET", "/doctors/{doctor_id}", "GetDoctor", "One doctor", EVERYBODY),
    Row("PUT", "/doctors/{doctor_id}", "UpdateDoctor", "Change a doctor", PLANNING),
    Row("DELETE", "/doctors/{doctor_id}", "RemoveDoctor", "Retire a doctor without open work", PLANNING),
    Row(
        "POST", "/doctors/{doctor_id}/unavailable", "DoctorUnavailable",
        "Plan, or apply, what becomes of a doctor's tokens from one time to another", CLINIC, statuses=(200,),
    ),
    Row("GET", "/patients", "ListPatients", "List patients", READERS),
    Row("POST", "/patients", "RegisterPatient", "Register a patient", DESK, "/patients/{id}/"),
    Row("GET", "/patients/{patient_id}", "GetPatient", "One patient", READERS),
    Row("PUT", "/patients/{patient_id}", "UpdatePatient", "Change a patient", DESK),
    Row("DELETE", "/patients/{patient_id}", "RemovePatient", "Retire a patient without open work", DESK),
    Row(
        "POST", "/patients/{patient_id}/merge", "MergePatients",
        "Merge a patient registered twice into the other", DESK, statuses=(200,),
    ),
    Row(
        "POST", "/patients/{patient_id}/erase", "ErasePatient",
        "Erase a person for good: the key of all that is sealed about him or her is destroyed", ADMINS, statuses=(200,),
    ),
)  # fmt: skip
