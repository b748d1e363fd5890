"""Rasa's own NLU server, as `rasa run --enable-api` starts it. Runs in .venv-rasa.

Started through this module so that it ends with its supervisor, and so that importing
what only other channels need does not write warnings over the log.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
import warnings
from contextlib import suppress


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", default="5005")
    options = arguments.parse_args()

    parent_death_signal = 1
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)
    # Old libraries warn about older ones at every start; filters set here are reset by them.
    warnings.showwarning = lambda *_arguments, **_options: None
    from rasa.__main__ import main as rasa  # noqa: PLC0415 - after the warnings are off

    sys.argv = ["rasa", "run", "--enable-api", "--model", options.model]
    sys.argv += ["--interface", options.host, "--port", options.port]
    token = os.environ.get("RASA_TOKEN")
    if token:
        # One argument: a random token may begin with a dash.
        sys.argv.append(f"--auth-token={token}")
    rasa()


if __name__ == "__main__":
    main()
