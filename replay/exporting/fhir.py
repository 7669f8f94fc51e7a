"""Entries as FHIR R4 ``AuditEvent`` resources: who did what when, to which patients, with what outcome.

Of the resource only what an entry has is told; its texts are not. The command's name is the subtype, a refusal's code
the description of the outcome. The place of the entry in the log is an entity of its own, with its leaf hash.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from replay.exporting.naming import patients_of
from replay.security import NOTE

_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_ENTITY: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_PURPOSE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_PERSON_SERVED: Final = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"


NOBODY: Final = "unknown"
"""Who could not say who he was."""


class Coding(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A code of a system."""

    system: str
    code: str
    display: str = ""


class Concept(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """``CodeableConcept``."""

    coding: tuple[Coding, ...] = ()
    text: str = ""


class Identifier(msgspec.Struct, frozen=True, rename="camel"):
    """Something by a name that a system gives it."""

    system: str
    value: str


class Reference(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Another resource, by its address or by an identifier."""

    reference: str = ""
    identifier: Identifier | None = None
    display: str = ""


class Network(msgspec.Struct, frozen=True, rename="camel"):
    """Where the request came from; type 2 is an IP address."""

    address: str
    type: str = "2"


class Agent(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Who was involved. ``requestor`` has no default: it is always told."""

    requestor: bool
    type: Concept | None = None
    role: tuple[Concept, ...] = ()
    who: Reference | None = None
    name: str = ""
    network: Network | None = None


class Origin(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """``source``: the system that wrote the entry."""

    observer: Reference
    site: str = ""


class Detail(msgspec.Struct, frozen=True, rename="camel"):
    """A property of an entity."""

    type: str
    value_string: str


class Entity(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What it was about."""

    what: Reference
    type: Coding
    role: Coding | None = None
    detail: tuple[Detail, ...] = ()


class AuditEvent(
    msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True, tag_field="resourceType", tag=True
):
    """The resource. What FHIR demands has no default."""

    type: Coding
    recorded: str
    agent: tuple[Agent, ...]
    source: Origin
    subtype: tuple[Coding, ...] = ()
    action: str = ""
    outcome: str = ""
    outcome_desc: str = ""
    purpose_of_event: tuple[Concept, ...] = ()
    entity: tuple[Entity, ...] = ()


def audit_event(shown: dict[str, Any], record: bytes) -> AuditEvent:
    """The resource of an entry (as ``Showing.entry`` shows it) and of its stored record."""
    refusal = shown.get("refusal")
    command = shown["command"] if isinstance(shown["command"], dict) else {}
    patients = patients_of(record[32:])
    purpose = command.get("purpose") if shown["name"] == "Look" else None
    what = command.get("what", "") if shown["name"] == NOTE else ""
    subtypes = (Coding("urn:matron:command", command.get("query", "Look") if purpose is not None else shown["name"]),)
    return AuditEvent(
        type=_at_the_door(what) if what else _type(shown["name"], patients),
        subtype=_meaning(what) if what else subtypes,
        action=_action(shown),
        recorded=shown["time"],
        outcome="4" if refusal or what in _IN_VAIN else "0",
        outcome_desc=" ".join(filter(None, (refusal["code"], refusal["rule"]))) if refusal else "",
        purpose_of_event=(Concept((Coding(_PURPOSE, purpose),)),) if purpose else (),
        agent=(_agent(shown["who"]),),
        source=Origin(
            observer=Reference(identifier=Identifier("urn:matron:hospital", shown["hospital"]), display="Matron"),
            site=shown["hospital"],
        ),
        entity=(*map(_patient, patients), _entry(shown, record)),
    )


_IN_VAIN: Final = frozenset({"sign_in_failed", "locked_out", "unauthenticated", "denied", "rate_limited"})
_SIGNING_IN: Final = frozenset({"sign_in_failed", "locked_out", "unauthenticated", "signed_in", "signed_out"})
_MEANT: Final = {
    "signed_in": ("110122", "Login"),
    "signed_out": ("110123", "Logout"),
    "sign_in_failed": ("110122", "Login"),
    "break_glass": ("110127", "Emergency Override Started"),
}
_CHANGED: Final = ("110137", "User Security Attributes Changed")
"""What else is done by somebody who was let in."""


def _at_the_door(what: str) -> Coding:
    if what in _SIGNING_IN:
        return Coding(_DICOM, "110114", "User Authentication")
    return Coding(_DICOM, "110113", "Security Alert")


def _meaning(what: str) -> tuple[Coding, ...]:
    ours = Coding("urn:matron:security", what)
    if what in _MEANT:
        return (ours, Coding(_DICOM, *_MEANT[what]))
    return (ours,) if what in _IN_VAIN else (ours, Coding(_DICOM, *_CHANGED))


def _type(name: str, patients: list[str]) -> Coding:
    if name == "Look":
        return Coding(_DICOM, "110112", "Query")
    if patients:
        return Coding(_DICOM, "110110", "Patient Record")
    return Coding(_DICOM, "110100", "Application Activity")


def _action(shown: dict[str, Any]) -> str:
    """Create, read, update, delete; execute where nothing was kept of it but that it was asked."""
    if shown["name"] == "Look":
        return "R"
    if shown.get("refusal") or not shown.get("changes"):
        return "E"
    if shown["name"].startswith(("Remove", "Erase")):
        return "D"
    return "C" if shown.get("outcome") == "created" else "U"


def _agent(who: dict[str, Any]) -> Agent:
    system = who.get("role") == "system"
    kind = Coding(_PERSON_SERVED, "dataprocessor" if system else "humanuser")
    return Agent(
        requestor=True,
        type=Concept((kind,)),
        role=(Concept(text=who["role"]),) if who.get("role") else (),
        who=Reference(identifier=Identifier("urn:matron:principal", who["name"] or NOBODY)),
        name=who["name"],
        network=Network(who["source"]) if who.get("source") else None,
    )


def _patient(id: str) -> Entity:
    return Entity(
        what=Reference(reference=f"Patient/{id}"),
        type=Coding(_ENTITY, "1", "Person"),
        role=Coding(_ROLE, "1", "Patient"),
    )


def _entry(shown: dict[str, Any], record: bytes) -> Entity:
    return Entity(
        what=Reference(identifier=Identifier(f"urn:matron:log:{shown['hospital']}", str(shown["position"]))),
        type=Coding(_ENTITY, "4", "Other"),
        role=Coding(_ROLE, "13", "Security Resource"),
        detail=(Detail("leaf-hash", record[:32].hex()), Detail("command-id", shown["command_id"])),
    )
