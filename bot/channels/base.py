"""What a channel must do; nothing else in the bot knows Telegram, WhatsApp or a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bot.messages import Claimed, OutgoingPart, Reply


class Channel(Protocol):
    """A way to reach residents. Incoming routes are the channel's own; outgoing calls are these."""

    name: str

    mailbox: bool
    """True where storing a part is delivering it (the resident's client fetches it itself)."""

    def render(self, reply: Reply) -> Sequence[Mapping[str, Any]]:
        """The reply as bodies of the channel's own shape, each within the platform's limits."""
        ...

    async def working(self, message: Claimed) -> None:
        """Tell the resident that an answer is coming (typing). Never raises."""
        ...

    async def send(self, part: OutgoingPart) -> str | None:
        """Send one part; returns the provider's message id.

        Raises:
            SendRetry, SendRejected, RecipientGone: see bot.errors.
        """
        ...

    def delivered(self, address: str, parts: Sequence[OutgoingPart]) -> None:
        """Mailbox channels: parts are stored, wake whoever waits for them."""
        ...
