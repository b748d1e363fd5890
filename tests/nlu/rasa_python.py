"""Run a script with the Python of .venv-rasa, where numpy, TensorFlow and Rasa are."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-rasa/bin/python"


def run(script: str) -> dict[str, Any]:
    """The JSON object that the script writes to stdout, as its last line."""
    assert PYTHON.exists(), "make test sets up .venv-rasa"
    environment = {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [str(PYTHON), "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
