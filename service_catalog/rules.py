"""What must hold between the entries of a city file, checked on its nodes so that lines are known.

These checks do not need the file to be right elsewhere: an editor sees an unknown
reference together with a mistyped date.
"""

from __future__ import annotations

import re
import zoneinfo

from service_catalog.labels import SECTIONS
from service_catalog.places import find, find_texts
from service_catalog.problems import Problems, quoted, suggestion
from service_catalog.yaml_nodes import Node, Scalar

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_URL = re.compile(r"https?://[^\s/]+\S*")
_INTEGER = re.compile(r"-?[0-9]{1,15}", re.ASCII)

_IDS = ("opds", "services", "life_events", "out_of_scope", "sources")

_REFERENCES = (
    (("services", "*", "opd"), "opds"),
    (("services", "*", "related", "*"), "services"),
    (("services", "*", "evidence", "sources", "*"), "sources"),
    (("life_events", "*", "services", "*"), "services"),
    (("city", "top_services", "*"), "services"),
)

_LARGEST = {"amount": 1_000_000_000_000, "working_days": 3_650}
"""A thousand billion rupiah, ten years: anything above is a slip of the finger."""


def apply(root: Node, problems: Problems) -> None:
    """Note every broken rule."""
    _ids(root, problems)
    _references(root, problems)
    _numbers(root, problems)
    _timezone(root, problems)
    for place, url, line in find_texts(root, ("sources", "*", "url")):
        if not _URL.fullmatch(url):
            problems.add(line, place.say(f"tautan harus diawali http:// atau https://; tertulis {quoted(url)}"))


def _ids(root: Node, problems: Problems) -> None:
    patterns = [(section, "*", "id") for section in _IDS]
    for pattern in [*patterns, ("city", "id"), ("city", "safety", "*", "id")]:
        seen: dict[str, int] = {}
        for place, name, line in find_texts(root, pattern):
            if not _ID.fullmatch(name):
                problems.add(
                    line,
                    place.say(
                        f"id {quoted(name)} hanya boleh huruf kecil, angka, dan garis bawah, "
                        "diawali huruf, paling panjang 64"
                    ),
                )
            if name in seen:
                problems.add(line, place.say(f"id '{name}' dipakai dua kali (sudah ada di baris {seen[name]})"))
            seen.setdefault(name, line)
    _form_keys(root, problems)


def _form_keys(root: Node, problems: Problems) -> None:
    for _, service in find(root, ("services", "*")):
        seen: dict[str, int] = {}
        for _, key, line in find_texts(service, ("form_fields", "*", "key")):
            if key in seen:
                owner = next((text for _, text, _ in find_texts(service, ("id",))), "?")
                where = f"{SECTIONS['services']} {owner}: form_fields"
                problems.add(line, f"{where}: key {quoted(key)} dipakai dua kali (sudah ada di baris {seen[key]})")
            seen.setdefault(key, line)


def _references(root: Node, problems: Problems) -> None:
    known = {section: [text for _, text, _ in find_texts(root, (section, "*", "id"))] for section in _IDS}
    sets = {section: frozenset(ids) for section, ids in known.items()}
    for pattern, section in _REFERENCES:
        for place, name, line in find_texts(root, pattern):
            if name not in sets[section]:
                what = SECTIONS[section]
                near = suggestion(name, known[section])
                problems.add(line, place.say(f"{what} {quoted(name)} tidak ada di berkas ini{near}"))


def _numbers(root: Node, problems: Problems) -> None:
    for parent, key in (("fee", "amount"), ("processing_time", "working_days")):
        for place, text, line in find_texts(root, ("services", "*", parent, key)):
            if not _INTEGER.fullmatch(text):
                continue  # the decoder says so
            if int(text) < 0:
                problems.add(line, place.say(f"tidak boleh negatif; tertulis {text}"))
            elif int(text) > _LARGEST[key]:
                problems.add(line, place.say(f"terlalu besar; tertulis {text}"))


def _timezone(root: Node, problems: Problems) -> None:
    for place, node in find(root, ("city", "timezone")):
        if not isinstance(node, Scalar) or not node.text:
            continue
        try:
            zoneinfo.ZoneInfo(node.text)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            near = suggestion(node.text, ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"))
            problems.add(
                node.line,
                place.say(f"zona waktu {quoted(node.text)} tidak dikenal{near}; misalnya Asia/Jakarta (WIB)"),
            )
