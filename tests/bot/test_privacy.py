"""Identity numbers, phones and secrets: whole nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.privacy import MASKED_IDENTITY, mask_for_log, mask_identity, redacting_processor

SPELLINGS = [
    "3273010101900001",
    "3273 0101 0190 0001",
    "3273-0101-0190-0001",
    "32.73.01.010190.0001",
    "32 73 01 01 01 90 00 01",
    "3 2 7 3 0 1 0 1 0 1 9 0 0 0 0 1",
    "3273\u00a00101\u00a00190\u00a00001",
    "3273\u20090101\u20090190\u20090001",
    "3273\u20130101\u20130190\u20130001",
    "3273_0101_0190_0001",
    "3273  0101  0190  0001",
    "3273. 0101. 0190. 0001",
    "32730101\n01900001",
    "3273\t0101\t0190\t0001",
    "3273\u200b0101\u200b0190\u200b0001",
    "3273\u20600101\u20600190\u20600001",
    "３２７３０１０１０１９００００１",
]


@pytest.mark.parametrize("number", SPELLINGS)
@pytest.mark.parametrize("frame", ["{}", "nik saya {} ya", "NIK:{}.", "({})", "nik{}kk", "KK {} NIK {}"])
def test_a_nik_is_masked_in_every_spelling(number: str, frame: str) -> None:
    masked, found = mask_identity(frame.replace("{}", number))
    assert found and masked == frame.replace("{}", MASKED_IDENTITY)
    assert mask_for_log(frame.replace("{}", number)) == masked


def test_a_number_beside_a_nik_stays_where_it_can_be_told_apart() -> None:
    assert mask_identity("anak ke 2 3273010101900001") == (f"anak ke 2 {MASKED_IDENTITY}", True)
    assert mask_identity("anak ke 2 3273 0101 0190 0001") == (f"anak ke {MASKED_IDENTITY}", True)


@pytest.mark.parametrize("text", ["32730101019000012", "3273 0101 0190 00012", "3273010101900001 3273010101900002"])
def test_more_digits_than_sixteen_are_masked_too(text: str) -> None:
    """A NIK with one digit too many, or two in a row: nothing of them is left."""
    masked, found = mask_identity(f"nik {text} ya")
    assert found and not any(letter.isdigit() for letter in masked)


@given(
    st.lists(st.sampled_from(["", " ", "-", ".", "\u00a0", "  ", "\n"]), min_size=15, max_size=15),
    st.text(st.characters(blacklist_categories=("Nd", "Cs")), max_size=5).filter(lambda s: not s or s.strip() == s),
)
def test_no_part_of_a_nik_is_left(between: list[str], around: str) -> None:
    digits = "3273010101900001"
    written = "".join(digit + gap for digit, gap in zip(digits, [*between, ""], strict=True))
    masked, found = mask_identity(f"{around} {written} {around}")
    assert found and not any(letter.isdigit() and letter.isascii() for letter in masked)


@pytest.mark.parametrize(
    "text",
    [
        "ktp hilang",
        "Rp 1.500.000,00",
        "17 Agustus 1945 jam 10.00",
        "327301010190000",  # fifteen
        "08.00 - 15.00 dan 16.00 - 20.00",
        "jalan 12 nomor 34",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask_identity(text) == (text, False)


@pytest.mark.parametrize(
    "phone",
    [
        "081234567890",
        "0812-3456-7890",
        "0812 3456 789",
        "+6281234567890",
        "6281234567890",
        "+62 812-3456-7890",
        "+62 812 3456 7890",
        "62-812-3456-7890",
        "+62 (0)812 3456 7890",
        "0812.3456.7890",
        "0812\u00a03456\u00a07890",
    ],
)
def test_a_phone_is_masked_for_logs_only(phone: str) -> None:
    assert mask_for_log(f"hubungi {phone}, ya") == "hubungi [telepon disamarkan], ya"
    assert mask_identity(f"hubungi {phone}, ya") == (f"hubungi {phone}, ya", False)


@pytest.mark.parametrize("text", ["112", "1500-000", "022-4207706", "tahun 0812", "08.00"])
def test_short_and_public_numbers_stay_in_logs(text: str) -> None:
    assert mask_for_log(text) == text


class Thing:
    def __repr__(self) -> str:
        return "<Thing of 081234567890>"


def test_a_log_event_is_clean_all_the_way_down() -> None:
    token = "123456:AAH-secret_token"
    process = redacting_processor(frozenset({token, "AAH", ""}))
    event = {
        "event": f"GET https://api.telegram.org/bot{token}/getMe",
        "nik": 3273010101900001,
        "nested": {"list": ["nik 3273 0101 0190 0001", {"deep": ("0812 3456 7890", [token])}], token: 1},
        "kinds": {"081234567890"},
        "error": ValueError(f"cannot reach bot{token} for 081234567890"),
        "raw": b"nik 3273010101900001",
        "thing": Thing(),
        "exception": f"Traceback ...\n  url = '{token}'",
    }
    text = repr(process(None, "info", event))
    for leak in (token, "AAH", "secret_token", "3273010101900001", "0190", "081234567890", "7890"):
        assert leak not in text
    assert text.count("[rahasia]") == 5 and text.count(MASKED_IDENTITY) == 3
    assert text.count("[telepon disamarkan]") == 4


def test_what_needs_no_masking_keeps_its_type() -> None:
    event = {"event": "turn", "ms": 1.5, "inbound": 17, "ok": True, "none": None, "list": [1, "a"], "map": {"k": 2}}
    assert redacting_processor(frozenset({"secret"}))(None, "info", event) == event
