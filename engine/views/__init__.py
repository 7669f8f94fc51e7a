"""The registry of queries: each is a frozen Struct, answered by a pure function of a reader. One line each.

``ANSWERS`` names the type of each answer's body, for whoever describes the interface.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.actors.destination.state import DestinationView
from engine.actors.doctor import DoctorView
from engine.actors.hospital import HospitalView, PolicyView
from engine.actors.patient import PatientView
from engine.actors.service.statistics import StatisticsView
from engine.actors.service.view import BoardView, IntegrityView, PublicTicketView, QueueView, ServiceView, TicketView
from engine.actors.slot.view import SlotView, TokenView, WaitingView
from engine.actors.slot_template import TemplateView
from engine.views import destinations, people, queues, report, settings, slots, tokens, waiting
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
    (report.DailyReport, report.answer, report.Report),
)

QUERIES: dict[type[Any], Callable[[Reader, Any], Found]] = {query: answer for query, answer, _ in _ROWS}
ANSWERS: dict[type[Any], Any] = {query: body for query, _, body in _ROWS}
