"""`nirtatap evaluate`: measure a model, beside the live one and stock Rasa, and write the report."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from actions.understanding import from_rasa, shield
from actions.vocabulary import ABOUT_A_SERVICE
from bot.settings import Settings, load_settings
from nirtatap.model import EVALUATION_SET, TrainingError, live_path, models_folder, parsed, progress_bar
from nirtatap.project import STOCK_PIPELINE
from nirtatap.wiring import CITIES, ROOT
from nlu.trainer import calibration, evaluation, golden, ledger, page, registry, scores, stock, text
from nlu.trainer import train as training
from nlu.trainer.evaluation import Context, Side
from nlu.trainer.reader import ModelUnusable, Reader
from service_catalog import city_file

BUILD = ROOT / "build" / "evaluation"


def understand(model: Path, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the product makes of each message with this model: as `nirtatap parse` says it."""
    try:
        with Reader(model, ROOT) as reader:
            return [parsed(from_rasa(reader.parse(shield(row["text"])), row["text"])) for row in rows]
    except ModelUnusable as error:
        raise TrainingError(str(error)) from error


def labelled(path: Path) -> list[dict[str, Any]]:
    try:
        return golden.read(path)
    except golden.SetUnusable as error:
        raise TrainingError(str(error)) from error


def assess(
    settings: Settings, model: Path, messages: Path = EVALUATION_SET, stock_epochs: int | None = None
) -> dict[str, Any]:
    """The whole report on a model, beside the live one where that is another; also written to build/evaluation."""
    live = live_path(settings)
    rows, questions = labelled(messages), labelled(ROOT / golden.FILE)
    stock_side = _stock(rows, stock_epochs) if stock_epochs is not None else None
    results = understand(model, [*rows, *questions])
    side = Side(_name(model), scores.judge_all(rows, results[: len(rows)]))
    other = None
    if live.is_file() and registry.file_hash(live) != registry.file_hash(model):
        try:
            other = Side(_name(live), scores.judge_all(rows, understand(live, rows)))
        except TrainingError as error:
            # A live model whose components have changed since must not stand in the way of a new one.
            print(f"==> Tidak dibandingkan dengan model yang dipakai: {error}", file=sys.stderr)
    city = city_file.read_city_file(CITIES / f"{settings.city}.yml")
    context = Context(
        opd_of={service.id: service.opd for service in city.services},
        about_a_service=frozenset(ABOUT_A_SERVICE),
        thresholds=calibration.thresholds_of(registry.metadata(model)),
    )
    judged_golden = scores.judge_all(questions, results[len(rows) :])
    report = evaluation.evaluate(side, context, judged_golden, other, stock_side)
    report["set"] = messages.name
    registry.write_atomically(BUILD / "report.json", json.dumps(report, ensure_ascii=False, indent=1).encode())
    registry.write_atomically(BUILD / "report.html", page.render(report).encode())
    return report


def _name(model: Path) -> str:
    manifest = registry.Manifest.read(registry.manifest_path(model))
    return manifest.model if manifest else model.name


def _stock(rows: Sequence[dict[str, Any]], epochs: int) -> Side:
    folder = stock.prepare(ROOT, BUILD, STOCK_PIPELINE, epochs)
    print(
        f"==> Rasa bawaan (DIET, {epochs} epoch): dua pelatihan, BANYAK MENIT, sekali per data latih", file=sys.stderr
    )
    try:
        with progress_bar() as line:
            models = stock.train_missing(ROOT, folder, line)
        results = stock.read(ROOT, models, [shield(row["text"]) for row in rows])
    except (training.TrainingFailed, ModelUnusable) as error:
        raise TrainingError(f"Pembanding Rasa bawaan gagal. Kata Rasa:\n{error}") from error
    return Side(f"DIET, {epochs} epoch, data latih yang sama", scores.judge_all(rows, results))


def evaluate(
    messages: Annotated[Path, typer.Option("--set", help="Pesan berlabel (JSON per baris).")] = EVALUATION_SET,
    model: Annotated[
        Path | None, typer.Option(help="Berkas model; bawaannya kandidat yang menunggu, atau model yang dipakai.")
    ] = None,
    failures: Annotated[bool, typer.Option(help="Tampilkan juga semua pesan yang salah dipahami.")] = False,
    beside_stock: Annotated[
        bool, typer.Option("--stock", help="Bandingkan dengan Rasa bawaan (DIET); pelatihannya banyak menit.")
    ] = False,
    stock_epochs: Annotated[int, typer.Option(min=1, help="Epoch pelatihan Rasa bawaan.")] = 100,
) -> None:
    """Ukur model pada pesan berlabel yang tidak pernah dilatihkan.

    Kandidat dibandingkan dengan model yang dipakai. Hasil lengkap: build/evaluation/report.html
    (satu halaman, dapat dikirim) dan report.json.
    """
    settings = load_settings()
    path = model or ledger.candidate(models_folder(settings)) or live_path(settings)
    report = assess(settings, path, messages, stock_epochs if beside_stock else None)
    print(text.render(report, failures=failures))
    print(f"\nHalaman: {(BUILD / 'report.html').relative_to(ROOT)}")
