from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from catalogue_databases import empty_postgres, run_on_postgres
from sqlalchemy import Connection, create_engine, inspect, text

from migrations import run as migrations
from service_catalog.models import Base

Run = Callable[[Callable[[Connection], Any]], Any]


def catalogue_differences(connection: Connection) -> list[Any]:
    def ours(_item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return kind != "table" or (name or "").startswith("catalogue_")

    context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def test_the_migrated_schema_is_that_of_the_models(run: Run) -> None:
    assert run(catalogue_differences) == []


def test_upgrading_again_changes_nothing(run_empty: Run) -> None:
    assert run_empty(migrations.current) is None
    run_empty(migrations.upgrade)
    first = run_empty(migrations.current)
    run_empty(migrations.upgrade)
    assert run_empty(migrations.current) == first


def test_going_back_leaves_no_table_of_the_catalogue(run: Run) -> None:
    def back(connection: Connection) -> list[str]:
        from alembic import command

        command.downgrade(migrations.config(connection), "base")
        return [name for name in inspect(connection).get_table_names() if name.startswith("catalogue_")]

    assert run(back) == []


def test_an_upgrade_that_fails_on_postgres_leaves_nothing(postgres_url: str) -> None:
    run = run_on_postgres(postgres_url)
    run(empty_postgres)

    def fail(connection: Connection) -> None:
        migrations.upgrade(connection)
        raise RuntimeError("after the upgrade")

    with pytest.raises(RuntimeError):
        run(fail)
    assert run(migrations.current) is None


def test_works_inside_the_savepoint_of_the_bots_sqlite_writer(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/bot.db", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("BEGIN IMMEDIATE")
        driver.execute("SAVEPOINT job")
        migrations.upgrade(connection)
        driver.execute("RELEASE job")  # fails where the upgrade committed on its own
        driver.execute("COMMIT")
    with engine.connect() as connection:
        assert migrations.current(connection) is not None
        assert catalogue_differences(connection) == []
    engine.dispose()


def test_without_a_connection_alembic_says_how_to_run_it(run_empty: Run) -> None:
    def start(connection: Connection) -> None:
        from alembic import command

        settings = migrations.config(connection)
        settings.attributes.clear()
        command.upgrade(settings, "head")

    with pytest.raises(RuntimeError, match=r"migrations\.run"):
        run_empty(start)


def test_a_newer_database_is_refused(run: Run) -> None:
    def pretend(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    run(pretend)
    with pytest.raises(Exception, match="9999"):
        run(migrations.upgrade)


def test_revisions_are_numbered_one_after_the_other() -> None:
    folder = Path(migrations.__file__).parent / "versions"
    files = sorted(path.name for path in folder.glob("*.py"))
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name) for name in files)
    assert [name[:4] for name in files] == [f"{number:04}" for number in range(1, len(files) + 1)]

    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(migrations.config(connection))
    engine.dispose()
    history = [(each.revision, each.down_revision) for each in script.walk_revisions()][::-1]
    assert [revision for revision, _ in history] == [name[:4] for name in files]
    assert [below for _, below in history] == [None, *(name[:4] for name in files[:-1])]
