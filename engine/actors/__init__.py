"""The registry of kinds: which rule book stands behind a key such as ``slot:0190…``. One line per kind."""

from __future__ import annotations

from typing import Any

from engine.actors.admission import ADMISSION
from engine.actors.agenda import AGENDA
from engine.actors.alerts import ALERTS_DECIDER
from engine.actors.catalog import CATALOG
from engine.actors.clinic import CLINIC
from engine.actors.clinic_day import CLINIC_DAY
from engine.actors.destination import DESTINATION
from engine.actors.doctor import DOCTOR
from engine.actors.doctor_day import DOCTOR_DAY
from engine.actors.facility import FACILITY
from engine.actors.hospital import HOSPITAL_DECIDER
from engine.actors.intake import INTAKE_DECIDER
from engine.actors.lab_day import LAB_DAY
from engine.actors.origin import ORIGIN_DECIDER
from engine.actors.patient import PATIENT
from engine.actors.patient_day import PATIENT_DAY
from engine.actors.patient_referrals import PATIENT_REFERRALS
from engine.actors.practitioner import PRACTITIONER
from engine.actors.referral import REFERRAL
from engine.actors.room import ROOM
from engine.actors.roster import ROSTER_DECIDER
from engine.actors.service import SERVICE
from engine.actors.service_day import SERVICE_DAY
from engine.actors.slot import SLOT
from engine.actors.slot_template import SLOT_TEMPLATE
from engine.actors.staff import STAFF
from engine.actors.technician import TECHNICIAN
from engine.actors.ward import WARD
from engine.decider import Decider

_DECIDERS: tuple[Decider[Any], ...] = (
    HOSPITAL_DECIDER,
    ORIGIN_DECIDER,
    DOCTOR,
    DOCTOR_DAY,
    PATIENT,
    PATIENT_DAY,
    SLOT,
    SLOT_TEMPLATE,
    SERVICE,
    SERVICE_DAY,
    CLINIC,
    CLINIC_DAY,
    AGENDA,
    DESTINATION,
    ROOM,
    ALERTS_DECIDER,
    STAFF,
    ROSTER_DECIDER,
    FACILITY,
    CATALOG,
    PRACTITIONER,
    TECHNICIAN,
    REFERRAL,
    PATIENT_REFERRALS,
    LAB_DAY,
    WARD,
    ADMISSION,
    INTAKE_DECIDER,
)

KINDS: dict[str, Decider[Any]] = {decider.kind: decider for decider in _DECIDERS}
