"""Breaking the glass: somebody at work does what is not his to do, says why, and everybody sees that he did.

``Break-Glass: REASON`` on a request opens the rows of a clerk and of a clinician to whoever works in that hospital, for
that request alone. What only others may do stays closed. The reason is typed by a person and may name one: it goes into
the log sealed, with the alert that it opens (``engine.decisions.break_glass``), and nowhere else.

R1  It is for people at work: one of ``WHO``. For anybody else the header says nothing.
R2  It opens what a clerk or a clinician may do, in the caller's own hospital, and nothing else.
R3  Who says it is taken at his word, also where his own roles would do: the log then says so of all that he does.
R4  A reason has 10 to 200 characters; beyond ASCII they come percent-encoded, in UTF-8.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from msgspec.structs import replace

from gateway.call import Call
from gateway.problems import invalid
from gateway.routes.row import ADMIN, AUDITOR, CLERK, CLINICIAN, Role

HEADER: Final = b"break-glass"
NAME: Final = "Break-Glass"

PURPOSE: Final = b"BTG"
"""HL7's code for why somebody then looks at a patient."""

WHO: Final[frozenset[Role]] = frozenset({CLERK, CLINICIAN, ADMIN, AUDITOR})
OPENED: Final[frozenset[Role]] = frozenset({CLERK, CLINICIAN})

SHORTEST, LONGEST = 10, 200
CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_LONGEST_RAW: Final = 12 * LONGEST  # bytes: of four a character, percent-encoded


def break_glass(call: Call) -> None:
    """Let the caller of this request be one who broke the glass; a ``Problem`` (422) where the reason is none."""
    caller = call.caller
    assert caller is not None
    if caller.roles.isdisjoint(WHO):
        return
    call.reason = reason_of(call.headers[HEADER])
    call.caller = replace(caller, glass=True)
    call.headers[b"purpose-of-use"] = PURPOSE


def reason_of(given: bytes) -> str:
    """R4: what was said, blanks at its ends left out."""
    if len(given) > _LONGEST_RAW:
        raise invalid(NAME, f"at most {LONGEST} characters")
    try:
        reason = unquote_to_bytes(given).decode()
    except UnicodeDecodeError:
        raise invalid(NAME, "must be percent-encoded UTF-8, beyond ASCII") from None
    reason = " ".join(reason.split())
    if not SHORTEST <= len(reason) <= LONGEST or CONTROLS.search(reason):
        raise invalid(NAME, f"why: {SHORTEST} to {LONGEST} characters")
    return reason
