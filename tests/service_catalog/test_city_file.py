from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from catalogue_strategies import catalogues
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service_catalog import yaml_nodes
from service_catalog.city_file import CityFileError, parse_city_file, read_city_file, write_city_file
from service_catalog.facts import Catalogue, Fee, ProcessingTime


def errors_of(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(CityFileError) as caught:
        parse_city_file(data, "uji.yml")
    return [str(problem) for problem in caught.value.problems]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_reads_every_kind_of_value(small: Catalogue) -> None:
    service = small.service("ktp_el_hilang")
    assert service is not None
    assert service.steps[1] == "Unggah: surat kehilangan dan KK"
    assert service.fee == Fee(0, None)
    assert service.note == "Bawa identitas lain.\nTidak dapat diwakilkan."
    assert service.evidence.checked_on is not None
    assert service.evidence.checked_on.isoformat() == "2026-03-31"
    assert small.city.terms == (("kelurahan", "gampong"),)
    assert small.opds[0].offices[0].contacts[0].value is None
    assert small.opds[0].contacts[0].value == "0812-0000-0000"
    assert small.out_of_scope[0].route == "110"


def test_keys_that_say_nothing_may_be_left_out(small: Catalogue) -> None:
    service = small.service("lapor_pju")
    assert service is not None
    assert (service.fee, service.processing_time) == (Fee(None, None), ProcessingTime(None, None))
    assert (service.requirements, service.note, service.evidence.checked_on) == ((), None, None)


def test_written_words_are_not_turned_into_other_types(small_text: str) -> None:
    text = small_text.replace("courtesy: Kak", "courtesy: No").replace("short_name: Dishub", "short_name: 0012")
    catalogue = parse_city_file(text.encode(), "uji.yml")
    assert catalogue.city.courtesy == "No"
    assert catalogue.opds[1].short_name == "0012"


def test_writes_canonical_text_that_reads_back(small: Catalogue) -> None:
    text = write_city_file(small)
    assert parse_city_file(text.encode(), "uji.yml") == small
    assert write_city_file(parse_city_file(text.encode(), "uji.yml")) == text
    assert text.startswith("# Katalog layanan Kota Uji")
    assert "null" not in text


@given(catalogues())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_catalogue_survives_the_file(catalogue: Catalogue) -> None:
    text = write_city_file(catalogue)
    assert parse_city_file(text.encode(), "uji.yml") == catalogue
    yaml.safe_load(text)  # other programs can read it too


BROKEN = [
    # what is replaced, by what, the part whose line is named, the message
    ("kind: permohonan", "kind: permohonn", None, r"layanan ktp_el_hilang: kind: 'permohonn' tidak dikenal "
     r"\(maksudnya 'permohonan'\?\); pilihannya: permohonan, pengaduan,"),
    ("sensitivity: rendah", "sensitivity: xyz", None, r"layanan lapor_pju: sensitivity: 'xyz' tidak dikenal; pilih"),
    ("{amount: 0}", "{amount: -5}", None, r"layanan ktp_el_hilang: fee.amount: tidak boleh negatif; tertulis -5"),
    ("{amount: 0}", "{amount: 25.000}", None, r"fee.amount: harus bilangan bulat tanpa titik.* '25.000'"),
    ("{amount: 0}", "{amount: 9999999999999}", None, r"fee.amount: terlalu besar"),
    ("working_days: 3", "working_days: -1", None, r"processing_time.working_days: tidak boleh negatif"),
    ("2026-03-31", "31-03-2026", None, r"evidence.checked_on: harus tanggal .*'31-03-2026'"),
    ("2026-03-31", "2026-02-30", None, r"evidence.checked_on: harus tanggal yang ada"),
    ("2026-03-31", "20260331", None, r"evidence.checked_on: harus tanggal"),
    ("purpose: Mencetak ulang KTP-el yang hilang.", "purpose: ''", None, r"purpose: kosong, padahal harus diisi"),
    ("purpose: Mencetak ulang KTP-el yang hilang.", "purpose:", None, r"purpose: kosong"),
    ("purpose: Mencetak ulang KTP-el yang hilang.", "purpose: '  '", None, r"purpose: kosong"),
    ("opd: dishub", "opd: disub", None, r"layanan lapor_pju: opd: OPD 'disub' tidak ada .*\(maksudnya 'dishub'\?\)"),
    ("related: [lapor_pju]", "related: [lapor_p]", None, r"related\[1\]: layanan 'lapor_p' tidak ada"),
    ("sources: [s_satu]", "sources: [s_dua]", None, r"evidence.sources\[1\]: sumber 's_dua' tidak ada"),
    ("services: [ktp_el_hilang]", "services: [x]", None, r"peristiwa hidup kehilangan_dompet: services\[1\]: layanan"),
    ("top_services: [ktp_el_hilang]", "top_services: [x]", None, r"kota: top_services\[1\]: layanan 'x' tidak ada"),
    ("id: lapor_pju", "id: ktp_el_hilang", None, r"id 'ktp_el_hilang' dipakai dua kali \(sudah ada di baris \d+\)"),
    ("id: paspor", "id: sim", None, r"rute luar layanan sim: id: id 'sim' dipakai dua kali"),
    ("id: lapor_pju", "id: Lapor PJU", None, r"id 'Lapor PJU' hanya boleh huruf kecil"),
    ("timezone: Asia/Jakarta", "timezone: Asia/Jakrta", None, r"kota: timezone: .*'Asia/Jakrta'.*maksudnya 'Asia/Jak"),
    ("timezone: Asia/Jakarta", "timezone: ../../etc/passwd", None, r"kota: timezone: zona waktu"),
    ("bot_name: Tatap", "bot_nama: Tatap", None, r"kota: kunci 'bot_nama' tidak dikenal \(maksudnya 'bot_name'\?\)"),
    ("  bot_name: Tatap\n", "", "  id: kota_uji", r"kota: kunci wajib 'bot_name' belum ditulis"),
    ("kind: whatsapp", "kind: wa", None, r"OPD disdukcapil: contacts\[1\].kind: 'wa' tidak dikenal"),
    ("value: null, verified: true", "value: null, verified: benar", None, r"verified: harus true atau false"),
    ("- KK\n", "- KK: fotokopi\n", None, r"requirements\[2\]: harus berupa satu teks, bukan pasangan.*kutip"),
    ("- KK\n", "- [KK]\n", None, r"requirements\[2\]: harus berupa satu teks, bukan daftar"),
    ("- KK\n", "-\n", "      -\n", r"requirements\[2\]: kosong"),
    ("synonyms: [lampu jalan mati, pju padam, jalan gelap]", "synonyms: lampu", None, r"synonyms: harus berupa daftar"),
    ("evidence: {basis: general}", "evidence: umum", None, r"evidence: harus berupa pasangan kunci dan isi \(basis"),
    ("    kelurahan: gampong", "    - gampong", None, r"kota: terms: harus berupa pasangan"),
    ("output: KTP-el pengganti", 'output: "KTP\\x07"', None, r"output: memuat karakter kendali"),
    ("url: https://example.org/satu", "url: example.org", None, r"sumber s_satu: url: tautan harus diawali http"),
    ("    eligibility: Penduduk kota", "    output: dua", None, r"kunci 'output' ditulis dua kali \(sudah ada"),
    ("sources:\n  - id", "sumber:\n  - id", "sumber:\n", r"kunci 'sumber' tidak dikenal; kunci yang dikenal: city"),
    ("unverified: [hours, fee]", "unverified: [jam]", None, r"unverified\[1\]: 'jam' tidak dikenal.*requirements"),
    ("- {key: nik,", "- {key: nik, label: a, type: a, required: true, pii: a}\n      - {key: nik,",
     "      - {key: nik, label: NIK", r"layanan ktp_el_hilang: form_fields: key 'nik' dipakai dua kali"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "message"), BROKEN)
def test_names_the_line_and_the_fault(small_text: str, old: str, new: str, at: str | None, message: str) -> None:
    assert old in small_text
    # The last occurrence, so that `id: sim`-like texts hit the entry and not its mention.
    head, _, tail = small_text.rpartition(old)
    text = f"{head}{new}{tail}"
    line = line_of(text, at) if at else f"{head}{new.rstrip()}".count("\n") + 1
    found = errors_of(text)
    assert any(re.fullmatch(rf"uji\.yml:{line}: .*{message}.*", error) for error in found), (line, found)


def test_tells_every_error_at_once_in_the_order_of_lines(small_text: str) -> None:
    text = small_text
    for old, new in (("courtesy: Kak", "courtesy:"), ("kind: app", "kind: apk"), ("opd: dishub", "opd: x")):
        text = text.replace(old, new)
    found = errors_of(text)
    assert len(found) == 3
    lines = [int(error.split(":")[1]) for error in found]
    assert lines == sorted(lines)


def test_a_file_wrong_throughout_is_summed_up() -> None:
    text = "services:\n" + "  - {id: A}\n" * 500
    found = errors_of(text)
    assert len(found) == 201
    assert "kesalahan lain" in found[-1]


HOSTILE = [
    (b"", 1, "berkas kosong"),
    (b"  \n\n", 1, "berkas kosong"),
    (b"# hanya komentar\n", 1, "berkas kosong"),
    (b"\x00\x01\x02", 1, "karakter kendali"),
    (b"city:\n  id: \xff\xfe\n", 2, "bukan teks UTF-8"),
    ("city:\n".encode("utf-16"), 1, "bukan teks UTF-8"),
    (b"a" * (yaml_nodes.MAX_BYTES + 1), 1, "terlalu besar"),
    (b"[" * 100_000, 1, "bersarang terlalu dalam"),
    (b"- [" + b"x," * (yaml_nodes.MAX_NODES + 1) + b"]", 1, "terlalu banyak"),
    (b"a: &a [x]\nb: [*a, *a]\n", 2, "alias '\\*a' tidak boleh"),
    (b"city: {id: a\n", 2, "YAML tidak terbaca"),
    (b"city:\n  name: a: b\n", 2, "ada ':' di dalam teks"),
    (b"city:\n\tid: a\n", 2, "YAML tidak terbaca"),
    (b"city: 'a\n", 2, "tanda kutip"),
    (b"--- {}\n--- {}\n", 2, "satu dokumen"),
    (b"- a\n", 1, "harus berupa pasangan kunci"),
    (b"teks biasa\n", 1, "harus berupa pasangan kunci"),
    (b"? [a]\n: b\n", 1, "nama kunci harus berupa teks"),
    (b"<<: {}\n", 1, "tidak dikenal"),
    (b"city: !!python/object/apply:os.system [ls]\n", 1, "kota: harus berupa pasangan"),
]


@pytest.mark.parametrize(("data", "line", "message"), HOSTILE, ids=[message for _, _, message in HOSTILE])
def test_hostile_files_get_a_clear_error(data: bytes, line: int, message: str) -> None:
    found = errors_of(data)
    assert any(re.match(rf"uji\.yml:{line}: .*{message}", error) for error in found), found[:5]


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
@settings(max_examples=200, deadline=None)
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with pytest.raises(CityFileError):
        parse_city_file(data, "uji.yml")


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_gives_a_catalogue_or_a_clear_error(small_text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(small_text)))
    end = data.draw(st.integers(start, min(len(small_text), start + 30)))
    text = small_text[:start] + data.draw(st.text(max_size=5)) + small_text[end:]
    try:
        catalogue = parse_city_file(text.encode("utf-8", "replace"), "uji.yml")
    except CityFileError as error:
        assert all(re.match(r"uji\.yml:\d+: \S", str(problem)) for problem in error.problems)
    else:
        assert parse_city_file(write_city_file(catalogue).encode(), "uji.yml") == catalogue


def test_reads_from_disk_and_says_when_it_cannot(tmp_path: Path, small: Catalogue, small_text: str) -> None:
    path = tmp_path / "kota.yml"
    path.write_text("\ufeff" + small_text.replace("\n", "\r\n"), encoding="utf-8")
    assert read_city_file(path) == small
    for absent in (tmp_path / "tiada.yml", tmp_path):
        with pytest.raises(CityFileError, match="berkas tidak dapat dibuka"):
            read_city_file(absent)
