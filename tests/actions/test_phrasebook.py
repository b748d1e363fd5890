"""The phrases an editor may change: all of them render, and a broken one is named."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import jinja2
import pytest
import yaml
from jinja2 import meta

from actions.phrasebook import PHRASES, Phrasebook, PhraseError, rupiah, tanggal

SOURCES = {
    name: value
    for path in sorted(PHRASES.glob("*.yml"))
    for name, value in yaml.safe_load(path.read_text(encoding="utf-8")).items()
}
TEXTS = {name: value for name, value in SOURCES.items() if isinstance(value, str)}
PYTHON = "\n".join(path.read_text(encoding="utf-8") for path in PHRASES.parent.glob("*.py"))


class Anything:
    """Stands for any value a phrase asks for: a text, a list of texts, or an object with fields."""

    def __getattr__(self, _name: str) -> Anything:
        return Anything()

    def __call__(self) -> str:
        return "isi"

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(["isi", "isi lain"])

    def __contains__(self, _item: object) -> bool:
        return False

    def __str__(self) -> str:
        return "isi"


class Text(str):
    """A value that is a text, and has any field."""

    __slots__ = ()

    def __getattr__(self, _name: str) -> str:
        return "isi"


def test_there_are_phrases() -> None:
    assert len(TEXTS) >= 50
    assert Phrasebook().names == TEXTS.keys()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_each_phrase_renders_whatever_it_is_given(name: str) -> None:
    book = Phrasebook()
    wanted = meta.find_undeclared_variables(jinja2.Environment(autoescape=True).parse(TEXTS[name]))
    lists = {word for word in wanted if re.search(rf"\bin {word}\b|\b{word} \|", TEXTS[name])}
    full = book.say(name, **{word: ["isi", "isi lain"] if word in lists else Text("isi") for word in wanted})
    assert full
    assert "{{" not in full
    assert "\n\n\n" not in full
    bare = book.say(name, **{word: [] if word in lists else Text("") for word in wanted})
    assert "None" not in bare


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_each_phrase_is_used(name: str) -> None:
    assert re.search(rf"[\"']{name}[\"']", PYTHON), f"no action says {name!r}"


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_phrase_is_plain_and_polite(name: str) -> None:
    text = TEXTS[name].lower()
    for word in (" kamu ", " lo ", " anda harus ", "silahkan", "mohon maaf atas ketidaknyamanan", "kami sangat"):
        assert word not in text, f"{name} says {word!r}"


def test_titles_of_buttons_fit_every_channel() -> None:
    for title in Phrasebook().words("tombol").values():
        assert 0 < len(title) <= 20, title


def book(tmp_path: Path, **files: str) -> Phrasebook:
    for name, content in files.items():
        (tmp_path / f"{name}.yml").write_text(content, encoding="utf-8")
    return Phrasebook(tmp_path)


def test_a_broken_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhraseError, match=r"sapa\.yml: halo"):
        book(tmp_path, sapa="halo: '{% if %}'")


def test_broken_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhraseError, match=r"sapa\.yml"):
        book(tmp_path, sapa="halo: [")


def test_a_list_is_no_phrase_file(tmp_path: Path) -> None:
    with pytest.raises(PhraseError, match=r"sapa\.yml: expected"):
        book(tmp_path, sapa="- halo")


def test_a_phrase_that_is_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhraseError, match=r"sapa\.yml: halo"):
        book(tmp_path, sapa="halo: 112")


def test_a_name_in_two_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PhraseError, match="already defined"):
        book(tmp_path, a="halo: a", b="halo: b")


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PhraseError, match="no phrase files"):
        Phrasebook(tmp_path)


def test_a_value_nobody_gives_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError):
        book(tmp_path, sapa="halo: 'Halo {{ nama }}'").say("halo")


def test_a_value_is_never_read_as_a_template(tmp_path: Path) -> None:
    assert book(tmp_path, sapa="halo: 'Halo {{ nama }}'").say("halo", nama="{{ 7 * 7 }}") == "Halo {{ 7 * 7 }}"


@pytest.mark.parametrize(("amount", "text"), [(0, "Rp0"), (25000, "Rp25.000"), (1050000, "Rp1.050.000")])
def test_rupiah(amount: int, text: str) -> None:
    assert rupiah(amount) == text


def test_tanggal() -> None:
    assert tanggal(dt.date(2026, 8, 17)) == "17 Agu 2026"
