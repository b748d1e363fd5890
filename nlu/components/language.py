"""Indonesian as residents type it, brought to one spelling before anything is learnt from it.

Pure functions without Rasa, so that tests and tools use the very same normaliser.
The word list is `lexicon.csv` beside this file: one line a spelling, `form,standard`.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

LEXICON = Path(__file__).with_name("lexicon.csv")

MAX_CHARACTERS = 2000
"""Longer messages are read by their beginning and end, where the question stands."""

MAX_RAW = 20_000
"""Of a longer text only both ends are looked at for marks: taking them off grows with the square of their number."""

# Placeholders keep their shape through the tokeniser and can be learnt like words.
NIK, PHONE, REFERENCE, MONEY, DATE, URL = (
    "nomornik", "nomorhp", "nomorberkas", "jumlahuang", "tanggalnya", "tautan",
)  # fmt: skip

_URL = re.compile(r"(?:https?://|www\.)\S+|\b\w+\.(?:com|net|xyz|top|my\.id|info|link|site|apk)\b\S*")
_NIK = re.compile(r"(?<!\d)(?:\d[ .\-]?){15}\d(?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?62|0)8(?:[ .\-]?\d){7,11}(?!\d)")
# BDG-10234, DS/2210, bdg10234; not “rt 003” or “pbb 2024”, whose words matter.
_REFERENCE = re.compile(r"\b[a-z]{2,5}(?:[-/]\d{3,}|\d{5,})(?:[-/.]\d+)*\b")
_MONEY = re.compile(r"\brp\.?\s?\d[\d.,]*(?:\s?(?:rb|ribu|jt|juta|k))?\b|\b\d[\d.,]*\s?(?:rb|ribu|jt|juta)\b")
_DATE = re.compile(r"\b\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?\b")
_ELONGATED = re.compile(r"(\w)\1{2,}")
_DOUBLED = re.compile(r"\b([a-z]{2,})2(nya|an)?\b")
_HYPHEN_TWIN = re.compile(r"\b([a-z]{3,})-\1(nya|an)?\b")
# A message may be one emoji: they count as words.
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[?!]|[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]")
_SPELT_LETTERS = {
    "ka": "k", "te": "t", "pe": "p", "be": "b", "em": "m", "es": "s", "je": "j", "er": "r",
    "de": "d", "ge": "g", "ha": "h", "el": "l", "en": "n", "we": "w", "ye": "y", "ef": "f",
    "i": "i", "a": "a", "u": "u",
}  # fmt: skip
_ACRONYMS = {
    "ktp", "kk", "kia", "bpjs", "pbb", "nik", "mpp", "kis", "pbi", "imb", "pbg", "nib", "rt",
    "rw", "sktm", "spp", "kkn", "umkm", "pdam", "slf", "sim", "phk", "thr", "pju", "pkh", "ikd",
    "sd", "smp", "ppdb", "spmb", "krk", "uhc", "ukm", "sku", "tpu", "ppid", "kir", "jkn", "dlh",
}  # fmt: skip


def load_lexicon(path: Path = LEXICON) -> dict[str, str]:
    """Read `form,standard` lines; a form may have only one standard.

    Raises:
        ValueError: a form is listed twice or a line has not two fields.
    """
    lexicon: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for number, row in enumerate(csv.reader(handle), start=1):
            if not row or row[0].startswith("#"):
                continue
            if len(row) != 2:
                raise ValueError(f"{path.name}:{number}: expected `form,standard`, got {row}")
            form, standard = row[0].strip(), row[1].strip()
            if form in lexicon:
                raise ValueError(f"{path.name}:{number}: {form!r} is listed twice")
            lexicon[form] = standard
    return lexicon


def plain(text: str) -> str:
    """Lower case without marks a phone adds by itself: zalgo, zero-width, right-to-left, look-alikes.

    The marks go before the length is measured: sixty on every letter must not push the question out.
    """
    decomposed = unicodedata.normalize("NFKD", _ends(text, MAX_RAW))
    kept = (
        character for character in decomposed if unicodedata.category(character) not in {"Mn", "Me", "Cf", "Co", "Cs"}
    )
    return _ends(unicodedata.normalize("NFC", "".join(kept)).lower(), MAX_CHARACTERS)


def _ends(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} {text[-most // 2 :]}"


def mask_numbers(text: str) -> str:
    """Replace what identifies a person, a file or a sum by a word that says what stood there."""
    text = _URL.sub(f" {URL} ", text)
    text = _NIK.sub(f" {NIK} ", text)
    text = _PHONE.sub(f" {PHONE} ", text)
    text = _MONEY.sub(f" {MONEY} ", text)
    text = _DATE.sub(f" {DATE} ", text)
    return _REFERENCE.sub(f" {REFERENCE} ", text)


def _join_spelt_acronyms(tokens: list[str]) -> list[str]:
    """`ka te pe` -> `ktp`, as voice transcripts spell acronyms; only into acronyms we know."""
    joined: list[str] = []
    position = 0
    while position < len(tokens):
        for length in (5, 4, 3, 2):
            window = tokens[position : position + length]
            if len(window) == length and all(word in _SPELT_LETTERS for word in window):
                acronym = "".join(_SPELT_LETTERS[word] for word in window)
                if acronym in _ACRONYMS:
                    joined.append(acronym)
                    position += length
                    break
        else:
            joined.append(tokens[position])
            position += 1
    return joined


_KK_ADDRESS_AFTER = frozenset(
    "halo hai hi hallo makasih terimakasih kasih maaf permisi pagi siang sore malam oke ok iya ya tolong".split()
)
_KK_DOCUMENT_NEXT = frozenset(
    "saya baru hilang rusak pecah pisah robek lama orang ibu bapak suami istri mertua anak nya di yang "
    "belum sudah sama dan atau ke ku gue aku kita kami luntur numpang digital asli elektronik".split()
)
_KK_DOCUMENT_BEFORE = frozenset(
    "buat membuat bikin urus mengurus pecah pisah tambah ganti cetak masuk masukkan nomor no fotokopi "
    "perbaiki ubah kartu dalam di dari ke dan sama satu punya ambil hapus update nama data perbarui "
    "jadi pindah keluar syarat ktp akta kia scan upload numpang edit".split()
)


def _settle_kk(tokens: list[str]) -> list[str]:
    """`kk` is *kakak* when it addresses somebody, else *Kartu Keluarga* (the frequent meaning here)."""
    settled = list(tokens)
    for index, token in enumerate(tokens):
        if token != "kk":
            continue
        before = tokens[index - 1] if index else ""
        after = tokens[index + 1] if index + 1 < len(tokens) else ""
        document = before in _KK_DOCUMENT_BEFORE or (after in _KK_DOCUMENT_NEXT and before not in _KK_ADDRESS_AFTER)
        address = before in _KK_ADDRESS_AFTER or (index == len(tokens) - 1 and index > 0)
        settled[index] = "kakak" if address and not document else "kartu keluarga"
    return settled


def normalise(text: str, lexicon: Mapping[str, str]) -> str:
    """One message in one spelling: lower case, numbers masked, slang and abbreviations written out."""
    text = mask_numbers(plain(text))
    text = _ELONGATED.sub(r"\1", text)
    text = _HYPHEN_TWIN.sub(r"\1\2", text)
    text = _DOUBLED.sub(r"\1\2", text)
    tokens = _join_spelt_acronyms(_TOKEN.findall(text))
    words: list[str] = []
    for token in tokens:
        words.extend(lexicon.get(token, token).split())
    return " ".join(_settle_kk(words))
