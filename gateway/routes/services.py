"""Rows of live queues: services, and each step of a ticket."""

from __future__ import annotations

from gateway.routes.row import ADMINS, EVERYBODY, READERS, STAFF, Row

OK = (200,)

ROWS = (
    Row("GET", "/services", "ListServices", "List services, each with how many wait", READERS),
    Row("POST", "/services", "AddService", "Open a service: a queue with one or more counters", ADMINS,
        "/services/{id}/", statuses=(201,)),
    Row("GET", "/services/{service_id}", "GetService", "One service and its settings", READERS),
    Row("PUT", "/services/{service_id}", "ChangeService", "Replace a service's name and settings", ADMINS),
    Row("POST", "/services/{service_id}/status", "SetServiceStatus", "Pause, resume, close or open a service", STAFF,
        statuses=OK),
    Row("POST", "/services/{service_id}/end-day", "EndServiceDay", "End the service's day: who waits expires", ADMINS,
        statuses=OK),
    Row("POST", "/services/{service_id}/tickets", "JoinQueue", "Get in line", STAFF, "/tickets/{id}/", statuses=(201,)),
    Row("GET", "/services/{service_id}/queue", "GetQueue", "Who is served, who waits, in order", READERS),
    Row("GET", "/services/{service_id}/board", "GetBoard", "What a waiting room may see: codes and counters",
        EVERYBODY, public=True),
    Row("GET", "/services/{service_id}/integrity", "GetIntegrity", "Whether positions have gaps or doubles", READERS),
    Row("GET", "/services/{service_id}/statistics", "GetStatistics", "Counts, waits and service times of a day",
        READERS),
    Row("POST", "/services/{service_id}/call-next", "CallNext", "Call whoever comes next to a counter", STAFF,
        statuses=OK),
    Row("GET", "/tickets/{ticket_id}", "GetTicket", "One ticket, also one that is over", READERS),
    Row("GET", "/tickets/link/{link}", "GetTicketByLink", "A ticket by its link, for the patient", EVERYBODY,
        public=True),
    Row("POST", "/tickets/{ticket_id}/call", "CallTicket", "Call this ticket, out of turn with a reason", STAFF,
        statuses=OK),
    Row("POST", "/tickets/{ticket_id}/recall", "RecallTicket", "Announce the call again", STAFF, statuses=OK),
    Row("POST", "/tickets/{ticket_id}/no-answer", "TicketNoAnswer", "Nobody came: back in line, or a no-show", STAFF,
        statuses=OK),
    Row("POST", "/tickets/{ticket_id}/start", "StartTicket", "The consultation begins", STAFF, statuses=OK),
    Row("POST", "/tickets/{ticket_id}/complete", "CompleteTicket", "The consultation ends", STAFF, statuses=OK),
    Row("POST", "/tickets/{ticket_id}/no-show", "TicketNoShow", "The patient did not come", STAFF, statuses=OK),
    Row("POST", "/tickets/{ticket_id}/cancel", "CancelTicket", "The patient leaves the queue", STAFF, statuses=OK),
    Row("POST", "/tickets/{ticket_id}/park", "ParkTicket", "Take a ticket out of the line for a while", STAFF,
        statuses=OK),
    Row("POST", "/tickets/{ticket_id}/resume", "ResumeTicket", "Put a parked ticket back in line", STAFF, statuses=OK),
    Row("POST", "/tickets/{ticket_id}/transfer", "TransferTicket", "Send a ticket to another service", STAFF,
        statuses=OK),
    Row("POST", "/tickets/{ticket_id}/priority", "PrioritizeTicket", "Give a ticket another priority", STAFF,
        statuses=OK),
    Row("POST", "/tickets/{ticket_id}/undo", "UndoTicket", "Take the last step back", STAFF, statuses=OK),
)  # fmt: skip
