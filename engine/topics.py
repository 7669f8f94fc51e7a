"""What can be followed: the names of topics, and the queries whose answers are their snapshots.

Knows no role and no client. A topic's ``key`` is the one that messages carry; it differs from its name where the name
holds a secret, which no message is to be filed under.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from engine.deltas import ALL, SERVICES
from engine.errors import NotFound
from engine.referral_deltas import REFERRALS
from engine.room_deltas import ALERTS
from engine.views import QUERIES
from engine.ward_deltas import ADMISSIONS, WARDS

_BY_NAME: Final = {query.__name__: query for query in QUERIES}


CLINIC_ROOMS: Final = "clinic_rooms"
"""That a clinic's rooms are not what they were: whoever shows a day of them looks again."""


class Topic(NamedTuple):
    """One topic of one hospital. ``parts``: under which name (``""``: as the whole) which query's answer stands.

    ``empty`` is the snapshot of a topic that has nothing to show but what happens from now on.
    """

    name: str
    key: str
    parts: tuple[tuple[str, Any], ...] = ()
    empty: bytes = b"{}"


_WITH_ID: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "service": (("", "GetQueue", "service_id"),),
    "board": (("", "GetBoard", "service_id"),),
    "ticket": (("", "GetTicketByLink", "link"),),
    "slot": (("slot", "GetSlot", "slot_id"), ("tokens", "ListSlotTokens", "slot_id")),
    "clinic": (("", "GetClinic", "clinic_id"),),
    "clinic_day": (("", "GetClinicDay", "clinic_id:date"),),
    "ward": (("", "GetWardBoard", "ward_id"),),
    "referral": (("", "GetReferralProgress", "referral_id"),),
    REFERRALS: (("", "GetReferralCounts", "of:id"),),
}
"""Each part's name, its query, and the fields of it that the parts of the id go to. Where a query is not registered
is no topic."""


def topic(name: str) -> Topic:
    """The topic of this name; ``NotFound`` when there is none of that kind, or when its id can be nobody's."""
    kind, colon, id = name.partition(":")
    if not colon:
        if kind == SERVICES and "ListServices" in _BY_NAME:
            return Topic(name, name, (("", _query("ListServices", {"limit": 1_000})),))
        if kind == ALERTS:
            if "ListAlerts" in _BY_NAME:
                return Topic(name, name, (("", _query("ListAlerts", {"limit": 1_000})),))
            return Topic(name, name, empty=b'{"items":[]}')
        if kind == ADMISSIONS and "GetBacklog" in _BY_NAME:
            return Topic(name, name, (("", _query("GetBacklog", {})),))
        if kind == WARDS and "GetWardBoard" in _BY_NAME:
            return Topic(name, name)
        if kind == ALL:
            return Topic(name, name)
    if kind == CLINIC_ROOMS and "GetClinic" in _BY_NAME:
        _query("GetClinic", {"clinic_id": id})  # an id that no clinic can have
        return Topic(name, name)
    rows = _WITH_ID.get(kind, ())
    if not rows or not id or any(query not in _BY_NAME for _, query, _ in rows):
        raise NotFound("there is no such topic")
    parts = tuple([(member, _query(query, _fields(field, id))) for member, query, field in rows])
    return Topic(name, f"{kind}:{id.partition('.')[0]}" if kind == "ticket" else name, parts)


def _fields(names: str, id: str) -> dict[str, Any]:
    given = id.split(":", names.count(":"))
    if len(given) <= names.count(":"):
        raise NotFound("there is no such topic")
    return dict(zip(names.split(":"), given, strict=True))


def _query(name: str, fields: dict[str, Any]) -> Any:
    try:
        return msgspec.convert(fields, _BY_NAME[name])
    except msgspec.ValidationError:
        raise NotFound("there is no such topic") from None
