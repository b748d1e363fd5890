"""The phrases that residents read, kept in `phrases/*.yml` where an editor can change them.

Facts come from the catalogue, words from here, neither from Python. All files are read
and compiled once; a template that is broken, or asks for a value that nobody gives, is
an error at start or in the tests, not in front of a resident.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from babel.dates import format_date
from babel.numbers import format_currency
from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

PHRASES = Path(__file__).with_name("phrases")

_BLANK_LINES = re.compile(r"\n{3,}")


class PhraseError(ValueError):
    """A phrase file cannot be used; the message names the file and the phrase."""


class Phrasebook:
    """Phrases by name; nested mappings of plain words (`tombol`, `nama_aspek`) by `words`."""

    def __init__(self, folder: Path = PHRASES) -> None:
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
        )
        self._templates: dict[str, Template] = {}
        self._words: dict[str, Mapping[str, str]] = {}
        files = sorted(folder.glob("*.yml"))
        if not files:
            raise PhraseError(f"{folder} has no phrase files")
        for path in files:
            for name, value in _read(path).items():
                if name in self._templates or name in self._words:
                    raise PhraseError(f"{path.name}: {name} is already defined in another file")
                if isinstance(value, dict):
                    self._words[name] = value
                    continue
                if not isinstance(value, str):
                    raise PhraseError(f"{path.name}: {name} is no text; put it in quotes")
                try:
                    self._templates[name] = environment.from_string(value)
                except TemplateSyntaxError as error:
                    raise PhraseError(f"{path.name}: {name}: {error.message}") from error

    def say(self, name: str, **values: Any) -> str:
        """The phrase filled with `values`, without stray blank lines."""
        return _BLANK_LINES.sub("\n\n", self._templates[name].render(**values)).strip()

    def part(self, name: str, **values: Any) -> str:
        """As `say`, but outer blanks stay: for pieces that are put into a sentence."""
        return self._templates[name].render(**values)

    def words(self, name: str) -> Mapping[str, str]:
        return self._words[name]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._templates)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        phrases = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PhraseError(f"{path.name}: {error}") from error
    if not isinstance(phrases, dict):
        raise PhraseError(f"{path.name}: expected `name: phrase` lines")
    return phrases


def rupiah(amount: int) -> str:
    """`25000` as residents write it: Rp25.000."""
    return format_currency(amount, "IDR", format="¤#,##0", locale="id_ID", currency_digits=False).replace("\u00a0", "")


def tanggal(day: dt.date) -> str:
    """A date as residents write it: 24 Nov 2026."""
    return format_date(day, "d MMM y", locale="id_ID")
