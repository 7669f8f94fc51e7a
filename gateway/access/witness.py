"""What the guard refused, and what was opened by force, as notes for the audit log.

A note says which row it was (its template, no id of anybody), by which method, and why. It stands with the hospital
that the request was about: the caller's, or the one that an unknown caller named.
"""

from __future__ import annotations

from engine.eventlog.entry import Principal
from gateway.access.notes import Notes, What
from gateway.auth import WHOLE_NETWORK
from gateway.call import Call
from gateway.problems import Problem


class Noting:
    """The guard's witness."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def unknown(self, call: Call, label: str, problem: Problem) -> None:
        """A credential was asked for, and there was none or it was not good."""
        self._note(call, "unauthenticated", label, why=problem.detail)

    def denied(self, call: Call, label: str, problem: Problem) -> None:
        """It was not the caller's to do; of another hospital it is said which one he looked for."""
        named = call.headers.get(b"hospital-id", b"").decode("latin-1")
        elsewhere = {"named": named} if named not in ("", hospital_of(call)) else {}
        self._note(call, "denied", label, why=problem.detail, **elsewhere)

    def limited(self, call: Call, label: str, problem: Problem) -> None:
        """Too often."""
        self._note(call, "rate_limited", label)

    def broke(self, call: Call, label: str) -> None:
        """Told by an alert, too, with the reason; here by which row."""
        self._note(call, "break_glass", label)
        if hospital := hospital_of(call):
            self._notes.broke(hospital, call.who, call.reason)

    def _note(self, call: Call, what: What, label: str, **facts: str) -> None:
        who = call.who if call.caller is not None else Principal("", "", call.source, call.request_id)
        method = call.scope["method"] if call.scope["type"] == "http" else "STREAM"
        self._notes.say(hospital_of(call), who, what, method=method, path=label, **facts)


def hospital_of(call: Call) -> str:
    """The hospital that a request is about; ``""`` where nobody can say."""
    named = call.headers.get(b"hospital-id", b"").decode("latin-1")
    if call.caller is None or call.caller.hospital == WHOLE_NETWORK:
        return named or (call.caller.fallback if call.caller is not None else "")
    return call.caller.hospital
