"""What can go wrong, by owner of the fault.

``Rejected`` is the rules' answer to a command, ``Overloaded`` and ``Unavailable`` are the engine's state
right now, ``LogCorrupt`` is the disk. The gateway alone knows which HTTP status each becomes.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

Family = Literal["not_found", "conflict", "gone", "invalid", "stale", "forbidden"]
Outcome = Literal["not_applied", "unknown"]


class Rejected(Exception):
    """A rule says no; nothing changed. Subclasses live beside the rule that raises them.

    ``code`` is the stable lower-case name on the wire, ``family`` the kind of fault, ``rule`` the number of
    the rule in its actor's file, ``facts`` what the caller may know (ids, states, times in µs; no personal data).
    """

    code: ClassVar[str] = "rejected"
    family: ClassVar[Family] = "conflict"
    rule: ClassVar[str] = ""
    then: Any = None
    """A command of the engine's own to decide after this refusal: what was found on the way and must be known."""

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class NotFound(Rejected):
    """The id is unknown in this hospital."""

    code = "not_found"
    family = "not_found"


class Stale(Rejected):
    """The caller's version of the resource is not the present one (``If-Match``)."""

    code = "stale_version"
    family = "stale"


class Invalid(Rejected):
    """A value is well formed but means nothing here; ``facts["field"]`` names it."""

    code = "invalid"
    family = "invalid"


class InvalidTransition(Rejected):
    """The step is illegal from the present state; facts ``from_state`` and ``to_state`` name both."""

    code = "invalid_transition"


class Unavailable(Exception):
    """The engine cannot take this now; ``code`` says why, ``outcome`` what became of the command."""

    def __init__(self, code: str, detail: str, *, outcome: Outcome = "not_applied", retry_after: int = 1) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.outcome: Outcome = outcome
        self.retry_after = retry_after


def read_again() -> Unavailable:
    """Why nothing can be said while the log is read anew, or of what was lost with a commit."""
    return Unavailable("recovering", "the engine reads its log again; try again shortly")


class Overloaded(Unavailable):
    """A bounded queue is full: refused at once, nothing happened."""


class DeadlinePassed(Exception):
    """The deadline passed first; ``outcome`` says whether the command was withdrawn or is still unknown."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome: Outcome = outcome


class SubjectErased(Rejected):
    """The patient was erased: nothing new is written about him or her. Fact ``patient_id``."""

    code = "patient_erased"


class KeyReused(Rejected):
    """The same idempotency key came with another command."""

    code = "idempotency_key_reused"
    family = "invalid"


class LogCorrupt(Exception):
    """The log's bytes are not what was written, or are of a format this program does not know."""


class CommitFailed(Exception):
    """The store could not commit; the log must be read again before anything else is decided."""


def first_of(group: BaseExceptionGroup[CommitFailed]) -> CommitFailed:
    """The first of the failures that ended an engine's tasks together."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, CommitFailed)
    return error
