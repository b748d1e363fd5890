"""What differs between two catalogues, field by field, and in words an editor reads.

`compare(a, b)` is empty exactly when `a == b`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from service_catalog.decode import file_fields
from service_catalog.facts import Catalogue
from service_catalog.labels import KEYS, SECTIONS

ChangeKind = Literal["added", "removed", "changed"]

ORDER = "@order"
"""The last part of a path that says that entries only changed places."""

_IDENTITY = ("id", "key", "name")
"""What an entry of a list is known by, best first."""

_SHOWN = 160
"""Characters of a value shown in a line of a diff."""

_SIGNS: dict[ChangeKind, str] = {"added": "+", "removed": "-", "changed": "~"}


@dataclass(frozen=True)
class Change:
    """One difference. `before` is None for what was added, `after` for what was removed.

    `path` names entries by id where they have one: `services/ktp_el_hilang/fee/amount`;
    items of a plain list by their number from 1: `services/ktp_el_hilang/steps/2`.
    """

    kind: ChangeKind
    path: str
    before: object
    after: object


def compare(before: Catalogue | None, after: Catalogue) -> list[Change]:
    """The differences in the order of the catalogue; with None, everything is added."""
    if before is not None:
        return list(_values("", before, after))
    changes = [Change("added", "city", None, after.city)]
    for section in file_fields(Catalogue)[1:]:
        changes += _keyed(section.name, {}, _by_identity(getattr(after, section.name)) or {})
    return changes


def _values(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if dataclasses.is_dataclass(before) and type(before) is type(after):
        for entry in file_fields(type(before)):
            where = f"{path}/{entry.name}" if path else entry.name
            yield from _values(where, getattr(before, entry.name), getattr(after, entry.name))
    elif isinstance(before, tuple) and isinstance(after, tuple):
        yield from _tuples(path, before, after)
    elif before is None:
        yield Change("added", path, None, after)
    elif after is None:
        yield Change("removed", path, before, None)
    else:
        yield Change("changed", path, before, after)


def _tuples(path: str, before: tuple[Any, ...], after: tuple[Any, ...]) -> Iterator[Change]:
    old, new = _by_identity(before), _by_identity(after)
    if old is None or new is None:
        yield from _items(path, before, after)
        return
    yield from _keyed(path, old, new)
    kept_old = [name for name in old if name in new]
    kept_new = [name for name in new if name in old]
    if kept_old != kept_new:
        yield Change("changed", f"{path}/{ORDER}", tuple(kept_old), tuple(kept_new))


def _by_identity(items: tuple[Any, ...]) -> dict[str, Any] | None:
    """Entries by what names them; None for plain texts, or where a name is used twice."""
    if not items:
        return {}
    if all(isinstance(item, tuple) for item in items):
        named = {str(word): local for word, local in items}
        return named if len(named) == len(items) else None
    if not all(dataclasses.is_dataclass(item) for item in items):
        return None
    identity = next((name for name in _IDENTITY if hasattr(items[0], name)), None)
    if identity is None:
        return None
    named = {str(getattr(item, identity)): item for item in items}
    return named if len(named) == len(items) else None


def _keyed(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name, value in old.items():
        if name not in new:
            yield Change("removed", f"{path}/{_part(name)}", value, None)
    for name, value in new.items():
        if name not in old:
            yield Change("added", f"{path}/{_part(name)}", None, value)
        else:
            yield from _values(f"{path}/{_part(name)}", old[name], value)


def _part(name: str) -> str:
    """A name as one part of a path: on one line, and without a slash that would look like a level."""
    return " ".join(name.split()).replace("/", "∕")


def _items(path: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    """Texts by position, matched so that one inserted line is one change and not all that follow."""
    matcher = SequenceMatcher(a=list(before), b=list(after), autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        shared = min(a2 - a1, b2 - b1)
        for offset in range(shared):
            yield Change("changed", f"{path}/{b1 + offset + 1}", before[a1 + offset], after[b1 + offset])
        for position in range(a1 + shared, a2):
            yield Change("removed", f"{path}/{position + 1}", before[position], None)
        for position in range(b1 + shared, b2):
            yield Change("added", f"{path}/{position + 1}", None, after[position])


def describe(change: Change) -> str:
    """One line in Indonesian: `~ layanan ktp_el_hilang › biaya › jumlah: 0 → 25000`."""
    where = _where(change.path)
    if change.kind == "added":
        text = f"{where}: {show(change.after)}"
    elif change.kind == "removed":
        text = f"{where}: {show(change.before)}"
    else:
        text = f"{where}: {show(change.before)} → {show(change.after)}"
    return f"{_SIGNS[change.kind]} {text}"


def count(changes: Sequence[Change]) -> str:
    """`2 ditambah, 1 dihapus, 5 diubah`."""
    kinds = [change.kind for change in changes]
    return f"{kinds.count('added')} ditambah, {kinds.count('removed')} dihapus, {kinds.count('changed')} diubah"


def _where(path: str) -> str:
    section, *rest = path.split("/")
    parts = [SECTIONS.get(section, section)]
    if section != "city" and rest and rest[0] != ORDER:
        parts = [f"{parts[0]} {rest.pop(0)}"]
    parts += [f"butir {part}" if part.isdecimal() else KEYS.get(part, part) for part in rest]
    return " › ".join(parts)


def show(value: object) -> str:
    """A value as a diff shows it: short, on one line, an entry by its name."""
    if value is None:
        return "(kosong)"
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return _short(", ".join(show(item) for item in value)) or "(kosong)"
    if dataclasses.is_dataclass(value):
        named = next((n for n in ("name", "topic", "title", "label", "text") if getattr(value, n, None)), None)
        return show(getattr(value, named)) if named else "(entri baru)"
    return _short(str(value))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
