"""Migrations run on a connection that the caller holds, on SQLite and PostgreSQL alike.

On PostgreSQL the caller is inside `run_sync`, so one transaction holds all of an upgrade.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

_LOCK = 7_140_231_908
"""An arbitrary number for PostgreSQL's advisory lock: two processes that start together must not race."""


def config(connection: Connection) -> Config:
    """Alembic's settings without an ini file; `env.py` takes the connection from here."""
    settings = Config()
    # A percent sign in a path would be read as interpolation.
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to `revision` in the caller's transaction; nothing is done where it is there already.

    Raises:
        alembic.util.CommandError: the database was made by a newer version of the program.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    else:
        # Alembic commits unless SQLAlchemy already knows of a transaction, and any statement
        # makes it know. A commit here would end the savepoint that the caller may be in.
        connection.execute(text("SELECT 1"))
    command.upgrade(config(connection), revision)


def current(connection: Connection) -> str | None:
    """The revision the database is at; None where it has no schema yet."""
    return MigrationContext.configure(connection).get_current_revision()
