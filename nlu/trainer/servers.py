"""Another model for a running Rasa server, without stopping it: `PUT /model`, then see what it has."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

LOADS_WITHIN = 60.0
ANSWERS_WITHIN = 10.0

# NLU servers are on the inner network, never behind a proxy.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ServerDown(Exception):
    """Nothing listens there: it will load the live file when it starts."""


class ServerRefuses(Exception):
    """A server is up and did not take the model; the message says why, in Indonesian."""


def load(url: str, token: str | None, path: str, model_id: str) -> None:
    """Let a server load the model file at `path`, and see that it has.

    The path goes as MODEL_PATH says it: a server in another container has its own project folder.

    Raises:
        ServerDown: nothing listens.
        ServerRefuses: it has not loaded this model.
    """
    _ask(url, token, "PUT", "/model", {"model_file": path}, LOADS_WITHIN)
    status = _ask(url, token, "GET", "/status", None, ANSWERS_WITHIN)
    if status.get("model_id") != model_id:
        raise ServerRefuses(f"memuat model lain ({status.get('model_id')}); apakah ia membaca {path} yang sama?")


def _ask(url: str, token: str | None, method: str, path: str, body: Any, within: float) -> dict[str, Any]:
    query = f"?{urllib.parse.urlencode({'token': token})}" if token else ""
    request = urllib.request.Request(  # noqa: S310 - from our own settings
        f"{url.rstrip('/')}{path}{query}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with _OPENER.open(request, timeout=within) as response:
            return dict(json.loads(response.read() or b"{}") or {})
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            raise ServerRefuses(
                "menolak token. Isi RASA_TOKEN di .env, nyalakan ulang server dengannya, lalu ulangi; "
                "atau pakai --file-only dan nyalakan ulang server."
            ) from error
        raise ServerRefuses(f"status {error.code}: {_said(error)}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise ServerDown("tidak menyala") from error
        raise ServerRefuses(f"tidak dapat dihubungi: {error.reason}") from error
    except (OSError, ValueError) as error:
        raise ServerRefuses(f"tidak menjawab dengan benar: {error}") from error


def _said(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return str(error.reason)
