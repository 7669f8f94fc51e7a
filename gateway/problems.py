"""Problem documents (RFC 9457), and the only place that knows HTTP status codes.

Knows how each refusal of the engine and each fault of a request looks on the wire. Does not know what a
request was about: whoever raises says that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from engine.errors import DeadlinePassed, Family, Outcome, Rejected, Unavailable

MEDIA_TYPE = "application/problem+json"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# No fact but a time is this large: 10^14 µs is March 1973, and no count or duration comes near it.
SMALLEST_TIME = 10**14

SUCCESS: dict[str, int] = {"ok": 200, "created": 201, "waiting": 202, "deleted": 204, "removed": 204}
NO_CONTENT = 204
SEE_OTHER, NOT_MODIFIED = 303, 304
CLIENT_GONE = 499  # never sent: what the request log says of a client that left before its answer
READY, NOT_READY = 200, 503

FAMILIES: dict[Family, int] = {
    "not_found": 404, "conflict": 409, "gone": 410, "invalid": 422, "stale": 412, "forbidden": 403,
}  # fmt: skip

# The gateway's own codes; those of rules come with the refusals.
CODES: dict[str, int] = {
    "malformed_json": 400,
    "unauthenticated": 401,
    "sign_in_failed": 401,
    "forbidden": 403,
    "shared_account": 403,
    "own_account": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_set_up": 409,
    "no_session": 409,
    "no_password": 409,
    "name_taken": 409,
    "last_administrator": 409,
    "from_provider": 409,
    "stale_version": 412,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "validation_failed": 422,
    "too_deep": 422,
    "too_many_commands": 422,
    "rate_limited": 429,
    "too_many_attempts": 429,
    "internal_error": 500,
    "busy": 503,
    "accounts_unreadable": 503,
    "reading_log": 503,
    "log_unreadable": 503,
    "token_keys_missing": 503,
    "deadline_passed": 504,
    "assignment_timeout": 504,
}
LATE = "deadline_passed"
LATE_CODES: Mapping[str, str] = dict.fromkeys(
    ("AdmitPatient", "AssignAdmission", "AssignManually"), "assignment_timeout"
)
"""By the name of a command: the code of its deadline, where that is not ``LATE``."""
UNAVAILABLE = 503


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with the input: where, and what."""

    field: str
    message: str


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request failed. ``code`` is stable; ``outcome`` says of a write whether it may have happened."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: Sequence[Fault] = ()
    outcome: Outcome | None = None
    rule: str = ""
    facts: dict[str, Any] = {}
    suggestions: Sequence[dict[str, Any]] = ()
    """What to say instead, each as the members of the body to change; each was tried by the code that decides."""


class Problem(Exception):
    """Any failure of a request, ready to be sent."""

    def __init__(
        self, code: str, detail: str, *, status: int | None = None, errors: Sequence[Fault] = (),
        outcome: Outcome | None = None, facts: Mapping[str, Any] | None = None, rule: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = CODES[code] if status is None else status
        self.errors = errors
        self.outcome = outcome
        self.facts = facts or {}
        self.rule = rule
        self.headers = dict(headers or {})

    def document(self, request_id: str) -> ProblemDocument:
        """The members of the problem document; empty ones are left out when it is encoded."""
        return ProblemDocument(
            type=f"urn:matron:problem:{self.code}",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            code=self.code,
            detail=self.detail,
            request_id=request_id,
            errors=tuple(self.errors),
            outcome=self.outcome,
            rule=self.rule,
            facts={name: told(value) for name, value in self.facts.items()},
            suggestions=suggestions(self.facts),
        )

    def response(self, request_id: str) -> Response:
        """The whole answer, headers included."""
        body = msgspec.json.encode(self.document(request_id), enc_hook=str)
        return Response(body, self.status, self.headers, MEDIA_TYPE)


def told(value: Any) -> Any:
    """A fact as the wire has it: times in µs become RFC 3339, everything else stays as it is."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= SMALLEST_TIME:
        return EPOCH + timedelta(microseconds=value)
    if isinstance(value, dict):
        return {name: told(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [told(item) for item in value]
    return value


def suggestions(facts: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The alternatives of a refused booking, other rooms before other times, as what would be sent instead."""
    offered = facts.get("alternatives") or {}
    rooms = [{"room_id": room["room_id"]} for room in offered.get("rooms", ())]
    times = [
        {"start_time": told(time["start_time"]), "end_time": told(time["end_time"]), "room_id": time["room_id"]}
        for time in offered.get("times", ())
    ]
    return (*rooms, *times)


def invalid(field: str, message: str) -> Problem:
    """One value of the input is wrong."""
    return invalid_all([Fault(field, message)])


def invalid_all(faults: Sequence[Fault]) -> Problem:
    """Several values of the input are wrong; the detail names the first."""
    first = faults[0]
    return Problem(
        "validation_failed", f"{first.field}: {first.message}" if first.field else first.message, errors=faults
    )


def problem_of(error: Exception, *, write: bool, late: str = LATE) -> Problem | None:
    """What the engine's refusals and troubles are on the wire; ``None`` for what is nobody's answer but a bug.

    ``late`` is the code of a deadline that has passed.
    """
    match error:
        case Problem():
            return error
        case Rejected():
            field = error.facts.get("field")
            errors = [Fault(str(field), error.detail)] if error.family == "invalid" and field is not None else []
            return Problem(
                error.code,
                error.detail,
                status=FAMILIES[error.family],
                facts=error.facts,
                rule=error.rule,
                errors=errors,
            )
        case Unavailable(code="internal_error"):  # a rule book's bug: the engine lives on, this command does not
            return Problem("internal_error", error.detail, outcome=error.outcome if write else None)
        case Unavailable():
            outcome = error.outcome if write else None
            headers = {"Retry-After": str(max(1, error.retry_after))}
            return Problem(error.code, error.detail, status=UNAVAILABLE, outcome=outcome, headers=headers)
        case DeadlinePassed():
            return deadline_passed(error.outcome if write else None, late)
    return None


def deadline_passed(outcome: Outcome | None, code: str = LATE) -> Problem:
    """Time is up; for a write, with what became of it."""
    told_of: dict[Outcome | None, str] = {
        None: "There was no answer in time.",
        "not_applied": "The command was withdrawn before it was decided: nothing happened.",
        "unknown": "The command was decided, but its commit was not known in time: ask again with the same key.",
    }
    return Problem(code, told_of[outcome], outcome=outcome)


def not_found() -> Problem:
    """No such path, or no such thing: the same answer, so that nobody learns which."""
    return Problem("not_found", "There is nothing here.")


def internal_error() -> Problem:
    """A bug of ours; the log has the rest under the request's id."""
    return Problem("internal_error", "Something went wrong here; the log has it under this request id.")
