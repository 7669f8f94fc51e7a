"""A file's lines, however hostile the file: what is wrong belongs to a line, and says what to do."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.bulk.cells import cell, value_of
from gateway.bulk.kinds import KINDS
from gateway.bulk.reading import LARGEST_CELL, Unreadable, format_of, lines_of
from gateway.problems import Problem

PATIENTS = KINDS["patients"].columns
ROOMS = KINDS["rooms"].columns


def read(tmp_path, data: bytes | str, form="csv", columns=PATIENTS):
    file = tmp_path / "file"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(lines_of(file, form, columns)[1])


def test_a_table_as_a_spreadsheet_saves_it_is_read(tmp_path):
    """With a byte order mark, semicolons, carriage returns, quotation marks and empty lines."""
    text = '﻿name;phone;dob\r\n"Rao; Asha";98200;1990-05-01\r\n;;\r\n"Two\r\nlines";;\r\n'
    lines = read(tmp_path, text)
    assert [(line.number, line.values) for line in lines] == [
        (2, {"name": "Rao; Asha", "phone": "98200", "dob": "1990-05-01"}),
        (4, {"name": "Two\r\nlines"}),
    ]


def test_a_line_is_counted_where_it_begins(tmp_path):
    lines = read(tmp_path, 'name,phone\n"A\nB",1\nC,2,3\nD,4\n')
    assert [line.number for line in lines] == [2, 4, 5]
    assert [fault.message for fault in lines[1].faults] == ["3 cells, but the header has 2"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no header"),
        (b"\xff\xfen\x00a\x00", "UTF-16"),
        (b"name\nRa\x00o\n", "line 2: a NUL byte"),
        (b"name\nok\nR\xe4o\n", "line 3: not UTF-8"),
        (b"name,phon\nA,1\n", "did you mean phone?"),
        (b"name,<script>\nA,1\n", "there are name, phone"),
        (b"name,name\nA,B\n", "twice"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_refused_with_what_to_do(tmp_path, data, why):
    with pytest.raises(Unreadable, match=why.replace("?", r"\?")):
        read(tmp_path, data)


@pytest.mark.parametrize("cut", ['name\n"Asha\nBose\n', "name\n" + '"' + "x" * LARGEST_CELL + 'x"\n'])
def test_a_cell_that_never_ends_is_told_on_the_line_where_it_begins(tmp_path, cut):
    (line,) = read(tmp_path, cut)
    assert line.number == 2
    assert "from here on the file cannot be read" in line.faults[0].message


def test_json_lines_are_read_with_the_same_traps_in_mind_as_a_request(tmp_path):
    lines = read(tmp_path, '{"id": "x", "name": "A"}\n\n{"name": "B", "name": "C"}\n[1]\n{"name"\n', "jsonl")
    assert [(line.number, line.values, line.id) for line in lines[:1]] == [(1, {"name": "A"}, "x")]
    assert [line.number for line in lines[1:] if line.faults] == [4, 5]
    with pytest.raises(Problem, match="name"):
        KINDS["patients"].shape.from_body(lines[1].values, {})


def test_the_format_is_the_endings_unless_it_is_said(tmp_path):
    assert format_of(tmp_path / "a.CSV", None) == "csv"
    assert format_of(tmp_path / "a.ndjson", None) == "jsonl"
    assert format_of(tmp_path / "a.txt", "csv") == "csv"
    with pytest.raises(Unreadable, match="--format"):
        format_of(tmp_path / "a.txt", None)


@pytest.mark.parametrize("text", ["=1+1", "+91 98200", "-5", "@SUM(A1)", "\tx", "'=quoted", "''+twice"])
def test_a_text_that_a_spreadsheet_would_run_is_written_as_text_and_read_as_it_was(text):
    assert cell(text).startswith("'")
    assert value_of(cell(text), PATIENTS["phone"]) == text


@given(st.text(min_size=1))
def test_any_text_comes_back_as_it_was(text):
    assert value_of(cell(text), PATIENTS["name"]) == text


@given(st.lists(st.text(min_size=1)))
def test_any_list_of_words_comes_back_as_it_was(words):
    assert value_of(cell(words), ROOMS["tags"]) == words


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("12", "capacity", 12),
        (" -2 ", "floor", -2),
        ("true", "is_available", True),
        ("0", "isolation", False),
        ("many", "capacity", "many"),  # the type refuses it, with its name
        ("scanner; x-ray ;", "equipment", ["scanner", "x-ray"]),
        ('["a;b"]', "equipment", ["a;b"]),
        ("12", "name", "12"),
    ],
)
def test_a_cell_is_read_as_its_column_wants_it(text, field, value):
    assert value_of(text, ROOMS[field]) == value


def test_what_has_a_structure_of_its_own_is_json():
    settings = {"counters": [{"name": "1"}]}
    assert value_of(cell(settings), KINDS["services"].columns["settings"]) == json.loads(json.dumps(settings))
