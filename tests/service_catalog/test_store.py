from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from catalogue_databases import run_on_postgres
from catalogue_strategies import catalogues, change_service
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Connection, create_engine, event, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.run import upgrade
from service_catalog import store
from service_catalog.facts import Catalogue, Fee, OpdId
from service_catalog.models import Base

Run = Callable[[Callable[[Connection], Any]], Any]


def save(catalogue: Catalogue, author: str = "Sari", reason: str = "uji") -> Callable[[Connection], int]:
    return lambda connection: store.save(connection, catalogue, author=author, reason=reason)


def test_an_empty_database_has_no_catalogue(run: Run) -> None:
    assert run(store.load) is None
    assert run(store.version) == 0
    assert run(store.history) == ()


def test_what_is_saved_is_loaded_with_its_version(run: Run, small: Catalogue) -> None:
    assert run(save(small)) == 1
    loaded = run(store.load)
    assert loaded == small
    assert loaded.version == 1
    assert run(store.version) == 1


def test_saving_the_same_changes_nothing(run: Run, small: Catalogue) -> None:
    run(save(small))
    assert run(save(replace(small, version=99))) == 1
    assert len(run(store.history)) == 1


def test_every_change_is_a_version_with_author_reason_and_summary(run: Run, small: Catalogue) -> None:
    changed = change_service(small, "ktp_el_hilang", fee=Fee(25_000, None))
    before = dt.datetime.now(dt.UTC)
    run(save(small))
    assert run(save(changed, author="Budi", reason="Qanun baru")) == 2
    newest, oldest = run(store.history)
    assert (newest.version, newest.author, newest.reason) == (2, "Budi", "Qanun baru")
    assert newest.summary == {
        "added": 0,
        "removed": 0,
        "changed": 1,
        "lines": ["~ layanan ktp_el_hilang › biaya › jumlah: 0 → 25000"],
    }
    assert oldest.summary["added"] == 9
    assert before <= newest.loaded_at <= dt.datetime.now(dt.UTC)
    assert run(lambda connection: store.history(connection, limit=1)) == (newest,)


def test_a_smaller_city_leaves_no_rows_behind(run: Run, small: Catalogue) -> None:
    empty = replace(
        small,
        city=replace(small.city, terms=(), notes=(), safety=(), top_services=()),
        opds=(), services=(), life_events=(), out_of_scope=(), sources=(),
    )  # fmt: skip
    run(save(small))
    assert run(save(empty)) == 2
    assert run(store.load) == empty

    def rows(connection: Connection) -> dict[str, int]:
        tables = Base.metadata.sorted_tables
        return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}

    left = {name for name, count in run(rows).items() if count}
    assert left == {"catalogue_city", "catalogue_change"}


def test_another_city_may_take_the_place(run: Run, small: Catalogue) -> None:
    run(save(small))
    other = replace(small, city=replace(small.city, id="lain", name="Kota Lain"))
    assert run(save(other)) == 2
    assert run(store.load) == other


def test_the_order_of_entries_is_kept(run: Run, small: Catalogue) -> None:
    run(save(small))
    turned = replace(small, services=small.services[::-1], opds=small.opds[::-1])
    assert run(save(turned)) == 2
    assert run(store.load) == turned


def test_a_failed_save_changes_nothing(run: Run, small: Catalogue) -> None:
    run(save(small))
    with pytest.raises(IntegrityError):
        run(save(change_service(small, "lapor_pju", opd=OpdId("tiada"))))
    assert run(store.load) == small
    assert run(store.version) == 1


def test_a_load_is_one_select_per_table(run: Run, small: Catalogue) -> None:
    run(save(small))

    def count(connection: Connection) -> int:
        statements: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        store.load(connection)
        event.remove(connection, "before_cursor_execute", note)
        return len(statements)

    assert run(count) == len(Base.metadata.tables) - 1  # all but the history


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """One migrated database for all examples of a property."""
    if request.param == "postgresql":
        run = run_on_postgres(request.getfixturevalue("postgres_url"))
        run(lambda connection: connection.exec_driver_sql("DROP SCHEMA public CASCADE"))
        run(lambda connection: connection.exec_driver_sql("CREATE SCHEMA public"))
        run(upgrade)
        yield run
        return
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        upgrade(connection)
        connection.commit()
        yield lambda work: work(connection)
    engine.dispose()


@given(catalogue=catalogues())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_any_catalogue_survives_the_database(shared_run: Run, catalogue: Catalogue) -> None:
    before = shared_run(store.load)
    version = shared_run(save(catalogue))
    loaded = shared_run(store.load)
    assert loaded == catalogue
    assert loaded.version == version
    assert (version == (before.version if before else 0)) == (before == catalogue)


async def test_on_postgres_a_load_never_mixes_two_versions(postgres_url: str, small: Catalogue) -> None:
    engine = create_async_engine(postgres_url, poolclass=NullPool)

    async def once(work: Callable[[Connection], Any]) -> Any:
        async with engine.begin() as connection:
            return await connection.run_sync(work)

    await once(lambda connection: connection.exec_driver_sql("DROP SCHEMA public CASCADE"))
    await once(lambda connection: connection.exec_driver_sql("CREATE SCHEMA public"))
    # Two processes that start together must not trip over each other.
    await asyncio.gather(once(upgrade), once(upgrade))

    def numbered(number: int) -> Catalogue:
        first = change_service(small, "ktp_el_hilang", synonyms=(f"sinonim {number}",))
        return replace(first, sources=(replace(small.sources[0], title=f"judul {number}"),))

    await once(save(numbered(0)))
    writers = [once(save(numbered(number))) for number in range(1, 9)]
    readers = [once(store.load) for _ in range(16)]
    results = await asyncio.gather(*writers, *readers)
    assert sorted(results[:8]) == list(range(2, 10))
    for loaded in results[8:]:
        number = int(loaded.sources[0].title.split()[1])
        assert loaded == numbered(number)
    await engine.dispose()
