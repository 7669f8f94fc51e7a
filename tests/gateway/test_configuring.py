"""``matron config``: every setting with its value and where it was said; the page of settings is the program's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.config import TABLES, Config, flattened, load, masked
from gateway.configuring import BAD_CONFIG, config, page
from gateway.settings_described import FLAGS, settings
from gateway.toml_lines import lines_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def run(*args: str, **environ: str):
    return CliRunner(env={**environ}).invoke(config, list(args))


def shown(*args: str, **environ: str):
    result = run("show", "--json", *args, **environ)
    assert result.exit_code == 0, result.output
    return {line["name"]: line for line in json.loads(result.stdout)}


def test_each_setting_is_shown_with_the_line_the_variable_or_the_flag_that_said_it(tmp_path):
    file = tmp_path / "matron.toml"
    file.write_text('# ours\nbind = "127.0.0.1:1"\n\n[limits]\njson_depth = 8\nbatch_commands = 9\n')
    environ = {"MATRON_LIMITS_JSON_DEPTH": "16"}
    found = shown("--config", str(file), "--data", "d", "--no-request-log", **environ)
    assert found["bind"]["origin"] == f"{file}:2"
    assert found["limits.batch_commands"]["origin"] == f"{file}:6"
    assert found["limits.json_depth"]["origin"] == "environment MATRON_LIMITS_JSON_DEPTH"
    assert (found["limits.json_depth"]["value"], found["limits.json_depth"]["default"]) == (16, 32)
    assert found["data"]["origin"] == "flag --data"
    assert found["request_log"]["origin"] == "flag --no-request-log"
    assert found["limits.body_bytes"]["origin"] == "default"
    assert found["limits.body_bytes"]["unit"] == "bytes"


def test_nothing_that_can_be_set_is_left_out():
    assert list(shown()) == [name for name, _ in flattened(Config())]


def test_a_table_has_a_line_for_each_setting_and_its_origin_only_when_asked():
    plain = run("show").output.splitlines()
    told = run("show", "--origin", "--set", MATRON_WORKERS="2").output.splitlines()
    assert len(plain) == len(flattened(Config())) + 1
    assert "origin" not in plain[0]
    assert told[1].split() == ["workers", "2", "whole", "number,", "0", "to", "64", "environment", "MATRON_WORKERS"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("MATRON_LIMITS_BODY_BYTE", "limits.body_bytes"),
        ("MATRON_LIMITS_JASON_DEPTH", "limits.json_depth"),
        ("MATRON_WORKER", "workers"),
        ("MATRON_CERTFILE", "door.certfile"),
    ],
)
def test_a_setting_that_is_not_known_is_refused_with_the_nearest_that_is(given, meant):
    result = run("show", **{given: "1"})
    assert result.exit_code == BAD_CONFIG
    assert f"did you mean {meant}?" in result.output


def test_what_is_near_to_nothing_is_refused_without_a_guess():
    result = run("check", MATRON_ZZZZZZ="1")
    assert result.exit_code == BAD_CONFIG
    assert "did you mean" not in result.output


def test_what_a_command_says_to_a_running_gateway_is_no_setting():
    assert run("check", MATRON_KEY="secret").exit_code == 0


def test_a_password_in_an_address_is_not_shown(tmp_path):
    file = tmp_path / "matron.toml"
    file.write_text('[[audit.witnesses]]\nurl = "https://ward:hush@w.example/x@y"\nvkey = "w+1+k"\n')
    found = shown("--config", str(file))["audit.witnesses"]
    assert found["value"] == [{"url": "https://***@w.example/x@y", "vkey": "w+1+k"}]
    assert found["origin"] == f"{file}:1"
    assert not any("hush" in line for line in load({}, {}, file).lines())
    assert masked("mail@hospital.example") == "mail@hospital.example"


def test_no_setting_can_hold_a_secret_itself():
    """A secret is a file of its own: whatever is named like one is the path of one."""
    words = ("password", "secret", "token", "passphrase")
    named = [setting.name for setting in settings() if any(word in setting.name for word in words)]
    assert [name for name in named if not name.endswith(("_file", "_keys", "_minutes", "_seconds"))] == []


def test_every_setting_says_what_it_is_and_every_flag_is_a_setting():
    assert [setting.name for setting in settings() if not setting.doc] == []
    assert set(FLAGS) <= set(Config.__struct_fields__) - set(TABLES)


def test_the_page_of_settings_is_what_the_program_has():
    assert PAGE.read_text() == page(), "make it again: matron config docs > docs/settings.md"


def test_a_line_is_found_whatever_stands_before_it():
    text = '''a = """
[b]
c = 1
"""  # a text that looks like a table
lists = [
  "x",  # in pieces
  "y",
]
dotted.inner = 1
inline = { one = 1, two = 2 }

[b]
"quoted" = 1
c = [[1], [2]]
[[d]]
e = 1
[[d]]
e = 2
'''
    assert lines_of(text) == {
        "a": 1, "lists": 5, "dotted": 9, "dotted.inner": 9, "inline": 10, "inline.one": 10, "inline.two": 10,
        "b": 12, "b.quoted": 13, "b.c": 14, "d": 15,
    }  # fmt: skip
