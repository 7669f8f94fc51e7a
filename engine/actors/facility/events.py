"""What can happen to a facility. Names and fields are for ever; new fields carry defaults. Times are µs."""

from __future__ import annotations

from engine.actors.facility.state import Branch, LabTest
from engine.decider import Event


class FacilityAdded(Event, frozen=True):
    """A facility, without branches and tests."""

    id: str
    name: str
    time: int


class FacilityChanged(Event, frozen=True):
    """Its name from now on."""

    name: str


class BranchAdded(Event, frozen=True):
    """A branch more."""

    branch: Branch


class BranchChanged(Event, frozen=True):
    """What a branch is from now on, whole."""

    branch: Branch


class LabTestAdded(Event, frozen=True):
    """A test more in the catalog."""

    test: LabTest


class LabTestChanged(Event, frozen=True):
    """What a test is from now on, whole; what was ordered before stays as it was ordered."""

    test: LabTest


FacilityEvent = FacilityAdded | FacilityChanged | BranchAdded | BranchChanged | LabTestAdded | LabTestChanged
