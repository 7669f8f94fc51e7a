"""Calendar feeds: what the engine knows of a room's or a doctor's appointments, as iCalendar (RFC 5545).

A feed is read with a key, or by whoever has its link: the token in it is checked where the feed is made. Knows the
format, and no rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from starlette.responses import Response

from gateway.auth import visitor
from gateway.call import Call
from gateway.engine import Engine
from gateway.headers import unchanged
from gateway.problems import NOT_MODIFIED
from gateway.purposes import purpose_of_use
from gateway.routes.row import BASE, Role, Row
from gateway.shapes import Shape, parameters
from gateway.wire import answer

CALENDAR: Final = "text/calendar"
MEDIA_TYPE: Final = f"{CALENDAR}; charset=utf-8"
PRODUCT: Final = "-//Matron//Rooms//EN"
REFRESH: Final = "PT5M"
"""How often a calendar programme should ask again; not all of them follow it."""
OCTETS: Final = 75
"""The longest line, its end left out; what is longer goes on in the next, behind a blank."""


class CalendarEndpoint:
    """A feed. Who names a token is a visitor of the hospital that the address names; anybody else needs a key."""

    writes = False

    def __init__(self, row: Row, shape: Shape, engine: Engine) -> None:
        self.row = row
        self.shape = shape
        self.roles: frozenset[Role] | None = row.roles
        self.label = BASE + row.path
        self._engine = engine

    async def answer(self, call: Call) -> Response:
        """View, and send what is there as a calendar."""
        given = parameters(call.scope["query_string"])
        named = given.pop("hospital", None)
        if "token" in given:
            call.caller = visitor(named, call.headers)
        elif named is not None:
            call.headers[b"hospital-id"] = named.encode("latin-1", "replace")
        query = self.shape.from_parameters(given, call.ids)
        purpose = purpose_of_use(call.headers)
        reply = await self._engine.view(call.hospital, query, call.who, within=call.within(), purpose=purpose)
        body = calendar_of(answer(reply.body))
        tag = f'"{sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "private, max-age=60"}
        if unchanged(call.headers, tag):
            return Response(None, NOT_MODIFIED, headers)
        return Response(body, headers=headers, media_type=MEDIA_TYPE)


def brings_token(call: Call) -> bool:
    """Whether the address has a token in it, which stands for a key."""
    query: bytes = call.scope["query_string"]
    return query.startswith(b"token=") or b"&token=" in query


def calendar_of(view: Mapping[str, Any]) -> bytes:
    """The feed of a calendar's view."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{text(view['name'])}",
        f"X-WR-CALNAME:{text(view['name'])}",
        f"X-WR-TIMEZONE:{text(view['time_zone'])}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
        *(line for event in view["events"] for line in lines_of(event)),
        "END:VCALENDAR",
    ]
    return b"".join(folded(lines))


def lines_of(event: Mapping[str, Any]) -> Iterator[str]:
    """One appointment. Its stamp is that of its last change, so that a feed in which nothing changed is the same."""
    yield "BEGIN:VEVENT"
    yield f"UID:{text(event['uid'])}"
    yield f"DTSTAMP:{utc(event['updated_at'])}"
    yield f"CREATED:{utc(event['created_at'])}"
    yield f"LAST-MODIFIED:{utc(event['updated_at'])}"
    yield f"SEQUENCE:{event['sequence']}"
    yield f"STATUS:{event['status']}"
    yield f"DTSTART:{utc(event['start_time'])}"
    yield f"DTEND:{utc(event['end_time'])}"
    yield f"SUMMARY:{text(event['summary'])}"
    if event["location"]:
        yield f"LOCATION:{text(event['location'])}"
    yield "TRANSP:" + ("TRANSPARENT" if event["status"] == "CANCELLED" else "OPAQUE")
    yield "END:VEVENT"


def utc(moment: datetime) -> str:
    """A date-time of RFC 5545 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def text(value: str) -> str:
    """A text of RFC 5545: its own signs are escaped, and no control character ends a line."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    lines = escaped.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(sign for sign in lines if sign >= " " and sign != "\x7f")


def folded(lines: Iterable[str]) -> Iterator[bytes]:
    """Content lines as octets, those that are too long in several; no character is cut in two."""
    for line in lines:
        octets, room = line.encode(), OCTETS
        while len(octets) > room:
            cut = room
            while octets[cut] & 0xC0 == 0x80:  # inside a character
                cut -= 1
            yield octets[:cut] + b"\r\n "
            octets, room = octets[cut:], OCTETS - 1  # the blank counts
        yield octets + b"\r\n"
