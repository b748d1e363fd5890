"""The normaliser on what residents type; pure functions, no Rasa."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.components import language

LEXICON = {"gmn": "bagaimana", "bgt": "banget", "brp": "berapa", "bikin": "membuat", "ga": "tidak"}

CASES = [
    ("KTP Hilang", "ktp hilang"),
    ("gmn   caranya??", "bagaimana caranya ? ?"),
    ("toloooong", "tolong"),
    ("bgtttt", "banget"),
    ("anak2 sekolah", "anak sekolah"),
    ("anak-anak sekolah", "anak sekolah"),
    ("ka te pe hilang", "ktp hilang"),
    ("be pe je es mati", "bpjs mati"),
    ("a i u", "a i u"),
    ("z̷a̷l̷g̷o̷ ktp", "zalgo ktp"),
    ("k\u200bt\u200bp \u202eilang", "ktp ilang"),
    ("ｋｔｐ", "ktp"),
    ("👍🙏", "👍 🙏"),
    ("", ""),
    ("   \n\t ", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_one_spelling(text: str, expected: str) -> None:
    assert language.normalise(text, LEXICON) == expected


MASKED = [
    ("nik saya 3273012345678901 gmn", language.NIK),
    ("3273 0123 4567 8901", language.NIK),
    ("wa 0812-3456-7890 ya", language.PHONE),
    ("berkas BDG-10234 sudah?", language.REFERENCE),
    ("berkas bdg10234 sudah?", language.REFERENCE),
    ("diminta 200rb", language.MONEY),
    ("bayar Rp25.000", language.MONEY),
    ("buka bit.ly/abc di https://bansos-gratis.top/x", language.URL),
]


@pytest.mark.parametrize(("text", "word"), MASKED)
def test_numbers_are_masked(text: str, word: str) -> None:
    words = language.normalise(text, {}).split()
    assert word in words
    assert not any(token.isdigit() and len(token) > 6 for token in words)


@pytest.mark.parametrize("text", ["pbb 2024", "rt 003 rw 05", "telp 112", "umur 17 tahun"])
def test_plain_numbers_keep_their_word(text: str) -> None:
    assert language.normalise(text, {}) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bikin kk baru", "kartu keluarga"),
        ("kk hilang", "kartu keluarga"),
        ("pecah kk", "kartu keluarga"),
        ("makasih kk", "kakak"),
        ("halo kk mau tanya", "kakak"),
        ("syarat apa aja kk", "kakak"),
    ],
)
def test_kk_by_context(text: str, expected: str) -> None:
    assert expected in language.normalise(text, {"bikin": "membuat"})


def test_lexicon_is_well_formed() -> None:
    lexicon = language.load_lexicon()
    assert len(lexicon) > 500
    assert "kk" not in lexicon
    # A form that the tokeniser never yields would be dead weight.
    assert [form for form in lexicon if language._TOKEN.findall(form) != [form]] == []


def test_lexicon_faults_name_the_line(tmp_path) -> None:
    path = tmp_path / "lexicon.csv"
    path.write_text("gmn,bagaimana\ngmn,mana\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"lexicon\.csv:2"):
        language.load_lexicon(path)
    path.write_text("gmn\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"lexicon\.csv:1"):
        language.load_lexicon(path)


@given(st.text(max_size=400))
def test_any_text_is_normalised_and_stays_so(text: str) -> None:
    once = language.normalise(text, {})
    assert once == once.strip()
    assert "\n" not in once


def test_a_novel_is_read_by_both_ends() -> None:
    text = "syarat ktp " + "bla " * 2000 + "berapa biayanya"
    normal = language.normalise(text, {})
    assert normal.startswith("syarat ktp") and normal.endswith("berapa biayanya")
    assert len(normal) <= language.MAX_CHARACTERS + 1
