"""What decisions ask of the intake. None of these is stored."""

from __future__ import annotations

import msgspec

from engine.actors.intake.state import Waiter


class Open(msgspec.Struct, frozen=True):
    """A patient is admitted; refused while another admission of the patient is open. ``waiter``: and waits."""

    admission_id: str
    patient_id: str
    waiter: Waiter | None = None


class Await(msgspec.Struct, frozen=True):
    """An admission waits, or waits otherwise than before."""

    waiter: Waiter


class Serve(msgspec.Struct, frozen=True):
    """An admission does not wait any more. ``assigned``: it has all for the first time."""

    admission_id: str
    assigned: bool = True


class End(msgspec.Struct, frozen=True):
    """An admission is over."""

    admission_id: str
    patient_id: str


class Repoint(msgspec.Struct, frozen=True):
    """An open admission of the one record is the other's; refused where both have one."""

    from_patient_id: str
    to_patient_id: str


class Continue(msgspec.Struct, frozen=True):
    """Who can be served still is served at ``due`` (µs); 0: nobody can."""

    due: int


class Together(msgspec.Struct, frozen=True):
    """Several of these in order, each seeing what the ones before it left; all or none."""

    do: tuple[IntakeStep, ...]


IntakeStep = Open | Await | Serve | End | Repoint | Continue
IntakeCommand = IntakeStep | Together
