"""From plain values to commands and queries: every value in its type, every fault under the name of its field.

Knows types and nothing of meaning: what a well-formed value means is decided by the rules. One ``Shape`` is made
per command and query when the gateway starts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from engine.decider import Private
from gateway.problems import Fault, Problem, invalid, invalid_all, not_found

VERSION_FIELD = "if_version"
LARGEST_PAGE = 1_000
MOST_PARAMETERS = 50
# Days and times beyond these are typing errors, and arithmetic on them leaves what a datetime can hold.
EARLIEST_YEAR, LATEST_YEAR = 1850, 2200
NAMED = re.compile(r"`([^`]*)`")
# The last place that is named: the first may be a part of what somebody sent.
PLACE = re.compile(r"(.*) - at (?:`key` in )?`\$\.?(.*)`$", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Notes may have lines: tab, line feed, and carriage return only in front of a line feed.
CONTROL_IN_NOTES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
ONE_LINE = 200  # characters: private text up to this length is a name or a number, not a note


def private(kind: type[Any], value: Any) -> Any:
    """Text that may identify a person, checked for length and control characters."""
    if not issubclass(kind, Private):
        raise NotImplementedError
    if not isinstance(value, str):
        raise ValueError("expected text")
    if len(value) > kind.max_length:
        raise ValueError(f"longer than {kind.max_length} characters")
    if len(value.strip()) < kind.min_length:
        raise ValueError("must not be empty" if kind.min_length == 1 else f"shorter than {kind.min_length} characters")
    if (CONTROL if kind.max_length <= ONE_LINE else CONTROL_IN_NOTES).search(value):
        raise ValueError("has control characters")
    return kind(value)


class Shape:
    """How one command or query is read from a body, a query string and the ids in its path."""

    def __init__(self, kind: type[Any], in_path: Collection[str] = ()) -> None:
        self.kind = kind
        self.in_path = frozenset(in_path)
        self.fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        self.versioned = VERSION_FIELD in self.fields
        self.reserved = self.in_path | {VERSION_FIELD}
        # What msgspec cannot bound: looked at after it, only where a field can hold one.
        self.dated = [name for name, field in self.fields.items() if {date, datetime} & set(atoms(field.type))]
        self.texts = [
            name for name, field in self.fields.items() if name not in self.in_path and str in set(atoms(field.type))
        ]
        self.ids = [name for name, field in self.fields.items() if is_id(field.type)]
        unknown = self.in_path - set(self.fields)
        assert not unknown, f"{kind.__name__} has no {unknown}"

    def from_body(self, body: Any, path: Mapping[str, str], version: int | None = None) -> Any:
        """The command of a JSON body; what the path says is not said again in the body."""
        if not isinstance(body, dict):
            raise invalid("", "The body must be a JSON object.")
        given = {**body, **path} if path or version is not None else body
        if version is not None:
            given[VERSION_FIELD] = version
        given = self._with_plain_ids(given)
        try:
            if not self.reserved.isdisjoint(body):
                raise msgspec.ValidationError
            made = msgspec.convert(given, self.kind, dec_hook=private)
        except msgspec.ValidationError:
            raise self.problem(body, path, strict=True) from None
        self._check(made)
        return made

    def from_parameters(self, given: Mapping[str, str], path: Mapping[str, str]) -> Any:
        """The query of a query string's parameters; the limit of a page is clamped, not refused."""
        limit = given.get("limit", "")
        if len(limit) > 3 and limit.isascii() and limit.isdigit():
            given = {**given, "limit": str(min(int(limit[:5]), LARGEST_PAGE))}
        try:
            if not self.in_path.isdisjoint(given):
                raise msgspec.ValidationError
            plain = self._with_plain_ids({**given, **path})
            made = msgspec.convert(plain, self.kind, strict=False, dec_hook=private)
        except msgspec.ValidationError:
            raise self.problem(given, path, strict=False) from None
        self._check(made)
        return made

    def problem(self, given: Mapping[str, Any], path: Mapping[str, str], *, strict: bool) -> Problem:
        """Everything that is wrong with the input, each under its field. Slow, and only for what is refused."""
        for name, value in path.items():
            if any(self._faults(name, value, strict)):
                return not_found()
        unknown = [name for name in given if name not in self.fields or name in self.reserved]
        faults = [Fault(clip(name), "unknown field") for name in unknown]
        for name, field in self.fields.items():
            if name in self.reserved:
                continue
            if name in given:
                faults.extend(self._faults(name, given[name], strict))
            elif field.required:
                faults.append(Fault(name, "required"))
        return invalid_all(faults or [Fault("", "The input does not have the expected shape.")])

    def _faults(self, name: str, value: Any, strict: bool) -> Iterator[Fault]:
        hint = self.fields[name].type
        try:
            msgspec.convert(value, hint, strict=strict, dec_hook=private)
        except msgspec.ValidationError as error:
            message = str(error)
            place = PLACE.match(message)
            message, inside = place.groups() if place else (message, "")
            field = name if not inside else f"{name}{inside}" if inside.startswith("[") else f"{name}.{inside}"
            yield Fault(clip(field), said(message, hint))

    def _with_plain_ids(self, given: dict[str, Any]) -> dict[str, Any]:
        """A UUID is the same in capitals; here it is known by its small letters."""
        for name in self.ids:
            value = given.get(name)
            if isinstance(value, str) and value != (small := value.lower()):
                given = {**given, name: small}
        return given

    def _check(self, made: Any) -> None:
        for name in self.dated:
            value = getattr(made, self.fields[name].name)  # "from" is no name in Python
            if isinstance(value, date) and not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
                raise invalid(name, f"outside the years {EARLIEST_YEAR} to {LATEST_YEAR}")
        for name in self.texts:
            value = getattr(made, self.fields[name].name)
            if isinstance(value, str) and not value.isprintable() and CONTROL.search(value):
                raise invalid(name, "has control characters")


def parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query string; repeated and undecodable ones are refused."""
    given: dict[str, str] = {}
    if not query:
        return given
    try:
        pairs = parse_qsl(
            query.decode("ascii").strip("&"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise invalid("", "The query string cannot be read.") from None
    for name, value in pairs:
        if name in given:
            raise invalid(clip(name), "given twice")
        given[name] = value
    return given


def atoms(hint: Any) -> Iterator[Any]:
    """The plain types that a field can hold, looking through annotations and unions, not into containers."""
    if get_origin(hint) is Annotated:
        yield from atoms(get_args(hint)[0])
    elif get_origin(hint) in (None, Literal, list, dict, tuple, set, frozenset):
        yield hint
    else:
        for inner in get_args(hint):
            yield from atoms(inner)


def is_id(hint: Any) -> bool:
    """Whether a field holds the id of a thing: text in the pattern of a UUID."""
    if get_origin(hint) is Annotated:
        return any(isinstance(note, msgspec.Meta) and "{12}" in (note.pattern or "") for note in get_args(hint)[1:])
    return any(map(is_id, get_args(hint)))


def choices(hint: Any) -> list[str]:
    """The values of the first closed set that a type names, wherever it stands in it."""
    if get_origin(hint) is Literal:
        return [str(value) for value in get_args(hint)]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return [str(member.value) for member in hint]
    for inner in get_args(hint):
        if found := choices(inner):
            return found
    return []


def tags(hint: Any) -> list[str]:
    """The words that tell the members of a union of structs apart."""
    kinds = [kind for kind in atoms(hint) if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    return [str(kind.__struct_config__.tag) for kind in kinds if kind.__struct_config__.tag is not None]


def clip(field: str) -> str:
    """A name that the client chose, short enough to be repeated to it."""
    return field if len(field) <= 100 else field[:100] + "…"


def said(message: str, hint: Any) -> str:
    """msgspec's message in the words of a form, without repeating what was typed."""
    if message.startswith(("Invalid enum value", "Invalid value")):  # these two would quote it
        allowed = choices(hint) if message.startswith("Invalid enum") else tags(hint)
        return f"must be one of {', '.join(allowed)}" if allowed else "is none of the values that there are"
    if "matching regex" in message:
        return "must be an id (UUID)" if "[0-9a-f" in message else "does not have the expected form"
    if message.startswith("Object missing required field"):
        return f"lacks {', '.join(NAMED.findall(message))}"
    if message.startswith("Object contains unknown field"):
        return f"has an unknown field {clip(', '.join(NAMED.findall(message)))}"
    plain = NAMED.sub(lambda match: match.group(1).replace("_", " "), message)
    return plain[:1].lower() + plain[1:]
