"""Requests that two readers may read in two ways: the door reads each in one, or refuses it.

Every case is the head of a connection on which a second request follows. ``answers`` are the statuses that come back,
in order: a 200 behind a refusal would be a request that was smuggled past it.
"""

from __future__ import annotations

import re

import pytest

from tests.gateway.front_door import running

pytestmark = pytest.mark.usefixtures("each_way_through_the_door")

NEXT = b"GET /ignore HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"


def post(lines: bytes, body: bytes = b"") -> bytes:
    return b"POST /echo HTTP/1.1\r\nhost: h\r\n" + lines + b"\r\n" + body


def get(lines: bytes = b"", first: bytes = b"GET /ignore HTTP/1.1\r\n", host: bytes = b"host: h\r\n") -> bytes:
    return first + host + lines + b"\r\n"


CHUNKS = b"3\r\nabc\r\n0\r\n\r\n"

CHUNKED = post(b"transfer-encoding: chunked\r\n")

CASES: dict[str, tuple[bytes, list[int]]] = {
    # How long is it?
    "a length, then chunks": (post(b"content-length: 5\r\ntransfer-encoding: chunked\r\n", CHUNKS), [400]),
    "chunks, then a length": (post(b"transfer-encoding: chunked\r\ncontent-length: 5\r\n", CHUNKS), [400]),
    "a length of none, and chunks": (post(b"content-length: 0\r\ntransfer-encoding: chunked\r\n", CHUNKS), [400]),
    "two lengths that differ": (post(b"content-length: 1\r\ncontent-length: 2\r\n", b"ab"), [400]),
    "two lengths that agree": (post(b"content-length: 2\r\ncontent-length: 2\r\n", b"ab"), [400]),
    "two lengths in one line": (post(b"content-length: 1, 2\r\n", b"ab"), [400]),
    "one length twice in one line": (post(b"content-length: 2, 2\r\n", b"ab"), [400]),
    "a length with a sign": (post(b"content-length: +2\r\n", b"ab"), [400]),
    "a length below none": (post(b"content-length: -2\r\n", b"ab"), [400]),
    "a length in two words": (post(b"content-length: 2 2\r\n", b"ab"), [400]),
    "a length in hexadecimal": (post(b"content-length: 0x2\r\n", b"ab"), [400]),
    "a length with an underscore": (post(b"content-length: 1_0\r\n", b"ab"), [400]),
    "a length in Arabic digits": (post(b"content-length: \xd9\xa2\r\n", b"ab"), [400]),
    "a length of nothing": (post(b"content-length:\r\n"), [400]),
    "a length with a fraction": (post(b"content-length: 2.0\r\n", b"ab"), [400]),
    "a length of 21 digits": (post(b"content-length: " + b"0" * 20 + b"2\r\n", b"ab"), [400]),
    "a length with zeros before": (post(b"content-length: 0002\r\n", b"ab"), [200, 200]),
    "a length with blanks around": (post(b"content-length: \t 2 \t\r\n", b"ab"), [200, 200]),
    "a length with a form feed": (post(b"content-length: \x0c2\r\n", b"ab"), [400]),
    "a length with a vertical tab": (post(b"content-length:\x0b2\r\n", b"ab"), [400]),
    "an underscore for the dash": (post(b"content_length: 2\r\n"), [200, 200]),
    "capitals": (post(b"CONTENT-LENGTH: 2\r\n", b"ab"), [200, 200]),
    "a GET with a body": (get(b"content-length: 2\r\n") + b"ab", [200, 200]),
    "a HEAD with a body": (get(b"content-length: 2\r\n", b"HEAD /ignore HTTP/1.1\r\n") + b"ab", [200, 200]),
    # Other codings
    "chunks": (post(b"transfer-encoding: chunked\r\n", CHUNKS), [200, 200]),
    "chunks in capitals": (post(b"Transfer-Encoding: CHUNKED\r\n", CHUNKS), [200, 200]),
    "chunks twice": (post(b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", CHUNKS), [501]),
    "chunks of chunks": (post(b"transfer-encoding: chunked, chunked\r\n", CHUNKS), [501]),
    "chunks or not": (post(b"transfer-encoding: chunked, identity\r\n", CHUNKS), [501]),
    "nearly chunks": (post(b"transfer-encoding: xchunked\r\n", CHUNKS), [501]),
    "quoted chunks": (post(b'transfer-encoding: "chunked"\r\n', CHUNKS), [501]),
    "chunks behind a tab": (post(b"transfer-encoding:\tchunked\r\n", CHUNKS), [200, 200]),
    "chunks behind a vertical tab": (post(b"transfer-encoding:\x0bchunked\r\n", CHUNKS), [400]),
    "a blank before the colon": (post(b"transfer-encoding : chunked\r\n", CHUNKS), [400]),
    "a tab before the colon": (post(b"transfer-encoding\t: chunked\r\n", CHUNKS), [400]),
    "chunks in the next line": (post(b"transfer-encoding:\r\n chunked\r\ncontent-length: 5\r\n", CHUNKS), [400]),
    "a chunk with a sign": (post(b"transfer-encoding: chunked\r\n", b"+3\r\nabc\r\n0\r\n\r\n"), [400]),
    "a chunk in two words": (post(b"transfer-encoding: chunked\r\n", b"3 3\r\nabc\r\n0\r\n\r\n"), [400]),
    "a chunk ended by LF": (post(b"transfer-encoding: chunked\r\n", b"3\nabc\r\n0\r\n\r\n"), [400]),
    "an extension of a chunk": (CHUNKED + b"3;a=b\r\nabc\r\n0\r\n\r\n", [200, 200]),
    "an extension with an LF": (CHUNKED + b"3;a\nb\r\nabc\r\n0\r\n\r\n", [400]),
    "an extension with a CR": (CHUNKED + b"3;a\rb\r\nabc\r\n0\r\n\r\n", [400]),
    "an extension without an end": (CHUNKED + b"3;" + b"x" * 5000 + b"\r\nabc\r\n0\r\n\r\n", [400]),
    "a chunk that is longer than it says": (CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", [400]),
    "a chunk that is shorter than it says": (CHUNKED + b"4\r\nabc\r\n0\r\n\r\n", [400]),
    "a chunk whose data end in LF": (CHUNKED + b"3\r\nabc\n0\r\n\r\n", [400]),
    "a size of nothing": (CHUNKED + b"\r\nabc\r\n0\r\n\r\n", [400]),
    "a size with 0x": (CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n", [400]),
    "a size of 17 digits": (CHUNKED + b"00000000000000003\r\nabc\r\n0\r\n\r\n", [400]),
    "a size before a blank": (CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n", [400]),
    "a trailer": (CHUNKED + b"3\r\nabc\r\n0\r\nx: 1\r\n\r\n", [200, 200]),
    "a trailer that ends in LF": (CHUNKED + b"3\r\nabc\r\n0\r\nx: 1\n\r\n", [400]),
    "trailers that end in LF": (CHUNKED + b"3\r\nabc\r\n0\r\n\n", [400]),
    "a folded trailer": (CHUNKED + b"3\r\nabc\r\n0\r\nx: 1\r\n y\r\n\r\n", [400]),
    "a length among the trailers": (CHUNKED + b"3\r\nabc\r\n0\r\ncontent-length: 9\r\n\r\n", [200, 200]),
    "chunks in HTTP/1.0": (
        b"POST /echo HTTP/1.0\r\nhost: h\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n" + CHUNKS,
        [400],
    ),
    # Where does a line end?
    "LF after the request line": (get(first=b"GET /ignore HTTP/1.1\n"), [400]),
    "LF after a header": (get(b"x: 1\ny: 2\r\n"), [400]),
    "LF before the end": (get(b"x: 1\n"), [400]),
    "a header behind an LF": (post(b"x: 1\ncontent-length: 2\r\n", b"ab"), [400]),
    "LF for the end": (b"GET /ignore HTTP/1.1\r\nhost: h\r\n\n", [400]),
    "LF and nothing else": (b"GET /ignore HTTP/1.1\nhost: h\n\n", [400]),
    "CR alone in a value": (get(b"x: 1\ry: 2\r\n"), [400]),
    "CR alone at the end of a value": (get(b"x: 1\r\r\n"), [400]),
    "CR alone in a name": (get(b"x\r: 1\r\n"), [400]),
    "NUL in a value": (get(b"x: 1\x002\r\n"), [400]),
    "NUL in a name": (get(b"x\x00: 1\r\n"), [400]),
    "NUL in the target": (get(first=b"GET /ig\x00nore HTTP/1.1\r\n"), [400]),
    "a folded header": (get(b"x: 1\r\n 2\r\n"), [400]),
    "a folded header of nothing": (get(b"x: 1\r\n \r\n"), [400]),
    "a header folded by a tab": (post(b"x: 1\r\n\tcontent-length: 2\r\n", b"ab"), [400]),
    "a header that begins with a blank": (get(host=b" host: h\r\n"), [400]),
    "a blank line before the request": (b"\r\n" + get(), [400]),
    "an LF before the request": (b"\n" + get(), [400]),
    # What is a name?
    "a name of nothing": (get(b": 1\r\n"), [400]),
    "a line without a colon": (get(b"x\r\n"), [400]),
    "a name in two words": (get(b"x y: 1\r\n"), [400]),
    "a name in quotes": (get(b'"x": 1\r\n'), [400]),
    "a name that is no ASCII": (get(b"\xe9: 1\r\n"), [400]),
    "a value that is no ASCII": (get(b"x: \xe9\r\n"), [200, 200]),
    "a value of nothing": (get(b"x:\r\n"), [200, 200]),
    "a value of blanks": (get(b"x: \t \r\n"), [200, 200]),
    # For whom is it?
    "no host": (get(host=b""), [400]),
    "two hosts": (get(b"host: i\r\n"), [400]),
    "one host twice": (get(b"Host: h\r\n"), [400]),
    "a host of nothing": (get(host=b"host:\r\n"), [200, 200]),
    "a target with scheme and host": (get(first=b"GET http://i/ignore HTTP/1.1\r\n"), [200, 200]),
    "a target of a host": (get(first=b"CONNECT h:443 HTTP/1.1\r\n"), [405]),
    "a path to CONNECT": (get(first=b"CONNECT /ignore HTTP/1.1\r\n"), [405]),
    "a target of everything": (get(first=b"OPTIONS * HTTP/1.1\r\n"), [200, 200]),
    "a target in two words": (get(first=b"GET /ignore a HTTP/1.1\r\n"), [400]),
    "a target of nothing": (get(first=b"GET  HTTP/1.1\r\n"), [400]),
    "a target behind a tab": (get(first=b"GET\t/ignore HTTP/1.1\r\n"), [400]),
    "a target that is no ASCII": (get(first=b"GET /\xe9 HTTP/1.1\r\n"), [400]),
    # What is asked, and in which words?
    "a method in small letters": (get(first=b"get /ignore HTTP/1.1\r\n"), [405]),
    "a method of another's": (get(first=b"BREW /ignore HTTP/1.1\r\n"), [200, 200]),
    "a method that is no word": (get(first=b"G(T /ignore HTTP/1.1\r\n"), [400]),
    "a method of nothing": (get(first=b" /ignore HTTP/1.1\r\n"), [400]),
    "a version of nobody's": (get(first=b"GET /ignore HTTP/1.2\r\n"), [505]),
    "HTTP/2.0 in the words of 1.1": (get(first=b"GET /ignore HTTP/2.0\r\n"), [505]),
    "HTTP/0.9": (get(first=b"GET /ignore HTTP/0.9\r\n"), [505]),
    "no version": (get(first=b"GET /ignore\r\n"), [400]),
    "a version in small letters": (get(first=b"GET /ignore http/1.1\r\n"), [400]),
    "a blank behind the version": (get(first=b"GET /ignore HTTP/1.1 \r\n"), [400]),
    "two blanks before the version": (get(first=b"GET /ignore  HTTP/1.1\r\n"), [400]),
    # What becomes of the connection?
    "close": (get(b"connection: close\r\n"), [200]),
    "Close": (get(b"Connection: Close\r\n"), [200]),
    "close among others": (get(b"connection: x, close\r\n"), [200]),
    "close in a second line": (get(b"connection: keep-alive\r\nconnection: close\r\n"), [200]),
    "keep-alive": (get(b"connection: Keep-Alive\r\n"), [200, 200]),
    "an upgrade to what we are not": (get(b"connection: upgrade\r\nupgrade: h2c\r\n"), [200, 200]),
    "a body that nobody reads": (get(b"content-length: 2\r\n", b"POST /ignore HTTP/1.1\r\n") + b"ab", [200, 200]),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_request_has_one_reading_or_none(case):
    data, answers = CASES[case]
    async with running() as door:
        said = await door.talk(data + NEXT)
        assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)] == answers
        await door.still_serves()
        assert door.failures == []
