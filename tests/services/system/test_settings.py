"""Settings: each from its environment variable, refused by name and rule, never by value."""

from __future__ import annotations

from dataclasses import fields

import pytest

from services.system import Settings, WrongUsage


def test_each_setting_has_its_variable() -> None:
    given = {
        "KINDINBEELD_NATS_URL": "nats://ledger:4222",
        "KINDINBEELD_NATS_USER": "desk",
        "KINDINBEELD_NATS_PASSWORD": "word",
        "KINDINBEELD_REPLICAS": "3",
        "KINDINBEELD_SYNC_INTERVAL": "always",
        "KINDINBEELD_PORT": "0",
        "KINDINBEELD_LOG_FORMAT": "JSON",
        "KINDINBEELD_LOG_LEVEL": "warning",
    }
    settings = Settings.from_environment(given)
    described = {row.variable for row in Settings.described()}
    assert described >= set(given)
    assert len(described) == len(fields(Settings)) + 1
    assert all(row.meaning for row in Settings.described())
    assert (settings.nats_url, settings.replicas, settings.sync_interval) == ("nats://ledger:4222", 3, "always")
    assert (settings.port, settings.log_format, settings.log_level) == (0, "json", "warning")
    assert "word" not in repr(settings)


def test_an_empty_variable_is_as_one_not_set() -> None:
    assert Settings.from_environment({"KINDINBEELD_PORT": "", "HOME": "/root"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KINDINBEELD_PORT", "eighty"),
        ("KINDINBEELD_PORT", "65536"),
        ("KINDINBEELD_REPLICAS", "0"),
        ("KINDINBEELD_SYNC_INTERVAL", "soon"),
        ("KINDINBEELD_SYNC_INTERVAL", "0s"),
        ("KINDINBEELD_LOG_FORMAT", "xml"),
        ("KINDINBEELD_NATS_URL", "http://elsewhere"),
        ("KINDINBEELD_NATS_URL", "nats://a:98765432"),
    ],
)
def test_one_that_cannot_be_used_is_named_with_its_rule(variable: str, value: str) -> None:
    with pytest.raises(WrongUsage) as raised:
        Settings.from_environment({variable: value})
    assert raised.value.exit_status == 2
    assert raised.value.message.startswith(f"{variable}: must be ")
    assert value not in raised.value.message
