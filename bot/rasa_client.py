"""The only module that speaks to Rasa: text in, `Understanding` out, over `POST /model/parse`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import aiohttp

from actions.turn import Understanding
from actions.understanding import from_rasa, shield
from bot.errors import RasaUnavailable
from bot.privacy import MASKED_IDENTITY

_UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""What reading an answer may raise that is no parse result."""


class RasaClient:
    """One or several NLU servers, asked in turn; the next is tried where one does not answer."""

    def __init__(self, urls: Sequence[str], token: str | None, timeout: float = 5.0) -> None:
        self._urls = tuple(url.rstrip("/") for url in urls)
        self._turn = itertools.cycle(range(len(self._urls)))
        self._params = {"token": token} if token else {}
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=1.0)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=self._timeout)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def parse(self, text: str) -> Understanding:
        """What the NLU makes of a message.

        Raises:
            RasaUnavailable: no server gave a usable answer.
        """
        assert self._session is not None
        # What stood there is masked; the words around it are what the model has learnt.
        shielded = shield(text.replace(MASKED_IDENTITY, " "))
        start = next(self._turn)
        problems = []
        for offset in range(len(self._urls)):
            url = self._urls[(start + offset) % len(self._urls)]
            try:
                async with self._session.post(
                    f"{url}/model/parse", params=self._params, json={"text": shielded}
                ) as response:
                    if response.status != 200:
                        problems.append(f"status {response.status}")
                        continue
                    return from_rasa(await response.json(content_type=None), text)
            except (TimeoutError, aiohttp.ClientError, *_UNREADABLE) as error:
                problems.append(type(error).__name__)
        raise RasaUnavailable(f"no NLU server answered: {', '.join(problems)}")

    async def ready(self) -> bool:
        """Whether a server has a model loaded."""
        assert self._session is not None
        for url in self._urls:
            try:
                async with self._session.get(f"{url}/status", params=self._params) as response:
                    if response.status != 200:
                        continue
                    status = await response.json(content_type=None)
                    if isinstance(status, dict) and status.get("model_file"):
                        return True
            except (TimeoutError, aiohttp.ClientError, *_UNREADABLE):
                continue
        return False
