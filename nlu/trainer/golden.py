"""Golden questions: clear ones that no model may ever read wrongly again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlu.trainer.confusion import message
from nlu.trainer.scores import SAFETY, Judged

FILE = "nlu/evaluation/golden.jsonl"


class SetUnusable(ValueError):
    """A file of labelled messages cannot be used; the message names the line."""


def read(path: Path) -> list[dict[str, Any]]:
    """Labelled messages, one JSON object a line.

    Raises:
        SetUnusable: names file and line of the first fault.
    """
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetUnusable(f"{path}: tidak dapat dibaca: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SetUnusable(f"{path}:{number}: bukan JSON: {error}") from error
        if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not row.get("acts"):
            raise SetUnusable(f"{path}:{number}: perlu `text` dan sedikitnya satu `acts`")
        rows.append({"services": [], "opd": [], **row})
    if not rows:
        raise SetUnusable(f"{path} tidak memuat pesan.")
    return rows


def holds(one: Judged) -> bool:
    """First act and service right, and a danger answered as one (and nothing else)."""
    danger = bool(SAFETY & set(one.row["acts"]))
    return one.any_act and one.service and danger == (one.result["decision"] == "safety")


def broken(judged: list[Judged]) -> list[Mapping[str, Any]]:
    """The golden questions that this model reads wrongly, with its reading."""
    return [message(one) for one in judged if not holds(one)]
