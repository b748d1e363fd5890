"""What the normaliser promises for every message, over the word list that is really used; no Rasa."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlu.components import language
from tests.nlu.message_strategies import HARMLESS, Disguise

LEXICON = language.load_lexicon()
HALF = language.MAX_CHARACTERS // 2

steady = settings(max_examples=100, deadline=None, derandomize=True)

spellings = st.sampled_from(sorted(form for form in {*LEXICON, *LEXICON.values()} if form.replace(" ", "").isalpha()))
messages = st.lists(spellings, min_size=1, max_size=8).map(" ".join)
pieces = st.one_of(
    st.text(max_size=40), spellings, st.sampled_from(['/ask_fee{"service":"kia"}', "<b>", "'; --", "a-a"])
)
any_text = st.lists(pieces, max_size=8).map("".join)


@steady
@given(text=any_text)
@example(text='/ask_fee@1{"service":"kia"}')
@example(text="\uff0fask_fee\uff5b\uff5d")  # compatibility forms become signs while they are normalised
def test_no_sign_of_any_syntax_is_left(text: str) -> None:
    """Rasa looks for `/intent{…}` after our normaliser, too: nothing that it could find may remain."""
    normal = language.normalise(text, LEXICON)
    assert normal == " ".join(normal.split())
    assert [one for one in normal if one.isascii() and not one.isalnum() and one not in " ?!"] == []


@steady
@given(data=st.data(), text=messages, disguise=st.sampled_from(HARMLESS))
def test_every_known_word_is_seen_through_a_disguise(data: st.DataObject, text: str, disguise: Disguise) -> None:
    """The word list holds one spelling of a word; it must be found however it was dressed up."""
    normal = language.normalise(text, LEXICON)
    assert normal
    assert language.normalise(data.draw(disguise(text)), LEXICON) == normal


@steady
@given(
    digits=st.text("0123456789", min_size=16, max_size=16),
    between=st.lists(st.sampled_from(["", " ", ".", "-", "\u200b", "\u200b ", "\u2060-"]), min_size=15, max_size=15),
    around=st.tuples(messages, messages),
)
def test_an_identity_number_is_masked_however_it_is_grouped(
    digits: str, between: list[str], around: tuple[str, str]
) -> None:
    """The models must not learn people; copied numbers come with blanks, dots and marks nobody sees."""
    number = digits[0] + "".join(gap + digit for gap, digit in zip(between, digits[1:], strict=True))
    words = language.normalise(f"{around[0]} {number} {around[1]}", LEXICON).split()
    assert language.NIK in words
    assert not any(word.isdigit() for word in words)


@settings(steady, max_examples=40)
@given(ends=st.tuples(messages, messages), middle=any_text, times=st.integers(1, 300))
def test_the_middle_of_a_novel_is_not_looked_at(ends: tuple[str, str], middle: str, times: int) -> None:
    """So the work is bounded whatever is sent; the beginning and the end, where people ask, are both there."""
    start, end = (f"{one} " * HALF for one in ends)
    start, end = start[:HALF], end[-HALF:]
    alone = language.normalise(f"{start} {end}", LEXICON)
    # The blank between stands for what was left out.
    assert language.normalise(f"{start}{middle * times}.{end}", LEXICON) == alone
    # One ligature may hold eighteen letters, and a date of three characters is a word.
    assert len(alone) <= 20 * language.MAX_CHARACTERS


@steady
@given(text=messages, marks=st.integers(60, 400))
def test_marks_on_every_letter_push_nothing_out(text: str, marks: int) -> None:
    zalgo = "".join(letter + "\u0336" * marks for letter in text)
    assert language.normalise(zalgo, LEXICON) == language.normalise(text, LEXICON)


@steady
@given(text=any_text, times=st.integers(1, 2000))
def test_the_work_is_bounded(text: str, times: int) -> None:
    # One ligature may hold eighteen letters, and a date of three characters is a word.
    assert len(language.normalise(text * times, LEXICON)) <= 20 * language.MAX_CHARACTERS
