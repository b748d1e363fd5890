"""The catalogue as published now, ready to answer from; a new version is picked up by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from actions.desk import Desk
from actions.phrasebook import Phrasebook
from actions.router import Actions
from bot.database import Database
from bot.errors import ConfigurationError, DatabaseUnavailable
from service_catalog import store
from service_catalog.facts import Catalogue
from service_catalog.search import Search

log = structlog.get_logger()

LOOK_EVERY = 2.0
"""Seconds until a published change is answered from."""


class Knowledge:
    """Holds the actions over the current catalogue; swaps them whole when its version grows."""

    def __init__(self, database: Database, phrases: Phrasebook) -> None:
        self._database = database
        self._phrases = phrases
        self._actions: Actions | None = None
        self._catalogue: Catalogue | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises ConfigurationError where no catalogue has been loaded."""
        await self._load()
        if self._actions is None:
            raise ConfigurationError(
                "Katalog masih kosong; muat dulu: nirtatap catalogue load service_catalog/cities/<kota>.yml"
            )
        self._watcher = asyncio.create_task(self._watch(), name="catalogue-watcher")

    async def close(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._watcher

    def actions(self) -> Actions:
        assert self._actions is not None, "start() has not run"
        return self._actions

    @property
    def catalogue(self) -> Catalogue:
        assert self._catalogue is not None, "start() has not run"
        return self._catalogue

    async def _load(self) -> None:
        catalogue = await self._database.run(store.load)
        if catalogue is None:
            return
        # Building the search takes a moment; residents are answered meanwhile.
        search = await asyncio.to_thread(Search, catalogue)
        self._actions = Actions(Desk(catalogue, search, self._phrases))
        self._catalogue = catalogue
        log.info("catalogue_ready", version=catalogue.version, services=len(catalogue.services))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                if await self._database.run(store.version) != self.catalogue.version:
                    await self._load()
            except DatabaseUnavailable as error:
                log.warning("catalogue_not_checked", error=str(error))
            except Exception:
                log.exception("catalogue_not_loaded")
