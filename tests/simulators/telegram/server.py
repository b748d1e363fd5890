"""The simulated service itself: sockets, tokens, faults, and a record of every call."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.simulators.telegram.methods import ApiError, Methods
from tests.simulators.telegram.residents import Residents
from tests.simulators.telegram.spec import BotApiSpec
from tests.simulators.telegram.updates import UpdateQueue

Json = dict[str, Any]

TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcK"
BOT = {"id": 4839574812, "is_bot": True, "first_name": "Nirtatap", "username": "nirtatap_bot"}

_TEXTS = frozenset({"text", "caption", "url", "secret_token", "callback_query_id", "file_id", "action"})
"""Parameters that stay text when they come URL-encoded."""


@dataclass
class Fault:
    """What goes wrong with the next `times` calls of a method (in one chat)."""

    method: str
    chat: int | None = None
    times: int = 1
    status: int | None = None
    description: str = "Internal Server Error"
    retry_after: int | None = None
    page: str | None = None  # an answer that is not Telegram's, as from a proxy
    lost: bool = False  # carried out, but the connection breaks before the answer
    delay: float = 0.0


@dataclass
class Call:
    method: str
    params: Json
    at: float
    status: int = 0

    @property
    def chat(self) -> int | None:
        return int(self.params["chat_id"]) if "chat_id" in self.params else None


class TelegramSimulator:
    """Start it, let `residents` act, look at what the bot did.

    `spec_problems` collects every call that does not fit the official schema; such a call is
    refused as well.
    """

    def __init__(self, spec: BotApiSpec | None = None, token: str = TOKEN, retry_seconds: float = 0.05) -> None:
        self.token = token
        self.queue = UpdateQueue()
        self.residents = Residents(self.queue, BOT)
        self.methods = Methods(self.queue, self.residents, BOT, retry_seconds)
        self.calls: list[Call] = []
        self.spec_problems: list[str] = []
        self.base_url = ""
        self._spec = spec
        self._faults: list[Fault] = []
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        await self.methods.table()["deleteWebhook"]({})
        if self._runner is not None:
            await self._runner.cleanup()

    # ---------------------------------------------------------------- for tests

    def fail(self, fault: Fault) -> None:
        self._faults.append(fault)

    def calls_of(self, chat: int, method: str | None = None) -> list[Call]:
        return [c for c in self.calls if c.chat == chat and method in (None, c.method)]

    def sent(self, chat: int) -> list[Json]:
        """What arrived in a chat."""
        return self.residents.chat(chat).sent

    async def wait_for_message(self, chat: int, n: int = 1, timeout: float = 5.0) -> Json:  # noqa: ASYNC109
        """The bot's n-th message in a chat."""
        if not await self.methods.said.wait_until(lambda: len(self.sent(chat)) >= n, timeout):
            raise TimeoutError(f"chat {chat} got {len(self.sent(chat))} of {n} messages in {timeout} s")
        return self.sent(chat)[n - 1]

    async def set_webhook(self, url: str, secret: str | None) -> None:
        """As if the operator had called setWebhook."""
        params = {"url": url} | ({"secret_token": secret} if secret else {})
        await self.methods.table()["setWebhook"](params)

    # ---------------------------------------------------------------- HTTP

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        call = Call(method, {}, time.monotonic())
        try:
            self._check_token(request.match_info["token"])
            call.params = await _parameters(request)
            self.calls.append(call)
            fault = self._fault_for(call)
            if fault is not None:
                await asyncio.sleep(fault.delay)
                if fault.page is not None:
                    call.status = fault.status or 502
                    return web.Response(status=call.status, text=fault.page, content_type="text/html")
                if fault.status is not None:
                    raise ApiError(fault.status, fault.description, fault.retry_after)
            result = await self._carry_out(call)
            if fault is not None and fault.lost:
                assert request.transport is not None
                request.transport.abort()
            call.status = 200
            return web.json_response({"ok": True, "result": result})
        except ApiError as error:
            call.status = error.status
            return web.json_response(error.as_json(), status=error.status)

    async def _carry_out(self, call: Call) -> object:
        if self._spec is not None:
            problems = self._spec.problems(call.method, call.params)
            self.spec_problems += problems
            if problems:
                raise ApiError(400, f"Bad Request: {problems[0]}")
        carry_out = self.methods.table().get(call.method)
        if carry_out is None:
            raise ApiError(404, "Not Found: method not found")
        return await carry_out(call.params)

    def _check_token(self, token: str) -> None:
        if token == self.token:
            return
        if re.fullmatch(r"\d+:[\w-]{35}", token):
            raise ApiError(401, "Unauthorized")
        raise ApiError(404, "Not Found")

    def _fault_for(self, call: Call) -> Fault | None:
        for fault in self._faults:
            if fault.times > 0 and fault.method == call.method and fault.chat in (None, call.chat):
                fault.times -= 1
                return fault
        return None

    async def _file(self, request: web.Request) -> web.Response:
        content = self.residents.files.get(request.match_info["path"].removeprefix("documents/"))
        if request.match_info["token"] != self.token or content is None:
            return web.json_response(ApiError(404, "Not Found").as_json(), status=404)
        return web.Response(body=content)


async def _parameters(request: web.Request) -> Json:
    """Parameters as the Bot API takes them: in the URL, as a form or as JSON."""
    params: Json = {name: _decoded(name, value) for name, value in request.query.items()}
    if request.content_type == "application/json":
        params |= await request.json()
    elif request.can_read_body:
        form = await request.post()
        params |= {name: _decoded(name, value) for name, value in form.items() if isinstance(value, str)}
    return params


def _decoded(name: str, value: str) -> object:
    if name in _TEXTS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
