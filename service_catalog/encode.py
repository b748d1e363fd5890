"""The values of `facts.py` as plain lists and mappings for YAML or JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from service_catalog.decode import file_fields


def plain(value: object) -> Any:
    """A dataclass as a mapping without what is not known (None, empty), a tuple as a list.

    Pairs (the city's terms) become a mapping. Numbers, booleans and dates stay what they are.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        entries = ((f.name, plain(getattr(value, f.name))) for f in file_fields(type(value)))
        return {name: entry for name, entry in entries if entry is not None and entry not in ([], {})}
    if isinstance(value, tuple):
        if value and all(isinstance(item, tuple) for item in value):
            return {key: plain(item) for key, item in value}
        return [plain(item) for item in value]
    return value
