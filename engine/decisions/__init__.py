"""The registry of decisions: every command that the outside world may send, and who decides it. One line each.

``DECISIONS`` is by the command's type; ``WAKE`` by kind of actor: the command with which a durable timer wakes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.decider import Decision
from engine.decisions.admissions import ACKNOWLEDGE_HANDOVER, ADMIT_PATIENT, CANCEL_ADMISSION, CHANGE_ADMISSION
from engine.decisions.alerts import ACKNOWLEDGE_ALERT, CLOSE_ALERT, WAKE_ALERTS, WakeAlerts
from engine.decisions.appointment_series import BOOK_SERIES, CANCEL_SERIES
from engine.decisions.assign_admission import ASSIGN_ADMISSION, ASSIGN_MANUALLY, REASSIGN_CARER
from engine.decisions.attend_appointment import (
    CHECK_IN_APPOINTMENT,
    COMPLETE_APPOINTMENT,
    DECLINE_ESCALATION,
    MARK_APPOINTMENT_MISSED,
    SHORTEN_TURNOVER,
    START_APPOINTMENT,
)
from engine.decisions.beds import (
    ADD_BED,
    CHANGE_BED,
    CLEAN_BED,
    CLOSE_BED,
    CONTAMINATE_BED,
    DECONTAMINATE_BED,
    ISOLATE_BED,
    RELEASE_BED,
    REMOVE_BED,
    REOPEN_BED,
    RESERVE_BED,
)
from engine.decisions.book_appointment import BOOK_APPOINTMENT
from engine.decisions.book_token import BOOK_TOKEN
from engine.decisions.break_glass import NOTE_BREAK_GLASS
from engine.decisions.call_next import CALL_NEXT, CALL_TICKET
from engine.decisions.cancel_appointment import CANCEL_APPOINTMENT
from engine.decisions.cancel_slot import CANCEL_SLOT, DOCTOR_UNAVAILABLE
from engine.decisions.cancel_token import CANCEL_TOKEN
from engine.decisions.change_category import CHANGE_CATEGORY
from engine.decisions.change_room import CHANGE_APPOINTMENT_ROOM
from engine.decisions.change_slot import CHANGE_SLOT
from engine.decisions.check_in import CHECK_IN
from engine.decisions.clinics import ADD_CLINIC, CHANGE_CLINIC, REMOVE_CLINIC
from engine.decisions.closures import ADD_CLOSURE, CHANGE_CLOSURE, REMOVE_CLOSURE
from engine.decisions.consult import CALL_TOKEN, COMPLETE_CONSULT, START_CONSULT
from engine.decisions.delay_slot import DELAY_SLOT
from engine.decisions.destinations import (
    ADD_DESTINATION,
    ADVANCE_CURSOR,
    CHANGE_DESTINATION,
    REMOVE_DESTINATION,
    RETRY_DEAD_LETTER,
    RETRY_DEAD_LETTERS,
    ROTATE_SECRET,
)
from engine.decisions.discharge import DISCHARGE_PATIENT
from engine.decisions.doctors import ADD_DOCTOR, REMOVE_DOCTOR, UPDATE_DOCTOR
from engine.decisions.erase_patient import ERASE_PATIENT
from engine.decisions.facilities import (
    ADD_BRANCH,
    ADD_FACILITY,
    ADD_TEST,
    ADD_TEST_TYPE,
    CHANGE_BRANCH,
    CHANGE_FACILITY,
    CHANGE_TEST,
    CHANGE_TEST_TYPE,
)
from engine.decisions.hold_room import CONFIRM_APPOINTMENT, HOLD_ROOM, RELEASE_APPOINTMENT
from engine.decisions.hold_seat import CONFIRM_HOLD, HOLD_SEAT, RELEASE_HOLD
from engine.decisions.hospital import ADD_HOSPITAL, CHANGE_POLICY
from engine.decisions.insert_emergency import INSERT_EMERGENCY
from engine.decisions.join_queue import JOIN_QUEUE
from engine.decisions.no_show import MARK_NO_SHOW
from engine.decisions.note_timeout import NOTE_ASSIGNMENT_TIMEOUT
from engine.decisions.observe import OBSERVE_FIGURES
from engine.decisions.open_slot import OPEN_SLOT
from engine.decisions.origins import BEGIN_ORIGIN
from engine.decisions.patients import MERGE_PATIENTS, REGISTER_PATIENT, REMOVE_PATIENT, UPDATE_PATIENT
from engine.decisions.practitioners import (
    ADD_PRACTITIONER,
    ADD_TECHNICIAN,
    CHANGE_PRACTITIONER,
    CHANGE_TECHNICIAN,
    REMOVE_PRACTITIONER,
    REMOVE_TECHNICIAN,
)
from engine.decisions.referral_results import ACKNOWLEDGE_RESULT
from engine.decisions.referral_tests import JOIN_LAB, UPDATE_TEST_STATUS
from engine.decisions.referrals import (
    CANCEL_REFERRAL,
    CHANGE_REFERRAL,
    CREATE_REFERRAL,
    DECLINE_REFERRAL,
    REDIRECT_REFERRAL,
)
from engine.decisions.reschedule_appointment import RESCHEDULE_APPOINTMENT
from engine.decisions.reschedule_token import RESCHEDULE_TOKEN
from engine.decisions.room_rules import ACTIVATE_RULES, ADD_RULE, CHANGE_RULE, DISCARD_RULE_DRAFT, REMOVE_RULE
from engine.decisions.rooms import ADD_ROOM, CHANGE_ROOM, REMOVE_ROOM, SET_ROOM_DISPLAY
from engine.decisions.rule_failures import NOTE_RULE_FAILURES
from engine.decisions.serve_ticket import (
    CANCEL_TICKET,
    COMPLETE_TICKET,
    PARK_TICKET,
    PRIORITIZE_TICKET,
    RECALL_TICKET,
    RESUME_TICKET,
    START_TICKET,
    TICKET_NO_ANSWER,
    TICKET_NO_SHOW,
)
from engine.decisions.services import ADD_SERVICE, CHANGE_SERVICE, END_SERVICE_DAY, SET_SERVICE_STATUS
from engine.decisions.shifts import ADD_LEAVE, ADD_SHIFT, CHANGE_SHIFT, REMOVE_LEAVE, REMOVE_SHIFT
from engine.decisions.slot_templates import (
    ADD_SLOT_TEMPLATE,
    CHANGE_SLOT_TEMPLATE,
    GENERATE_SLOTS,
    REMOVE_SLOT_TEMPLATE,
)
from engine.decisions.staff import ACTIVATE_STAFF, ADD_STAFF, APPROVE_STAFF, CHANGE_STAFF, HAND_OVER, REMOVE_STAFF
from engine.decisions.transfer_bed import SWAP_BEDS, TRANSFER_PATIENT
from engine.decisions.transfer_ticket import TRANSFER_TICKET
from engine.decisions.undo_ticket import UNDO_TICKET
from engine.decisions.undo_token import UNDO_TOKEN
from engine.decisions.waiting_list import ACCEPT_OFFER, DECLINE_OFFER, LEAVE_WAITING_LIST
from engine.decisions.wake_admission import WAKE_ADMISSION, WAKE_INTAKE, WakeAdmission, WakeIntake
from engine.decisions.wake_clinic_day import WAKE_CLINIC_DAY, WakeClinicDay
from engine.decisions.wake_referral import WAKE_REFERRAL, WakeReferral
from engine.decisions.wake_service import WAKE_SERVICE, WakeService
from engine.decisions.wake_slot import WAKE_SLOT, WakeSlot
from engine.decisions.wake_staff import WAKE_STAFF, WakeStaff
from engine.decisions.wake_ward import WAKE_WARD, WakeWard
from engine.decisions.wards import ADD_WARD, CHANGE_WARD, REMOVE_WARD

_DECISIONS: tuple[Decision, ...] = (
    ADD_HOSPITAL,
    CHANGE_POLICY,
    BEGIN_ORIGIN,
    ADD_DOCTOR,
    UPDATE_DOCTOR,
    REMOVE_DOCTOR,
    REGISTER_PATIENT,
    UPDATE_PATIENT,
    REMOVE_PATIENT,
    MERGE_PATIENTS,
    ERASE_PATIENT,
    OPEN_SLOT,
    DELAY_SLOT,
    CANCEL_SLOT,
    DOCTOR_UNAVAILABLE,
    ADD_SLOT_TEMPLATE,
    CHANGE_SLOT_TEMPLATE,
    REMOVE_SLOT_TEMPLATE,
    GENERATE_SLOTS,
    CHANGE_SLOT,
    BOOK_TOKEN,
    INSERT_EMERGENCY,
    CANCEL_TOKEN,
    MARK_NO_SHOW,
    CHECK_IN,
    CALL_TOKEN,
    START_CONSULT,
    COMPLETE_CONSULT,
    RESCHEDULE_TOKEN,
    CHANGE_CATEGORY,
    UNDO_TOKEN,
    LEAVE_WAITING_LIST,
    ACCEPT_OFFER,
    DECLINE_OFFER,
    HOLD_SEAT,
    CONFIRM_HOLD,
    RELEASE_HOLD,
    WAKE_SLOT,
    ADD_SERVICE,
    CHANGE_SERVICE,
    SET_SERVICE_STATUS,
    END_SERVICE_DAY,
    JOIN_QUEUE,
    CALL_NEXT,
    CALL_TICKET,
    RECALL_TICKET,
    TICKET_NO_ANSWER,
    START_TICKET,
    COMPLETE_TICKET,
    TICKET_NO_SHOW,
    CANCEL_TICKET,
    PARK_TICKET,
    RESUME_TICKET,
    PRIORITIZE_TICKET,
    TRANSFER_TICKET,
    UNDO_TICKET,
    WAKE_SERVICE,
    ADD_CLINIC,
    CHANGE_CLINIC,
    REMOVE_CLINIC,
    ADD_RULE,
    CHANGE_RULE,
    REMOVE_RULE,
    ACTIVATE_RULES,
    DISCARD_RULE_DRAFT,
    BOOK_APPOINTMENT,
    HOLD_ROOM,
    CONFIRM_APPOINTMENT,
    RELEASE_APPOINTMENT,
    RESCHEDULE_APPOINTMENT,
    CHANGE_APPOINTMENT_ROOM,
    CANCEL_APPOINTMENT,
    CHECK_IN_APPOINTMENT,
    START_APPOINTMENT,
    COMPLETE_APPOINTMENT,
    MARK_APPOINTMENT_MISSED,
    SHORTEN_TURNOVER,
    DECLINE_ESCALATION,
    BOOK_SERIES,
    CANCEL_SERIES,
    NOTE_RULE_FAILURES,
    WAKE_CLINIC_DAY,
    ADD_DESTINATION,
    CHANGE_DESTINATION,
    ROTATE_SECRET,
    REMOVE_DESTINATION,
    RETRY_DEAD_LETTER,
    RETRY_DEAD_LETTERS,
    ADVANCE_CURSOR,
    ADD_ROOM,
    CHANGE_ROOM,
    REMOVE_ROOM,
    SET_ROOM_DISPLAY,
    ADD_CLOSURE,
    CHANGE_CLOSURE,
    REMOVE_CLOSURE,
    ADD_FACILITY,
    CHANGE_FACILITY,
    ADD_BRANCH,
    CHANGE_BRANCH,
    ADD_TEST_TYPE,
    CHANGE_TEST_TYPE,
    ADD_TEST,
    CHANGE_TEST,
    ADD_PRACTITIONER,
    CHANGE_PRACTITIONER,
    REMOVE_PRACTITIONER,
    ADD_TECHNICIAN,
    CHANGE_TECHNICIAN,
    REMOVE_TECHNICIAN,
    CREATE_REFERRAL,
    CHANGE_REFERRAL,
    DECLINE_REFERRAL,
    REDIRECT_REFERRAL,
    CANCEL_REFERRAL,
    UPDATE_TEST_STATUS,
    JOIN_LAB,
    ACKNOWLEDGE_RESULT,
    WAKE_REFERRAL,
    ADD_STAFF,
    CHANGE_STAFF,
    REMOVE_STAFF,
    APPROVE_STAFF,
    ACTIVATE_STAFF,
    HAND_OVER,
    ADD_SHIFT,
    CHANGE_SHIFT,
    REMOVE_SHIFT,
    ADD_LEAVE,
    REMOVE_LEAVE,
    WAKE_STAFF,
    ADD_WARD,
    CHANGE_WARD,
    REMOVE_WARD,
    ADD_BED,
    CHANGE_BED,
    REMOVE_BED,
    RESERVE_BED,
    RELEASE_BED,
    CLEAN_BED,
    CONTAMINATE_BED,
    DECONTAMINATE_BED,
    CLOSE_BED,
    ISOLATE_BED,
    REOPEN_BED,
    WAKE_WARD,
    ADMIT_PATIENT,
    CHANGE_ADMISSION,
    CANCEL_ADMISSION,
    ACKNOWLEDGE_HANDOVER,
    ASSIGN_ADMISSION,
    ASSIGN_MANUALLY,
    REASSIGN_CARER,
    TRANSFER_PATIENT,
    SWAP_BEDS,
    DISCHARGE_PATIENT,
    WAKE_ADMISSION,
    WAKE_INTAKE,
    NOTE_ASSIGNMENT_TIMEOUT,
    ACKNOWLEDGE_ALERT,
    CLOSE_ALERT,
    OBSERVE_FIGURES,
    NOTE_BREAK_GLASS,
    WAKE_ALERTS,
)

DECISIONS: dict[type[Any], Decision] = {decision.command: decision for decision in _DECISIONS}

WAKE: dict[str, Callable[[str, int], Any]] = {
    "slot": lambda id, due: WakeSlot(slot_id=id, due=due),
    "referral": lambda id, due: WakeReferral(referral_id=id, due=due),
    "service": lambda id, due: WakeService(service_id=id, due=due),
    "clinic_day": lambda id, due: WakeClinicDay(clinic_id=id.rpartition(":")[0], day=id.rpartition(":")[2], due=due),
    "staff": lambda id, due: WakeStaff(staff_id=id, due=due),
    "ward": lambda id, due: WakeWard(ward_id=id, due=due),
    "admission": lambda id, due: WakeAdmission(admission_id=id, due=due),
    "intake": lambda id, due: WakeIntake(due=due),
    "alerts": lambda id, due: WakeAlerts(due=due),
}
