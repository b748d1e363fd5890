"""A Telegram Bot API server with residents in it. `python -m tests.simulators.telegram` runs it by hand."""

from tests.simulators.telegram.server import Call, Fault, TelegramSimulator
from tests.simulators.telegram.spec import BotApiSpec, official_spec

__all__ = ["BotApiSpec", "Call", "Fault", "TelegramSimulator", "official_spec"]
