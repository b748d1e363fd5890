"""Alembic's entry: runs the migrations on the connection that `migrations.run` hands over.

`target_metadata` may be set in the config's attributes to let `alembic revision
--autogenerate` compare; an upgrade needs no models.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection


def run() -> None:
    """Raises:
    RuntimeError: no connection was handed over.
    """
    connection = context.config.attributes.get("connection")
    if not isinstance(connection, Connection):
        raise RuntimeError("migrations run through migrations.run.upgrade(connection), not by alembic alone")
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("target_metadata"),
        # SQLite cannot alter most of a table; batch mode rebuilds it.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
