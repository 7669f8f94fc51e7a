"""The table ``audit`` of the configuration: what checkpoints are signed with, how often, and who cosigns them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class AuditUnusable(Exception):
    """What the table says cannot be done; the message says what to do about it."""


Name = Annotated[str, Meta(pattern=r"^[^\s+]{0,100}$(?!\n)")]


class WitnessPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A witness to ask: where it is, and the key that its cosignatures are checked with."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s]{1,500}$(?!\n)")]
    """What stands before ``/add-checkpoint``. Plain ``http`` goes to this machine and to private networks only."""
    vkey: Annotated[str, Meta(max_length=400)]
    """``name+id+key``, as ``matron-replay witness`` prints it at its start."""


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a log proves itself. Secrets stand in files of their own, never here."""

    name: Name = ""
    """Base of the origins of all logs (``<name>/<hospital>``); empty: told from the key."""
    signing_key: str | None = None
    """The file of the private key (PEM), made at the first start; by default ``signing.key`` in the data folder."""
    signing_command: tuple[str, ...] = ()
    """A command that signs instead: it gets the note's text and prints the signature in base64. No shell sees it."""
    signing_vkey: str = ""
    """The public key that goes with the command: ``name+id+key``, or 32 bytes in base64."""
    seconds: Annotated[float, Meta(gt=0, le=86_400)] = 10.0
    """A log that has grown is signed so long after its last checkpoint, ..."""
    entries: Annotated[int, Meta(ge=1)] = 1_000
    """... or once so many entries came since."""
    witnesses: tuple[WitnessPlace, ...] = ()
    """All are asked for each checkpoint; none holds anything up."""
    witness_seconds: Annotated[float, Meta(gt=0, le=300)] = 10.0
    """One question to a witness, from the look-up of its name to the last byte of its answer."""
    master_key: str | None = None
    """The file of the key that wraps all subject keys, made at the first start; by default ``master.key`` in the data
    folder. Put it elsewhere: where the keys are and it is not, nothing about a person can be read."""
    ship: str | None = None
    """A folder, better on another disk or host: a process beside copies the logs into it as segments, as they grow."""
    ca_file: str | None = None
    """Certificates (PEM) to trust for witnesses beside the system's own."""
