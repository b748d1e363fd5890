from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from catalogue_strategies import catalogues, change_service
from hypothesis import HealthCheck, given, settings

from service_catalog.checks import check, phone_number_in
from service_catalog.facts import Catalogue, ServiceId, Source

TODAY = dt.date(2026, 6, 1)


def remarks(catalogue: Catalogue) -> list[str]:
    return [str(remark) for remark in check(catalogue, today=TODAY)]


def test_only_the_missing_contact_is_remarked_on(small: Catalogue) -> None:
    assert remarks(small) == ["OPD dishub: belum punya kontak; warga yang bertanya nomor tidak mendapat jawaban"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"synonyms": ()}, "belum punya synonyms"),
        ({"related": (ServiceId("ktp_el_hilang"),)}, "related memuat dirinya sendiri"),
        ({"requirements": ()}, "permohonan tanpa requirements"),
        ({"steps": ("x" * 201,)}, "steps[1]: 201 karakter"),
        ({"purpose": "Hubungi (022) 7207113."}, "purpose: tampak memuat nomor telepon ((022) 7207113)"),
        ({"note": " spasi"}, "note: ada spasi"),
        ({"synonyms": ("PJU  padam",)}, "sinonim 'pju padam' juga dipakai lapor_pju"),
    ],
)
def test_remarks_on_a_service(small: Catalogue, values: dict[str, object], expected: str) -> None:
    found = remarks(change_service(small, "ktp_el_hilang", **values))
    assert any(line.startswith(f"layanan ktp_el_hilang: {expected}") for line in found), found


def test_remarks_on_evidence(small: Catalogue) -> None:
    evidence = replace(small.services[0].evidence, sources=(), checked_on=dt.date(2026, 6, 2))
    found = remarks(change_service(small, "ktp_el_hilang", evidence=evidence))
    assert "layanan ktp_el_hilang: evidence.basis partly, tetapi evidence.sources kosong" in found
    assert "layanan ktp_el_hilang: evidence.checked_on 2026-06-02 belum terjadi" in found
    assert "sumber s_satu: tidak dipakai layanan mana pun" in found


def test_remarks_on_top_services(small: Catalogue) -> None:
    def with_top(*names: str) -> list[str]:
        city = replace(small.city, top_services=tuple(ServiceId(name) for name in names))
        return remarks(replace(small, city=city))

    assert any("top_services kosong" in line for line in with_top())
    assert any("memuat lapor_pju lebih dari sekali" in line for line in with_top("lapor_pju", "lapor_pju"))
    assert any("berisi 11 layanan" in line for line in with_top(*["lapor_pju"] * 11))


@pytest.mark.parametrize("text", ["telepon 022-7207113", "WA 0812 3456 7890", "(0645) 41234", "+62 812-3456-7890"])
def test_phone_numbers_are_seen(text: str) -> None:
    assert phone_number_in(text) is not None


@pytest.mark.parametrize(
    "text", ["Permendagri 108/2019", "Rp25.000", "Formulir F-1.02", "hubungi 112", "08.00-15.00", "UU 24/2013 ps. 79A"]
)
def test_other_numbers_are_not(text: str) -> None:
    assert phone_number_in(text) is None


@given(catalogues())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_catalogue_can_be_checked(catalogue: Catalogue) -> None:
    assert all("\n" not in str(remark).split(": ")[0] for remark in check(catalogue))


def test_unused_source(small: Catalogue) -> None:
    found = remarks(replace(small, sources=(*small.sources, Source("s_dua", "Dua", None))))
    assert "sumber s_dua: tidak dipakai layanan mana pun" in found
