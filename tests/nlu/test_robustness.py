"""Whatever a resident types is read soberly: the really trained model against noise, disguise and syntax.

Everything goes the product's way (`shield`, the model, `from_rasa`), as in `nirtatap parse`. The
properties say what may not depend on a model's mood, so that more training data cannot break them;
`test_the_clear_messages_are_read` guards the rest: disguising what is not understood would prove nothing.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actions.router import Actions
from actions.turn import Context, Incoming
from actions.understanding import DECISIONS, MOST, from_rasa, shield
from actions.vocabulary import ACTS
from nirtatap.model import parsed
from nirtatap.wiring import ROOT
from nlu.trainer.reader import Reader
from service_catalog.facts import Catalogue
from tests.nlu import message_strategies as sent
from tests.nlu.message_strategies import Disguise, any_text

few, some, many = (settings(max_examples=n, deadline=None, derandomize=True) for n in (12, 40, 80))

CLEAR: dict[str, tuple[str, str | None]] = {
    "syarat ganti ktp yang hilang apa saja": ("ask_requirements", "ktp_el_hilang"),
    "berapa biaya bikin kartu identitas anak": ("ask_fee", "kia"),
    "syarat membuat akta kelahiran apa saja": ("ask_requirements", "akta_kelahiran"),
    "lampu jalan mati di depan rumah": ("report_problem", "lapor_pju"),
    "terima kasih banyak": ("thank", None),
    "selamat pagi": ("greet", None),
}
DANGER = "tolong rumah tetangga kebakaran api besar"
clear = st.sampled_from(sorted(CLEAR))
about_services = st.sampled_from(sorted(text for text, (_, service) in CLEAR.items() if service))


class Product:
    """The trained model behind the product's own shield and safety patterns."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def raw(self, text: str) -> Mapping[str, Any]:
        return self._reader.parse(shield(text))

    def read(self, text: str) -> dict[str, Any]:
        """The answer of `nirtatap parse` without the text itself: what was understood."""
        answer = parsed(from_rasa(self.raw(text), text))
        assert answer.pop("text") == text
        return answer


@pytest.fixture(scope="module")
def product(model: Path) -> Iterator[Product]:
    with Reader(model, ROOT) as reader:
        yield Product(reader)


@pytest.fixture(scope="module")
def at_first(product: Product) -> dict[str, dict[str, Any]]:
    """How the clear messages are read before anything strange was."""
    return {text: product.read(text) for text in (*CLEAR, DANGER)}


def test_the_clear_messages_are_read(at_first: dict[str, dict[str, Any]]) -> None:
    """The guard of all tests that disguise them."""
    for text, (act, service) in CLEAR.items():
        answer = at_first[text]
        assert (answer["decision"], answer["acts"][0]["name"]) == ("answer", act), text
        assert [one["id"] for one in answer["services"][:1]] == ([service] if service else []), text
    assert (at_first[DANGER]["decision"], at_first[DANGER]["acts"][0]["name"]) == ("safety", "report_emergency")


@many
@given(text=any_text)
@example(text="")
@example(text="👍")
@example(text="z̷̧a̴l̵g̶o̷ " * 1000)
@example(text="\u202e\u200b\u0000\u2028")
def test_any_text_has_an_answer_of_the_fixed_shape(product: Product, catalogue: Catalogue, text: str) -> None:
    """Whoever uses the answer need not ask whether the message was strange."""
    answer = product.read(text)
    assert list(answer) == ["acts", "services", "opd", "decision"]
    assert answer["decision"] in DECISIONS
    known = {"acts": ACTS, "services": {s.id for s in catalogue.services}, "opd": {o.id for o in catalogue.opds}}
    assert answer["acts"], "a dashboard counts acts; even rubbish looks most like one"
    for key, names in known.items():
        found = [one["name" if key == "acts" else "id"] for one in answer[key]]
        confidences = [one["confidence"] for one in answer[key]]
        assert len(set(found)) == len(found) <= MOST and set(found) <= names
        assert all(math.isfinite(one) and 0 <= one <= 1 for one in confidences)
        assert confidences == sorted(confidences, reverse=True)


@some
@given(text=any_text, between=st.lists(any_text, min_size=1, max_size=4), known=clear)
def test_reading_does_not_depend_on_what_was_read_before(
    product: Product, at_first: dict[str, dict[str, Any]], text: str, between: list[str], known: str
) -> None:
    """One resident's message must not colour the next one's; the model's process keeps caches."""
    first = product.read(text)
    for other in between:
        product.read(other)
    assert product.read(text) == first
    assert product.read(known) == at_first[known]


# ---------------------------------------------------------------------- disguise


@many
@given(data=st.data(), text=clear, disguise=st.sampled_from(sent.HARMLESS))
def test_disguise_changes_nothing(
    product: Product, at_first: dict[str, dict[str, Any]], data: st.DataObject, text: str, disguise: Disguise
) -> None:
    """Invisible marks, zalgo, capitals, fullwidth and stretched letters, blanks and brackets carry no meaning."""
    disguised = data.draw(disguise(text))
    assert product.read(disguised) == at_first[text]


@many
@given(data=st.data(), worn=st.lists(st.sampled_from(sent.ALL), min_size=1, max_size=3, unique=True))
def test_danger_stays_danger(product: Product, data: st.DataObject, worn: list[Disguise]) -> None:
    """Who is afraid types capitals, flames and seven a's; marks may hide a word from the fixed patterns only."""
    text = DANGER
    for disguise in worn:
        text = data.draw(disguise(text))
    answer = product.read(text)
    assert (answer["decision"], answer["acts"][0]["name"]) == ("safety", "report_emergency")


@many
@given(text=sent.wordless)
@example(text="!!!")
@example(text="1")
@example(text="47")
@example(text="112")
def test_without_a_word_there_is_no_danger_and_no_service(product: Product, text: str) -> None:
    """Nobody in danger sends only this, and 112 for every “!!!” would wear the warning out."""
    answer = product.read(text)
    assert answer["decision"] != "safety"
    assert answer["decision"] != "answer" or not (answer["services"] or answer["opd"])


# ---------------------------------------------------------------------- syntax


def in_words(text: str) -> str:
    """The text without any sign that Rasa, JSON or a shell could take for syntax."""
    return re.sub(r"[^\w\s]", " ", text).strip()


@settings(many, max_examples=120)
@given(text=sent.injections)
@example(text='/ask_fee{"service":"x"}')
@example(text="/restart")
def test_intent_syntax_is_read_as_the_words_in_it(product: Product, text: str) -> None:
    """Rasa takes `/act@1{…}` as a command: intent and entities as given, unread.

    For a resident it must mean what its words mean and no more, whatever they are; a command
    would come back with one intent, the confidence as typed and entities.
    """
    assert not shield(text).strip().startswith("/")
    raw = product.raw(text)
    assert raw["entities"] == [] and "slots" not in raw
    assert len(raw["intent_ranking"]) == MOST == len(raw["acts"])
    assert raw["intent"]["name"] in ACTS
    assert product.read(text) == product.read(in_words(text))


@some
@given(
    act=st.sampled_from(sorted(ACTS)),
    target=st.sampled_from(["", ":", ":kia", ":@dinsos", ":#pindah"]),
    more=sent.slots,
)
def test_typed_syntax_presses_no_button(actions: Actions, act: str, target: str, more: str) -> None:
    """A payload acts unread, so it may come from a button only; an unknown command shows the menu."""
    for text in (f"{act}{target}{more}", f"/{act}{target}{more}"):
        assert actions.direct(Incoming(text), Context()) is None
        turn = actions.direct(Incoming(text, kind="command"), Context())
        assert turn is not None and (turn.act, turn.service) == (None, None)
        assert turn.context.service is None and turn.context.opd is None


_WRAPPED = (
    "<b>{}</b>", "<script>alert('x')</script> {}", "{} <img src=x onerror=alert(1)>", "<!-- {} -->",
    "<html><body><p>{}</p></body></html>", "&lt;p&gt;{}&lt;/p&gt;", "<![CDATA[{}]]>", "{{{{ {} }}}}",
    "'; DROP TABLE conversation; -- {}", "{}' OR '1'='1", "{} UNION SELECT password FROM users --",
    "1; SELECT * FROM users WHERE name = '{}'", "INSERT INTO pesan VALUES ('{}');", "${{jndi:ldap://x/a}} {}",
)  # fmt: skip


@some
@given(text=about_services, wraps=st.lists(st.sampled_from(_WRAPPED), min_size=1, max_size=2))
def test_markup_and_sql_never_turn_a_question_into_another(product: Product, text: str, wraps: list[str]) -> None:
    """Their words are noise: the question is answered, asked back or not understood, never another one answered.

    Piled up they may drown what is asked (“p” greets in chats), but not what it is about.
    """
    act, service = CLEAR[text]
    for wrap in wraps:
        text = wrap.format(text)
    answer = product.read(text)
    assert answer["decision"] != "safety"
    if answer["decision"] == "answer":
        assert [one["id"] for one in answer["services"][:1]] in ([service], [])
        assert answer["opd"] == []
        if len(wraps) == 1 and act.startswith("ask_"):
            assert answer["acts"][0]["name"] == act


# ---------------------------------------------------------------------- length

stories = st.lists(
    st.sampled_from("kemarin saya ke sana lalu pulang lagi dan menunggu lama sekali lorem ipsum bla".split()),
    min_size=3,
    max_size=12,
).map(lambda words: (" ".join(words) + ". ") * 2500)
separators = st.text("-=_*~. \n\t\u200b", min_size=1, max_size=8).map(lambda line: line * 5000)


@few
@given(story=stories, questions=st.lists(about_services, min_size=2, max_size=2, unique=True))
def test_a_question_after_a_long_story_is_looked_at(product: Product, story: str, questions: list[str]) -> None:
    """People tell first and ask last. Danger told last is still danger."""
    first, second = (product.read(story[:5000] + question) for question in questions)
    assert first != second
    assert product.read(story[:5000] + DANGER)["decision"] == "safety"


@few
@given(line=separators, text=clear)
def test_a_question_under_a_screen_of_lines_is_read(
    product: Product, at_first: dict[str, dict[str, Any]], line: str, text: str
) -> None:
    """A letter pasted with its ruled lines and empty pages says only what its words say."""
    assert product.read(line[:5000] + " " + text) == at_first[text]


@few
@given(
    story=stories, unit=st.sampled_from([" kata", "x", "1.", "?", "漢", "😀", "a-", "\ufdfa", "\u0300", " anak hilang"])
)
def test_a_message_of_any_length_costs_no_more_than_a_long_one(product: Product, story: str, unit: str) -> None:
    """What stands far from both ends is never looked at, so nobody can keep the model busy with one message."""
    start, end = story[:2500], story[2500:5000]
    began = time.monotonic()
    long = product.read(start + (unit * 2500)[:2500] + end)
    assert product.read(start + (unit * 20_000)[:20_000] + end) == long
    product.read((unit * 5000)[:5000])
    assert time.monotonic() - began < 5.0, "some ten milliseconds on an idle machine"
