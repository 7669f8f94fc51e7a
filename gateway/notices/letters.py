"""A notice as a letter: subject and plain text, in a few words that a text message can carry.

It knows what each type of notice has to say; no recipient beyond the addresses it is given, no server.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

from engine import calendar
from gateway.notices.notice import Notice

POLICY: Final = SMTP.clone(cte_type="7bit")
"""Lines end in CR LF, and no byte has its eighth bit: every server takes that."""

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "ticket_near": ("{code}: soon your turn", "Ticket {code} is near: place {position} in line."),
    "patient_called": ("{code}: please come to {counter}", "Ticket {code} is called to {counter}."),
    "queue_position_update": ("{code}: place {position}", "Ticket {code} is now at place {position} in line."),
    "ticket_update": ("{code}: {status}", "Ticket {code} is {status}."),
    "token_update": ("Token {change}", "Token {token_id} of slot {slot_id}: {change}."),
    "slot_update": ("Slot {change}", "Slot {slot_id}: {change}."),
    "service_update": ("Service {change}", "Service {service_id}: {change}."),
    "room_update": ("Appointment {change}", "Appointment {appointment_id}, room {room_id}, {start_time}: {change}."),
    "room_change": ("Room {change}", "Room {room_id} of clinic {clinic_id}: {change}."),
    "clinic_update": ("Clinic {change}", "Clinic {clinic_id}: {change}."),
    "rules_update": ("Rules {change}", "The rules of clinic {clinic_id}: {change}."),
    "bed_update": ("Bed {label}: {state}", "Bed {label} ({bed_id}) of ward {ward_id}: {change}, now {state}."),
    "ward_update": ("Ward {change}", "Ward {ward_id}: {change}."),
    "referral_update": ("Referral {change}: {status}", "Referral {referral_id}: {change}, now {status} {test_status}."),
    "admission_update": ("Admission {change}", "Admission {admission_id}: {change}."),
    "admin_alert": ("Alert: {alert}", "{alert}: ticket {code} at {counter}, since {since}."),
}

_ALERTS: Final[dict[str, tuple[str, str]]] = {
    "appointment_without_room": (
        "Alert: an appointment has no room",
        "Appointment {appointment_id} of {start_time} waits for a room ({reason}); to be seen to by {deadline}.",
    ),
    "break_glass": (
        "Alert: somebody broke the glass",
        "{subject} broke the glass ({times} times since {since}): {change}. Why, the list of alerts says.",
    ),
    "rule_failed": (
        "Alert: a rule failed",
        "Rule {rule_id} (version {rule_version}) failed for {rooms} rooms, first for {room_id}: {error}.",
    ),
}
"""What alerts say that are not of a ticket."""


_OPENED_AND_CLOSED: Final = (
    "Alert {change}: {alert}",
    "{alert} ({severity}): {change}, since {since}; measured {value} {unit}, limit {threshold}.",
)
"""What is said of an alert that the hospital keeps until it is over."""


class _Said(dict[str, Any]):
    """What a notice says; what it does not say is a dash."""

    def __missing__(self, key: str) -> str:
        return "-"


def letter_of(notice: Notice, message_id: str, sender: str, recipients: Sequence[str], time_zone: str) -> bytes:
    """The letter as it is sent; its Message-ID is the same at every try."""
    kept = _OPENED_AND_CLOSED if "alert_id" in notice.data else _TEXTS[notice.type]
    subject, text = _ALERTS.get(str(notice.data.get("alert")), kept)
    said = _Said({name: one_line(_shown(value, time_zone)) for name, value in notice.data.items()})
    happened = calendar.local_time(notice.at, time_zone)
    letter = EmailMessage(policy=POLICY)
    letter["From"] = address_of(sender)
    letter["To"] = [address_of(recipient) for recipient in recipients]
    letter["Subject"] = subject.format_map(said)
    letter["Date"] = format_datetime(happened)
    letter["Message-ID"] = f"<{message_id}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(f"{text.format_map(said)}\n{happened:%Y-%m-%d %H:%M}\n")
    return letter.as_bytes(policy=POLICY)


def _shown(value: Any, time_zone: str) -> Any:
    """Times as the hospital's clocks show them."""
    if isinstance(value, datetime):
        return f"{value.astimezone(calendar.zone(time_zone)):%Y-%m-%d %H:%M}"
    return value


def address_of(address: str) -> Address:
    """An address as the mail library's own type, which refuses what a header cannot hold."""
    local, _, domain = address.rpartition("@")
    return Address(username=local, domain=domain)


def one_line(value: Any) -> str:
    """A value without line ends and other control characters, and not longer than a header should be."""
    text = " ".join(str(value).split())
    return "".join(letter for letter in text if letter.isprintable())[:100]
