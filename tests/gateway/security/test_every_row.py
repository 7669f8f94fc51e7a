"""Who may come in where: every path there is, for every role, with every kind of credential, here and elsewhere.

What a path is open to stands in tables, here and in ``test_roles.py``; a path, a topic or a kind of message that stands
in none of them fails. The engine behind says yes to everything, so that whoever is refused was refused at the door.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import trio
from starlette.types import ASGIApp

from engine import topics
from engine.deltas import ALL, SERVICES
from engine.room_deltas import ALERTS
from engine.subscription import Frame
from engine.ward_deltas import ADMISSIONS, WARDS
from gateway.access.break_glass import WHO
from gateway.app import Front, create_app
from gateway.engine import Engine
from gateway.routes import BASE, ROLES, TABLE
from gateway.streaming.asked import OPEN
from gateway.streaming.asked import ROLES as TOPIC_ROLES
from gateway.streaming.commands import IN_FLIGHT
from tests.gateway.security.calls import Answer, Headers, ask, talk
from tests.gateway.security.houses import OURS, THEIRS
from tests.gateway.security.principals import KINDS, Principal, opened
from tests.gateway.surface import UNKNOWN, ScriptedEngine
from tests.gateway.test_paths import filled
from tests.gateway.test_roles import ALLOWED, LETTERS, SIGNING_IN

ANYBODY = "*"

PAGES = {
    "GET /health/live": ANYBODY,
    "GET /health/ready": ANYBODY,
    "GET /health/notifications": "kcaui",
    "GET /health/load": "kcaui",
    "GET /health/audit": "kcaui",
    "GET /health/detail": "au",
    "GET /health/access": "au",
    "GET /metrics": "kcaui",
    "GET /api/openapi.json": ANYBODY,
    "GET /": ANYBODY,
    "GET /board/{service}": ANYBODY,
    "GET /clinics/{clinic}/board": ANYBODY,
    "GET /wards/{ward}/board": ANYBODY,
    "GET /alerts": ANYBODY,
    "GET /audit": ANYBODY,
    "GET /t/{link}": ANYBODY,
    "GET /t/{link}/qr.svg": ANYBODY,
    "POST /api/v1/batch": "kcai",
}
"""What stands beside the table of rows: by method and path, the letters of ``test_roles.py``, or anybody. A page is a
shell, whose script asks for what it shows with a credential of its own."""

SHELLS = ("GET /static/", "GET /api/docs", "GET /console")
"""What paths of files and of the console's shell begin with, which are open to anybody."""

FOLLOWED = {
    "service": "kcaui", "slot": "kcaui", "clinic": "kcaui", "alerts": "kcaui", "admissions": "kcaui",
    "referral": "kcaui", "referrals": "kcaui", "services": "kcaubi", "all": "ai",
    **dict.fromkeys(("board", "ticket", "clinic_day", "clinic_rooms", "ward", "wards"), ANYBODY),
}  # fmt: skip
"""Who may follow which kind of topic."""

PAGE_OF_OURS = [("Host", "matron"), ("Origin", "http://matron")]
"""What a browser says of the page that opens a WebSocket."""

NOTHING: Headers = ()

ENDS_SESSION = frozenset({"DELETE /session"})
"""After these a session is another one, or none: they come last."""


class Yes(ScriptedEngine):
    """Says yes to everything, also to who follows: that ends at once, unless it ``stays``."""

    stays = False

    @asynccontextmanager
    async def follow(self, hospital: str, names: Any, **more: Any) -> AsyncIterator[Any]:
        self.asked.append((hospital, names, more["who"], None, 0.0))
        yield self

    async def receive(self) -> list[Frame]:
        """What comes next."""
        if self.stays:
            await trio.sleep_forever()
        return [Frame("closing", 1, b'{"type":"closing"}', code=1000)]

    async def page(self, name: str, hospital: str) -> tuple[int, bytes]:
        """A page about its health; no figures."""
        return (503 if name == "metrics" else 200), b"{}"

    async def note_access(self, *noted: Any, **more: Any) -> None:
        """Nobody reads it."""

    async def note_security(self, *noted: Any, **more: Any) -> None:
        """Nobody reads it."""


def paths_of(app: ASGIApp) -> dict[str, str]:
    """Every method and path that the application answers, as one would ask for it."""
    made: dict[str, str] = {}

    def walk(node: Any, path: str) -> None:
        for verb in node.by_verb:
            label = node.by_verb[verb].label
            made[f"{verb} {label}"] = path or "/"
        for name, inner in node.by_name.items():
            walk(inner, f"{path}/{name}")
        if node.by_id is not None:
            walk(node.by_id, f"{path}/{UNKNOWN}")

    assert isinstance(app, Front)
    walk(app._gateway._table._root, "")
    return made


def letters_of(label: str) -> str:
    """Who may ask for this; ``KeyError`` for what stands in no table."""
    if label.startswith(SHELLS):
        return ANYBODY
    method, _, path = label.partition(" ")
    row = f"{method} {path.removeprefix(BASE)}"
    if row in ALLOWED and path.startswith(BASE):
        open_to_all = any(one.public for one in TABLE if f"{one.method} {one.path}" == row)
        return ANYBODY if open_to_all else ALLOWED[row]
    return PAGES[label]


def stands(label: str) -> bool:
    """Whether a path stands in a table."""
    try:
        return bool(letters_of(label)) or label == "POST /api/v1/hospitals"
    except KeyError:
        return False


def may(role: str, letters: str) -> bool:
    return letters == ANYBODY or role == "network" or LETTERS[role] in letters


@asynccontextmanager
async def door(tmp_path: Any, kind: str) -> AsyncIterator[tuple[ASGIApp, list[Principal], Yes]]:
    """The whole front of the house with real credentials, and an engine behind it that says yes."""
    engine = Yes()
    async with opened(tmp_path, kinds=(kind,)) as (access, principals):
        behind = cast("Engine", engine)
        app = create_app(behind, access.guard(behind), engine.page, access=access)
        yield app, principals, engine


def asks(app: ASGIApp) -> Iterator[tuple[str, str, str]]:
    """Label, method and path of everything, in an order in which a session lasts to the end."""
    found = paths_of(app)
    for label in sorted(found, key=lambda one: one.replace(BASE, "") in ENDS_SESSION):
        method = label.partition(" ")[0]
        row = label.partition(" ")[2].removeprefix(BASE)
        yield label, method, filled(row) if label.startswith(f"{method} {BASE}/") else found[label]


async def test_every_path_stands_in_a_table(tmp_path):
    async with door(tmp_path, "key") as (app, _, _):
        found = paths_of(app)
        assert [label for label in found if not stands(label)] == []
        assert PAGES.keys() <= found.keys()


@pytest.mark.parametrize("kind", KINDS)
async def test_every_path_is_for_its_roles_with_every_kind_of_credential_and_in_no_other_hospital(tmp_path, kind):
    async with door(tmp_path, kind) as (app, principals, engine):
        assert {one.role for one in principals if one.hospital != THEIRS} == set(ROLES)
        for one in principals:
            if one.hospital == THEIRS:
                continue
            for label, method, path in asks(app):
                letters = letters_of(label)
                if label.startswith(SHELLS) and one.role != "board":
                    continue
                if one.role != "network" and letters != ANYBODY:
                    before = len(engine.asked)
                    found = await ask(app, method, path, headers=[*one.headers, ("Hospital-Id", THEIRS)])
                    assert (found.status, found.code) == (404, "not_found"), f"{one.role} of elsewhere {label}: {found}"
                    assert len(engine.asked) == before
                found = await ask(app, method, path, headers=one.headers)
                assert (found.status not in (401, 403)) == may(one.role, letters), f"{one.role} {label}: {found}"
                if not may(one.role, letters):
                    assert (found.status, found.code) == (403, "forbidden")


@pytest.mark.parametrize("kind", ["session"])
async def test_a_broken_glass_opens_what_a_clerk_and_a_clinician_may_to_whoever_works_here_and_no_more(tmp_path, kind):
    async with door(tmp_path, kind) as (app, principals, engine):
        for one in principals:
            if one.hospital == THEIRS:
                continue
            why = [*one.headers, ("Break-Glass", "nobody else is there")]
            for label, method, path in asks(app):
                letters = letters_of(label)
                if letters == ANYBODY or label.replace(BASE, "") in ENDS_SESSION:
                    continue
                opened_by_force = one.role in WHO and not {"k", "c"}.isdisjoint(letters)
                found = await ask(app, method, path, headers=why)
                allowed = may(one.role, letters) or opened_by_force
                assert (found.status not in (401, 403)) == allowed, f"{one.role} {label}: {found}"
            before = len(engine.asked)
            if one.role != "network":
                elsewhere = await ask(app, "GET", f"{BASE}/patients", headers=[*why, ("Hospital-Id", THEIRS)])
                assert (elsewhere.status, len(engine.asked)) == (404, before)


async def test_without_a_credential_or_with_one_that_is_not_good_there_is_only_what_anybody_may_see(tmp_path):
    wrong: list[Headers] = [
        NOTHING,
        [("Authorization", "Bearer matron_" + "x" * 43)],
        [("X-API-Key", "matron_" + "x" * 43)],
        [("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")],
        [("Cookie", "matron_session=" + "x" * 43)],
        [("Authorization", "Basic YWRtaW46YWRtaW4=")],
    ]
    async with door(tmp_path, "key") as (app, _, _):
        for label, method, path in asks(app):
            for headers in wrong if letters_of(label) != ANYBODY else [NOTHING]:
                found = await ask(app, method, path, headers=headers)
                if letters_of(label) == ANYBODY:
                    assert found.status == SIGNING_IN.get(label.replace(BASE, ""), found.status), label
                    assert found.status not in (401, 403) or label.replace(BASE, "") in SIGNING_IN, label
                else:
                    assert (found.status, found.code) == (401, "unauthenticated"), f"{label} {headers}"
                    assert dict(found.headers)[b"www-authenticate"].startswith(b"Bearer")


def test_every_kind_of_topic_stands_in_the_table():
    kinds = {*topics._WITH_ID, SERVICES, ALERTS, ADMISSIONS, WARDS, ALL, topics.CLINIC_ROOMS}
    assert {*FOLLOWED} == kinds == {*OPEN, *TOPIC_ROLES}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_topic_is_for_its_roles_and_in_no_other_hospital(tmp_path, kind):
    async with door(tmp_path, kind) as (app, principals, _):
        for topic, letters in FOLLOWED.items():
            stream = f"{BASE}/stream?topics={topic}:{UNKNOWN}"
            refused = await ask(app, "GET", stream)
            assert refused.status == (200 if letters == ANYBODY else 401), topic
            for one in principals:
                if one.hospital == THEIRS:
                    continue
                stream = stream + f"&hospital={OURS}" if one.role == "network" else stream
                heard = await talk(app, stream, headers=[*one.headers, *PAGE_OF_OURS])
                found = 200 if heard.refused is None else heard.refused.status
                assert (await ask(app, "GET", stream, headers=one.headers)).status == found
                assert found == (200 if may(one.role, letters) else 403), f"{one.role} {topic}"
                if one.role != "network" and letters != ANYBODY:
                    elsewhere = await ask(app, "GET", f"{stream}&hospital={THEIRS}", headers=one.headers)
                    assert elsewhere.status == (404 if may(one.role, letters) else 403), f"{one.role} {topic}"


@pytest.mark.parametrize("kind", KINDS)
async def test_commands_of_a_batch_and_of_a_websocket_are_for_the_roles_of_their_rows(tmp_path, kind):
    rows = [row for row in TABLE if row.writes and not row.path.startswith(("/session", "/users", "/keys"))]
    async with door(tmp_path, kind) as (app, principals, engine):
        engine.stays = True
        for one in principals:
            if one.hospital == THEIRS:
                continue
            items = [{"method": row.method, "path": filled(row.path)} for row in rows]
            headers = [*one.headers, *([("Hospital-Id", OURS)] if one.role == "network" else [])]
            batch = await ask(app, "POST", f"{BASE}/batch", headers=headers, json_body={"commands": items})
            in_batch = ["forbidden"] * len(rows)
            if may(one.role, PAGES["POST /api/v1/batch"]):
                in_batch = [code_of(result) for result in batch.json["results"]]
            else:
                assert batch.status == 403
            each = [{"id": f"{n}", **item} for n, item in enumerate(items)]
            said = [{"commands": each[n : n + IN_FLIGHT]} for n in range(0, len(each), IN_FLIGHT)]
            heard = await talk(
                app, f"{BASE}/stream?topics=wards", said, headers=[*headers, *PAGE_OF_OURS], seconds=0.02
            )
            on_socket = [code_of(heard.results[f"{n}"]) for n in range(len(rows))]
            for row, *codes in zip(rows, in_batch, on_socket, strict=True):
                if row.name == "AddHospital" and one.role == "network":
                    assert codes == ["validation_failed"] * 2
                    continue
                allowed = may(one.role, ALLOWED[f"{row.method} {row.path}"])
                assert [code != "forbidden" for code in codes] == [allowed] * 2, f"{one.role} {row.path} {codes}"


async def test_whoever_follows_a_board_without_a_credential_commands_nothing(tmp_path):
    rows = [row for row in TABLE if row.writes]
    async with door(tmp_path, "key") as (app, _, engine):
        engine.stays = True
        said = [{"id": row.name, "method": row.method, "path": filled(row.path)} for row in rows[:IN_FLIGHT]]
        heard = await talk(app, f"{BASE}/stream?topics=wards", [{"commands": said}], seconds=0.02)
        assert {code_of(result) for result in heard.results.values()} == {"forbidden"}
        assert len(heard.results) == len(said)


def code_of(result: Any) -> str:
    """The code of a result that is a problem."""
    return str((result["body"] or {}).get("code", ""))


async def test_a_key_of_one_hospital_is_no_key_of_another_in_a_batch_or_on_the_stream(tmp_path):
    async with door(tmp_path, "key") as (app, principals, engine):
        mine = next(one for one in principals if (one.role, one.hospital) == ("admin", OURS))
        item = {"method": "POST", "path": "/patients", "body": {"name": "Jane"}}
        elsewhere = [*mine.headers, ("Hospital-Id", THEIRS)]
        refused: list[Answer] = [
            await ask(app, "POST", f"{BASE}/batch", headers=elsewhere, json_body={"commands": [item]}),
            await ask(app, "GET", f"{BASE}/stream?topics=alerts", headers=elsewhere),
        ]
        heard = await talk(app, f"{BASE}/stream?topics=alerts&hospital={THEIRS}", headers=mine.headers)
        assert heard.refused is not None
        assert [one.status for one in (*refused, heard.refused)] == [404] * 3
        assert engine.asked == []
