"""The catalogue in the database: replaced as a whole, read as a whole, with a history.

Every function takes a SQLAlchemy `Connection` and works in the caller's transaction, on
SQLite and PostgreSQL alike; none commits. The tables are made by `migrations`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from service_catalog import diff
from service_catalog import models as m
from service_catalog.facts import Catalogue
from service_catalog.model_base import table
from service_catalog.rows import city_row, rows_of
from service_catalog.stored import read_catalogue

MAX_HISTORY_LINES = 500
"""Lines kept of one load; the counts are always whole."""


@dataclass(frozen=True)
class Load:
    """One entry of the history. `summary` has `added`, `removed`, `changed` (counts) and `lines`."""

    version: int
    loaded_at: dt.datetime
    author: str
    reason: str
    summary: Mapping[str, Any]


def version(connection: Connection) -> int:
    """The version of the stored catalogue; 0 where there is none. One small row is read."""
    return connection.execute(select(m.CityRow.catalogue_version)).scalar() or 0


def load(connection: Connection) -> Catalogue | None:
    """The stored catalogue with its version, or None; one select per table.

    The city's row is held shared until the transaction ends, so that a save at the same
    time cannot mix two versions into one answer.
    """
    return read_catalogue(connection, lock="shared")


def save(connection: Connection, catalogue: Catalogue, *, author: str, reason: str) -> int:
    """Replace the stored city; returns the version that is now stored.

    The version grows by one and the history by one entry, unless nothing differs: then
    nothing is written. Saves at the same time wait for each other.

    Raises:
        sqlalchemy.exc.IntegrityError: the catalogue refers to what it does not contain
            (`city_file` and `catalogue check` find that before), or two first loads met.
    """
    stored = read_catalogue(connection, lock="exclusive")
    if stored == catalogue:
        return stored.version
    new_version = (stored.version if stored else _last_version(connection)) + 1
    _replace_rows(connection, catalogue)
    settings = {**city_row(catalogue.city), "catalogue_version": new_version}
    if stored is None:
        connection.execute(insert(table(m.CityRow)).values(slot=1, **settings))
    else:
        connection.execute(update(table(m.CityRow)).values(**settings))
    changes = diff.compare(stored, catalogue)
    connection.execute(
        insert(table(m.ChangeRow)).values(
            version=new_version,
            loaded_at=dt.datetime.now(dt.UTC),
            author=author,
            reason=reason,
            summary=_summary(changes),
        )
    )
    return new_version


def history(connection: Connection, limit: int = 20) -> tuple[Load, ...]:
    """The latest loads, newest first."""
    changes = table(m.ChangeRow)
    rows = connection.execute(select(changes).order_by(changes.c.version.desc()).limit(limit))
    return tuple(Load(**row._mapping) for row in rows)


def _last_version(connection: Connection) -> int:
    """The highest version ever, so that a number is never used for two catalogues."""
    number = table(m.ChangeRow).c.version
    return connection.execute(select(number).order_by(number.desc()).limit(1)).scalar() or 0


def _replace_rows(connection: Connection, catalogue: Catalogue) -> None:
    kept = {m.CityRow.__tablename__, m.ChangeRow.__tablename__}
    # Parents come first in sorted_tables: deleted last, inserted first.
    tables = [each for each in m.Base.metadata.sorted_tables if each.name not in kept]
    for each in reversed(tables):
        connection.execute(each.delete())
    rows = rows_of(catalogue)
    for each in tables:
        if rows.get(each.name):
            connection.execute(insert(each), rows[each.name])


def _summary(changes: list[diff.Change]) -> dict[str, Any]:
    kinds = [change.kind for change in changes]
    return {
        "added": kinds.count("added"),
        "removed": kinds.count("removed"),
        "changed": kinds.count("changed"),
        "lines": [diff.describe(change) for change in changes[:MAX_HISTORY_LINES]],
    }
