"""`nirtatap train`, `parse`, `evaluate` and `check-data`: the trainers' command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from actions.turn import Understanding
from actions.understanding import from_rasa, shield
from bot.errors import NirtatapError
from bot.settings import Settings, load_settings
from nirtatap.wiring import ROOT, prepare
from nlu.trainer import check, registry, scores
from nlu.trainer import train as training
from nlu.trainer.reader import ModelUnusable, Reader
from service_catalog.facts import Catalogue

MODELS = ROOT / "models"
EVALUATION_SET = ROOT / "nlu" / "evaluation" / "messages.jsonl"


class TrainingError(NirtatapError):
    pass


def live_path(settings: Settings) -> Path:
    return settings.model_path if settings.model_path.is_absolute() else ROOT / settings.model_path


def ensure_model(settings: Settings, catalogue: Catalogue, *, force: bool = False) -> None:
    """Train and make live where data, pipeline or catalogue words changed since the live model.

    Raises:
        TrainingError: the data or the training has a fault; the live model stays as it is.
    """
    training.write_catalogue_words(catalogue, ROOT)
    live = live_path(settings)
    if not force and training.is_current(live, ROOT):
        return
    problems = check.errors(ROOT, catalogue)
    if problems:
        raise TrainingError("Data latih belum benar:\n  " + "\n  ".join(problems[:20]))
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("==> Melatih model:"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}% {task.description}"),
        TimeElapsedColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task("", total=1.0)
        try:
            model = training.train(
                catalogue,
                ROOT,
                MODELS,
                lambda share, what: bar.update(task, completed=share, description=what),
            )
        except training.TrainingFailed as error:
            raise TrainingError(f"Pelatihan gagal. Kata Rasa:\n{error}") from error
    registry.make_live(model, live)
    manifest = registry.Manifest.read(registry.manifest_path(live))
    assert manifest is not None
    console.print(
        f"==> Model {manifest.model}: {manifest.examples} contoh, {manifest.seconds:.0f} detik, "
        f"{live.stat().st_size / 1e6:.1f} MB",
        highlight=False,
    )


def train(
    if_changed: Annotated[
        bool, typer.Option("--if-changed", help="Hanya bila data, config.yml, atau katalog berubah.")
    ] = False,
) -> None:
    """Latih model dari nlu/data dan kata-kata katalog, lalu jadikan model yang dipakai."""
    settings = load_settings()
    catalogue = prepare(settings)
    ensure_model(settings, catalogue, force=not if_changed)


def _messages(lines: Iterator[str]) -> Iterator[tuple[str | None, str]]:
    """(text, error) of each non-empty line."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            text = json.loads(line)["text"]
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            yield None, f'baris {number}: perlu objek JSON {{"text": "…"}}'
        else:
            yield text, ""


def parsed(understanding: Understanding) -> dict[str, Any]:
    """The fixed shape of one answer of `nirtatap parse`."""
    return {
        "text": understanding.text,
        "acts": [{"name": r.name, "confidence": r.confidence} for r in understanding.acts],
        "services": [{"id": r.name, "confidence": r.confidence} for r in understanding.services],
        "opd": [{"id": r.name, "confidence": r.confidence} for r in understanding.opd],
        "decision": understanding.decision,
    }


def parse(
    model: Annotated[Path | None, typer.Option(help="Berkas model; bawaannya model yang dipakai.")] = None,
) -> None:
    """Baca pesan dari stdin (satu objek JSON {"text": …} sebaris), tulis pemahamannya sebaris-sebaris.

    acts: apa yang diminta, menurut ActClassifier di config.yml; yang pertama paling mungkin.
    Keyakinan tiap tindak berdiri sendiri (0,5 ke atas pada yang kedua dan seterusnya berarti
    ikut ditanyakan).

    services, opd: tentang layanan atau OPD apa, menurut ServiceResolver; daftar kosong bila
    tidak ada yang dimaksud.

    decision: safety bila pola bahaya tetap cocok atau tindaknya darurat/krisis dengan keyakinan
    cukup; answer bila yang terlemah dari tindak dan layanan melewati ambang "answer" di
    config.yml; clarify bila melewati ambang "clarify"; selain itu fallback.
    """
    path = model or live_path(load_settings())
    failed = False
    try:
        with Reader(path, ROOT) as reader:
            for text, error in _messages(sys.stdin):
                if text is None:
                    failed = True
                    empty = parsed(Understanding(text=""))
                    print(json.dumps({**empty, "text": None, "error": error}, ensure_ascii=False), flush=True)
                    continue
                understanding = from_rasa(reader.parse(shield(text)), text)
                print(json.dumps(parsed(understanding), ensure_ascii=False), flush=True)
    except ModelUnusable as error:
        raise TrainingError(str(error)) from error
    if failed:
        raise typer.Exit(1)


def evaluate(
    messages: Annotated[Path, typer.Option("--set", help="Pesan berlabel (JSON per baris).")] = EVALUATION_SET,
    model: Annotated[Path | None, typer.Option(help="Berkas model; bawaannya model yang dipakai.")] = None,
    failures: Annotated[bool, typer.Option(help="Tampilkan juga pesan yang salah dipahami.")] = False,
) -> None:
    """Ukur model pada pesan berlabel yang tidak pernah dilatihkan."""
    path = model or live_path(load_settings())
    rows = [json.loads(line) for line in messages.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not rows:
        raise TrainingError(f"{messages} tidak memuat pesan.")
    with Reader(path, ROOT) as reader:
        results = [parsed(from_rasa(reader.parse(shield(row["text"])), row["text"])) for row in rows]
    print(scores.report(rows, results, show_failures=failures))


def check_data() -> None:
    """Periksa data latih: label, contoh ganda, nomor pribadi, dan kebocoran dari data uji."""
    problems = check.errors(ROOT, prepare(load_settings()))
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{training.count_examples(ROOT)} contoh diperiksa, {len(problems)} masalah.")
    if problems:
        raise typer.Exit(1)
