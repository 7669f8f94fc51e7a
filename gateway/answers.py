"""The types of answers, by the name of the command or query: what the OpenAPI document says comes back.

Of commands without an answer (204) there is none here.
"""

from __future__ import annotations

from typing import Any

from engine.actors.admission.view import AdmissionView
from engine.actors.alerts.view import AlertView
from engine.actors.catalog import LabTestTypeView
from engine.actors.clinic.view import ClinicView, RuleVersionView, RuleView
from engine.actors.clinic_day.view import AppointmentView
from engine.actors.destination.state import DestinationView, SecretView
from engine.actors.doctor import DoctorView
from engine.actors.facility.view import BranchView, FacilityView, LabTestView
from engine.actors.hospital import HospitalView, PolicyView
from engine.actors.patient import PatientView
from engine.actors.practitioner import PractitionerView
from engine.actors.referral.view import ReferralView
from engine.actors.room.view import RoomView
from engine.actors.service.view import NextView, ServiceView, TicketView
from engine.actors.slot.view import HoldView, SlotView, TokenView, WaitingView
from engine.actors.slot_template import TemplateView
from engine.actors.staff.view import HandoverView, LeaveView, ShiftView, StaffOutcome, StaffView
from engine.actors.technician import TechnicianView
from engine.actors.ward.view import BedView, WardView
from engine.decisions.appointment_series import SeriesView
from engine.decisions.cancel_slot.answer import PlanView
from engine.decisions.closures import ClosureOutcome
from engine.decisions.delay_slot import DelayedSlotView
from engine.decisions.destinations import RetriedView
from engine.decisions.erase_patient import ErasedView
from engine.decisions.insert_emergency import EmergencyView
from engine.decisions.rooms import ChangedRoomView
from engine.decisions.slot_templates import Generated
from engine.views import ANSWERS as VIEWS
from gateway.access.requests import REQUESTS
from gateway.explorer.queries import QUESTIONS

ANSWERS: dict[str, Any] = {
    **{query.__name__: answer for query, answer in (*VIEWS.items(), *QUESTIONS.items())},
    **{request.__name__: answer for request, answer in REQUESTS.items() if answer is not None},
    "AddHospital": HospitalView,
    "ChangePolicy": PolicyView,
    "AddDoctor": DoctorView,
    "UpdateDoctor": DoctorView,
    "DoctorUnavailable": PlanView,
    "RegisterPatient": PatientView,
    "UpdatePatient": PatientView,
    "MergePatients": PatientView,
    "ErasePatient": ErasedView,
    "OpenSlot": SlotView,
    "ChangeSlot": SlotView,
    "DelaySlot": DelayedSlotView,
    "CancelSlot": PlanView,
    "AddSlotTemplate": TemplateView,
    "ChangeSlotTemplate": TemplateView,
    "GenerateSlots": Generated,
    "BookToken": TokenView,
    "InsertEmergency": EmergencyView,
    "CancelToken": TokenView,
    "CheckIn": TokenView,
    "CallToken": TokenView,
    "StartConsult": TokenView,
    "CompleteConsult": TokenView,
    "MarkNoShow": TokenView,
    "RescheduleToken": TokenView,
    "ChangeCategory": TokenView,
    "UndoToken": TokenView,
    "HoldSeat": HoldView,
    "ConfirmHold": TokenView,
    "LeaveWaitingList": WaitingView,
    "AcceptOffer": TokenView,
    "DeclineOffer": WaitingView,
    "AddService": ServiceView,
    "ChangeService": ServiceView,
    "SetServiceStatus": ServiceView,
    "EndServiceDay": ServiceView,
    "JoinQueue": TicketView,
    "CallNext": NextView,
    "CallTicket": TicketView,
    "RecallTicket": TicketView,
    "TicketNoAnswer": TicketView,
    "StartTicket": TicketView,
    "CompleteTicket": TicketView,
    "TicketNoShow": TicketView,
    "CancelTicket": TicketView,
    "ParkTicket": TicketView,
    "ResumeTicket": TicketView,
    "TransferTicket": TicketView,
    "PrioritizeTicket": TicketView,
    "UndoTicket": TicketView,
    "AddClinic": ClinicView,
    "ChangeClinic": ClinicView,
    "AddRule": RuleView,
    "ChangeRule": RuleView,
    "ActivateRules": RuleVersionView,
    "DiscardRuleDraft": ClinicView,
    "AddRoom": RoomView,
    "ChangeRoom": ChangedRoomView,
    "SetRoomDisplay": RoomView,
    "AddClosure": ClosureOutcome,
    "ChangeClosure": ClosureOutcome,
    "RemoveClosure": ClosureOutcome,
    "BookAppointment": AppointmentView,
    "HoldRoom": AppointmentView,
    "ConfirmAppointment": AppointmentView,
    "CheckInAppointment": AppointmentView,
    "StartAppointment": AppointmentView,
    "CompleteAppointment": AppointmentView,
    "MarkAppointmentMissed": AppointmentView,
    "CancelAppointment": AppointmentView,
    "RescheduleAppointment": AppointmentView,
    "ChangeAppointmentRoom": AppointmentView,
    "ShortenTurnover": AppointmentView,
    "DeclineEscalation": AppointmentView,
    "BookSeries": SeriesView,
    "CancelSeries": SeriesView,
    "AddFacility": FacilityView,
    "ChangeFacility": FacilityView,
    "AddBranch": BranchView,
    "ChangeBranch": BranchView,
    "AddTestType": LabTestTypeView,
    "ChangeTestType": LabTestTypeView,
    "AddTest": LabTestView,
    "ChangeTest": LabTestView,
    "AddPractitioner": PractitionerView,
    "ChangePractitioner": PractitionerView,
    "AddTechnician": TechnicianView,
    "ChangeTechnician": TechnicianView,
    "CreateReferral": ReferralView,
    "ChangeReferral": ReferralView,
    "DeclineReferral": ReferralView,
    "RedirectReferral": ReferralView,
    "CancelReferral": ReferralView,
    "AcknowledgeResult": ReferralView,
    "UpdateTestStatus": ReferralView,
    "JoinLab": TicketView,
    "AddStaff": StaffView,
    "ChangeStaff": StaffView,
    "ApproveStaff": StaffOutcome,
    "ActivateStaff": StaffOutcome,
    "HandOver": HandoverView,
    "AddShift": ShiftView,
    "ChangeShift": ShiftView,
    "AddLeave": LeaveView,
    "AddWard": WardView,
    "ChangeWard": WardView,
    "AddBed": BedView,
    "ChangeBed": BedView,
    "ReserveBed": BedView,
    "ReleaseBed": BedView,
    "CleanBed": BedView,
    "ContaminateBed": BedView,
    "DecontaminateBed": BedView,
    "CloseBed": BedView,
    "IsolateBed": BedView,
    "ReopenBed": BedView,
    "AdmitPatient": AdmissionView,
    "ChangeAdmission": AdmissionView,
    "AssignAdmission": AdmissionView,
    "AssignManually": AdmissionView,
    "ReassignCarer": AdmissionView,
    "AcknowledgeHandover": AdmissionView,
    "TransferPatient": AdmissionView,
    "SwapBeds": AdmissionView,
    "DischargePatient": AdmissionView,
    "CancelAdmission": AdmissionView,
    "AcknowledgeAlert": AlertView,
    "CloseAlert": AlertView,
    "AddDestination": SecretView,
    "ChangeDestination": DestinationView,
    "RotateSecret": SecretView,
    "RetryDeadLetter": RetriedView,
    "RetryDeadLetters": RetriedView,
}

# With 202 the answer is a place in a waiting list.
WAITING = WaitingView
