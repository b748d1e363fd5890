"""`nirtatap promote` and `rollback`: another model goes live on every running server, or nothing changes."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import NirtatapError
from bot.settings import Settings, load_settings
from nirtatap.evaluate import BUILD, assess
from nirtatap.model import live_path, models_folder, whoami
from nirtatap.wiring import ROOT, with_rasa_token
from nlu.trainer import evaluation, gate, ledger, registry, servers
from nlu.trainer.servers import ServerDown, ServerRefuses

UNSAID = "tidak disebutkan"
OTHER_COMPONENTS = (
    "nlu/components berubah sejak model sebelumnya: nyalakan ulang server satu per satu agar programnya sama."
)


class PublishError(NirtatapError):
    pass


@dataclass
class Swap:
    """What came of making a model live."""

    servers: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)
    seconds: float = 0.0
    restart: bool = False
    """The model was trained with other components than the servers may have loaded when they started."""


def swap(settings: Settings, model: Path, *, file_only: bool = False) -> Swap:
    """Make this model the live file and load it on every server that runs, one after the other.

    Raises:
        PublishError: a server did not take it; file and servers have the model of before again.
    """
    model_id = _model_id(model)
    live = live_path(settings)
    started, done = time.monotonic(), Swap(restart=_other_components(live, model))
    before = _contents(live)
    touched: list[str] = []
    try:
        registry.make_live(model, live)
        for url in () if file_only else settings.rasa_urls:
            touched.append(url)
            try:
                servers.load(url, settings.rasa_token, str(settings.model_path), model_id)
            except ServerDown:
                touched.pop()
                done.down.append(url)
            else:
                done.servers.append(url)
    except BaseException as error:
        stuck = _put_back(settings, live, before, touched)
        if not isinstance(error, (ServerRefuses, OSError)):
            raise
        where = f"Server {touched[-1]}: " if touched else ""
        hint = f"\n{OTHER_COMPONENTS} Pakai --file-only." if done.restart and touched else ""
        raise PublishError(
            f"{where}{error}\nModel sebelumnya dipasang kembali di semua server.{stuck}{hint}"
        ) from error
    done.seconds = time.monotonic() - started
    return done


def _other_components(live: Path, model: Path) -> bool:
    """A model file holds weights; the code that reads them is what a server loaded at its start."""
    old, new = (registry.Manifest.read(registry.manifest_path(path)) for path in (live, model))
    return old is not None and new is not None and old.components_hash != new.components_hash


def _put_back(settings: Settings, live: Path, before: dict[Path, bytes | None], touched: list[str]) -> str:
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            registry.write_atomically(path, content)
    stuck = []
    for url in touched if live.is_file() else ():
        try:
            servers.load(url, settings.rasa_token, str(settings.model_path), _model_id(live))
        except (ServerDown, ServerRefuses) as error:
            stuck.append(f"{url} ({error})")
    if not stuck:
        return ""
    return f"\nTidak dapat dipastikan di {', '.join(stuck)}: nyalakan ulang server itu."


def _contents(live: Path) -> dict[Path, bytes | None]:
    files = (live, registry.manifest_path(live))
    return {path: path.read_bytes() if path.is_file() else None for path in files}


def _model_id(model: Path) -> str:
    model_id = registry.metadata(model).get("model_id")
    if not model_id:
        raise PublishError(f"{model} rusak atau bukan model Rasa.")
    return str(model_id)


@contextmanager
def alone(models: Path) -> Iterator[None]:
    """Two people must not publish at once."""
    models.mkdir(parents=True, exist_ok=True)
    with (models / ".publish.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise PublishError("Pemasangan lain sedang berjalan; tunggu sampai selesai.") from error
        yield


FileOnly = Annotated[
    bool, typer.Option("--file-only", help="Ganti berkas saja; server memuatnya saat dinyalakan ulang.")
]
By = Annotated[str | None, typer.Option(help="Siapa; bawaannya nama pemakai komputer ini.")]
Reason = Annotated[str, typer.Option(help="Mengapa, untuk riwayat models/promotions.jsonl.")]


def promote(
    model: Annotated[Path | None, typer.Option(help="Berkas model; bawaannya kandidat dari `nirtatap train`.")] = None,
    reason: Reason = UNSAID,
    by: By = None,
    file_only: FileOnly = False,
) -> None:
    """Pasang model kandidat bila lolos gerbang mutu (nlu/evaluation/gate.yml), tanpa mematikan server.

    Model diukur dulu di samping model yang dipakai. Bila satu server gagal memuatnya, semua
    kembali ke model sebelumnya.
    """
    settings = with_rasa_token(load_settings())
    models = models_folder(settings)
    path = model or ledger.candidate(models)
    if path is None:
        raise PublishError("Tidak ada kandidat; latih dulu: nirtatap train")
    if not path.is_file():
        raise PublishError(f"Model {path} tidak ada.")
    with alone(models):
        done = publish(settings, path, reason=reason, by=by or whoami(), file_only=file_only)
    print(f"Model {path.name} dipasang dalam {_seconds(done)} detik.")
    _tell(done, settings, file_only=file_only)


def publish(
    settings: Settings, path: Path, *, reason: str, by: str, file_only: bool = False, limits: Path | None = None
) -> Swap:
    """Measure, let the gate decide, swap, and write it down; `limits` is another gate.yml.

    Raises:
        PublishError: the gate or a server refused; nothing has changed.
    """
    models, live = models_folder(settings), live_path(settings)
    _model_id(path)
    if not registry.manifest_path(path).is_file():
        raise PublishError(f"{registry.manifest_path(path)} tidak ada: asal model ini tidak diketahui.")
    try:
        allowed = gate.read(limits or ROOT / gate.FILE)
    except gate.GateUnusable as error:
        raise PublishError(f"Gerbang mutu tidak dapat dibaca, jadi tidak ada yang dipasang. {error}") from error
    report = assess(settings, path)
    figures = evaluation.values(report)
    before = evaluation.values(report["live"]) if report["live"] else None
    reasons = gate.refusals(allowed, figures, before, len(report["golden"]["broken"]))
    if reasons:
        listed = "\n".join(f"  - {sentence}" for sentence in reasons)
        page = (BUILD / "report.html").relative_to(ROOT)
        raise PublishError(f"Model {path.name} tidak dipasang:\n{listed}\nPesan yang salah: {page}")
    kept = _keep(path, models)
    with _readable_history():
        ledger.begin(models, live)
    replaced = registry.Manifest.read(registry.manifest_path(live))
    done = swap(settings, kept, file_only=file_only)
    ledger.append(
        models,
        ledger.entry_of(
            kept,
            "promote",
            name=kept.name,
            by=by,
            reason=reason,
            figures=figures,
            replaced=replaced.model if replaced else None,
        ),
    )
    ledger.clear_candidate(models)
    return done


def _keep(path: Path, models: Path) -> Path:
    """The model in the models folder, where a later rollback finds it."""
    if path.resolve().parent == models.resolve():
        # `--model models/live.tar.gz` loads the live model on servers again, under its own name.
        manifest = registry.Manifest.read(registry.manifest_path(path))
        own = models / manifest.model if manifest else path
        return own if own.is_file() and registry.file_hash(own) == registry.file_hash(path) else path
    kept = models / path.name
    if kept.is_file() and registry.file_hash(kept) != registry.file_hash(path):
        raise PublishError(f"Di {models} sudah ada model lain bernama {path.name}.")
    shutil.copyfile(path, kept)
    shutil.copyfile(registry.manifest_path(path), registry.manifest_path(kept))
    return kept


def rollback(reason: Reason = UNSAID, by: By = None, file_only: FileOnly = False) -> None:
    """Pasang kembali model sebelum yang sekarang, tanpa mengukur dan tanpa mematikan server."""
    settings = with_rasa_token(load_settings())
    models = models_folder(settings)
    with alone(models):
        back, done = go_back(settings, reason=reason, by=by or whoami(), file_only=file_only)
    print(f"Kembali ke model {back} dalam {_seconds(done)} detik.")
    _tell(done, settings, file_only=file_only)


def go_back(settings: Settings, *, reason: str, by: str, file_only: bool = False) -> tuple[str, Swap]:
    """The model before the live one again; returns its name.

    Raises:
        PublishError: there is none, its file is gone or changed, or a server refused.
    """
    models, live = models_folder(settings), live_path(settings)
    with _readable_history():
        ledger.begin(models, live)
        known = ledger.stack(ledger.read(models))
    if len(known) < 2:
        raise PublishError("Tidak ada model sebelumnya dalam riwayat models/promotions.jsonl.")
    now, before = known[-1], known[-2]
    model = models / before.model
    if not model.is_file() or registry.file_hash(model) != before.sha256:
        raise PublishError(f"Berkas model sebelumnya, {model}, hilang atau berubah; latih ulang: nirtatap train")
    done = swap(settings, model, file_only=file_only)
    ledger.append(
        models,
        ledger.entry_of(
            model,
            "rollback",
            name=model.name,
            by=by,
            reason=reason,
            figures=before.figures,
            replaced=now.model,
            rejected_inputs=now.hashes.get("inputs"),
        ),
    )
    return model.name, done


@contextmanager
def _readable_history() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise PublishError(f"Riwayat pemasangan rusak: {error}") from error


def _seconds(done: Swap) -> str:
    return f"{done.seconds:.1f}".replace(".", ",")


def _tell(done: Swap, settings: Settings, *, file_only: bool) -> None:
    if done.servers:
        print(f"Sudah dimuat dan diperiksa di: {', '.join(done.servers)}")
        if done.restart:
            print(OTHER_COMPONENTS)
    if done.down:
        print(
            f"Tidak menyala: {', '.join(done.down)}. Server itu memuat model ini saat dinyalakan "
            "(make run, atau nirtatap serve --only rasa)."
        )
    if file_only:
        print(f"Nyalakan ulang server ({', '.join(settings.rasa_urls)}) agar memuatnya.")
