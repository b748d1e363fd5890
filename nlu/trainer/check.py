"""What must hold of the training data before it is worth training on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from nlu.components import language
from nlu.trainer import duplicates, examples
from nlu.trainer.examples import Example
from service_catalog.facts import Catalogue

ACTS_FILE = "nlu/acts.txt"
"""The acts that exist, one a line; a test holds it to the dialogue's own list."""

_IDENTITY = re.compile(r"(?<!\d)(?:\d[ .\-]?){15}\d(?!\d)")
_MOBILE = re.compile(r"(?<!\d)(?:\+?62|0)8\d{8,11}(?!\d)")
EVALUATION = "nlu/evaluation"


def errors(root: Path, catalogue: Catalogue) -> list[str]:
    """Every problem, each with file and line; empty where the data is fit to train on."""
    try:
        rows = examples.read(root)
    except examples.DataError as error:
        return [str(error)]
    if not rows:
        return ["nlu/data: tidak ada satu contoh pun"]
    lexicon = language.load_lexicon()
    normal = {row: language.normalise(row.text, lexicon) for row in rows}
    return [
        *_unknown_labels(rows, root, catalogue),
        *_personal_numbers(rows),
        *_same_text(rows, normal),
        *_leaks(rows, normal, root, lexicon),
    ]


def warnings(root: Path) -> list[str]:
    """What is probably, but not surely, a fault: near duplicates with different labels. For readable data only."""
    rows = examples.read(root)
    lexicon = language.load_lexicon()
    return duplicates.near(rows, {row: language.normalise(row.text, lexicon) for row in rows})


def known_acts(root: Path) -> frozenset[str]:
    return frozenset((root / ACTS_FILE).read_text(encoding="utf-8").split())


def _unknown_labels(rows: list[Example], root: Path, catalogue: Catalogue) -> Iterator[str]:
    acts = known_acts(root)
    for row in rows:
        for act in row.acts:
            if act not in acts:
                yield f"{row.where}: tindak `{act}` tidak dikenal"
        for service in row.services:
            if catalogue.service(service) is None:
                yield f"{row.where}: layanan `{service}` tidak ada di katalog {catalogue.city.name}"
        for opd in row.opd:
            if catalogue.opd(opd) is None:
                yield f"{row.where}: OPD `{opd}` tidak ada di katalog {catalogue.city.name}"


def _personal_numbers(rows: list[Example]) -> Iterator[str]:
    for row in rows:
        if _IDENTITY.search(row.text) or _MOBILE.search(row.text):
            yield f"{row.where}: memuat nomor pribadi (NIK, KK, atau telepon); hapus nomornya"


def _same_text(rows: list[Example], normal: dict[Example, str]) -> Iterator[str]:
    first: dict[str, Example] = {}
    for row in rows:
        earlier = first.setdefault(normal[row], row)
        if earlier is not row and earlier.label != row.label:
            yield f"{row.where}: sama dengan {earlier.where} tetapi labelnya lain: “{row.text[:60]}”"


def _leaks(rows: list[Example], normal: dict[Example, str], root: Path, lexicon: dict[str, str]) -> Iterator[str]:
    """Examples that also stand in an evaluation set, or nearly: the exam would measure memory.

    A few words (“iya”, “halo min”) are what everybody writes, so they may be in both.
    """
    exam = set()
    for path in sorted((root / EVALUATION).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                exam.add(language.normalise(json.loads(line)["text"], lexicon))
    for row, question in duplicates.same(rows, normal, exam):
        same = "juga ada di data uji" if normal[row] == question else f"hampir sama dengan soal ujian “{question[:60]}”"
        yield f"{row.where}: {same}; hapus yang di sini: “{row.text[:60]}”"
