"""One row of the table of routes, and the roles that a row may name."""

from __future__ import annotations

from typing import Literal

import msgspec

BASE = "/api/v1"

Role = Literal["clerk", "clinician", "admin", "auditor", "board", "integration", "network"]

CLERK: Role = "clerk"
CLINICIAN: Role = "clinician"
ADMIN: Role = "admin"
AUDITOR: Role = "auditor"
BOARD: Role = "board"
INTEGRATION: Role = "integration"
NETWORK: Role = "network"  # the administrator of a whole network: every row, in any hospital
ROLES: tuple[Role, ...] = (CLERK, CLINICIAN, ADMIN, AUDITOR, BOARD, INTEGRATION, NETWORK)

# Who does what, row by row. A network's administrator may do everything and is added to each set.
READERS = frozenset({CLERK, CLINICIAN, ADMIN, AUDITOR, INTEGRATION, NETWORK})
EVERYBODY = READERS | {BOARD}
DESK = frozenset({CLERK, ADMIN, INTEGRATION, NETWORK})
CLINIC = frozenset({CLINICIAN, ADMIN, NETWORK})
STAFF = DESK | CLINIC
PLANNING = frozenset({ADMIN, INTEGRATION, NETWORK})
ADMINS = frozenset({ADMIN, NETWORK})
NETWORKS = frozenset({NETWORK})
AUDITORS = frozenset({AUDITOR, NETWORK})

Verb = Literal["GET", "POST", "PUT", "DELETE"]


class Row(msgspec.Struct, frozen=True):
    """A method and a path, and the command or query that a request to it is.

    ``name`` is the command's or query's name in the engine's registries; the ``{…}`` segments of ``path`` are fields
    of it. ``location`` is where a thing just made can be read, with ``{id}`` from the answer.
    """

    method: Verb
    path: str
    name: str
    summary: str
    roles: frozenset[Role]
    location: str = ""
    asks: bool = False  # a query whose question is too long for an address: it comes as the body of a POST
    csv: bool = False  # the answer can be had as text/csv too
    calendar: bool = False  # the answer is text/calendar, and who has its link needs no key
    public: bool = False  # needs no key; the hospital stands in the query string, `main` where none does
    statuses: tuple[int, ...] = ()  # of success, where the method does not say it: see `successes`

    @property
    def writes(self) -> bool:
        """Whether the row is a command."""
        return self.method != "GET" and not self.asks

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of the ids in the path, in order."""
        return tuple(segment[1:-1] for segment in self.path.split("/") if segment.startswith("{"))

    @property
    def area(self) -> str:
        """The first segment of the path: the heading under which the documentation lists the row."""
        return self.path.split("/")[1]
