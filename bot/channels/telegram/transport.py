"""python-telegram-bot's requests over aiohttp, whose client costs a fraction of httpx's time per call."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT_TIMEOUT = 5.0
CONNECTIONS = 256
"""Residents answered at the same moment; a slow answer to one must not hold back the others."""


class Flooded(TelegramError):
    """429: wait `seconds`. In place of PTB's RetryAfter, which warns of its own deprecation."""

    def __init__(self, description: str, seconds: float) -> None:
        super().__init__(description)
        self.seconds = seconds


class AiohttpRequest(BaseRequest):
    """One pool of connections. Errors say what happened without naming the URL: it holds the token."""

    def __init__(self, read_timeout: float) -> None:
        self._read_timeout = read_timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._read_timeout

    async def initialize(self) -> None:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30),
                headers={"User-Agent": self.USER_AGENT},
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body of Telegram's own answer.

        Raises:
            Flooded: 429, with the time to wait.
            TimedOut, NetworkError: no answer, or one that did not come from the Bot API.
        """
        if self._session is None:
            raise NetworkError("the client is not started")
        reading = read_timeout if isinstance(read_timeout, int | float) else self._read_timeout
        connecting = connect_timeout if isinstance(connect_timeout, int | float) else CONNECT_TIMEOUT
        headers, data = _body(request_data)
        try:
            async with self._session.request(
                method,
                url,
                data=data,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=connecting + reading, connect=connecting),
            ) as response:
                status, payload = response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut(f"no answer within {connecting + reading:g} s; it may have been accepted") from error
        except aiohttp.ClientConnectorError as error:
            raise NetworkError(f"cannot connect ({type(error).__name__}); nothing was sent") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"connection lost ({type(error).__name__}); it may have been accepted") from error
        if status >= 300:
            _check_refusal(status, payload)
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As in PTB, but without writing a strange answer to the log."""
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("the answer is not JSON of the Bot API")
        return answer


def _body(request_data: RequestData | None) -> tuple[dict[str, str], aiohttp.FormData | bytes | None]:
    if request_data is None:
        return {}, None
    if not request_data.contains_files:
        return {"Content-Type": "application/json"}, json.dumps(request_data.parameters).encode()
    form = aiohttp.FormData(request_data.json_parameters)
    for name, (file_name, content, mime_type) in request_data.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=mime_type)
    return {}, form


def _check_refusal(status: int, payload: bytes) -> None:
    """Passes on Telegram's own 4xx; a proxy's 403 page must not read as "the resident blocked us".

    Raises:
        Flooded, NetworkError
    """
    try:
        answer = json.loads(payload)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.get("ok") is not False:
        raise NetworkError(f"status {status}, not from the Bot API")
    parameters = answer.get("parameters")
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(wait, int | float) and wait > 0:
        raise Flooded(f"status {status}, wait {wait:g} s", float(wait))
    if status == 429 or status >= 500:
        raise NetworkError(f"status {status}")
