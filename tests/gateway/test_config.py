"""The configuration: flags over environment over file, typed, and nothing unknown in it."""

from __future__ import annotations

import pytest

from gateway.config import BadConfig, check_bind, is_loopback, load


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path):
    file = tmp_path / "matron.toml"
    file.write_text(
        'bind = "127.0.0.1:1"\ndata = "file"\nlog_level = "error"\n[limits]\njson_depth = 8\nbatch_commands = 9\n'
    )
    environ = {
        "MATRON_DATA": "environment",
        "MATRON_BIND": "127.0.0.1:2",
        "MATRON_LIMITS_JSON_DEPTH": "16",
        "HOME": "/",
    }
    loaded = load({"bind": "127.0.0.1:3", "data": None}, environ, file)
    config = loaded.config
    assert (config.bind, config.data, config.log_level) == ("127.0.0.1:3", "environment", "error")
    assert (config.limits.json_depth, config.limits.batch_commands, config.limits.body_bytes) == (16, 9, 1024 * 1024)
    assert loaded.sources == {
        "bind": "flag --bind",
        "data": "environment MATRON_DATA",
        "log_level": f"{file}:3",
        "limits.json_depth": "environment MATRON_LIMITS_JSON_DEPTH",
        "limits.batch_commands": f"{file}:6",
    }
    assert "limits.json_depth = 16  # environment MATRON_LIMITS_JSON_DEPTH" in loaded.lines()
    assert "limits.body_bytes = 1048576  # default" in loaded.lines()


def test_a_list_in_the_environment_is_json():
    environ = {
        "MATRON_AUDIT_SIGNING_COMMAND": '["sign", "--quiet"]',
        "MATRON_AUDIT_WITNESSES": '[{"url": "https://w.example", "vkey": "k"}]',
        "MATRON_BIND": "[::1]:8000",
    }
    config = load({}, environ).config
    assert config.audit.signing_command == ("sign", "--quiet")
    assert [place.url for place in config.audit.witnesses] == ["https://w.example"]
    assert config.bind == "[::1]:8000"
    with pytest.raises(BadConfig, match=r"audit\.witnesses"):
        load({}, {"MATRON_AUDIT_WITNESSES": "w.example"})


def test_the_file_can_be_named_in_the_environment(tmp_path):
    (tmp_path / "m.toml").write_text("dev = true\n")
    assert load({}, {"MATRON_CONFIG": str(tmp_path / "m.toml")}).config.dev


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "colour"),
        ("[limits]\nbody = 1", "limits.body"),
        ("[door]\nbody = 1", "door.body"),
        ('limits = "many"', "limits"),
        ('dev = "perhaps"', "dev"),
        ("bind = 5", "bind"),
        ('log_level = "loud"', "log_level"),
        ("= 1", "TOML"),
    ],
)
def test_a_file_with_what_is_no_setting_is_refused_by_name(tmp_path, text, named):
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(BadConfig, match=named):
        load({}, {}, tmp_path / "m.toml")


@pytest.mark.parametrize("variable", ["MATRON_COLOUR", "MATRON_LIMITS_BODY", "MATRON_DOOR_"])
def test_a_variable_that_is_no_setting_is_refused(variable):
    with pytest.raises(BadConfig):
        load({}, {variable: "1"})


def test_a_variable_of_the_wrong_type_is_refused_by_name():
    with pytest.raises(BadConfig, match=r"environment.*limits\.json_depth"):
        load({}, {"MATRON_LIMITS_JSON_DEPTH": "deep"})


@pytest.mark.parametrize("bind", ["127.0.0.1:8000", "127.9.9.9:1", "[::1]:80", "localhost:80", "unix:/run/m.sock"])
def test_these_addresses_are_this_machine_s_own(bind):
    check_bind(bind)
    assert is_loopback(bind)


@pytest.mark.parametrize("bind", ["0.0.0.0:8000", "[::]:80", "10.0.0.1:80", "hospital.example:80", "fd://3"])
def test_these_addresses_are_open_to_others(bind):
    check_bind(bind)
    assert not is_loopback(bind)


@pytest.mark.parametrize("bind", ["8000", ":8000", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000", "unix:", "fd://x"])
def test_what_is_no_address_is_refused(bind):
    with pytest.raises(BadConfig):
        check_bind(bind)


def test_the_engines_limits_are_settings_and_the_level_of_the_messages_is_another():
    loaded = load(
        {}, {"MATRON_COMMIT_PENDING_ENTRIES": "500", "MATRON_ENGINE_MAILBOX": "7", "MATRON_LOG_LEVEL": "error"}
    )
    assert loaded.config.commit.pending_entries == 500
    assert loaded.config.engine.mailbox == 7
    assert loaded.config.log_level == "error"
    with pytest.raises(BadConfig, match=r"engine\.mailbox"):
        load({}, {"MATRON_ENGINE_MAILBOX": "0"})
