"""YAML text as a tree of nodes that know their line, and nothing a hostile file could blow up.

Only the syntax is taken from YAML. What a scalar means is decided by the key it stands
under (see `decode.py`), so that `110` is a phone number where a text is expected and
`no` is never turned into false behind an editor's back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import yaml

from service_catalog.problems import Problems

MAX_BYTES = 5_000_000
MAX_NODES = 300_000
"""A city of a hundred services has about fifteen thousand nodes."""
MAX_DEPTH = 16
"""The deepest key of a city file stands six levels deep."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True)
class Scalar:
    """`text` is as written; None for YAML's null."""

    line: int
    text: str | None
    quoted: bool = False


@dataclass(frozen=True)
class Sequence:
    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Mapped:
    """`lines` holds the line of every key, `entries` its value."""

    line: int
    entries: Mapping[str, Node]
    lines: Mapping[str, int] = field(default_factory=dict)


Node = Scalar | Sequence | Mapped


class _Stop(Exception):
    """The rest of the file cannot be read in any useful way."""


def parse(data: bytes, problems: Problems) -> Node | None:
    """The one document of a YAML file; None where it cannot be read (the problem is noted).

    Duplicate keys and aliases are noted too; reading goes on after the former.
    """
    text = _text(data, problems)
    if text is None:
        return None
    try:
        return _Composer(text, problems).document()
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add(mark.line + 1 if mark else 1, f"YAML tidak terbaca: {_explain(error)}")
    except yaml.YAMLError as error:
        problems.add(1, f"YAML tidak terbaca: {error}")
    return None


def _text(data: bytes, problems: Problems) -> str | None:
    if len(data) > MAX_BYTES:
        problems.add(1, f"berkas terlalu besar ({len(data):,} bita; paling banyak {MAX_BYTES:,})".replace(",", "."))
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add(line, "bukan teks UTF-8; simpan berkas sebagai UTF-8 (bukan Word, Excel, atau PDF)")
        return None
    for index, char in enumerate(text):
        if (char < " " and char not in "\t\n\r") or char == "\x7f":
            problems.add(
                text.count("\n", 0, index) + 1,
                f"ada karakter kendali U+{ord(char):04X}; berkas ini bukan teks",
            )
            return None
    if not text.strip():
        problems.add(1, "berkas kosong")
        return None
    return text


def _explain(error: yaml.MarkedYAMLError) -> str:
    words = str(error.problem or error.context or "bentuknya salah")
    hints = {
        "mapping values are not allowed": "ada ':' di dalam teks; apit teks itu dengan tanda kutip '…'",
        "found character that cannot start": "ada tab atau tanda khusus di awal; pakai spasi, atau kutip",
        "did not find expected key": "lekukan (indentasi) atau tanda kutip tidak cocok",
        "could not find expected ':'": "ada baris tanpa ':' sesudah nama kunci",
        "did not find expected '-' indicator": "lekukan butir daftar tidak sejajar",
        "found unexpected end of stream": "tanda kutip atau kurung tidak ditutup",
        "found unknown escape character": r"ada '\' di dalam kutip ganda; pakai kutip tunggal",
    }
    hint = next((hint for beginning, hint in hints.items() if words.startswith(beginning)), None)
    return f"{hint} ({words})" if hint else words


class _Composer:
    """Builds the tree from parse events, one at a time, so that every limit holds before memory is spent."""

    def __init__(self, text: str, problems: Problems) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._problems = problems
        self._count = 0

    def document(self) -> Node | None:
        next(self._events)  # stream start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            self._problems.add(1, "berkas kosong: hanya berisi komentar")
            return None
        root = self._node(next(self._events), 0)
        next(self._events)  # document end
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            self._stop(_line(following), "hanya boleh ada satu dokumen; hapus '---' ini dan isi di bawahnya")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event)
        self._count += 1
        if self._count > MAX_NODES:
            self._stop(line, f"isi berkas terlalu banyak (lebih dari {MAX_NODES:,} butir)".replace(",", "."))
        if depth > MAX_DEPTH:
            self._stop(line, f"bersarang terlalu dalam (lebih dari {MAX_DEPTH} tingkat)")
        if isinstance(event, yaml.AliasEvent):
            self._stop(line, f"alias '*{event.anchor}' tidak boleh dipakai; tulis isinya lengkap")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            null = plain and event.value in _NULLS
            return Scalar(line, None if null else event.value, quoted=not plain)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(item, depth + 1))
            return Sequence(line, tuple(items))
        return self._mapping(line, depth)

    def _mapping(self, line: int, depth: int) -> Mapped:
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Scalar):
                self._problems.add(key.line, "nama kunci harus berupa teks")
                continue
            name = key.text or ""
            if name in entries:
                self._problems.add(key.line, f"kunci '{name}' ditulis dua kali (sudah ada di baris {lines[name]})")
                continue
            entries[name] = value
            lines[name] = key.line
        return Mapped(line, entries, lines)

    def _stop(self, line: int, message: str) -> NoReturn:
        self._problems.add(line, message)
        raise _Stop


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1
