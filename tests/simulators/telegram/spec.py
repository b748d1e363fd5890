"""Calls checked against the official Bot API schema, which lies beside the repository."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SPEC_PATH = Path(__file__).resolve().parents[3] / "../shared/specs/tg-api.json"


class BotApiSpec:
    """What each method takes and each type holds."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.version: str = data["version"]
        self._methods: Mapping[str, Any] = data["methods"]
        self._types: Mapping[str, Any] = data["types"]

    @classmethod
    def load(cls, path: Path = SPEC_PATH) -> BotApiSpec:
        """Raises: FileNotFoundError."""
        return cls(json.loads(path.read_text()))

    def problems(self, method: str, parameters: Mapping[str, Any]) -> list[str]:
        """What is wrong with a call; empty if nothing is."""
        described = self._methods.get(method)
        if described is None:
            return [f"{method}: no such method"]
        return list(self._check_fields(method, described.get("fields", []), parameters))

    def type_problems(self, name: str, value: object) -> list[str]:
        """What is wrong with an object of a named type."""
        return list(self._check(name, (name,), value))

    def _check_fields(self, where: str, fields: list[Any], values: Mapping[str, Any]) -> Iterator[str]:
        known = {field["name"]: field for field in fields}
        for name in values:
            if name not in known:
                yield f"{where}.{name}: unknown"
        for name, field in known.items():
            if name in values:
                yield from self._check(f"{where}.{name}", tuple(field["types"]), values[name])
            elif field["required"]:
                yield f"{where}.{name}: missing"

    def _check(self, where: str, types: tuple[str, ...], value: object) -> Iterator[str]:
        attempts = [list(self._check_one(where, name, value)) for name in types]
        if all(attempts):
            yield from min(attempts, key=len)

    def _check_one(self, where: str, name: str, value: object) -> Iterator[str]:
        if name.startswith("Array of "):
            if not isinstance(value, list):
                yield f"{where}: {name} expected"
                return
            for number, item in enumerate(value):
                yield from self._check(f"{where}[{number}]", (name.removeprefix("Array of "),), item)
        elif name in _PRIMITIVES:
            if not isinstance(value, _PRIMITIVES[name]) or (
                isinstance(value, bool) and name not in ("Boolean", "True")
            ):
                yield f"{where}: {name} expected, not {type(value).__name__}"
        elif name not in self._types:
            yield f"{where}: the schema does not describe {name}"
        elif "subtypes" in self._types[name]:
            yield from self._check(where, tuple(self._types[name]["subtypes"]), value)
        elif not isinstance(value, Mapping):
            yield f"{where}: {name} expected, not {type(value).__name__}"
        else:
            yield from self._check_fields(where, self._types[name].get("fields", []), value)


_PRIMITIVES: dict[str, type | tuple[type, ...]] = {
    "Integer": int,
    "Float": (int, float),
    "String": str,
    "Boolean": bool,
    "True": bool,
    "InputFile": (str, bytes),
}


def official_spec(path: Path = SPEC_PATH) -> BotApiSpec | None:
    """The schema; None in an ordinary clone that has none beside it.

    Raises:
        FileNotFoundError: in continuous integration, where unchecked calls must not pass.
    """
    if not path.exists() and not os.environ.get("CI"):
        return None
    return BotApiSpec.load(path)
