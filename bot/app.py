"""The two listeners: the public one for residents, the internal one for health and Rasa's actions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from aiohttp import web

from actions.rasa_protocol import ActionServer
from bot.errors import BadRequest, DatabaseUnavailable, Unauthorized

log = structlog.get_logger()

STATIC = Path(__file__).parent / "channels" / "webchat" / "static"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Check = Callable[[], Awaitable[dict[str, bool]]]


@web.middleware
async def errors_as_status(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Our errors as HTTP status codes; an unexpected one is a 500 without a word of why."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Unauthorized:
        return web.Response(status=401)
    except BadRequest as error:
        return web.json_response({"error": str(error)}, status=400)
    except DatabaseUnavailable:
        return web.json_response(
            {"error": "Sedang ada gangguan; kirim lagi sebentar lagi."},
            status=503,
            headers={"Retry-After": "5"},
        )
    except (ConnectionResetError, ConnectionAbortedError):
        raise
    except Exception:
        log.exception("request_failed", path=request.path)
        return web.json_response({"error": "Terjadi kesalahan di sisi kami."}, status=500)


def _security_headers(embed_origins: str) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {embed_origins}"
    )

    async def on_prepare(request: web.Request, response: web.StreamResponse) -> None:
        if request.path.startswith("/webchat/static/"):
            # A browser must not pair an old script with a new page; the ETag keeps this cheap.
            response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"

    return on_prepare


def health_routes(app: web.Application, check: Check) -> None:
    """`/health/live`: the process runs. `/health/ready`: a message would be answered."""

    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(_request: web.Request) -> web.Response:
        parts = await check()
        healthy = all(parts.values())
        return web.json_response({"status": "ok" if healthy else "not ready", **parts}, status=200 if healthy else 503)

    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)


def build_public_app(check: Check, embed_origins: str) -> web.Application:
    """The listener on the internet: the page and health; channels add their own routes."""
    app = web.Application(middlewares=[errors_as_status], client_max_size=1024 * 1024)
    app.on_response_prepare.append(_security_headers(embed_origins))
    health_routes(app, check)

    def file(name: str) -> Handler:
        async def serve(_request: web.Request) -> web.StreamResponse:
            return web.FileResponse(STATIC / name, headers={"Cache-Control": "no-cache"})

        return serve

    app.router.add_get("/", file("index.html"))
    app.router.add_get("/webchat.js", file("embed.js"))
    app.router.add_static("/webchat/static/", STATIC)
    return app


def build_internal_app(check: Check, action_server: ActionServer) -> web.Application:
    """The listener of the inner network: health, and Rasa's action-server protocol."""
    app = web.Application(middlewares=[errors_as_status], client_max_size=8 * 1024 * 1024)
    health_routes(app, check)

    async def webhook(request: web.Request) -> web.Response:
        try:
            call = await request.json()
        except ValueError as error:
            raise BadRequest("expected JSON") from error
        status, body = action_server.handle(call)
        return web.json_response(body, status=status)

    app.router.add_post("/webhook", webhook)
    return app
