"""A city's file: YAML that an editor writes, read to a `Catalogue` and written from one.

`parse(write(catalogue))` equals the catalogue, for every catalogue that the reader could
have given. See docs/catalogue_file.md for the editors' guide.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import yaml

from service_catalog import rules, yaml_nodes
from service_catalog.decode import Decoder
from service_catalog.encode import plain
from service_catalog.facts import Catalogue
from service_catalog.problems import CityFileError, Problem, Problems

__all__ = ["CityFileError", "parse_city_file", "read_city_file", "write_city_file"]

_HEADER = """\
# Katalog layanan {name}: satu-satunya sumber jawaban bot {bot}.
# Panduan penyunting: docs/catalogue_file.md. Alur: ubah berkas ini, lalu
#   nirtatap catalogue check BERKAS    (periksa isinya)
#   nirtatap catalogue diff BERKAS     (lihat bedanya dengan yang sedang tayang)
#   nirtatap catalogue load BERKAS     (tayangkan)
# Yang belum diketahui dikosongkan, tidak dikarang. Kunci yang kosong boleh tidak ditulis.
"""

_WIDTH = 110


def read_city_file(path: Path) -> Catalogue:
    """The catalogue in a city file; `version` is 0.

    Raises:
        CityFileError: the file cannot be opened, or with every error found in it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(yaml_nodes.MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CityFileError([Problem(path.name, 1, f"berkas tidak dapat dibuka: {reason}")]) from error
    return parse_city_file(data, path.name)


def parse_city_file(data: bytes, name: str) -> Catalogue:
    """The catalogue in the bytes of a city file; `name` is what its errors are prefixed with.

    Raises:
        CityFileError: with every error found.
    """
    problems = Problems(name)
    root = yaml_nodes.parse(data, problems)
    catalogue = None
    if root is not None:
        catalogue = Decoder(problems).read(Catalogue, root)
        rules.apply(root, problems)
    problems.raise_if_any()
    if catalogue is None:
        raise RuntimeError(f"{name}: neither a catalogue nor a problem came of it")
    return catalogue


def write_city_file(catalogue: Catalogue) -> str:
    """Canonical YAML: keys in the order of `facts.py`, entries parted by blank lines."""
    city = catalogue.city
    header = _HEADER.format(name=_one_line(city.name), bot=_one_line(city.bot_name))
    sections = plain(catalogue)
    parts = [header, _dump({"city": sections.pop("city")})]
    for section, entries in sections.items():
        blocks = [textwrap.indent(_dump([entry]), "  ") for entry in entries]
        parts.append(f"{section}:\n" + "\n".join(blocks))
    return "\n".join(parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, which editors find easier to follow."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Block style for several lines, plain or single quotes for one, escapes for what is unusual."""
    style = None
    if any(char in "\t\u2028\u2029" or not (char.isprintable() or char == "\n") for char in text):
        style = '"'
    elif "\n" in text:
        tidy = text == text.strip() and all(line == line.strip() for line in text.split("\n"))
        style = "|" if tidy else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _dump(value: Any) -> str:
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=_WIDTH,
    )
    return text
