"""A small catalogue, generated ones, and both databases for the tests of the catalogue."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from catalogue_databases import SERVER, Run, administer, empty_postgres, run_on_postgres
from sqlalchemy import Connection, create_engine, event

from migrations.run import upgrade
from service_catalog.city_file import parse_city_file
from service_catalog.facts import Catalogue

T = TypeVar("T")

SMALL = """\
city:
  id: kota_uji
  name: Kota Uji
  bot_name: Tatap
  timezone: Asia/Jakarta
  courtesy: Kak
  terms:
    kelurahan: gampong
  notes:
    - Kota dengan 4 kecamatan
  safety:
    - id: darurat
      text: Segera hubungi 112.
      phone_numbers: ['112', '119']
  top_services: [ktp_el_hilang]
opds:
  - id: disdukcapil
    name: Dinas Kependudukan dan Pencatatan Sipil
    short_name: Disdukcapil
    aliases: [capil, catatan sipil]
    contacts:
      - {kind: whatsapp, name: WA Capil, value: 0812-0000-0000, verified: false}
    offices:
      - name: Kantor Disdukcapil
        address: Jl. Contoh No. 1
        hours: Senin-Jumat 08.00-15.00
        contacts:
          - {kind: phone, name: Telepon kantor, value: null, verified: true}
        verified: true
  - id: dishub
    name: Dinas Perhubungan
    short_name: Dishub
services:
  - id: ktp_el_hilang
    opd: disdukcapil
    name: Penggantian KTP-el hilang
    kind: permohonan
    sensitivity: sedang
    purpose: Mencetak ulang KTP-el yang hilang.
    requirements:
      - Surat keterangan kehilangan dari kepolisian
      - KK
    steps:
      - Buat surat kehilangan
      - 'Unggah: surat kehilangan dan KK'
    fee: {amount: 0}
    processing_time: {working_days: 3, text: 1-3 hari kerja bila blangko ada}
    output: KTP-el pengganti
    eligibility: Penduduk kota
    channels:
      - {kind: app, name: Salaman, verified: false}
    note: |-
      Bawa identitas lain.
      Tidak dapat diwakilkan.
    legal_basis: [UU 24/2013]
    form_fields:
      - {key: nik, label: NIK, type: nik, required: true, pii: umum_tinggi}
    synonyms: [ktp ilang, kehilangan ktp, ktp leungit]
    related: [lapor_pju]
    evidence:
      basis: partly
      sources: [s_satu]
      checked_on: 2026-03-31
      unverified: [hours, fee]
      to_verify: [denda masih berlaku atau tidak]
  - id: lapor_pju
    opd: dishub
    name: Lapor lampu jalan (PJU) mati
    kind: pengaduan
    sensitivity: rendah
    purpose: Melaporkan lampu penerangan jalan yang padam atau rusak.
    synonyms: [lampu jalan mati, pju padam, jalan gelap]
    evidence: {basis: general}
life_events:
  - id: kehilangan_dompet
    name: Kehilangan dompet
    intro: Urus berurutan
    services: [ktp_el_hilang]
    synonyms: [dompet hilang, kecopetan]
out_of_scope:
  - id: sim
    topic: SIM, STNK, tilang
    owner: Polri
    route: 110
    keywords: [sim, stnk, tilang, bayar tilang]
    verified: false
  - id: paspor
    topic: Paspor
    owner: Imigrasi
    route: M-Paspor
    keywords: [paspor]
    verified: true
sources:
  - id: s_satu
    title: Laman contoh
    url: https://example.org/satu
"""


@pytest.fixture(scope="session")
def small() -> Catalogue:
    """Two services, two OPD, one of nearly everything."""
    return parse_city_file(SMALL.encode(), "uji.yml")


@pytest.fixture(scope="session")
def small_text() -> str:
    return SMALL


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database of this session's own, dropped at its end; skipped where no server listens."""
    name = f"catalogue_test_{os.getpid()}"
    try:
        asyncio.run(administer(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"))
    except OSError as error:
        assert "CI" not in os.environ, "CI runs PostgreSQL; without it half of these tests would be left out"
        pytest.skip(f"no PostgreSQL at 127.0.0.1:5432 ({error})")
    yield f"{SERVER}/{name}"
    asyncio.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def run_empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run[Any]]:
    """Runs work in one transaction on an empty database; SQLite holds foreign keys as the bot's does."""
    if request.param == "postgresql":
        run = run_on_postgres(request.getfixturevalue("postgres_url"))
        run(empty_postgres)
        yield run
        return
    engine = create_engine(f"sqlite:///{tmp_path}/catalogue.db")
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys=ON"))

    def run_on_sqlite(work: Callable[[Connection], T]) -> T:
        with engine.begin() as connection:
            return work(connection)

    yield run_on_sqlite
    engine.dispose()


@pytest.fixture
def run(run_empty: Run[Any]) -> Run[Any]:
    """Runs work in one transaction on a migrated, empty database."""
    run_empty(upgrade)
    return run_empty
