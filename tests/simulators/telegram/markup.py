"""Telegram's HTML mark-up, read as strictly as the Bot API does.

https://core.telegram.org/bots/api#html-style
"""

from __future__ import annotations

import html
import re
from typing import Any

_ENTITY_OF = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}
_TOKEN = re.compile(r"<[^<>]*>?|&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|lt|gt|amp|quot);")
_START = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)(?:\s+[^<>]*)?>")
_END = re.compile(r"</([a-zA-Z][a-zA-Z0-9-]*)?\s*>")


class MarkupError(Exception):
    pass


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def parse_html(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text without mark-up, and its entities.

    Raises:
        MarkupError: with the wording of the Bot API.
    """
    plain: list[str] = []
    entities: list[dict[str, Any]] = []
    opened: list[tuple[str, int]] = []
    read = length = 0

    def add(piece: str) -> None:
        nonlocal length
        plain.append(piece)
        length += units(piece)

    for token in _TOKEN.finditer(text):
        add(text[read : token.start()])
        read = token.end()
        offset = len(text[: token.start()].encode())
        if token[0].startswith("&"):
            add(html.unescape(token[0]))
        elif (start := _START.fullmatch(token[0])) is not None:
            if start[1].lower() not in _ENTITY_OF:
                raise MarkupError(f'Unsupported start tag "{start[1]}" at byte offset {offset}')
            opened.append((start[1].lower(), length))
        elif (end := _END.fullmatch(token[0])) is not None:
            if not opened:
                raise MarkupError(f"Unexpected end tag at byte offset {offset}")
            name, begun = opened.pop()
            if end[1] and end[1].lower() != name:
                raise MarkupError(
                    f'Unmatched end tag at byte offset {offset}, expected "</{name}>", found "{token[0]}"'
                )
            if length > begun:
                entities.append({"type": _ENTITY_OF[name], "offset": begun, "length": length - begun})
        else:
            raise MarkupError(f'Unsupported start tag "" at byte offset {offset}')
    add(text[read:])
    if opened:
        raise MarkupError(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return "".join(plain), entities
