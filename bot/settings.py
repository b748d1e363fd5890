"""Every setting, from the environment only (or `.env`), read once and checked before a socket opens."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigurationError


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
    telegram_webhook_secret: str | None = None
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

    @model_validator(mode="after")
    def _webhook_needs_secret(self) -> Settings:
        if self.telegram_bot_token and self.telegram_mode == "webhook" and not self.telegram_webhook_secret:
            raise ValueError("TELEGRAM_MODE=webhook perlu TELEGRAM_WEBHOOK_SECRET (1-256 huruf, angka, _ atau -)")
        return self

    @property
    def rasa_urls(self) -> list[str]:
        return [url.strip() for url in self.rasa_url.split(",") if url.strip()]


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
