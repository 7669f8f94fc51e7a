"""Rows of appointments: booking a room, a doctor and a time, and each step of a visit."""

from __future__ import annotations

from gateway.routes.row import CLINIC, READERS, STAFF, Row

OK = (200,)
ONE = "/appointments/{appointment_id}"

ROWS = (
    Row("GET", "/appointments", "ListAppointments", "List appointments", READERS),
    Row("POST", "/appointments", "BookAppointment", "Book a doctor and a room, the best one by the clinic's rules",
        STAFF, "/appointments/{id}/"),
    Row("POST", "/appointments/holds", "HoldRoom", "Hold a room for a few minutes", STAFF, "/appointments/{id}/"),
    Row("POST", "/appointments/series", "BookSeries", "Book the same again and again", STAFF),
    Row("GET", ONE, "GetAppointment", "One appointment, with the reasons for its room", READERS),
    Row("POST", f"{ONE}/confirm", "ConfirmAppointment", "Book what is held", STAFF, statuses=OK),
    Row("POST", f"{ONE}/release", "ReleaseAppointment", "Give a hold back", STAFF, statuses=(204,)),
    Row("POST", f"{ONE}/check-in", "CheckInAppointment", "The patient is here", STAFF, statuses=OK),
    Row("POST", f"{ONE}/start", "StartAppointment", "The appointment begins", STAFF, statuses=OK),
    Row("POST", f"{ONE}/complete", "CompleteAppointment", "The appointment is over, the room is cleaned", STAFF,
        statuses=OK),
    Row("POST", f"{ONE}/no-show", "MarkAppointmentMissed", "The patient did not come", STAFF, statuses=OK),
    Row("POST", f"{ONE}/cancel", "CancelAppointment", "Cancel an appointment; its room goes to who waits", STAFF,
        statuses=OK),
    Row("POST", f"{ONE}/reschedule", "RescheduleAppointment", "Move an appointment to another time", STAFF,
        statuses=OK),
    Row("PUT", f"{ONE}/room", "ChangeAppointmentRoom", "Give an appointment another room, for a reason", STAFF),
    Row("POST", f"{ONE}/turnover", "ShortenTurnover", "The room is clean earlier than usual", CLINIC, statuses=OK),
    Row("POST", f"{ONE}/decline", "DeclineEscalation", "Let an appointment take place without a room", STAFF,
        statuses=OK),
    Row("GET", "/series/{series_id}", "GetSeries", "The appointments of a series", READERS),
    Row("DELETE", "/series/{series_id}", "CancelSeries", "Cancel what is left of a series", STAFF, statuses=OK),
    Row("GET", "/escalations", "ListEscalations", "Appointments that wait for a room", READERS),
)  # fmt: skip
