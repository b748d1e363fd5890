"""The command `nirtatap`."""

from __future__ import annotations

import sys

import typer

from bot.errors import NirtatapError
from nirtatap.bench.command import app as bench_app
from nirtatap.catalogue import app as catalogue_app
from nirtatap.chat import chat
from nirtatap.evaluate import evaluate
from nirtatap.model import check_data, parse, train
from nirtatap.project import rasa_project
from nirtatap.publish import promote, rollback
from nirtatap.serve import serve

app = typer.Typer(
    name="nirtatap",
    help="Nirtatap: layanan kota lewat chat, tanpa tatap muka.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(chat)
app.command()(parse)
app.command()(train)
app.command()(evaluate)
app.command()(promote)
app.command()(rollback)
app.command("check-data")(check_data)
app.command("rasa-project")(rasa_project)
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(bench_app, name="bench")


def main() -> None:
    """Run a command; a known error is one sentence and exit code 1, never a traceback."""
    try:
        app()
    except NirtatapError as error:
        print(f"Nirtatap: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
