"""What became of all who were admitted: counted from a log's entries.

It reads what each decision wrote down of itself. Whether anything was given twice, in part or out of turn is
``replay.auditing.assignments``'s to say.
"""

from __future__ import annotations

import msgspec

from engine.actors.admission.events import (
    AdmissionCancelled,
    AdmissionWaits,
    AssignmentTimedOut,
    PatientAdmitted,
    PatientAssigned,
    PatientDischarged,
)
from engine.actors.admission.state import Assigned
from engine.eventlog.entry import Entry


class WardSums(msgspec.Struct, kw_only=True):
    """``at_once``: assigned in the entry that admitted them; ``served``: later, of those who ``waited``.

    ``together``: in an entry in which somebody else left, or a bed was made ready. ``longest`` (µs): from being
    admitted to having all; ``waiting`` have not.
    """

    admitted: int = 0
    at_once: int = 0
    waited: int = 0
    served: int = 0
    together: int = 0
    longest: int = 0
    timeouts: int = 0
    discharged: int = 0
    waiting: int = 0


class WardTally:
    """Told of every entry of one hospital, in order; ``sums`` is what it came to."""

    def __init__(self) -> None:
        self.sums = WardSums()
        self._since: dict[str, int] = {}

    def entry(self, entry: Entry) -> None:
        """One decision."""
        sums = self.sums
        came: set[str] = set()
        for change in entry.changes:
            kind, _, id = change.actor.partition(":")
            if kind != "admission":
                continue
            for event in change.events:
                match event:
                    case PatientAdmitted():
                        sums.admitted += 1
                        came.add(id)
                    case AdmissionWaits():
                        if id not in self._since:
                            sums.waited += 1
                            self._since[id] = entry.time
                    case PatientAssigned(assigned=assigned):
                        self._assigned(id, assigned, entry.time, new=id in came)
                    case AssignmentTimedOut():
                        sums.timeouts += 1
                    case PatientDischarged():
                        sums.discharged += 1
                    case AdmissionCancelled():
                        self._since.pop(id, None)
        sums.waiting = len(self._since)

    def _assigned(self, id: str, assigned: Assigned, time: int, *, new: bool) -> None:
        sums = self.sums
        if new:
            sums.at_once += 1
            return
        sums.served += 1
        sums.together += assigned.how == "backlog"
        sums.longest = max(sums.longest, time - self._since.pop(id, time))


def merged(parts: list[WardSums]) -> WardSums:
    """Of several hospitals together."""
    whole = WardSums()
    for part in parts:
        for name in WardSums.__struct_fields__:
            mine, theirs = getattr(whole, name), getattr(part, name)
            setattr(whole, name, max(mine, theirs) if name == "longest" else mine + theirs)
    return whole
