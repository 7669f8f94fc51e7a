"""Calls of the interface by principals of one hospital who are after another one's: made of types, aimed by ids.

Seeded, so that a run repeats. What is sent is partly good, partly not: an id of one's own beside one of the other
hospital, the other's cursor, link, token, idempotency key or name in the place of one's own.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from random import Random
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from msgspec import inspect

from gateway.app import command_and_query_types
from gateway.examples import EXAMPLES
from gateway.routes import BASE, TABLE, Row
from tests.gateway.security.calls import Headers
from tests.gateway.security.houses import UUID, House
from tests.gateway.test_isolation import bodies

TYPES: Final = command_and_query_types()
ALIASES: Final = {
    "doctor": "doctor_id", "into": "patient_id", "to_service": "service_id", "to_staff_id": "staff_id",
    "other_admission_id": "admission_id", "other_bed_id": "bed_id", "nurse_id": "staff_id", "id": "branch_id",
    "after": "appointment_id", "branch_ids": "branch_id", "ward_ids": "ward_id", "tests": "test_id",
    "doctors": "doctor_id", "rooms": "room_id", "of": "referral_id",
}  # fmt: skip
"""Of which kind of thing a field is the id, where its name does not say it."""

NONSENSE: Final = ("", "x", "null", "../beta", "%00", "0" * 36, "beta", "*", "1' OR '1'='1", "\u202ebeta", "{}")
TIMES: Final = ("2100-02-03T09:00:00Z", "2100-02-03T09:30:00Z", "2100-02-01T09:00:00+05:30", "1970-01-01T00:00:00Z")
DAYS: Final = ("2100-02-03", "2100-02-01", "2026-11-22", "1850-01-01")
WORDS: Final = ("Jane Doe", "beta", "ONLINE", "ä" * 20, "a\u0000b", "entered wrongly", "=1+1", "10:00", "examination")


PLAIN: Final[dict[type[inspect.Type], tuple[Any, ...]]] = {
    inspect.CustomType: WORDS,
    inspect.IntType: (0, 1, 2, 5, 30, 60, -1, 10**6),
    inspect.FloatType: (0.0, 1.5, -1.0),
    inspect.BoolType: (True, False),
    inspect.DateTimeType: TIMES,
    inspect.DateType: DAYS,
    inspect.TimeType: ("09:00", "10:00", "24:00"),
}
"""Values of plain types."""


class Shot(NamedTuple):
    """One request, and what of the other hospital's it names by itself: that much may come back."""

    row: Row | None
    method: str
    target: str
    headers: Headers
    body: Any = ...

    @property
    def named(self) -> bytes:
        """All that it says."""
        said = "" if self.body is ... else msgspec.json.encode(self.body).decode()
        return "\n".join((self.target, said, *(value for _, value in self.headers))).encode("utf-8", "replace")


class Shots:
    """Makes one call after the other. ``mine`` is the caller's own hospital, ``theirs`` is what it is after."""

    def __init__(self, seed: int, mine: House, theirs: House) -> None:
        self.rng = Random(seed)
        self.mine = mine
        self.theirs = theirs
        self._own, self._foreign = sorted(mine.uuids), sorted(theirs.uuids)
        self._bodies = bodies(mine.ids)
        # Whose session is over asks nothing any more.
        self._rows = [row for row in TABLE if row.name not in ("SignOut", "SignIn")]

    def one(self) -> Shot:
        """A call: mostly of a row, now and then of a batch or of the stream."""
        chosen = self.rng.random()
        if chosen < 0.06:
            return self.batch()
        if chosen < 0.10:
            return self.follow()
        return self.of_row(self.rng.choice(self._rows))

    def of_row(self, row: Row) -> Shot:
        """A request to a row of the table."""
        path = self.path(BASE + row.path)
        headers = self.headers()
        if row.writes or row.asks:
            return Shot(row, row.method, path, headers, self.body(row))
        return Shot(row, row.method, path + self.parameters(row), headers)

    def path(self, template: str) -> str:
        """A path with ids in it."""
        return "/".join(
            quote(self.id_for(part[1:-1]), safe="") if part.startswith("{") else part for part in template.split("/")
        )

    def batch(self) -> Shot:
        """Several commands in one message."""
        rows = [row for row in self._rows if row.writes]
        items = []
        for _ in range(self.rng.randint(1, 6)):
            shot = self.of_row(self.rng.choice(rows))
            item = {"method": shot.method, "path": shot.target, "body": shot.body}
            items.append(item | ({"idempotency_key": self.key()} if self.rng.random() < 0.3 else {}))
        return Shot(None, "POST", f"{BASE}/batch", self.headers(), {"commands": items})

    def follow(self) -> Shot:
        """A look at the stream. Kinds that anybody may follow are left out where the other hospital is named."""
        kinds = {"service": "service_id", "slot": "slot_id", "clinic": "clinic_id", "referral": "referral_id"}
        topics = [f"{kind}:{self.id_for(of)}" for kind, of in kinds.items() if self.rng.random() < 0.5]
        topics += self.rng.sample(["alerts", "admissions", "services", "all", f"referrals:branch:{self.an_id()}"], 1)
        asked = {"topics": ",".join(topics)}
        if self.rng.random() < 0.4:
            asked["hospital"] = self.theirs.name
        if self.rng.random() < 0.3:
            asked["after"] = str(self.rng.randint(0, 200))
        return Shot(None, "GET", f"{BASE}/stream?{urlencode(asked)}", self.headers())

    # -- parts ----------------------------------------------------------------------------------------------

    def an_id(self) -> str:
        """Any id: the other hospital's as often as one's own, and one that nobody has."""
        chosen = self.rng.random()
        if chosen < 0.45:
            return self.rng.choice(self._foreign)
        if chosen < 0.9:
            return self.rng.choice(self._own)
        return f"{self.rng.getrandbits(128):032x}"[:8] + "-0000-7000-8000-000000000000"

    def id_for(self, field: str) -> str:
        """An id for a field of this name, of the right kind more often than not."""
        if field == "link" or (field == "token" and self.rng.random() < 0.5):
            return self.rng.choice([*self.mine.links, *self.theirs.links, *self.theirs.tokens, *NONSENSE])
        if field in ("position", "letter_id"):
            return self.rng.choice(["1", "1.1", "999999", "-1", "x"])
        kind, chosen = ALIASES.get(field, field), self.rng.random()
        if chosen < 0.4:
            return self.mine.ids.get(kind) or self.an_id()
        if chosen < 0.8:
            return self.theirs.ids.get(kind) or self.an_id()
        return self.an_id() if chosen < 0.95 else self.rng.choice(NONSENSE)

    def cursor(self) -> str:
        """A cursor: one's own, the other hospital's, one that was written by hand, or none."""
        given = self.rng.choice([*self.mine.cursors, *self.theirs.cursors] or ["gA"])
        if self.rng.random() < 0.5:
            return self.rng.choice([given, given, given[:-3], "gA", "nonsense"])
        try:
            name, place = msgspec.msgpack.decode(urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        except ValueError:  # not all cursors are made like this
            return given[::-1]
        forged = [self.rng.choice((self.an_id(), -1, 0, 2**63, "", "\ud7ff", None, part, [part])) for part in place]
        return urlsafe_b64encode(msgspec.msgpack.encode((name, forged))).rstrip(b"=").decode()

    def key(self) -> str:
        """An idempotency key: one that was used in the other hospital, or one of its own."""
        return self.rng.choice(self.theirs.keys) if self.rng.random() < 0.7 else f"own-{self.rng.randint(0, 50)}"

    def headers(self) -> list[tuple[str, str]]:
        """Some of those that mean something."""
        made = []
        if self.rng.random() < 0.12:
            named = (self.theirs.name, self.theirs.name, self.theirs.name.upper(), self.mine.name, "*", "../beta", "")
            made.append(("Hospital-Id", self.rng.choice(named)))
        if self.rng.random() < 0.15:
            made.append(("Idempotency-Key", self.key()))
        if self.rng.random() < 0.08:
            made.append(("If-Match", self.rng.choice(['"1"', '"2"', "*", 'W/"1"', "1"])))
        if self.rng.random() < 0.04:
            made.append(("Purpose-Of-Use", self.rng.choice(["TREAT", "BTG", "beta"])))
        if self.rng.random() < 0.04:
            made.append(("Break-Glass", self.rng.choice(["the patient is unconscious", "x", self.theirs.name])))
        return made

    def parameters(self, row: Row) -> str:
        """A query string for a row that reads."""
        asked: dict[str, str] = {}
        for field in msgspec.structs.fields(TYPES[row.name]):
            if field.encode_name in row.ids or (not field.required and self.rng.random() < 0.6):
                continue
            name = field.encode_name
            if name == "cursor":
                asked[name] = self.cursor()
            elif name == "limit":
                asked[name] = self.rng.choice(["1", "2", "1000"])
            else:
                value = self.value(name, inspect.type_info(field.type))
                if value is not None:
                    asked[name] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        if (row.public or row.calendar) and self.rng.random() < 0.5:
            asked["hospital"] = self.rng.choice([self.mine.name, self.theirs.name])
        return f"?{urlencode(asked)}" if asked else ""

    def body(self, row: Row) -> Any:
        """A body: an example, or one made of the type, with ids of everywhere; now and then something else."""
        chosen = self.rng.random()
        if chosen < 0.03:
            return self.rng.choice([None, [], "beta", 7, {"": None}])
        base = self._bodies.get(f"{row.method} {row.path}") or EXAMPLES.get(row.name)
        made = self.aimed(base) if base is not None and chosen < 0.75 else {}
        for field in msgspec.structs.fields(TYPES[row.name]):
            name = field.encode_name
            if name in row.ids or name == "if_version" or name in made:
                continue
            if (field.required and self.rng.random() < 0.95) or self.rng.random() < 0.12:
                made[name] = self.value(name, inspect.type_info(field.type))
        if made and self.rng.random() < 0.1:
            made[self.rng.choice(sorted(made))] = self.rng.choice([None, 0, [], {}, True, *NONSENSE])
        if self.rng.random() < 0.02:
            made["hospital"] = self.theirs.name
        return made

    def aimed(self, value: Any, name: str = "") -> Any:
        """The same with other ids in the places of ids."""
        if isinstance(value, dict):
            return {key: self.aimed(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.aimed(inner, name) for inner in value]
        return self.id_for(name) if isinstance(value, str) and UUID.fullmatch(value.encode()) else value

    def value(self, name: str, kind: inspect.Type) -> Any:
        """A value of a type."""
        rng = self.rng
        match kind:
            case inspect.Metadata():
                return self.value(name, kind.type)
            case inspect.UnionType():
                return self.value(name, rng.choice(kind.types))
            case inspect.StrType():
                if kind.pattern is not None and "{12}" in kind.pattern:
                    return self.id_for(name)
                return rng.choice([*WORDS, *NONSENSE])
            case inspect.StructType():
                tag = {} if kind.tag is None else {kind.tag_field: kind.tag}
                return tag | {
                    field.encode_name: self.value(field.encode_name, field.type)
                    for field in kind.fields
                    if field.required or rng.random() < 0.3
                }
            case inspect.DictType():
                return {str(self.value("", kind.key_type)): self.value(name, kind.value_type)}
            case inspect.ListType() | inspect.SetType() | inspect.VarTupleType() | inspect.FrozenSetType():
                return [self.value(name, kind.item_type) for _ in range(rng.randint(0, 2))]
        return rng.choice(PLAIN[type(kind)]) if type(kind) in PLAIN else None
