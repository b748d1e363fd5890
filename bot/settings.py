"""Every setting, from the environment only (or `.env`), read once and checked before a socket opens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.database import check_url
from bot.errors import ConfigurationError

_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Settings(BaseSettings):
    """Defaults work on a laptop without any key; see .env.example for each setting in words."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    city: str = "bandung"
    database_url: str = "sqlite:///var/nirtatap.db"
    redis_url: str | None = None

    public_host: str = "127.0.0.1"
    public_port: int = Field(8080, ge=1, le=65535)
    internal_host: str = "127.0.0.1"
    internal_port: int = Field(8081, ge=1, le=65535)

    rasa_url: str = "http://127.0.0.1:5005"
    rasa_token: str | None = None
    rasa_timeout: float = Field(5.0, gt=0)
    model_path: Path = Path("models/live.tar.gz")

    telegram_bot_token: str | None = None
    telegram_api_base: str = "https://api.telegram.org"
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_secret: str | None = Field(None, validate_default=True)
    telegram_webhook_url: str | None = None

    webchat_embed_origins: str = "*"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @field_validator(
        "telegram_bot_token",
        "telegram_webhook_secret",
        "telegram_webhook_url",
        "rasa_token",
        "redis_url",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    # Validators of fields, not of the whole: all faults are to be reported together.

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _webhook_needs_secret(cls, value: str | None, info: ValidationInfo) -> str | None:
        needed = info.data.get("telegram_bot_token") and info.data.get("telegram_mode") == "webhook"
        if (value is None and needed) or (value is not None and not _WEBHOOK_SECRET.fullmatch(value)):
            raise ValueError("TELEGRAM_MODE=webhook perlu TELEGRAM_WEBHOOK_SECRET (1-256 huruf, angka, _ atau -)")
        return value

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, value: str) -> str:
        try:
            check_url(value)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        return value

    @field_validator("rasa_url")
    @classmethod
    def _rasa_is_somewhere(cls, value: str) -> str:
        urls = _split(value)
        if not urls or not all(url.startswith(("http://", "https://")) for url in urls):
            raise ValueError("perlu satu atau beberapa alamat http://…, dipisahkan koma")
        return value

    @property
    def rasa_urls(self) -> list[str]:
        return _split(self.rasa_url)


def _split(urls: str) -> list[str]:
    return [url.strip() for url in urls.split(",") if url.strip()]


def load_settings(**overrides: object) -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: names every setting that is wrong, all at once.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']).upper() or 'pengaturan'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ConfigurationError(f"Pengaturan belum benar: {faults}") from error
