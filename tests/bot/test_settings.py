"""Settings: documented, checked before a socket opens, all faults at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.settings import Settings, load_settings

EXAMPLE = Path(__file__).parent.parent.parent / ".env.example"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither an environment nor a `.env` of the developer's."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_example_file_is_the_defaults_in_words() -> None:
    lines = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert {line.partition("=")[0].lower() for line in lines} == set(Settings.model_fields)
    assert len(lines) == len(Settings.model_fields), "a setting stands there twice"
    assert Settings(_env_file=EXAMPLE) == Settings()  # type: ignore[call-arg]


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CITY=lhokseumawe\nPUBLIC_PORT=9001\nNOT_OURS=x\n")
    monkeypatch.setenv("PUBLIC_PORT", "9002")
    settings = load_settings()
    assert (settings.city, settings.public_port) == ("lhokseumawe", 9002)


def test_all_faults_are_reported_together_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PUBLIC_PORT": "0",
        "INTERNAL_PORT": "eighty",
        "RASA_TIMEOUT": "-1",
        "RASA_URL": " , ",
        "DATABASE_URL": "mysql://root:s3cret@localhost/x",
        "LOG_LEVEL": "LOUD",
        "TELEGRAM_BOT_TOKEN": "12345:topsecret",
        "TELEGRAM_MODE": "webhook",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    message = str(caught.value)
    for name in ("PUBLIC_PORT", "INTERNAL_PORT", "RASA_TIMEOUT", "RASA_URL", "DATABASE_URL", "LOG_LEVEL"):
        assert f"{name}:" in message
    assert "TELEGRAM_WEBHOOK_SECRET:" in message
    assert "s3cret" not in message and "topsecret" not in message


@pytest.mark.parametrize("secret", ["", "has space", "ä", "x" * 257, "semi;colon"])
def test_a_webhook_without_a_usable_secret_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:a")
    monkeypatch.setenv("TELEGRAM_MODE", "webhook")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", secret)
    with pytest.raises(ConfigurationError, match="TELEGRAM_WEBHOOK_SECRET"):
        load_settings()


def test_a_webhook_with_a_secret_polling_without_and_no_telegram_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_MODE", "webhook")
    assert load_settings().telegram_webhook_secret is None, "no token, no webhook"
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:a")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", "a-B_9" * 50)
    assert load_settings().telegram_mode == "webhook"
    monkeypatch.delenv("TELEGRAM_WEBHOOK_SECRET")
    monkeypatch.setenv("TELEGRAM_MODE", "polling")
    assert load_settings().telegram_bot_token == "1:a"


def test_several_rasa_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASA_URL", "http://a:5005, http://b:5005 ,")
    assert load_settings().rasa_urls == ["http://a:5005", "http://b:5005"]


@pytest.mark.parametrize("url", ["", "localhost:5005", "http://a,b"])
def test_a_rasa_url_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("RASA_URL", url)
    with pytest.raises(ConfigurationError, match="RASA_URL"):
        load_settings()


@pytest.mark.parametrize("name", ["TELEGRAM_BOT_TOKEN", "RASA_TOKEN", "REDIS_URL", "TELEGRAM_WEBHOOK_URL"])
def test_an_empty_value_is_unset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    assert getattr(load_settings(), name.lower()) is None


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().city = "x"  # type: ignore[misc]
