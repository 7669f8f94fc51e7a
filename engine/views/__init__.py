"""The registry of queries: each is a frozen Struct, answered by a pure function of a reader. One line each.

``ANSWERS`` names the type of each answer's body, for whoever describes the interface.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.actors.admission.view import AdmissionView
from engine.actors.alerts.view import AlertView, FiguresView
from engine.actors.catalog import LabTestTypeView
from engine.actors.clinic.view import ClinicView, RuleVersionView, RuleView
from engine.actors.clinic_day.view import AppointmentView
from engine.actors.destination.state import DestinationView
from engine.actors.doctor import DoctorView
from engine.actors.facility.view import BranchView, FacilityView, LabTestView
from engine.actors.hospital import HospitalView, PolicyView
from engine.actors.patient import PatientView
from engine.actors.practitioner import PractitionerView
from engine.actors.referral.view import ReferralView
from engine.actors.room.view import ClosureView, RoomView
from engine.actors.roster.view import RosterView
from engine.actors.service.statistics import StatisticsView
from engine.actors.service.view import BoardView, IntegrityView, PublicTicketView, QueueView, ServiceView, TicketView
from engine.actors.slot.view import SlotView, TokenView, WaitingView
from engine.actors.slot_template import TemplateView
from engine.actors.staff.view import ShiftView, StaffView
from engine.actors.technician import TechnicianView
from engine.actors.ward.view import BedView, WardView
from engine.decisions.appointment_series import SeriesView
from engine.views import (
    admissions,
    alerts,
    appointments,
    availability,
    calendars,
    clinics,
    destinations,
    facilities,
    people,
    practitioners,
    queues,
    referral_lists,
    referrals,
    report,
    room_conflicts,
    room_days,
    rooms,
    rule_dry_runs,
    rule_trials,
    rules,
    settings,
    slots,
    staff,
    tokens,
    waiting,
    ward_boards,
    wards,
)
from engine.views.paging import Page
from engine.views.reader import Found, Reader

_ROWS: tuple[tuple[type[Any], Callable[[Reader, Any], Found], Any], ...] = (
    (people.ListDoctors, people.list_doctors, Page[DoctorView]),
    (people.GetDoctor, people.get_doctor, DoctorView),
    (people.ListPatients, people.list_patients, Page[PatientView]),
    (people.GetPatient, people.get_patient, PatientView),
    (slots.ListSlots, slots.list_slots, Page[SlotView]),
    (slots.GetSlot, slots.get_slot, SlotView),
    (slots.ListSlotTokens, slots.list_slot_tokens, Page[TokenView]),
    (tokens.ListTokens, tokens.list_tokens, Page[TokenView]),
    (tokens.GetToken, tokens.get_token, TokenView),
    (waiting.ListWaiting, waiting.list_waiting, Page[WaitingView]),
    (waiting.WaitingBySlot, waiting.waiting_by_slot, Page[WaitingView]),
    (waiting.GetWaiting, waiting.get_waiting, WaitingView),
    (settings.ListTemplates, settings.list_templates, Page[TemplateView]),
    (settings.GetTemplate, settings.get_template, TemplateView),
    (settings.GetPolicy, settings.get_policy, PolicyView),
    (settings.GetHospital, settings.get_hospital, HospitalView),
    (destinations.ListDestinations, destinations.list_destinations, Page[DestinationView]),
    (destinations.GetDestination, destinations.get_destination, DestinationView),
    (destinations.ListDeadLetters, destinations.list_dead_letters, Page[destinations.DeadLetterView]),
    (destinations.ListOutboxes, destinations.list_outboxes, destinations.OutboxesView),
    (queues.ListServices, queues.list_services, Page[ServiceView]),
    (queues.GetService, queues.get_service, ServiceView),
    (queues.GetQueue, queues.get_queue, QueueView),
    (queues.GetBoard, queues.get_board, BoardView),
    (queues.GetIntegrity, queues.get_integrity, IntegrityView),
    (queues.GetStatistics, queues.get_statistics, StatisticsView),
    (queues.GetTicket, queues.get_ticket, TicketView),
    (queues.GetTicketByLink, queues.get_ticket_by_link, PublicTicketView),
    (clinics.ListClinics, clinics.list_clinics, Page[ClinicView]),
    (clinics.GetClinic, clinics.get_clinic, ClinicView),
    (rules.ListRules, rules.list_rules, Page[RuleView]),
    (rules.GetRule, rules.get_rule, RuleView),
    (rules.ListRuleVersions, rules.list_rule_versions, Page[RuleVersionView]),
    (rule_trials.EvaluateRules, rule_trials.evaluate_rules, rule_trials.EvaluationView),
    (rule_dry_runs.DryRunRules, rule_dry_runs.dry_run_rules, rule_dry_runs.DryRunView),
    (rooms.ListRooms, rooms.list_rooms, Page[RoomView]),
    (rooms.GetRoom, rooms.get_room, RoomView),
    (rooms.ListClosures, rooms.list_closures, Page[ClosureView]),
    (rooms.GetClosure, rooms.get_closure, ClosureView),
    (room_days.GetRoomSchedule, room_days.get_room_schedule, room_days.ScheduleView),
    (room_days.GetClinicDay, room_days.get_clinic_day, room_days.ClinicDayView),
    (availability.AvailableRooms, availability.available_rooms, availability.AvailabilityView),
    (room_conflicts.CheckConflicts, room_conflicts.check_conflicts, room_conflicts.ConflictsView),
    (appointments.ListAppointments, appointments.list_appointments, Page[AppointmentView]),
    (appointments.GetAppointment, appointments.get_appointment, AppointmentView),
    (appointments.GetSeries, appointments.get_series, SeriesView),
    (appointments.ListEscalations, appointments.list_escalations, Page[AppointmentView]),
    (calendars.RoomCalendar, calendars.room_calendar, calendars.CalendarView),
    (calendars.DoctorCalendar, calendars.doctor_calendar, calendars.CalendarView),
    (calendars.DoctorCalendarLink, calendars.doctor_calendar_link, calendars.LinkView),
    (wards.ListWards, wards.list_wards, Page[WardView]),
    (wards.GetWard, wards.get_ward, WardView),
    (wards.ListBeds, wards.list_beds, Page[BedView]),
    (wards.GetBed, wards.get_bed, BedView),
    (ward_boards.GetWardBoard, ward_boards.get_ward_board, ward_boards.WardBoardView),
    (ward_boards.GetWardBeds, ward_boards.get_ward_beds, ward_boards.WardBedsView),
    (admissions.ListAdmissions, admissions.list_admissions, Page[AdmissionView]),
    (admissions.GetAdmission, admissions.get_admission, AdmissionView),
    (admissions.GetBacklog, admissions.get_backlog, admissions.BacklogView),
    (staff.ListStaff, staff.list_staff, Page[StaffView]),
    (staff.GetStaff, staff.get_staff, StaffView),
    (staff.ListShifts, staff.list_shifts, Page[ShiftView]),
    (staff.GetRoster, staff.get_roster, RosterView),
    (alerts.ListAlerts, alerts.list_alerts, Page[AlertView]),
    (alerts.GetAlert, alerts.get_alert, AlertView),
    (alerts.GetAssignmentFigures, alerts.get_assignment_figures, FiguresView),
    (report.DailyReport, report.answer, report.Report),
    (facilities.ListFacilities, facilities.list_facilities, Page[FacilityView]),
    (facilities.GetFacility, facilities.get_facility, FacilityView),
    (facilities.ListBranches, facilities.list_branches, Page[BranchView]),
    (facilities.GetBranch, facilities.get_branch, BranchView),
    (facilities.ListTestTypes, facilities.list_test_types, Page[LabTestTypeView]),
    (facilities.GetTestType, facilities.get_test_type, LabTestTypeView),
    (facilities.ListTests, facilities.list_tests, Page[LabTestView]),
    (facilities.GetTest, facilities.get_test, LabTestView),
    (practitioners.ListPractitioners, practitioners.list_practitioners, Page[PractitionerView]),
    (practitioners.GetPractitioner, practitioners.get_practitioner, PractitionerView),
    (practitioners.ListTechnicians, practitioners.list_technicians, Page[TechnicianView]),
    (practitioners.GetTechnician, practitioners.get_technician, TechnicianView),
    (referrals.GetReferral, referrals.get_referral, ReferralView),
    (referrals.GetReferralProgress, referrals.get_referral_progress, referrals.ReferralProgress),
    (referrals.GetReferralCounts, referrals.get_referral_counts, referrals.ReferralCounts),
    (referrals.GetTurnaround, referrals.get_turnaround, referrals.TurnaroundView),
    (referral_lists.ListReferrals, referral_lists.list_referrals, referral_lists.ReferralList),
    (
        referral_lists.ListPractitionerReferrals,
        referral_lists.list_practitioner_referrals,
        referral_lists.ReferralList,
    ),
    (referral_lists.ListTechnicianReferrals, referral_lists.list_technician_referrals, referral_lists.ReferralList),
)

QUERIES: dict[type[Any], Callable[[Reader, Any], Found]] = {query: answer for query, answer, _ in _ROWS}
ANSWERS: dict[type[Any], Any] = {query: body for query, _, body in _ROWS}
