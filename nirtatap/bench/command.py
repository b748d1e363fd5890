"""The command `nirtatap bench`; alone it is `nirtatap bench speed`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from nirtatap.wiring import ROOT

DEFAULT = "speed"


class _SpeedByDefault(TyperGroup):
    """`nirtatap bench --no-stock` means `nirtatap bench speed --no-stock`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h")):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_SpeedByDefault,
    help="Ukur kecepatan dan memori di mesin ini. Tanpa perintah lain: speed.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    """Ukur kecepatan dan memori di mesin ini. Tanpa perintah lain: speed."""


@app.command()
def speed(
    stock: Annotated[
        bool, typer.Option(help="Ukur juga Rasa bawaan (DIET) sebagai pembanding; pelatihannya lama.")
    ] = True,
    stock_epochs: Annotated[int, typer.Option(min=1, help="Epoch pelatihan Rasa bawaan.")] = 100,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Latih lagi Rasa bawaan walau modelnya sudah tersimpan.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=0.5, help="Lama mengukur tiap sel.")] = 6.0,
    warm_up: Annotated[float, typer.Option(min=0.0, help="Pemanasan sebelum tiap sel.")] = 2.0,
    rounds: Annotated[int, typer.Option(min=1, help="Berapa kali semua sel diukur.")] = 1,
    residents: Annotated[str, typer.Option(help="Banyaknya warga yang bertanya bersamaan.")] = "1,16,64",
    database_url: Annotated[
        str | None,
        typer.Option(help="Server PostgreSQL (boleh membuat basis data); bawaannya SQLite sementara."),
    ] = None,
) -> None:
    """NLU saja, web chat, Telegram, dan Rasa bawaan, dengan 1, 16, dan 64 warga sekaligus.

    Sekitar tiga menit; pelatihan Rasa bawaan (sekali per data latih) menambah banyak menit.
    Hasil: tabel di layar, build/bench/speed.json, dan build/bench/speed.md.
    """
    # Only here: the rest of `nirtatap` must not need what only the benchmark needs.
    from nirtatap.bench import report  # noqa: PLC0415
    from nirtatap.bench import speed as runner  # noqa: PLC0415
    from nirtatap.bench.processes import BenchError  # noqa: PLC0415
    from nirtatap.bench.result import Plan  # noqa: PLC0415

    try:
        crowd = tuple(sorted({int(number) for number in residents.split(",")}))
    except ValueError:
        crowd = ()
    if not crowd or crowd[0] < 1:
        raise BenchError(f"--residents {residents}: tulis bilangan seperti 1,16,64")
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, _end)
    console = Console()
    plan = Plan(
        residents=crowd,
        seconds=seconds,
        warm_up=warm_up,
        rounds=rounds,
        with_stock=stock,
        stock_epochs=stock_epochs,
        retrain=retrain,
        database_url=database_url,
        folder=ROOT / "build" / "bench",
    )
    result = runner.run(plan, lambda line: print(f"==> {line}", file=sys.stderr, flush=True))
    report.show(result, console)
    data, page = report.write(result, plan.folder)
    console.print(f"Hasil: {data.relative_to(ROOT)}, {page.relative_to(ROOT)}", highlight=False)


@app.command()
def massive(
    data: Annotated[Path, typer.Option("--data", help="Folder berisi train.tsv, dev.tsv, test.tsv (MASSIVE id-ID).")],
) -> None:
    """Latih bagian intent pipeline kita pada MASSIVE (patokan umum), lalu ukur ketepatannya.

    Konfigurasinya config.yml tanpa bagian layanan. Hasil: tabel di layar dan build/bench/massive.json.
    """
    from nirtatap.bench import massive as yardstick  # noqa: PLC0415
    from nirtatap.model import progress_bar  # noqa: PLC0415

    signal.signal(signal.SIGTERM, _end)
    folder = ROOT / "build" / "bench"
    with progress_bar() as line:
        outcome = yardstick.run(ROOT, data.resolve(), folder, line("MASSIVE"))
    console = Console()
    yardstick.show(outcome, console)
    yardstick.save(outcome, folder / "massive.json")
    console.print("Hasil: build/bench/massive.json", highlight=False)


def _end(number: int, _frame: FrameType | None) -> None:
    """SIGTERM as an exception, so that every process started is ended first."""
    raise SystemExit(128 + number)
