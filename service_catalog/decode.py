"""YAML nodes into the values of `facts.py`, guided by the dataclasses' own type hints.

The file's shape is the dataclasses' shape, so a field added there can be read here at once.
A key may be left out where nothing can be known: `None`, an empty list, or a value made
only of such.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from service_catalog.places import Place
from service_catalog.problems import Problems, quoted, suggestion
from service_catalog.yaml_nodes import Mapped, Node, Scalar, Sequence

T = TypeVar("T")

_TRUE = frozenset({"true", "ya", "yes"})
_FALSE = frozenset({"false", "tidak", "no"})
_INTEGER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def has_control_character(text: str) -> bool:
    """True for what no chat shows and PostgreSQL or YAML may refuse; a newline or tab is fine."""
    return any((char < " " and char not in "\n\t") or "\x7f" <= char <= "\x9f" for char in text) or any(
        "\ud800" <= char <= "\udfff" or char in "\ufeff\ufffe\uffff" for char in text
    )


def file_fields(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    """The fields of a value that stand in the file: all but those with a default (the version)."""
    return tuple(f for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING)


class Decoder:
    """Reads nodes; what is wrong goes to `problems` and yields None in its place.

    The values are only to be used when no problem was found.
    """

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._hints: dict[type, dict[str, Any]] = {}

    def read(self, cls: type[T], node: Node) -> T | None:
        """The dataclass `cls` from the root of a file; None where something in it is wrong."""
        value: T | None = self._value(cls, node, Place())
        return value

    def _value(self, kind: Any, node: Node, place: Place) -> Any:
        origin = get_origin(kind)
        if isinstance(kind, NewType):
            value = self._value(kind.__supertype__, node, place)
        elif dataclasses.is_dataclass(kind) and isinstance(kind, type):
            value = self._dataclass(kind, node, place)
        elif origin is tuple:
            value = self._tuple(get_args(kind)[0], node, place)
        elif origin in (Union, UnionType):
            known = next(a for a in get_args(kind) if a is not NoneType)
            unknown = isinstance(node, Scalar) and not node.text
            value = None if unknown else self._value(known, node, place)
        else:
            value = self._leaf(kind, node, place)
        return value

    def _leaf(self, kind: Any, node: Node, place: Place) -> Any:
        text = self._text(node, place)
        if text is None:
            return None
        if get_origin(kind) is Literal:
            return self._choice(get_args(kind), text, node, place)
        return self._scalar(kind)(text, node, place)

    def _scalar(self, kind: Any) -> Callable[[str, Node, Place], Any]:
        return {str: self._string, int: self._integer, bool: self._boolean, dt.date: self._date}[kind]

    def _complain(self, node: Node, place: Place, message: str) -> None:
        self._problems.add(node.line, place.say(message))

    def _text(self, node: Node, place: Place) -> str | None:
        if isinstance(node, Mapped):
            hint = "; bila teksnya memuat ':', apit dengan tanda kutip '…'"
            self._complain(node, place, f"harus berupa satu teks, bukan pasangan kunci{hint}")
        elif isinstance(node, Sequence):
            hint = "; bila teksnya diawali '[', apit dengan tanda kutip '…'"
            self._complain(node, place, f"harus berupa satu teks, bukan daftar{hint}")
        elif node.text is None or not node.text.strip():
            self._complain(node, place, "kosong, padahal harus diisi")
        else:
            return node.text
        return None

    def _string(self, text: str, node: Node, place: Place) -> str | None:
        if has_control_character(text):
            self._complain(node, place, "memuat karakter kendali yang tidak dapat ditampilkan")
            return None
        return text

    def _integer(self, text: str, node: Node, place: Place) -> int | None:
        if not _INTEGER.fullmatch(text):
            self._complain(node, place, f"harus bilangan bulat tanpa titik, koma, atau Rp; tertulis {quoted(text)}")
            return None
        return int(text)

    def _boolean(self, text: str, node: Node, place: Place) -> bool | None:
        word = text.lower()
        if word not in _TRUE | _FALSE:
            self._complain(node, place, f"harus true atau false; tertulis {quoted(text)}")
            return None
        return word in _TRUE

    def _date(self, text: str, node: Node, place: Place) -> dt.date | None:
        try:
            if _DATE.fullmatch(text):
                return dt.date.fromisoformat(text)
        except ValueError:
            pass  # such as 2026-02-30: the same advice helps
        self._complain(
            node,
            place,
            f"harus tanggal yang ada, ditulis tahun-bulan-hari seperti 2026-03-31; tertulis {quoted(text)}",
        )
        return None

    def _choice(self, allowed: tuple[str, ...], text: str, node: Node, place: Place) -> str | None:
        if text in allowed:
            return text
        self._complain(
            node,
            place,
            f"{quoted(text)} tidak dikenal{suggestion(text, allowed)}; pilihannya: {', '.join(allowed)}",
        )
        return None

    def _tuple(self, inner: Any, node: Node, place: Place) -> tuple[Any, ...]:
        if isinstance(node, Scalar) and node.text is None:
            return ()
        if get_origin(inner) is tuple:  # pairs are written as a mapping
            return self._pairs(node, place)
        if not isinstance(node, Sequence):
            self._complain(node, place, "harus berupa daftar: tiap butir di baris sendiri, diawali '- '")
            return ()
        return tuple(self._value(inner, item, place.item(i, item)) for i, item in enumerate(node.items))

    def _pairs(self, node: Node, place: Place) -> tuple[tuple[str, Any], ...]:
        if not isinstance(node, Mapped):
            self._complain(node, place, "harus berupa pasangan 'kata umum: istilah setempat'")
            return ()
        for name, line in node.lines.items():
            if not name.strip() or has_control_character(name):
                self._problems.add(line, place.say("nama istilah kosong atau memuat karakter kendali"))
        return tuple((name, self._value(str, value, place.key(name))) for name, value in node.entries.items())

    def _dataclass(self, cls: type[Any], node: Node, place: Place) -> Any:
        if isinstance(node, Scalar) and node.text is None and self._may_be_left_out(cls):
            return self._unknown(cls)
        if not isinstance(node, Mapped):
            keys = ", ".join(f.name for f in file_fields(cls))
            self._complain(node, place, f"harus berupa pasangan kunci dan isi ({keys})")
            return None
        hints = self._hints_of(cls)
        known = [f.name for f in file_fields(cls)]
        for name, line in node.lines.items():
            if name not in known:
                near = suggestion(name, known) or f"; kunci yang dikenal: {', '.join(known)}"
                self._problems.add(line, place.say(f"kunci {quoted(name)} tidak dikenal{near}"))
        values: dict[str, Any] = {}
        for name in known:
            if name in node.entries:
                values[name] = self._value(hints[name], node.entries[name], place.key(name))
            elif self._may_be_left_out(hints[name]):
                values[name] = self._unknown(hints[name])
            else:
                self._problems.add(node.line, place.say(f"kunci wajib '{name}' belum ditulis"))
                values[name] = None
        return cls(**values)

    def _hints_of(self, cls: type) -> dict[str, Any]:
        if cls not in self._hints:
            self._hints[cls] = get_type_hints(cls)
        return self._hints[cls]

    def _may_be_left_out(self, kind: Any) -> bool:
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            hints = self._hints_of(kind)
            return all(self._may_be_left_out(hints[f.name]) for f in file_fields(kind))
        return get_origin(kind) in (tuple, Union, UnionType)

    def _unknown(self, kind: Any) -> Any:
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            hints = self._hints_of(kind)
            return kind(**{f.name: self._unknown(hints[f.name]) for f in file_fields(kind)})
        return () if get_origin(kind) is tuple else None
