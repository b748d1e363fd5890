"""Where and with what a run was made: without this a figure means nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nirtatap.wiring import ROOT
from nlu.trainer.train import RASA_PYTHON

BUSY = 0.5
"""A load average (one minute) from which the machine is not quiet."""


@dataclass(frozen=True)
class Machine:
    revision: str
    changed: bool
    """Whether files differ from the revision."""
    cpus: int
    cpu: str
    memory_gib: float
    system: str
    python: str
    rasa_python: str
    rasa: str
    load_before: float
    """Load average of the last minute, before we started anything."""

    @property
    def quiet(self) -> bool:
        return self.load_before < BUSY


def look() -> Machine:
    script = "import platform, importlib.metadata as m; print(platform.python_version(), m.version('rasa'))"
    rasa = _said([str(ROOT / RASA_PYTHON), "-c", script]).split() or ["?", "?"]
    return Machine(
        revision=_git("rev-parse", "HEAD") or "?",
        changed=bool(_git("status", "--porcelain")),
        cpus=len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
        cpu=_cpu_model(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=platform.platform(),
        python=platform.python_version(),
        rasa_python=rasa[0],
        rasa=rasa[-1],
        load_before=round(os.getloadavg()[0], 2),
    )


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    return _said([git, "-C", str(ROOT), *arguments]) if git else ""


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
