"""The other end of the generator: jobs to it, samples and the CPU time of every process back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nirtatap.bench.figures import Sample
from nirtatap.bench.processes import BenchError, Processes
from nirtatap.bench.residents import Target
from nirtatap.wiring import ROOT

GENERATOR = "generator"


class Load:
    """The generator process; its fake Bot API listens from `__init__` on."""

    def __init__(self, processes: Processes, telegram_port: int) -> None:
        command = [sys.executable, "-m", "nirtatap.bench.generator", str(telegram_port)]
        self._processes = processes
        self._process: subprocess.Popen[str] = processes.start(GENERATOR, command, dict(os.environ), ROOT, talk=True)
        self._read()

    def survey(self, target: Target, texts: Sequence[str]) -> list[int]:
        """How many bubbles each text is answered with."""
        self._write({"do": "survey", "target": asdict(target), "texts": list(texts)})
        return [int(number) for number in self._read()["bubbles"]]

    def cell(
        self, target: Target, texts: Sequence[str], residents: int, warm_up: float, seconds: float, seed: int
    ) -> tuple[Sample, dict[str, float]]:
        """One measured window, and the cores that each process used in it."""
        job = {"do": "cell", "target": asdict(target), "texts": list(texts), "residents": residents}
        self._write({**job, "warm_up": warm_up, "seconds": seconds, "seed": seed})
        marks: dict[str, tuple[float, Mapping[str, float]]] = {}
        while "mark" in (line := self._read()):
            marks[line["mark"]] = (time.monotonic(), self._processes.cpu_seconds())
        sample = Sample(tuple(line["latencies_ms"]), line["errors"], line["strays"], line["seconds"])
        (began, before), (ended, after) = marks["start"], marks["end"]
        cores = {name: (after[name] - before[name]) / (ended - began) for name in before}
        return sample, cores

    def _write(self, job: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        except OSError:
            self._processes.check()
            raise

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        text = self._process.stdout.readline()
        if not text:
            self._process.wait()
            self._processes.check()
        line: dict[str, Any] = json.loads(text)
        if "fault" in line:
            self._processes.check()
            raise BenchError(f"Beban tidak dapat dimulai: {line['fault']}")
        return line
