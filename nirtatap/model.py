"""`nirtatap train`, `parse` and `check-data`: the trainers' command line."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from nlu.trainer import check, ledger, registry
from nlu.trainer import train as training
from nlu.trainer.reader import ModelUnusable, Reader
from service_catalog.facts import Catalogue

EVALUATION_SET = ROOT / "nlu" / "evaluation" / "messages.jsonl"


class TrainingError(NirtatapError):
    pass


def live_path(settings: Settings) -> Path:
    return settings.model_path if settings.model_path.is_absolute() else ROOT / settings.model_path


def models_folder(settings: Settings) -> Path:
    """Where models, the candidate and the ledger of promotions stand: beside the live model."""
    return live_path(settings).parent


def whoami() -> str:
    """Who runs this command, for the ledger."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "-"


@contextmanager
def progress_bar() -> Iterator[Callable[[str], training.Progress]]:
    """A bar on stderr; called with a name it gives a line of its own to tell progress to."""
    bar = Progress(
        TextColumn("==> Melatih {task.fields[name]}:"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}% {task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )

    def line(name: str) -> training.Progress:
        task = bar.add_task("", total=1.0, name=name)
        return lambda share, what: bar.update(task, completed=share, description=what)

    with bar:
        yield line


def ensure_model(settings: Settings, catalogue: Catalogue, *, force: bool = False) -> None:
    """Train and make live where data, pipeline or catalogue words changed since the live model.

    After a rollback the model that was brought back stays, until something changes again.

    Raises:
        TrainingError: the data or the training has a fault; the live model stays as it is.
    """
    training.write_catalogue_words(catalogue, ROOT)
    live, models = live_path(settings), models_folder(settings)
    if not force:
        if training.is_current(live, ROOT):
            return
        if live.is_file() and _history(lambda: ledger.rolled_back_from(models, training.inputs_hash(ROOT))):
            print("==> Model hasil rollback tetap dipakai; data latih belum berubah sejak itu.", file=sys.stderr)
            return
    model = make_model(catalogue, models)
    _history(lambda: ledger.begin(models, live))
    registry.make_live(model, live)
    ledger.append(models, ledger.entry_of(model, "train", by=whoami(), reason="langsung dipakai setelah pelatihan"))
    ledger.clear_candidate(models)


def _history(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError as error:
        raise TrainingError(f"Riwayat pemasangan rusak: {error}") from error


def make_model(catalogue: Catalogue, models: Path) -> Path:
    """Check, train, and say what came of it; nothing goes live.

    Raises:
        TrainingError: the data or the training has a fault.
    """
    training.write_catalogue_words(catalogue, ROOT)
    problems = check.errors(ROOT, catalogue)
    if problems:
        raise TrainingError("Data latih belum benar:\n  " + "\n  ".join(problems[:20]))
    with progress_bar() as line:
        try:
            model = training.train(catalogue, ROOT, models, line("model"))
        except training.TrainingFailed as error:
            raise TrainingError(f"Pelatihan gagal. Kata Rasa:\n{error}") from error
    manifest = registry.Manifest.read(registry.manifest_path(model))
    assert manifest is not None
    print(
        f"==> Model {manifest.model}: {manifest.examples} contoh, {manifest.seconds:.0f} detik, "
        f"{model.stat().st_size / 1e6:.1f} MB",
        file=sys.stderr,
    )
    return model


def train(
    if_changed: Annotated[
        bool,
        typer.Option("--if-changed", help="Hanya bila data, config.yml, atau katalog berubah; langsung dipakai."),
    ] = False,
    make_live: Annotated[
        bool, typer.Option("--live", help="Langsung dipakai tanpa gerbang mutu; server Rasa memuatnya saat menyala.")
    ] = False,
) -> None:
    """Latih model kandidat dari nlu/data dan kata-kata katalog.

    Kandidat belum dipakai: bandingkan dengan `nirtatap evaluate`, lalu pasang dengan
    `nirtatap promote`. Bila belum ada model sama sekali, hasilnya langsung dipakai.
    """
    settings = load_settings()
    catalogue = prepare(settings)
    if if_changed or make_live or not live_path(settings).is_file():
        ensure_model(settings, catalogue, force=not if_changed)
        return
    model = make_model(catalogue, models_folder(settings))
    ledger.set_candidate(models_folder(settings), model)
    print("==> Kandidat, belum dipakai. Bandingkan: nirtatap evaluate. Pasang: nirtatap promote", file=sys.stderr)


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


def check_data() -> None:
    """Periksa data latih: label, contoh ganda, nomor pribadi, dan kebocoran dari data uji.

    Contoh yang hampir sama dengan label berbeda hanya diperingatkan.
    """
    problems = check.errors(ROOT, prepare(load_settings()))
    warnings = check.warnings(ROOT) if not problems else []
    for line in (*problems, *(f"peringatan: {warning}" for warning in warnings)):
        print(line, file=sys.stderr)
    print(f"{training.count_examples(ROOT)} contoh diperiksa, {len(problems)} masalah, {len(warnings)} peringatan.")
    if problems:
        raise typer.Exit(1)
