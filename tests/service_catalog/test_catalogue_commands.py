from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner

from nirtatap.catalogue import catalogue_app
from service_catalog import store
from service_catalog.city_file import read_city_file
from service_catalog.facts import Catalogue

Run = Callable[[Callable[[Connection], Any]], Any]


@pytest.fixture
def city(tmp_path: Path, small_text: str) -> Path:
    path = tmp_path / "uji.yml"
    path.write_text(small_text, encoding="utf-8")
    return path


@pytest.fixture
def command(run: Run) -> Callable[..., Any]:
    app = catalogue_app(run)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def break_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = text.replace("kind: pengaduan", "kind: aduan").replace("opd: dishub", "opd: x")
    path.write_text(text, encoding="utf-8")


def test_load_export_and_diff(command: Callable[..., Any], run: Run, city: Path, tmp_path: Path) -> None:
    result = command("load", city, "--author", "Sari", "--reason", "muat pertama")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Versi 1 tayang: 9 ditambah")
    (entry,) = run(store.history)
    assert (entry.author, entry.reason) == ("Sari", "muat pertama")

    assert command("load", city).output == "Tidak ada perubahan; tetap versi 1.\n"
    assert command("diff", city).output == "Tidak ada perbedaan.\n"

    target = tmp_path / "keluar.yml"
    assert command("export", target).output.startswith("Versi 1 ditulis ke ")
    assert read_city_file(target) == read_city_file(city)
    assert command("export").output == target.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.glob("*.tmp")) == []

    city.write_text(city.read_text(encoding="utf-8").replace("amount: 0", "amount: 25000"), encoding="utf-8")
    result = command("diff", city)
    assert result.exit_code == 0
    assert result.output == (
        "~ layanan ktp_el_hilang › biaya › jumlah: 0 → 25000\nDibanding versi 1: 0 ditambah, 0 dihapus, 1 diubah.\n"
    )
    assert command("load", city).output.startswith("Versi 2 tayang: 0 ditambah, 0 dihapus, 1 diubah. ")
    assert run(store.history)[0].reason == "memuat uji.yml"


def test_a_broken_file_prints_every_error_and_changes_nothing(
    command: Callable[..., Any], run: Run, city: Path, small: Catalogue
) -> None:
    command("load", city)
    break_file(city)
    for name in ("load", "diff", "check"):
        result = command(name, city)
        assert result.exit_code == 1
        assert "layanan lapor_pju: kind: 'aduan' tidak dikenal" in result.output
        assert "layanan lapor_pju: opd: OPD 'x' tidak ada" in result.output
        assert "2 kesalahan" in result.output
    assert run(store.load) == small
    assert run(store.version) == 1


def test_check_needs_no_database_and_counts(city: Path, tmp_path: Path) -> None:
    def unreachable(_work: Any) -> Any:
        raise AssertionError("check must not open a database")

    runner = CliRunner()
    result = runner.invoke(catalogue_app(unreachable), ["check", str(city)])
    assert result.exit_code == 0
    assert "uji.yml: OPD dishub: belum punya kontak" in result.output
    assert "Kota Uji: 2 layanan, 2 OPD, 6 sinonim" in result.output
    assert result.output.endswith("0 kesalahan, 1 catatan.\n")

    result = runner.invoke(catalogue_app(unreachable), ["check", str(city), str(tmp_path / "tiada.yml")])
    assert result.exit_code == 1
    assert "tiada.yml:1: berkas tidak dapat dibuka" in result.output
    assert "2 layanan" in result.output


def test_before_the_first_load(command: Callable[..., Any], city: Path) -> None:
    result = command("export")
    assert result.exit_code == 1
    assert "Belum ada katalog" in result.output
    assert "Dibanding basis data yang masih kosong: 9 ditambah" in command("diff", city).output


def test_a_target_that_cannot_be_written(command: Callable[..., Any], city: Path, tmp_path: Path) -> None:
    command("load", city)
    result = command("export", tmp_path / "tiada" / "keluar.yml")
    assert result.exit_code == 1
    assert "keluar.yml tidak dapat ditulis" in result.output
