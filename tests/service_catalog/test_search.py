from __future__ import annotations

import itertools
import statistics
import time
from dataclasses import replace

import pytest
from catalogue_strategies import catalogues
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service_catalog.facts import Catalogue, ServiceId
from service_catalog.search import Search


@pytest.fixture(scope="module")
def search(small: Catalogue) -> Search:
    return Search(small)


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("ktp saya ilang gimana ya min", "ktp_el_hilang"),
        ("KTP-nya hilang 😭", "ktp_el_hilang"),
        ("kehilngan ktp", "ktp_el_hilang"),
        ("lampu jalannya mati udah 2 minggu", "lapor_pju"),
        ("lampuu jalan padam", "lapor_pju"),
        ("penerangan rusak", "lapor_pju"),  # words of the purpose only
        ("pju", "lapor_pju"),
    ],
)
def test_finds_the_service(search: Search, text: str, service: str) -> None:
    assert search.services(text)[0][0] == service


def test_a_synonym_said_whole_scores_full_and_a_part_less(search: Search) -> None:
    assert search.services("lampu jalan mati")[0] == ("lapor_pju", 1.0)
    whole, part = search.services("lampu jalan mati")[0][1], search.services("lampu")[0][1]
    assert part < whole


@pytest.mark.parametrize(
    "text", ["", "   ", "😀🔥👨‍👩‍👧", "yang di ke dari", "\x00\u202e", "12 34", "¿?¡!", "selamat pagi pak"]
)
def test_nothing_is_found_where_nothing_is_said(search: Search, text: str) -> None:
    assert search.services(text) == []
    assert search.opds(text) == []
    assert search.life_event(text) is None
    assert search.out_of_scope(text) is None


def test_words_of_courtesy_do_not_count(search: Search) -> None:
    plain = search.services("ktp ilang")
    polite = search.services("assalamualaikum pak mau tanya dong kalau ktp saya ilang gimana ya makasih")
    assert plain == polite


def test_results_are_limited_sorted_and_stable(search: Search) -> None:
    found = search.services("ktp hilang dan lampu jalan mati")
    assert {name for name, _ in found} == {"ktp_el_hilang", "lapor_pju"}
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert len(search.services("ktp hilang dan lampu jalan mati", limit=1)) == 1
    assert found == search.services("ktp hilang dan lampu jalan mati")


def test_opds_by_short_name_and_alias(search: Search) -> None:
    assert search.opds("alamat disdukcapil dimana")[0][0] == "disdukcapil"
    assert search.opds("kantor catatan sipil")[0][0] == "disdukcapil"
    assert search.opds("nomor dinas perhubungan")[0][0] == "dishub"


def test_life_events_by_name_and_synonym(search: Search) -> None:
    found = search.life_event("saya kecopetan di pasar")
    assert found is not None
    assert found[0] == "kehilangan_dompet"
    assert found[1] >= 0.7
    assert search.life_event("lampu jalan mati") is None


def test_out_of_scope_needs_a_whole_keyword(search: Search) -> None:
    found = search.out_of_scope("cara bikin paspor baru")
    assert found is not None
    assert found[0] == "paspor"
    assert search.out_of_scope("sim saya mati") is not None
    # One letter from `tilang`, and quite another matter.
    assert search.out_of_scope("ktp hilang") is None
    assert search.out_of_scope("simpan nomor ini") is None


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gives_scores_between_nought_and_one(search: Search, text: str) -> None:
    for found in (search.services(text), search.opds(text)):
        assert all(0.0 < score <= 1.0 for _, score in found)


@given(catalogues(), st.text(max_size=30))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_catalogue_can_be_searched(catalogue: Catalogue, text: str) -> None:
    search = Search(catalogue)
    search.services(text)
    search.opds(text)
    search.life_event(text)
    search.out_of_scope(text)


def test_an_empty_catalogue_finds_nothing(small: Catalogue) -> None:
    empty = replace(small, opds=(), services=(), life_events=(), out_of_scope=(), sources=())
    search = Search(empty)
    assert (search.services("ktp"), search.opds("ktp"), search.life_event("ktp")) == ([], [], None)


def test_a_whole_city_is_searched_in_milliseconds(small: Catalogue) -> None:
    """90 services with 1,100 synonyms; the bound is loose for slow machines, usual is 0.3 ms."""
    syllables = ["ka", "ri", "tu", "mo", "se", "la", "ban", "dus"]
    vocabulary = ["".join(parts) for parts in itertools.product(syllables, repeat=3)]
    words = itertools.cycle(vocabulary)
    template = small.services[0]
    services = tuple(
        replace(
            template,
            id=ServiceId(f"layanan_{number}"),
            name=f"Layanan {next(words)} {next(words)}",
            purpose=" ".join(next(words) for _ in range(12)),
            synonyms=tuple(f"{next(words)} {next(words)} ktp" for _ in range(12)),
            related=(),
        )
        for number in range(92)
    )
    search = Search(replace(small, services=services))
    messages = [
        "min ktp saya hilang tadi di pasar terus kartu keluarga juga basah gimana cara ngurusnya ya",
        "karitumo laban ktp " + "salamdus tumorika xkaritu " * 4,
        "tolong pak " + "karitux banlax duskary " * 240,
    ]
    assert len(messages[2]) > 5_000
    times = []
    for message in messages * 20:
        start = time.perf_counter()
        search.services(message)
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.003
    assert max(times) < 0.1
