"""Replies as Telegram messages: nothing over a limit leaves, nothing is lost."""

from __future__ import annotations

import timeit
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.channels.telegram.render import render, units
from bot.messages import Button, Reply
from tests.simulators.telegram.markup import parse_html

CARD = Reply(
    "*KTP-el hilang*\nGratis, 1 hari kerja.\n\n*Syarat:*\n1. Surat kehilangan dari polisi\n2. KK\n\n"
    "Sumber: https://disdukcapil.bandung.go.id\nDiperiksa 2 Januari 2026",
    (Button("Ajukan", "apply:ktp_el_hilang"), Button("Bicara petugas", "talk_to_agent:ktp_el_hilang")),
)


def html(text: str) -> str:
    return "|".join(body["text"] for body in render(Reply(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("halo", "halo"),
        ("*Syarat*", "<b>Syarat</b>"),
        ("*Syarat:* KK", "<b>Syarat:</b> KK"),
        ("biaya *gratis*.", "biaya <b>gratis</b>."),
        ("(*penting*)", "(<b>penting</b>)"),
        ("*a* dan *b*", "<b>a</b> dan <b>b</b>"),
        ("*R&D <x>*", "<b>R&amp;D &lt;x&gt;</b>"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("&amp; tetap", "&amp;amp; tetap"),
        ("\"kutip\" 'satu'", "\"kutip\" 'satu'"),
        ("5 * 4 * 3", "5 * 4 * 3"),
        ("5*4*3", "5*4*3"),
        ("* butir\n* butir", "* butir\n* butir"),
        ("*wajib", "*wajib"),
        ("**dua**", "**dua**"),
        ("*a\nb*", "*a\nb*"),
        ("* a *", "* a *"),
        ("*", "*"),
        ("_garis_ `kode` ~coret~", "_garis_ `kode` ~coret~"),
        ("https://x.id/a?b=1&c=2", "https://x.id/a?b=1&amp;c=2"),
        ("https://x.id/*a*/b", "https://x.id/*a*/b"),
        ("*Situs:* https://x.id", "<b>Situs:</b> https://x.id"),
        ("a\ud83db", "a?b"),
        ("  tepi \n", "tepi"),
        ("", ""),
        (" \n ", ""),
        ("\u200b\u200d", ""),
    ],
)
def test_text(text: str, expected: str) -> None:
    assert html(text) == expected


def test_plain_fallback_has_no_marks() -> None:
    assert render(Reply("*a* & b")) == [{"text": "<b>a</b> &amp; b", "plain": "a & b"}]


# ---------------------------------------------------------------- splitting


def test_the_limit_is_counted_in_utf16_units_after_parsing() -> None:
    assert len(render(Reply("&" * 4096))) == 1
    assert len(render(Reply("😀" * 2048))) == 1
    bodies = render(Reply("a" + "😀" * 2048))
    assert [units(body["plain"]) for body in bodies] == [4095, 2]


def test_it_is_cut_at_paragraphs_then_lines_then_words() -> None:
    paragraphs = render(Reply("a" * 3000 + "\nx\n\n" + "b" * 3000))
    assert [body["plain"] for body in paragraphs] == ["a" * 3000 + "\nx", "b" * 3000]
    lines = render(Reply("a " * 1000 + "\n" + "b " * 1500))
    assert [body["plain"][0] for body in lines] == ["a", "b"]
    words = render(Reply("kata " * 1500))
    assert all(body["plain"].endswith("kata") for body in words)


def test_a_border_right_after_the_limit_is_used() -> None:
    assert [len(body["plain"]) for body in render(Reply("a" * 4096 + " b"))] == [4096, 1]


def test_bold_text_is_not_cut() -> None:
    bodies = render(Reply("a" * 4000 + " *" + "tebal " * 30 + "x*"))
    assert [body["plain"][0] for body in bodies] == ["a", "t"]
    assert bodies[1]["text"].startswith("<b>") and bodies[1]["text"].endswith("x</b>")


def test_bold_text_longer_than_a_message_is_bold_in_every_part() -> None:
    bodies = render(Reply("*" + "tebal " * 1000 + "x*"))
    assert len(bodies) == 2
    assert all(body["text"].startswith("<b>") and body["text"].endswith("</b>") for body in bodies)


def test_bold_text_at_the_start_is_not_cut_where_only_it_has_blanks() -> None:
    bodies = render(Reply("*aaa bbb*" + "," * 5000))
    assert bodies[0]["text"].startswith("<b>aaa bbb</b>,")
    assert units(bodies[0]["plain"]) == 4096


# ---------------------------------------------------------------- buttons


def rows_of(reply: Reply) -> list[list[Any]]:
    bodies = render(reply)
    assert all("reply_markup" not in body for body in bodies[:-1])
    return [
        [cell.get("callback_data", cell.get("url")) for cell in row]
        for row in bodies[-1]["reply_markup"]["inline_keyboard"]
    ]


def test_short_titles_share_a_row_long_ones_stand_alone() -> None:
    short, long = "Syarat", "Bicara dengan petugas kami"
    buttons = [Button(t, str(n)) for n, t in enumerate([short, short, long, short, long, short, short, short])]
    assert rows_of(Reply("x", tuple(buttons))) == [["0", "1"], ["2"], ["3"], ["4"], ["5", "6"], ["7"]]


def test_link_is_a_button_of_its_own() -> None:
    reply = Reply("x", (Button("Batal", "cancel:"),), ("Buka formulir", "https://kota.go.id/formulir/abc"))
    assert rows_of(reply) == [["https://kota.go.id/formulir/abc"], ["cancel:"]]


@pytest.mark.parametrize("url", ["http://localhost:8080/f", "formulir/abc", "javascript:x.y", "http://[x", "tel:112"])
def test_link_that_telegram_refuses_as_a_button_goes_into_the_text(url: str) -> None:
    assert render(Reply("Isi di sini", link=("Formulir", url)))[0]["plain"] == f"Isi di sini\n\nFormulir: {url}"


def test_buttons_without_text_still_leave() -> None:
    assert [body["plain"] for body in render(Reply("", (Button("Ya", "affirm:"),)))] == ["…"]


@pytest.mark.parametrize(
    ("title", "payload"), [("Ya", "x" * 65), ("Ya", "é" * 33), ("Ya", ""), (" ", "a"), ("Ya", "\ud83d")]
)
def test_a_button_over_a_limit_is_left_out_and_logged(title: str, payload: str) -> None:
    with capture_logs() as logs:
        assert rows_of(Reply("x", (Button(title, payload), Button("Tidak", "deny:")))) == [["deny:"]]
    assert [entry["event"] for entry in logs] == ["telegram_button_left_out"]


def test_at_most_a_hundred_buttons() -> None:
    buttons = tuple(Button(str(n), str(n)) for n in range(120))
    assert sum(len(row) for row in rows_of(Reply("x", buttons, ("Buka", "https://a.id")))) == 100


# ---------------------------------------------------------------- any reply

TEXTS = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            "*",
            "* ",
            " *",
            "<b>",
            "&amp;",
            "\n\n",
            "\n",
            "kata ",
            "😀",
            "https://x.id/*a ",
            "é" * 900,
            "a " * 700,
        ]
    ),
    max_size=25,
).map("".join)
BUTTONS = st.lists(st.builds(Button, st.text(max_size=30), st.text(max_size=80)), max_size=8).map(tuple)
LINKS = st.none() | st.tuples(st.text(max_size=20), st.sampled_from(["https://a.id/x", "http://localhost", "x"]))


@given(TEXTS, BUTTONS, LINKS)
@example("*" * 5000, (), None)
@example("*a " * 3000, (), None)
def test_any_reply_is_within_limits(text: str, buttons: tuple[Button, ...], link: tuple[str, str] | None) -> None:
    bodies = render(Reply(text, buttons, link))
    for body in bodies:
        plain, _entities = parse_html(body["text"])  # raises where the mark-up is not balanced
        assert plain == body["plain"]
        assert 0 < units(plain) <= 4096
        assert plain.strip()
    cells = [
        c for b in bodies for row in b.get("reply_markup", {"inline_keyboard": []})["inline_keyboard"] for c in row
    ]
    assert len(cells) <= 100
    for cell in cells:
        assert cell["text"].strip()
        assert "url" in cell or 1 <= len(cell["callback_data"].encode()) <= 64


@given(TEXTS)
def test_text_survives(text: str) -> None:
    kept = "".join(body["plain"] for body in render(Reply(text)))
    for blank in " \n*":
        text, kept = text.replace(blank, ""), kept.replace(blank, "")
    visible = [c for c in text if c.isprintable() and not c.isspace()]
    assert [c for c in kept if c.isprintable() and not c.isspace()] == visible


def test_rendering_takes_less_than_a_fifth_of_a_millisecond() -> None:
    long = Reply(CARD.text * 5, CARD.buttons)
    best = min(timeit.repeat(lambda: render(long), number=200, repeat=5)) / 200
    assert best < 0.0002
