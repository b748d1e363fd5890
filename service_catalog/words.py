"""A text as the words that carry meaning, in the spelling the catalogue would use."""

from __future__ import annotations

import re
import unicodedata

MAX_WORDS = 150
"""Words read of one message; what follows says nothing new about the service."""

_WORD = re.compile(r"[0-9a-z]+")

STOPWORDS = frozenset(
    """
    abdi ada adalah aduh agar ah aing aja akan aku amat anda antara apa apaan apabila apakah apasih
    assalamualaikum atas atau ataukah aya ayo bade bagaimana bagi bahwa bang banget bapa bapak bapakna
    beberapa begitu belum berapa berikut bgmana bgmn bgt biar bila bisa bisakah bismillah blm blom boleh
    bolehkah bro brp bs bu buat bukan bun bunda butuh cara caranya cuma cuman dalam dan dapat dari
    daripada deh dengan dgn di dia digimanain dimana dinten dmn doang dok dong dr duh dulu ga gak gan
    gimana gimanain gini gitu gk gmana gmn gua gue gw habis hai hallo halo hanya hari harus hei hendak ieu
    ingin ini itu iya iyah jadi jangan jd jg jika juga kah kak kaka kakak kalau kalo kami kamu kan kanggo
    kapan karena karna kasih ke kenapa kepada ketika kita kl klo knp kok kpd krn kudu kumaha kuring la
    lagi lah lalu lewat lg lho lo loh lu maaf mah makasih malam mana mas mau mba mbak melalui mengapa
    mengenai mengurus menjadi min minta misal misalnya mo mohon mulai mun mung nah naha namun nanti nanya
    naon ngak ngga nggak ngurus nih nu nuhun nya nyari oh ok oke oleh om orang pa pada pagi pak pakai pake
    paling para pengen perlu permisi pernah persyaratan pgn pingin pun punten punya saat saja sama sampai
    sanes sangat sareng saya sayah se sebab sebagai sebuah secara sedang sehingga sekarang selamat seperti
    serta setelah siang siapa sih silakan skrg sm soal sore sudah sudahkah supaya sy sya syarat syaratnya
    tadi tanya tapi tdk teh telah tentang terima tersebut terus tetap teu tidak tlg tolong tp trs trus
    udah udh ulah untuk upami urus urusnya utawa utk via waalaikumsalam waktu walau ya yaa yah yang yg yuk
    """.split()
)
"""Function words, courtesies and words every question has; Indonesian with some Sundanese."""

SPELLINGS = {
    "akte": "akta",
    "aktanya": "akta",
    "bikin": "buat",
    "ilang": "hilang",
    "leungit": "hilang",
    "kehilangan": "hilang",
    "raib": "hilang",
    "rusk": "rusak",
    "robek": "rusak",
    "patah": "rusak",
    "sobek": "rusak",
    "kawin": "nikah",
    "perkawinan": "nikah",
    "pernikahan": "nikah",
    "menikah": "nikah",
    "lahiran": "lahir",
    "kelahiran": "lahir",
    "melahirkan": "lahir",
    # `mati` stays apart: a lamp, a driving licence and a water pump die too.
    "wafat": "meninggal",
    "kematian": "meninggal",
    "ninggal": "meninggal",
    "padam": "mati",
    "pindahan": "pindah",
    "pajek": "pajak",
    "lobang": "lubang",
    "bolong": "lubang",
    "berlubang": "lubang",
    "jln": "jalan",
    "kbakaran": "kebakaran",
    "rmh": "rumah",
    "lmpu": "lampu",
    "sampahnya": "sampah",
    "sklh": "sekolah",
    "pohonnya": "pohon",
}
"""Everyday spellings and near synonyms folded into one word, in catalogue and message alike."""

_CLITICS = ("nya", "lah", "kah", "pun", "ku", "mu", "na")


def words(text: str) -> list[str]:
    """Lower-case words of letters and digits without accents, in order, at most MAX_WORDS."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    found: list[str] = []
    for match in _WORD.finditer(plain):
        found.append(match.group()[:40])
        if len(found) == MAX_WORDS:
            break
    return found


def content_words(text: str) -> list[str]:
    """The words in order that are not stopwords, each folded to its usual spelling; may be empty."""
    folded = (fold(word) for word in words(text))
    return [word for word in folded if word not in STOPWORDS]


def fold(word: str) -> str:
    return SPELLINGS.get(word, word)


def stems(word: str) -> list[str]:
    """The word without a clitic (`kartunya` → `kartu`), longest first; at least four letters stay."""
    return [fold(word[: -len(clitic)]) for clitic in _CLITICS if word.endswith(clitic) and len(word) - len(clitic) >= 3]
