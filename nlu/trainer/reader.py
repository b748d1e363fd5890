"""A trained model as a function: text in, Rasa's parse result out, without a server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from nlu.trainer.train import RASA_PYTHON, rasa_environment


class ModelUnusable(Exception):
    """The model file cannot be loaded; the message says why in one sentence."""


class Reader:
    """A process of .venv-rasa with one model loaded; a context manager."""

    def __init__(self, model: Path, root: Path) -> None:
        self._model = model
        self._root = root
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Reader:
        if not self._model.is_file():
            raise ModelUnusable(f"Model {self._model} tidak ada; latih dulu: nirtatap train")
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
            [str(self._root / RASA_PYTHON), "-m", "nlu.offline", "--model", str(self._model.resolve())],
            cwd=self._root,
            env=rasa_environment(self._root),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            self._process.wait()
            raise ModelUnusable(f"Model {self._model} tidak dapat dimuat; berkasnya rusak atau bukan model Rasa.")
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.terminate()
            self._process.wait()

    def parse(self, text: str) -> Mapping[str, Any]:
        """Rasa's parse result for one message."""
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"text": text}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise ModelUnusable("Proses Rasa berhenti di tengah jalan.")
        result: Mapping[str, Any] = json.loads(line)
        return result

    def parse_all(self, texts: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        return map(self.parse, texts)
