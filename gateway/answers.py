"""The types of answers, by the name of the command or query: what the OpenAPI document says comes back."""

from __future__ import annotations

from typing import Any

from engine.actors.doctor import DoctorView
from engine.actors.hospital import HospitalView, PolicyView
from engine.actors.patient import PatientView
from engine.views import ANSWERS as VIEWS

ANSWERS: dict[str, Any] = {
    **{query.__name__: answer for query, answer in VIEWS.items()},
    "AddHospital": HospitalView,
    "ChangePolicy": PolicyView,
    "AddDoctor": DoctorView,
    "UpdateDoctor": DoctorView,
    "RegisterPatient": PatientView,
    "UpdatePatient": PatientView,
    "MergePatients": PatientView,
}
