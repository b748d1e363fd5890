"""A result for people: a table for the terminal, and a page for the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nirtatap.bench import figures
from nirtatap.bench.figures import Cell
from nirtatap.bench.result import Result

NAMES = {
    figures.PARSE: "NLU alone (POST /model/parse)",
    figures.WEBCHAT: "web chat",
    figures.TELEGRAM: "Telegram",
    figures.STOCK: "stock Rasa (REST channel)",
}
NAMA = {
    figures.PARSE: "NLU saja",
    figures.WEBCHAT: "web chat",
    figures.TELEGRAM: "Telegram",
    figures.STOCK: "Rasa bawaan",
}
AIMS = {
    "webchat_times_stock_at_16": "web chat ÷ stock Rasa, throughput at 16 residents",
    "telegram_times_stock_at_16": "Telegram ÷ stock Rasa, throughput at 16 residents",
    "webchat_p50_at_1": "web chat, p50 at one resident",
    "telegram_p50_at_1": "Telegram, p50 at one resident",
    "own_share_p50_at_1": "own share, p50 at one resident (web chat less NLU)",
}
SASARAN = {
    "webchat_times_stock_at_16": "web chat ÷ Rasa bawaan, 16 warga",
    "telegram_times_stock_at_16": "Telegram ÷ Rasa bawaan, 16 warga",
    "webchat_p50_at_1": "web chat, p50 satu warga",
    "telegram_p50_at_1": "Telegram, p50 satu warga",
    "own_share_p50_at_1": "bagian kita sendiri, p50 satu warga",
}
PROCESSES = ("bot", "rasa", "stock", "generator")


def write(result: Result, folder: Path) -> tuple[Path, Path]:
    """speed.json and speed.md."""
    data, page = folder / "speed.json", folder / "speed.md"
    data.write_text(json.dumps(result.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    page.write_text(markdown(result), encoding="utf-8")
    return data, page


# ---------------------------------------------------------------- terminal


def show(result: Result, console: Console) -> None:
    speed = Table(title=f"Kecepatan ({result.database}, {result.plan.seconds:g} s per sel)")
    cores = Table(title="Inti CPU yang dipakai selama diukur")
    for table, headings in (
        (speed, ("jalur", "warga", "dijawab", "galat", "p50 ms", "p95 ms", "p99 ms", "pesan/s")),
        (cores, ("jalur", "warga", *PROCESSES)),
    ):
        for heading in headings:
            table.add_column(heading, justify="left" if heading == "jalur" else "right", no_wrap=True)
    for cell in result.cells:
        last = cell is [other for other in result.cells if other.kind == cell.kind][-1]
        speed.add_row(NAMA[cell.kind], *_figures(cell), end_section=last)
        cores.add_row(NAMA[cell.kind], str(cell.residents), *_cores(cell), end_section=last)
    console.print(speed, cores)

    sums = Table(title="Sasaran")
    sums.add_column("sasaran")
    sums.add_column("terukur", justify="right")
    sums.add_column("diminta", justify="right")
    sums.add_column("")
    for aim in figures.aims(result.cells):
        word = {True: "[green]tercapai[/green]", False: "[red]meleset[/red]", None: "tidak diukur"}
        measured = "–" if aim.measured is None else f"{aim.measured:.1f} {aim.unit}"
        sums.add_row(SASARAN[aim.name], measured, f"{aim.wanted} {aim.unit}", word[aim.reached])
    console.print(sums)
    memory = ", ".join(f"{name} {mib:.0f} MiB" for name, mib in result.memory_mib.items())
    console.print(f"Memori (PSS): {memory}", highlight=False)
    for line in _warnings(result, INDONESIAN):
        console.print(f"[yellow]{line}[/yellow]", highlight=False)


# ---------------------------------------------------------------- page


def markdown(result: Result) -> str:
    machine, plan = result.machine, result.plan
    changed = " with uncommitted changes" if machine.changed else ""
    lines = [
        f"Revision `{machine.revision[:12]}`{changed}; {machine.cpus} CPUs ({machine.cpu}), "
        f"{machine.memory_gib:g} GiB, {machine.system}; Python {machine.python}, Rasa {machine.rasa} on "
        f"Python {machine.rasa_python}; database {result.database}; {plan.rounds} × {plan.seconds:g} s a cell "
        f"after {plan.warm_up:g} s of warm-up; {result.messages} messages "
        f"({result.messages_left_out} with more than one bubble left out); load average before: "
        f"{machine.load_before:g}.",
        "",
        *(f"**{line}**\n" for line in _warnings(result, ENGLISH)),
        "| what | residents | answered | errors | p50 ms | p95 ms | p99 ms | messages/s | "
        + " | ".join(f"{name} cores" for name in PROCESSES)
        + " |",
        "|---|" + "--:|" * (7 + len(PROCESSES)),
    ]
    lines += [_line((NAMES[cell.kind], *_figures(cell), *_cores(cell))) for cell in result.cells]
    lines += ["", "| aim | wanted | measured | |", "|---|--:|--:|---|"]
    for aim in figures.aims(result.cells):
        measured = "–" if aim.measured is None else f"{aim.measured:.1f} {aim.unit}"
        word = {True: "reached", False: "missed", None: "not measured"}[aim.reached]
        lines.append(_line((AIMS[aim.name], f"{aim.wanted} {aim.unit}", measured, word)))
    lines += ["", "| process | memory (PSS) MiB | start to ready s | model MB |", "|---|--:|--:|--:|"]
    for name, mib in result.memory_mib.items():
        seconds, size = result.ready_seconds.get(name), result.model_bytes.get(name)
        ready = "" if seconds is None else f"{seconds:.1f}"
        lines.append(_line((name, f"{mib:.0f}", ready, "" if size is None else f"{size / 1e6:.1f}")))
    if result.stock_trained_seconds is not None:
        lines += [
            "",
            f"Stock Rasa: DIET, {plan.stock_epochs} epochs, trained in {result.stock_trained_seconds:.0f} s.",
        ]
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- both

ENGLISH = {
    "busy": "The machine was busy with other work: these are not figures of a quiet machine.",
    "strays": "Some answers came unasked; the latencies marked by them may be wrong: ",
    "errors": "Not every message was answered: ",
    "model": "The live model was not trained on the training data of this revision.",
}
INDONESIAN = {
    "busy": "Mesin sibuk dengan pekerjaan lain: ini bukan angka mesin tenang.",
    "strays": "Ada jawaban yang tidak ditanyakan; latensi sel ini mungkin keliru: ",
    "errors": "Tidak semua pesan dijawab: ",
    "model": "Model yang dipakai tidak dilatih dari data latih revisi ini.",
}


def _warnings(result: Result, words: dict[str, str]) -> list[str]:
    def where(cells: Iterable[Cell]) -> str:
        return ", ".join(f"{cell.kind} {cell.residents}" for cell in cells)

    found = []
    if not result.machine.quiet:
        found.append(words["busy"])
    if strays := [cell for cell in result.cells if cell.strays]:
        found.append(words["strays"] + where(strays))
    if errors := [cell for cell in result.cells if cell.errors]:
        found.append(words["errors"] + where(errors))
    if not result.model_is_current:
        found.append(words["model"])
    return found


def _figures(cell: Cell) -> tuple[str, ...]:
    times = ("–" if ms is None else f"{ms:.1f}" for ms in (cell.p50_ms, cell.p95_ms, cell.p99_ms))
    return (str(cell.residents), str(cell.count), str(cell.errors), *times, f"{cell.per_second:.1f}")


def _cores(cell: Cell) -> tuple[str, ...]:
    return tuple(f"{cell.cpu[name]:.2f}" if name in cell.cpu else "–" for name in PROCESSES)


def _line(values: Iterable[str]) -> str:
    return "| " + " | ".join(values) + " |"
