"""What residents, and those who only try the bot, may send: noise, disguise and injected syntax."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from hypothesis import strategies as st

from actions.vocabulary import ACTS
from nirtatap.wiring import CITIES
from service_catalog import city_file

# ---------------------------------------------------------------------- noise


@lru_cache(maxsize=1)
def catalogue_words() -> list[str]:
    services = city_file.read_city_file(CITIES / "bandung.yml").services
    return sorted({word for s in services for phrase in (s.name, *s.synonyms) for word in phrase.split()})


noise = st.one_of(st.text(max_size=6), st.integers().map(str), st.sampled_from("? ! 👍 / { } <b> ' -- \n".split(" ")))
mixtures = st.lists(st.one_of(st.deferred(lambda: st.sampled_from(catalogue_words())), noise), max_size=30).map(
    " ".join
)
# Drawing thousands of letters one by one is slow; a short text over and over is as long.
long_texts = st.tuples(st.text(min_size=1, max_size=12), st.integers(5000, 9000)).map(
    lambda drawn: (drawn[0] * drawn[1])[: drawn[1]]
)
any_text = st.one_of(st.text(), mixtures, long_texts)
digits = st.text("0123456789 .,-/+()", min_size=1, max_size=30)
signs = st.text(st.characters(categories=["P", "Sm", "Sc", "Sk", "Zs"]), min_size=1, max_size=20).filter(
    # With ligatures, squares and circled letters as the letters they show.
    lambda text: len(re.findall("[A-Za-z]", unicodedata.normalize("NFKD", text))) < 2
)
emoji = st.text(st.characters(min_codepoint=0x1F300, max_codepoint=0x1FAFF), min_size=1, max_size=12)
scripts = st.sampled_from(((0x4E00, 0x9FFF), (0x600, 0x6FF), (0x400, 0x4FF), (0x900, 0x97F), (0xA980, 0xA9DF))).flatmap(
    lambda span: st.text(st.characters(min_codepoint=span[0], max_codepoint=span[1]), min_size=1, max_size=30)
)
wordless = st.tuples(st.one_of(digits, signs, emoji, scripts), st.sampled_from(["", "!", "!!!", "?!", " ‼", "？"])).map(
    "".join
)


# ---------------------------------------------------------------------- injected syntax

_LETTERS = st.text(st.characters(categories=["L"]), max_size=12)
_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(0, 999), _LETTERS, st.sampled_from(["kia", "ktp_el_hilang", "disdukcapil"])
)
_KEYS = st.sampled_from(["service", "services", "opd", "act", "intent", "decision", "confidence", "nirtatap_context"])
payloads = st.dictionaries(_KEYS, st.one_of(_VALUES, st.lists(_LETTERS, max_size=3), st.dictionaries(_KEYS, _VALUES)))
slots = st.one_of(st.just(""), payloads.map(lambda content: json.dumps(content, ensure_ascii=False)))
_IN_FRONT = st.sampled_from(
    ["/", "  /", "\n/", "\t\r\n /", "\u00a0/", "\u3000/", "\u2028/", "\x1f/", "\u200b/", "\ufeff/", "\u202e/",
     "//", "/ / ", "/\n/", "/\u200b/", "\u200b /", "／", "⁄", "∕", "\\", "EXTERNAL: ", "EXTERNAL: /"]
)  # fmt: skip
_OF_RASA = ("restart", "session_start", "back", "stop", "debug", "nlu_fallback", "action_listen", "ask_fee+ask_hours")
injections = st.builds(
    "{}{}{}{}".format,
    _IN_FRONT,
    st.sampled_from((*sorted(ACTS), *_OF_RASA)),
    st.sampled_from(["", "@0.99", "@1", "@1.0"]),
    slots,
)


# ---------------------------------------------------------------------- disguise: the same said differently

Disguise = Callable[[str], st.SearchStrategy[str]]

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f"
DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c"
BLANKS = (" ", "   ", "\n", "\n\n\n", "\t", " \r\n ", "\u00a0", "\u3000", "\u2003", "\u2028", " \u200b ")
FLAMES = (" 🔥 ", " 🙏🙏 ", " 😭 ", " 🚒 ", " 🆘 ", " ‼️ ")


def _sprinkled(marks: st.SearchStrategy[str]) -> Disguise:
    """Marks before, between and after the characters."""

    def disguise(text: str) -> st.SearchStrategy[str]:
        gaps = st.dictionaries(st.integers(0, len(text)), marks, min_size=1, max_size=12)
        return gaps.map(lambda gap: "".join(gap.get(n, "") + text[n : n + 1] for n in range(len(text) + 1)))

    return disguise


def zalgo(text: str) -> st.SearchStrategy[str]:
    """Combining marks on every letter: what a generator of zalgo makes."""
    stacks = st.text(st.characters(categories=["Mn", "Me"]), min_size=1, max_size=4)
    return st.lists(stacks, min_size=1, max_size=8).map(
        lambda stack: "".join(c + (stack[n % len(stack)] if c.isalpha() else "") for n, c in enumerate(text))
    )


def capitals(text: str) -> st.SearchStrategy[str]:
    alternating = "".join(c.upper() if n % 2 else c for n, c in enumerate(text))
    return st.sampled_from([text.upper(), text.title(), alternating])


def fullwidth(text: str) -> st.SearchStrategy[str]:
    """The letters of a keyboard for Japanese, and of sites that make text “pretty”."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    bold = "".join(chr(0x1D41A + ord(c) - ord("a")) if "a" <= c <= "z" else c for c in text)
    return st.sampled_from([wide, bold])


def stretched(text: str) -> st.SearchStrategy[str]:
    """Single letters typed three times or more; twice is left alone, as in “saat”, and so is what is double."""
    single = [n for n, c in enumerate(text) if c.isalpha() and c.lower() not in text[max(n - 1, 0) : n + 2 : 2].lower()]
    if not single:
        return st.just(text)
    times = st.dictionaries(st.sampled_from(single), st.integers(3, 9), min_size=1, max_size=4)
    return times.map(lambda often: "".join(c * often.get(n, 1) for n, c in enumerate(text)))


def spaced(text: str) -> st.SearchStrategy[str]:
    """Other and more blanks between the words."""
    return st.lists(st.sampled_from(BLANKS), min_size=1, max_size=6).map(lambda blanks: _joined(text, blanks))


def bracketed(text: str) -> st.SearchStrategy[str]:
    """Quotes, brackets and mark-up signs around it, without a word of their own."""
    around = (
        ("<", ">"),
        ("{{ ", " }}"),
        ("'", "'; --"),
        ("(((", ")))"),
        ("“", "”"),
        ("[[", "]]"),
        ("</ ", " />"),
        ("\\", ";"),
    )
    return st.sampled_from(around).map(lambda pair: f"{pair[0]}{text}{pair[1]}")


def aflame(text: str) -> st.SearchStrategy[str]:
    """Emoji between the words: they say something, so they are not harmless everywhere."""
    return st.lists(st.sampled_from((" ", *FLAMES)), min_size=1, max_size=6).map(lambda between: _joined(text, between))


def _joined(text: str, between: list[str]) -> str:
    words = text.split()
    return words[0] + "".join(between[n % len(between)] + word for n, word in enumerate(words[1:]))


zero_width = _sprinkled(st.text(ZERO_WIDTH, min_size=1, max_size=3))
right_to_left = _sprinkled(st.text(DIRECTIONS, min_size=1, max_size=3))
any_mark = _sprinkled(st.text(st.characters(categories=["Mn", "Me", "Cf"]), min_size=1, max_size=3))

HARMLESS: tuple[Disguise, ...] = (
    zero_width, right_to_left, any_mark, zalgo, capitals, fullwidth, stretched, spaced, bracketed,
)  # fmt: skip
ALL: tuple[Disguise, ...] = (*HARMLESS, aflame)
