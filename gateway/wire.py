"""What crosses the wire: bodies in, answers out. Knows JSON and its traps; knows no command and no route.

Two decoders read a body. The standard library's shows duplicated keys and oversized numbers, and says what is wrong
where. msgspec's is five times faster (1.5 µs a booking with all that is looked at here, 7.8 without) and shows neither;
so what it read counts only where it proves to be all that was said.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec
import trio
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from gateway.problems import Fault, Problem, invalid_all

JSON_TYPE = re.compile(rb'\s*application/(?:json|[\w.+-]+\+json)\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)
LARGEST_EXACT = 16  # digits: every integer up to here survives readers that have only doubles
SURROGATE = re.compile("[\ud800-\udfff]")


class number_out_of_range:  # noqa: N801  (msgspec puts the name of the type into its message)
    """Stands for a number that no field can hold, so that the message can name the field it came in."""


class given_twice:  # noqa: N801
    """Stands for the value of a key that an object has twice."""


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes:
    """The whole body, counted while it is read; ``body_too_large`` before a byte of it when its length says so."""
    told = headers.get(b"content-length")
    if told is not None and told.isdigit() and (len(told) > LARGEST_EXACT or int(told) > limit):
        raise too_large(limit)
    first = await receive()
    if first["type"] == "http.disconnect":
        raise ClientDisconnect
    body: bytes = first.get("body", b"")
    if len(body) > limit:
        raise too_large(limit)
    if not first.get("more_body", False):
        return body
    pieces, size = [body], len(body)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


def too_large(limit: int) -> Problem:
    """The body is over its limit; the connection cannot be used again, since the rest of it may still come."""
    headers = {"Connection": "close"}
    return Problem("body_too_large", f"The body is larger than {limit} bytes.", headers=headers)


def check_media_type(headers: dict[bytes, bytes]) -> None:
    """Bodies are JSON in UTF-8, and not compressed."""
    kind = headers.get(b"content-type", b"")
    if not JSON_TYPE.fullmatch(kind):
        raise Problem(
            "unsupported_media_type", "Bodies are application/json in UTF-8.", headers={"Accept": "application/json"}
        )
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Problem(
            "unsupported_media_type", "Compressed bodies are not read.", headers={"Accept-Encoding": "identity"}
        )


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        # Two readers of such a body may believe two things; it is refused, under the name of the key.
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                made[key] = given_twice()
            seen.add(key)
    return made


def _integer(text: str) -> Any:
    return int(text) if len(text) <= LARGEST_EXACT else number_out_of_range()


def _real(text: str) -> Any:
    value = float(text)
    return value if math.isfinite(value) else number_out_of_range()


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_float=_real, parse_constant=_constant)


_UNREAD = object()
_BLANKS = b" \t\r\n"
_DIGITS = bytes(ord("0") if chr(code).isdigit() else ord(" ") for code in range(128)).ljust(256)
_LONG_NUMBER = b"0" * LARGEST_EXACT


def decode(body: bytes, depth: int) -> Any:
    """The JSON value of a body, at most ``depth`` levels deep."""
    value = _decode_plain(body)
    if value is _UNREAD:
        return _decode_strictly(body, depth)
    if body.count(b"[") + body.count(b"{") > depth and deeper(value, depth):
        raise too_deep(depth)
    return value


def _decode_plain(body: bytes) -> Any:
    """The value of a body without peculiarities, quickly; ``_UNREAD`` for any other, be it good or bad.

    Written again it must give the same text but for blanks: a key that came twice would be missing. Text and numbers
    that can be written in several ways fail that too, and are read strictly.
    """
    try:
        value = msgspec.json.decode(body)
        again = msgspec.json.encode(value)
        if again != body and again.translate(None, _BLANKS) != body.translate(None, _BLANKS):
            return _UNREAD
    except (ValueError, RecursionError):
        return _UNREAD
    return _UNREAD if _LONG_NUMBER in body.translate(_DIGITS) else value


def _decode_strictly(body: bytes, depth: int) -> Any:
    try:
        text = body.decode("utf-8")
        value = _decoder.decode(text)
    except RecursionError:
        raise too_deep(depth) from None
    except ValueError as error:
        where = f" (at character {error.pos})" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem("malformed_json", f"The body is not JSON{where}.") from None
    # As many opening brackets as levels are needed to be too deep: nearly every body is cleared by counting.
    if body.count(b"[") + body.count(b"{") > depth and deeper(value, depth):
        raise too_deep(depth)
    # Half a surrogate pair can come only as an escape; text of that kind could not even be sent back.
    if "\\u" in text:
        refuse_surrogates(value)
    return value


def too_deep(depth: int) -> Problem:
    """Nested beyond the limit."""
    return Problem("too_deep", f"The body is nested deeper than {depth} levels.")


def deeper(value: Any, depth: int) -> bool:
    """Whether a decoded value has more than ``depth`` levels; a loop, so that no depth can hurt."""
    level = [value] if type(value) is dict or type(value) is list else []
    for _ in range(depth):
        if not level:
            return False
        level = [
            part
            for whole in level
            for part in (whole.values() if type(whole) is dict else whole)
            if type(part) is dict or type(part) is list
        ]
    return bool(level)


def refuse_surrogates(value: Any) -> None:
    """Every string, and every key, must be text."""
    left: list[tuple[str, Any]] = [("", value)]
    while left:
        where, item = left.pop()
        if isinstance(item, str) and SURROGATE.search(item):
            raise invalid_all([Fault(where, "not valid text: half of a surrogate pair")])
        if isinstance(item, dict):
            if any(SURROGATE.search(key) for key in item):
                raise invalid_all([Fault(where, "not valid text: a key with half of a surrogate pair")])
            left.extend((f"{where}.{key}" if where else key, inner) for key, inner in item.items())
        elif isinstance(item, list):
            left.extend((f"{where}[{index}]", inner) for index, inner in enumerate(item))


def answer(body: bytes) -> Any:
    """An engine's answer (msgpack) as builtins, its timestamps as aware datetimes."""
    return msgspec.msgpack.decode(body)


def encode(value: Any) -> bytes:
    """JSON of an answer; datetimes as RFC 3339 in UTC."""
    return msgspec.json.encode(value)


async def breathe(index: int, every: int = 200) -> None:
    """Let others run now and then inside a long loop over input."""
    if index % every == every - 1:
        await trio.lowlevel.checkpoint()
