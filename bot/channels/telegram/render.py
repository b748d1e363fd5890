"""A reply as Telegram messages, each within the platform's limits."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import structlog

from bot.messages import Reply

# https://core.telegram.org/bots/api#sendmessage and #inlinekeyboardbutton
TEXT_UNITS = 4096  # UTF-16 code units, counted after the mark-up is taken out
PAYLOAD_BYTES = 64
BUTTONS = 100  # https://limits.tginfo.me: more are refused

SHORT_TITLE = 18  # characters; two such buttons stand side by side on a small phone

PLACEHOLDER = "…"  # Telegram takes no keyboard without text

Span = tuple[int, int]

# A URL is passed over whole, so that an asterisk in it is never bold.
_URL_OR_BOLD = re.compile(r"https?://\S+|(?<![\w*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])")

log = structlog.get_logger()


def render(reply: Reply) -> list[dict[str, Any]]:
    """Bodies to send in order: `text` (HTML), `plain` (without mark-up), `reply_markup` on the last."""
    text, link = reply.text, reply.link
    if link is not None and not _fits_a_button(link[1]):
        text, link = f"{text}\n\n{link[0]}: {link[1]}", None
    plain, bold = _without_marks(_cleaned(text))
    bodies: list[dict[str, Any]] = [
        {"text": _html(plain, start, end, bold), "plain": plain[start:end]}
        for start, end in _parts(plain, bold)
        if _visible(plain[start:end])
    ]
    rows = _keyboard(reply, link)
    if rows:
        if not bodies:
            bodies.append({"text": PLACEHOLDER, "plain": PLACEHOLDER})
        bodies[-1]["reply_markup"] = {"inline_keyboard": rows}
    return bodies


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


# ---------------------------------------------------------------- text


def _without_marks(text: str) -> tuple[str, list[Span]]:
    """The text without its bold marks, and where it is bold."""
    pieces: list[str] = []
    spans: list[Span] = []
    length = read = 0
    for match in _URL_OR_BOLD.finditer(text):
        inner = match[1]
        if inner is None:
            continue
        before = text[read : match.start()]
        spans.append((length + len(before), length + len(before) + len(inner)))
        pieces += (before, inner)
        length += len(before) + len(inner)
        read = match.end()
    pieces.append(text[read:])
    return "".join(pieces), spans


def _parts(text: str, bold: list[Span]) -> Iterator[Span]:
    """Where to cut: every part fits, none begins or ends with white space."""
    start = 0
    while True:
        start += len(text[start:]) - len(text[start:].lstrip())
        if start >= len(text):
            return
        # Decoding a cut-off pair with "ignore" drops its half: no surrogate pair is ever split.
        fitting = text[start : start + TEXT_UNITS].encode("utf-16-le")[: TEXT_UNITS * 2]
        end = start + len(fitting.decode("utf-16-le", "ignore"))
        if end < len(text):
            end = _border(text, start, end, bold)
        yield start, start + len(text[start:end].rstrip())
        start = end


def _border(text: str, start: int, end: int, bold: list[Span]) -> int:
    """The best place to cut before `end`: a paragraph, a line or a word, outside of bold text."""
    inside_bold = None
    # A paragraph or line border near the beginning would leave a part almost empty.
    for separator, least in (("\n\n", (end - start) // 2), ("\n", (end - start) // 4), (" ", 1)):
        cut = text.rfind(separator, start + least, end + len(separator))
        if cut < 0:
            continue
        span = _span_around(cut, bold)
        if span is None:
            return cut
        if span[0] > start:
            return span[0]
        inside_bold = cut
    span = _span_around(end, bold)
    if span is None:
        return end
    # Bold text longer than a whole message has to be cut; each part is bold by itself.
    return span[0] if span[0] > start else inside_bold or end


def _span_around(cut: int, spans: list[Span]) -> Span | None:
    return next((span for span in spans if span[0] < cut < span[1]), None)


def _html(text: str, start: int, end: int, bold: list[Span]) -> str:
    pieces: list[str] = []
    done = start
    for first, last in bold:
        first, last = max(first, start), min(last, end)  # noqa: PLW2901 - the span within this part
        if first >= last:
            continue
        pieces += (_escape(text[done:first]), "<b>", _escape(text[first:last]), "</b>")
        done = last
    pieces.append(_escape(text[done:end]))
    return "".join(pieces)


def _escape(text: str) -> str:
    return html.escape(text, quote=False)


def _visible(text: str) -> bool:
    """Telegram refuses a text of nothing but blanks and format characters."""
    return any(not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in text)


def _cleaned(text: str) -> str:
    """Halves of a surrogate pair cannot be sent, NUL is dropped by Telegram anyway."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


# ---------------------------------------------------------------- buttons


def _keyboard(reply: Reply, link: tuple[str, str] | None) -> list[list[dict[str, str]]]:
    cells: list[dict[str, str]] = []
    for button in reply.buttons:
        title = _cleaned(button.title).strip()
        size = len(button.payload.encode("utf-8", "surrogatepass"))
        if not 0 < size <= PAYLOAD_BYTES or _cleaned(button.payload) != button.payload or not _visible(title):
            log.warning("telegram_button_left_out", title=title, payload_bytes=size)
            continue
        cells.append({"text": title, "callback_data": button.payload})
    room = BUTTONS - (link is not None)
    if len(cells) > room:
        log.warning("telegram_buttons_left_out", count=len(cells) - room)
        del cells[room:]
    rows: list[list[dict[str, str]]] = []
    if link is not None:
        title = _cleaned(link[0]).strip()
        rows.append([{"text": title if _visible(title) else link[1], "url": link[1]}])
    pair: list[dict[str, str]] | None = None
    for cell in cells:
        short = len(cell["text"]) <= SHORT_TITLE
        if short and pair is not None:
            pair.append(cell)
            pair = None
        else:
            rows.append([cell])
            pair = rows[-1] if short else None
    return rows


def _fits_a_button(url: str) -> bool:
    """Telegram refuses URLs without a dotted host (a laptop's localhost): those go into the text."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in host.strip(".") and url.isprintable() and " " not in url
