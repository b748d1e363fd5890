from __future__ import annotations

import datetime as dt
from dataclasses import replace

from catalogue_strategies import catalogues, change_service
from hypothesis import HealthCheck, given, settings

from service_catalog.diff import Change, compare, count, describe
from service_catalog.facts import Catalogue, Fee, Source


def test_equal_catalogues_have_no_difference(small: Catalogue) -> None:
    assert compare(small, replace(small, version=7)) == []


def test_a_changed_field_is_named_by_its_path(small: Catalogue) -> None:
    changed = change_service(small, "ktp_el_hilang", fee=Fee(25_000, None), note=None, eligibility="Siapa saja")
    found = compare(small, changed)
    assert [(c.kind, c.path) for c in found] == [
        ("changed", "services/ktp_el_hilang/fee/amount"),
        ("changed", "services/ktp_el_hilang/eligibility"),
        ("removed", "services/ktp_el_hilang/note"),
    ]
    assert (found[0].before, found[0].after) == (0, 25_000)
    assert describe(found[0]) == "~ layanan ktp_el_hilang › biaya › jumlah: 0 → 25000"


def test_an_inserted_item_is_one_change(small: Catalogue) -> None:
    service = small.services[0]
    changed = change_service(small, service.id, steps=("Siapkan KK", *service.steps))
    assert compare(small, changed) == [Change("added", "services/ktp_el_hilang/steps/1", None, "Siapkan KK")]


def test_items_changed_and_removed(small: Catalogue) -> None:
    service = small.services[0]
    changed = change_service(small, service.id, synonyms=("ktp hilang", service.synonyms[1]))
    assert [(c.kind, c.path) for c in compare(small, changed)] == [
        ("changed", "services/ktp_el_hilang/synonyms/1"),
        ("removed", "services/ktp_el_hilang/synonyms/3"),
    ]


def test_whole_entries_added_and_removed(small: Catalogue) -> None:
    changed = replace(small, services=small.services[:1], sources=(*small.sources, Source("s_dua", "Dua", None)))
    found = compare(small, changed)
    assert [describe(change) for change in found] == [
        "- layanan lapor_pju: Lapor lampu jalan (PJU) mati",
        "+ sumber s_dua: Dua",
    ]
    assert count(found) == "1 ditambah, 1 dihapus, 0 diubah"


def test_entries_that_only_change_places(small: Catalogue) -> None:
    (change,) = compare(small, replace(small, opds=small.opds[::-1]))
    assert (change.path, change.before) == ("opds/@order", ("disdukcapil", "dishub"))
    assert describe(change) == "~ OPD › urutan: disdukcapil, dishub → dishub, disdukcapil"


def test_city_settings_and_values_that_are_no_text(small: Catalogue) -> None:
    city = replace(small.city, terms=(("kelurahan", "desa"),), courtesy="Wargi")
    evidence = replace(small.services[0].evidence, checked_on=dt.date(2026, 5, 1))
    changed = change_service(replace(small, city=city), "ktp_el_hilang", evidence=evidence)
    route = replace(small.out_of_scope[1], verified=False)
    changed = replace(changed, out_of_scope=(small.out_of_scope[0], route))
    assert [describe(change) for change in compare(small, changed)] == [
        "~ kota › sapaan: Kak → Wargi",
        "~ kota › istilah › kelurahan: gampong → desa",
        "~ layanan ktp_el_hilang › bukti › tanggal diperiksa: 2026-03-31 → 2026-05-01",
        "~ rute luar layanan paspor › sudah dipastikan: ya → tidak",
    ]


def test_against_nothing_everything_is_added(small: Catalogue) -> None:
    found = compare(None, small)
    assert {change.kind for change in found} == {"added"}
    assert [change.path for change in found][:3] == ["city", "opds/disdukcapil", "opds/dishub"]


def test_long_and_many_line_values_stay_on_one_line(small: Catalogue) -> None:
    changed = change_service(small, "ktp_el_hilang", purpose="panjang\n" * 500)
    (change,) = compare(small, changed)
    assert "\n" not in describe(change)
    assert len(describe(change)) < 400


@given(catalogues(), catalogues())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_there_is_a_difference_exactly_where_they_differ(one: Catalogue, other: Catalogue) -> None:
    assert compare(one, one) == []
    found = compare(one, other)
    assert bool(found) == (one != other)
    assert all("\n" not in describe(change) for change in found)
