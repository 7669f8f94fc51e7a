"""The OpenAPI 3.1 document, made from the table of routes and from the types that validate: nothing is said twice.

Knows no rule. The types of answers stand in ``answers.py``, examples in ``examples.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from engine.decider import Private
from gateway.access.break_glass import LONGEST, NAME, OPENED, SHORTEST
from gateway.access.credentials import SECURE_COOKIE
from gateway.access.guard import TOKEN_HEADER
from gateway.access.requests import REQUESTS
from gateway.answers import ANSWERS, WAITING
from gateway.auth import DEV_HOSPITAL
from gateway.batch import BatchAnswer, BatchRequest
from gateway.calendars import CALENDAR
from gateway.call import Call, Endpoint
from gateway.endpoints import CSV, JSON, Page
from gateway.examples import EXAMPLES
from gateway.problems import CODES, MEDIA_TYPE, NO_CONTENT, SUCCESS, ProblemDocument
from gateway.purposes import HEADER, PURPOSES
from gateway.routes import BASE, TABLE, Row
from gateway.shapes import VERSION_FIELD

REF = "#/components/schemas/{name}"
INTERFACE = "1.0.0"
READ_PROBLEMS = (400, 401, 403, 404, 422, 429, 503, 504)
WRITE_PROBLEMS = ACCESS_PROBLEMS = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 504)
ASK_PROBLEMS = (400, 401, 403, 404, 413, 415, 422, 429, 503, 504)
STALE = str(CODES["stale_version"])
BY_METHOD = {"GET": (200,), "POST": (201,), "PUT": (200,), "DELETE": (204,)}
OF_ACCESS = frozenset(request.__name__ for request in REQUESTS)
"""Names of rows that no engine is asked about: their writes have no key of their own, and no place in a log."""
SESSION_ROWS = frozenset({"GetSession", "SwitchHospital", "SignOut", "ChangePassword"})
"""Those among them that are about the caller, in whatever hospital."""
BATCH = Row("POST", "/batch", "BatchRequest", "Many commands, each decided on its own", frozenset(), statuses=(200,))

Json = dict[str, Any]


def endpoints(types: Mapping[str, type[Any]]) -> Mapping[str, Endpoint]:
    """The document's own path."""

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(document(types))

    async def send(call: Call) -> Response:
        return Response(encoded(), media_type=JSON)

    return {"/api/openapi.json": Page("/api/openapi.json", send)}


def document(types: Mapping[str, type[Any]]) -> Json:
    """The whole document."""
    inputs: dict[str, type[Any]] = {**{row.name: types[row.name] for row in TABLE}, "BatchRequest": BatchRequest}
    shown = {row.name: ANSWERS[row.name] for row in TABLE if row.name in ANSWERS and not row.calendar}
    outputs = {**shown, "BatchRequest": BatchAnswer}
    named = [*inputs.values(), *outputs.values(), WAITING, ProblemDocument]
    refs, schemas = msgspec.json.schema_components(named, schema_hook=private_schema, ref_template=REF)
    answers = dict(zip(outputs, refs[len(inputs) : -2], strict=True))
    paths: dict[str, Json] = {}
    for row in (*TABLE, BATCH):
        whole = schemas[inputs[row.name].__name__]
        operation = command(row, whole) if row.writes else question(row, whole) if row.asks else query(row, whole)
        operation["responses"] = responses(row, answers.get(row.name))
        if VERSION_FIELD in whole.get("properties", {}):
            operation["responses"][STALE] = refer("responses", "Problem")
        paths.setdefault(f"{BASE}{row.path}/", {})[row.method.lower()] = operation
    # A query is its parameters, or has its own body; ids stand in the path and are no part of a body.
    for row in TABLE:
        if not row.writes and not row.asks:
            schemas.pop(inputs[row.name].__name__, None)
        else:
            strip(schemas[row.name], {*row.ids, VERSION_FIELD})
            if not schemas[row.name]["properties"]:
                del schemas[row.name]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Matron",
            "version": INTERFACE,
            "summary": "The flow of patients through a hospital network",
            "description": "A trailing slash is optional everywhere. A 2xx to a write means that it is durable. "
            "What happens is told live at /api/v1/stream, over WebSocket and as Server-Sent Events.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"apiKey": []}, {"session": [], "sessionToken": []}],
        "tags": [{"name": name} for name in dict.fromkeys(row.area for row in (*TABLE, BATCH))],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": {"Problem": problem_response()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SECURE_COOKIE.decode(),
                    "description": "What POST /session/ gives. Without TLS its name is matron_session.",
                },
                "sessionToken": {
                    "type": "apiKey",
                    "in": "header",
                    "name": TOKEN_HEADER.decode().title(),
                    "description": "What a session's writes say beside the cookie: csrf of GET /session/.",
                },
            },
        },
    }


def private_schema(kind: type[Any]) -> Json:
    """The schema of text that may identify a person."""
    if not issubclass(kind, Private):
        raise NotImplementedError
    schema: Json = {"type": "string", "maxLength": kind.max_length}
    if kind.min_length:
        schema["minLength"] = kind.min_length
    return schema


def command(row: Row, schema: Json) -> Json:
    """The operation of a command."""
    named = {*row.ids, VERSION_FIELD}
    named_too: tuple[str, ...] = ("IdempotencyKey", "Wait", "HospitalId")
    if row.name in OF_ACCESS:
        named_too = () if row.public or row.name in SESSION_ROWS else ("HospitalId",)
    parameters = [*ids(row, schema), *(refer("parameters", name) for name in (*named_too, *glass(row)))]
    if VERSION_FIELD in schema.get("properties", {}):
        parameters.append(refer("parameters", "IfMatch"))
    operation = {**heading(row, schema), "parameters": parameters}
    if row.public:
        operation["security"] = []
    if set(schema.get("properties", {})) - named:
        content: Json = {"schema": {"$ref": REF.format(name=row.name)}}
        if row.name in EXAMPLES:
            content["example"] = EXAMPLES[row.name]
        operation["requestBody"] = {
            "required": bool(set(schema.get("required", ())) - named),
            "content": {JSON: content},
        }
    return operation


def question(row: Row, schema: Json) -> Json:
    """The operation of a query that comes as a body."""
    content: Json = {"schema": {"$ref": REF.format(name=row.name)}, "example": EXAMPLES[row.name]}
    named_too = ("Wait", "HospitalId", "PurposeOfUse", *glass(row))
    parameters = [*ids(row, schema), *(refer("parameters", name) for name in named_too)]
    return {
        **heading(row, schema),
        "parameters": parameters,
        "requestBody": {"required": True, "content": {JSON: content}},
    }


def query(row: Row, schema: Json) -> Json:
    """The operation of a query."""
    required = set(schema.get("required", ()))
    parameters = ids(row, schema)
    for name, each in schema.get("properties", {}).items():
        if name not in row.ids:
            parameters.append({"name": name, "in": "query", "required": name in required, "schema": without_null(each)})
    if row.name in OF_ACCESS:
        said = {**heading(row, schema), "parameters": [*parameters, refer("parameters", "HospitalId")]}
        return {**said, "parameters": parameters, "security": []} if row.public else said
    if row.csv:
        parameters.append({"name": "format", "in": "query", "schema": {"enum": ["json", "csv"], "default": "json"}})
    if row.public or row.calendar:
        parameters += [{"name": "hospital", "in": "query", "schema": {"type": "string", "default": DEV_HOSPITAL}}]
    if row.public:
        return {**heading(row, schema), "parameters": [*parameters, refer("parameters", "Wait")], "security": []}
    parameters += [refer("parameters", name) for name in ("Wait", "HospitalId", "PurposeOfUse", *glass(row))]
    return {**heading(row, schema), "parameters": parameters}


def glass(row: Row) -> tuple[str, ...]:
    """The header that opens a row by force, where it can."""
    return ("BreakGlass",) if row.roles & OPENED and not row.public and row.name not in OF_ACCESS else ()


def heading(row: Row, schema: Json) -> Json:
    """What an operation is called, and who may use it."""
    said: Json = {"operationId": row.name[:1].lower() + row.name[1:], "tags": [row.area], "summary": row.summary}
    roles = f"Roles: {', '.join(sorted(row.roles))}." if row.roles else "Each command needs the role of its own row."
    if row.public:
        roles = "Open to anybody."
    if row.calendar:
        roles += " With `token` open to anybody; `hospital` says then whose it is."
    said["description"] = f"{schema.get('description', '')}\n\n{roles}".strip()
    return said


def ids(row: Row, schema: Json) -> list[Json]:
    """The parameters in the path."""
    return [{"name": name, "in": "path", "required": True, "schema": schema["properties"][name]} for name in row.ids]


def without_null(schema: Json) -> Json:
    """A query parameter's schema: left out it is null, but nobody can write a null into a query string."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    if not kinds:
        if "enum" in rest:
            rest["enum"] = [value for value in rest["enum"] if value is not None]
        return rest
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def strip(schema: Json, names: Iterable[str]) -> None:
    """Take properties out of an object's schema."""
    for name in names:
        schema.get("properties", {}).pop(name, None)
    if "required" in schema:
        schema["required"] = [name for name in schema["required"] if name not in set(names)]


def responses(row: Row, answer: Json | None) -> Json:
    """What a row can answer: its successes, and its problems."""
    made: Json = {}
    for status in row.statuses or BY_METHOD[row.method]:
        said: Json = {"description": HTTPStatus(status).phrase}
        headers: tuple[str, ...] = ("EventSequence", "ETag", "IdempotentReplayed") if row.writes else ("ETag",)
        headers = RATES if row.name in OF_ACCESS else (*headers, *RATES)
        said["headers"] = {HEADER_NAMES[name]: refer("headers", name) for name in headers}
        if status != NO_CONTENT:
            waiting = {"$ref": REF.format(name=WAITING.__name__)}
            said["content"] = {JSON: {"schema": waiting if status == SUCCESS["waiting"] else answer}}
            if row.calendar:
                said["content"] = {CALENDAR: {"schema": {"type": "string"}}}
            if row.csv:
                said["content"][CSV] = {"schema": {"type": "string"}}
        made[str(status)] = said
    problems = WRITE_PROBLEMS if row.writes else ASK_PROBLEMS if row.asks else READ_PROBLEMS
    for status in ACCESS_PROBLEMS if row.name in OF_ACCESS else problems:
        made[str(status)] = refer("responses", "Problem")
    return made


def problem_response() -> Json:
    """Every failure looks like this."""
    example = {
        "type": "urn:matron:problem:double_booking",
        "title": "Conflict",
        "status": 409,
        "code": "double_booking",
        "detail": "the patient has an active token on this day",
        "request_id": "5f0c1e2a9b7d4c31",
    }
    content = {"schema": {"$ref": REF.format(name="ProblemDocument")}, "example": example}
    return {"description": "A problem document (RFC 9457)", "content": {MEDIA_TYPE: content}}


def refer(kind: str, name: str) -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


PARAMETERS: Json = {
    "IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": "A repeat with the same key and body gets the first answer; with another body, 422.",
    },
    "Wait": {
        "name": "Prefer", "in": "header", "schema": {"type": "string", "examples": ["wait=5"]},
        "description": "wait=N: a deadline shorter than the usual 10 seconds.",
    },
    "HospitalId": {
        "name": "Hospital-Id", "in": "header", "schema": {"type": "string"},
        "description": "Which hospital is meant; only for keys of a whole network.",
    },
    "PurposeOfUse": {
        "name": HEADER, "in": "header", "schema": {"enum": sorted(PURPOSES)},
        "description": "Why anybody looks at the patients in the answer: kept in the access log.",
    },
    "BreakGlass": {
        "name": NAME, "in": "header",
        "schema": {"type": "string", "minLength": SHORTEST, "maxLength": 12 * LONGEST, "pattern": "^[!-~ ]*$"},
        "description": f"Why somebody at work does what is not his to do: {SHORTEST} to {LONGEST} characters, "
        "percent-encoded (UTF-8). It is written down, and an alert opens.",
    },
    "IfMatch": {
        "name": "If-Match", "in": "header", "schema": {"type": "string", "examples": ['"3"']},
        "description": "Do it only to this version (an ETag); 412 when it has changed.",
    },
}  # fmt: skip
RATES = ("RateLimitPolicy", "RateLimit")
HEADER_NAMES = {
    "EventSequence": "Event-Sequence", "ETag": "ETag", "IdempotentReplayed": "Idempotent-Replayed",
    "RateLimitPolicy": "RateLimit-Policy", "RateLimit": "RateLimit",
}  # fmt: skip
HEADERS: Json = {
    "EventSequence": {"description": "The position of the entry in the hospital's log", "schema": {"type": "integer"}},
    "ETag": {"description": "The version of the resource, for If-Match", "schema": {"type": "string"}},
    "IdempotentReplayed": {"description": "The first answer, given again", "schema": {"const": "true"}},
    "RateLimitPolicy": {
        "description": "By what a request was counted: its quota q in a window of w seconds",
        "schema": {"type": "string", "examples": ['"principal";q=4000;w=2']},
    },
    "RateLimit": {
        "description": "What is left of it: r requests; in t seconds all of them",
        "schema": {"type": "string", "examples": ['"principal";r=3998;t=1']},
    },
}
