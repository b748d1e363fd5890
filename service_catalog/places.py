"""Where in a city file something stands, as a message says it: `layanan ktp_el_hilang: fee.amount`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service_catalog.labels import SECTIONS
from service_catalog.yaml_nodes import Mapped, Node, Scalar, Sequence


@dataclass(frozen=True)
class Place:
    """`section` is the file's top key, `owner` the entry in words, `path` the keys below it."""

    section: str = ""
    owner: str = ""
    path: str = ""

    def key(self, name: str) -> Place:
        if not self.section:
            return Place(name, SECTIONS["city"] if name == "city" else name)
        return Place(self.section, self.owner, f"{self.path}.{name}" if self.path else name)

    def item(self, index: int, node: Node) -> Place:
        """The entry at `index` (from 0) of the list at this place; people count from 1."""
        if self.section and not self.path and self.section != "city":
            name = id_of(node) or f"ke-{index + 1}"
            return Place(self.section, f"{SECTIONS.get(self.section, self.section)} {name}")
        return Place(self.section, self.owner, f"{self.path}[{index + 1}]")

    def say(self, message: str) -> str:
        return ": ".join(part for part in (self.owner, self.path, message) if part)


def id_of(node: Node) -> str | None:
    """The written `id` of an entry, cut to a length fit for a message."""
    if isinstance(node, Mapped):
        found = node.entries.get("id")
        if isinstance(found, Scalar) and found.text:
            return found.text[:64]
    return None


def find(node: Node, pattern: tuple[str, ...], place: Place | None = None) -> Iterator[tuple[Place, Node]]:
    """Every node at `pattern` (keys, and `*` for each item of a list), in the order of the file.

    What is missing or of another shape is passed over: the decoder reports that.
    """
    here = place or Place()
    if not pattern:
        yield here, node
        return
    first, rest = pattern[0], pattern[1:]
    if first == "*":
        if isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                yield from find(item, rest, here.item(index, item))
    elif isinstance(node, Mapped) and first in node.entries:
        yield from find(node.entries[first], rest, here.key(first))


def find_texts(node: Node, pattern: tuple[str, ...]) -> Iterator[tuple[Place, str, int]]:
    """Place, text and line of every non-empty scalar at `pattern`."""
    for place, found in find(node, pattern):
        if isinstance(found, Scalar) and found.text:
            yield place, found.text, found.line
