"""`nirtatap catalogue`: load, export, compare and check a city's file.

Messages are Indonesian: the readers are editors in the city's agencies.
"""

from __future__ import annotations

import datetime as dt
import getpass
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, NoReturn, Protocol, TypeVar

import typer
from sqlalchemy import Connection

from service_catalog import checks, diff, store
from service_catalog.city_file import CityFileError, read_city_file, write_city_file
from service_catalog.facts import Catalogue

T = TypeVar("T")


class RunInDatabase(Protocol):
    """Runs work in one transaction on the configured database, after its migrations."""

    def __call__(self, work: Callable[[Connection], T], /) -> T: ...


def _configured(work: Callable[[Connection], T], /) -> T:
    # Imported only when a command needs the database: `check` must work without one.
    from nirtatap.wiring import run_in_database  # noqa: PLC0415

    return run_in_database(work)


CityFile = Annotated[Path, typer.Argument(metavar="BERKAS", help="Berkas kota (YAML).")]


def catalogue_app(run_in_database: RunInDatabase = _configured) -> typer.Typer:
    """The command group; `run_in_database` is what its commands reach the database through."""
    app = typer.Typer(
        name="catalogue",
        help="Katalog layanan kota: muat, ekspor, bandingkan, periksa.",
        no_args_is_help=True,
    )

    @app.command()
    def load(
        file: CityFile,
        author: Annotated[str | None, typer.Option(metavar="NAMA", help="Siapa yang menayangkan.")] = None,
        reason: Annotated[str, typer.Option(metavar="TEKS", help="Alasan perubahan.")] = "",
    ) -> None:
        """Tayangkan berkas kota; bila ada kesalahan, tidak ada yang berubah."""
        catalogue = _read(file)
        who = author or getpass.getuser()
        why = reason or f"memuat {file.name}"

        def work(connection: Connection) -> tuple[Catalogue | None, int]:
            before = store.load(connection)
            return before, store.save(connection, catalogue, author=who, reason=why)

        before, version = run_in_database(work)
        if before is not None and before.version == version:
            typer.echo(f"Tidak ada perubahan; tetap versi {version}.")
            return
        counts = diff.count(diff.compare(before, catalogue))
        typer.echo(f"Versi {version} tayang: {counts}. {_sizes(catalogue)}.")

    @app.command()
    def export(
        file: Annotated[Path | None, typer.Argument(metavar="[BERKAS]", help="Tujuan; tanpa ini ke layar.")] = None,
    ) -> None:
        """Tulis katalog yang sedang tayang sebagai berkas kota."""
        catalogue = run_in_database(store.load)
        if catalogue is None:
            _fail("Belum ada katalog di basis data; muat dulu dengan: nirtatap catalogue load BERKAS")
        text = write_city_file(catalogue)
        if file is None:
            typer.echo(text, nl=False)
            return
        try:
            _write(file, text)
        except OSError as error:
            _fail(f"{file.name} tidak dapat ditulis: {error.strerror or error}")
        typer.echo(f"Versi {catalogue.version} ditulis ke {file}.")

    @app.command(name="diff")
    def show_differences(file: CityFile) -> None:
        """Tampilkan beda berkas dengan katalog yang sedang tayang."""
        catalogue = _read(file)
        stored = run_in_database(store.load)
        changes = diff.compare(stored, catalogue)
        for change in changes:
            typer.echo(diff.describe(change))
        if not changes:
            typer.echo("Tidak ada perbedaan.")
            return
        against = f"versi {stored.version}" if stored else "basis data yang masih kosong"
        typer.echo(f"Dibanding {against}: {diff.count(changes)}.")

    app.command()(check)
    return app


def check(files: Annotated[list[Path], typer.Argument(metavar="BERKAS...", help="Berkas kota.")]) -> None:
    """Periksa berkas kota: kesalahan (keluar dengan kode 1) dan catatan untuk penyunting."""
    broken = False
    for file in files:
        try:
            catalogue = read_city_file(file)
        except CityFileError as error:
            broken = True
            typer.echo(str(error), err=True)
            typer.echo(f"{file.name}: {len(error.problems)} kesalahan.")
            continue
        today = dt.datetime.now(zoneinfo.ZoneInfo(catalogue.city.timezone)).date()
        remarks = checks.check(catalogue, today=today)
        for remark in remarks:
            typer.echo(f"{file.name}: {remark}")
        typer.echo(f"{file.name}: {_sizes(catalogue)}. 0 kesalahan, {len(remarks)} catatan.")
    if broken:
        raise typer.Exit(1)


def _read(file: Path) -> Catalogue:
    try:
        return read_city_file(file)
    except CityFileError as error:
        typer.echo(str(error), err=True)
        _fail(f"{file.name}: {len(error.problems)} kesalahan; tidak ada yang diubah.")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)


def _sizes(catalogue: Catalogue) -> str:
    synonyms = sum(len(service.synonyms) for service in catalogue.services)
    to_verify = sum(len(service.evidence.to_verify) for service in catalogue.services)
    return (
        f"{catalogue.city.name}: {len(catalogue.services)} layanan, {len(catalogue.opds)} OPD, "
        f"{synonyms} sinonim, {len(catalogue.life_events)} peristiwa hidup, "
        f"{len(catalogue.out_of_scope)} rute luar layanan, {len(catalogue.sources)} sumber, "
        f"{to_verify} hal perlu dipastikan"
    )


def _write(file: Path, text: str) -> None:
    """Put the whole text in place or nothing: a full disk must not leave half a catalogue."""
    with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False, suffix=".tmp") as draft:
        path = Path(draft.name)
        try:
            draft.write(text)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    # A temporary file is readable by its owner alone; the city's file is no secret.
    path.chmod(0o644)
    path.replace(file)


app = catalogue_app()
"""The group as `nirtatap.cli` adds it."""
