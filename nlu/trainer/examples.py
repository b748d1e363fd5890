"""The training examples as plain values, with the file and line where a trainer finds each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Example:
    text: str
    acts: tuple[str, ...]
    services: tuple[str, ...]
    opd: tuple[str, ...]
    file: str
    line: int

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def label(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        return frozenset(self.acts), frozenset(self.services), frozenset(self.opd)


class DataError(ValueError):
    """A file is not Rasa NLU YAML; the message names file and line."""


def read(root: Path) -> list[Example]:
    """All examples of nlu/data, generated files left out.

    Raises:
        DataError: names the first file and line that cannot be read.
    """
    data = root / "nlu" / "data"
    examples: list[Example] = []
    for path in sorted(data.rglob("*.yml")):
        if "generated" not in path.relative_to(data).parts:
            examples.extend(_read_file(path, str(path.relative_to(root))))
    return examples


def _read_file(path: Path, name: str) -> Iterator[Example]:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{name}: bukan YAML yang benar: {error}") from error
    top = _mapping(node, name)
    if "nlu" not in top:
        raise DataError(f"{name}: kunci `nlu` tidak ada")
    for block_node in top["nlu"].value:
        block = _mapping(block_node, name)
        if "intent" not in block:
            continue
        metadata = _mapping(block["metadata"], name) if "metadata" in block else {}
        acts = tuple(block["intent"].value.split("+"))
        examples = block.get("examples")
        if examples is None or not isinstance(examples.value, str):
            raise DataError(f"{name}:{block_node.start_mark.line + 1}: `examples: |` tidak ada")
        first = examples.start_mark.line + 2
        for offset, line in enumerate(examples.value.splitlines()):
            text = line.strip()
            if not text:
                continue
            if not text.startswith("- "):
                raise DataError(f"{name}:{first + offset}: contoh harus diawali `- `")
            yield Example(
                text[2:].strip(),
                acts,
                _names(metadata.get("services")),
                _names(metadata.get("opd")),
                name,
                first + offset,
            )


def _mapping(node: Any, name: str) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1 if node is not None else 1
        raise DataError(f"{name}:{line}: pasangan `kunci: isi` diperlukan")
    return {key.value: value for key, value in node.value}


def _names(node: Any) -> tuple[str, ...]:
    return tuple(item.value for item in node.value) if isinstance(node, yaml.SequenceNode) else ()
