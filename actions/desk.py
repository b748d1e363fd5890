"""What an action works with: the catalogue as published now, the search over it, the phrases."""

from __future__ import annotations

from dataclasses import dataclass, replace

from actions import payload
from actions.phrasebook import Phrasebook
from actions.turn import Button, Context, Incoming, Understanding
from service_catalog.facts import Catalogue, Opd, Service
from service_catalog.search import Search

ALSO_ASKED = 0.5
"""Confidence from which a further act counts as asked too."""


@dataclass(frozen=True)
class Desk:
    catalogue: Catalogue
    search: Search
    phrases: Phrasebook

    def opd_of(self, service: Service) -> Opd | None:
        return self.catalogue.opd(service.opd)

    def opd_name(self, service: Service) -> str:
        opd = self.opd_of(service)
        return opd.short_name if opd else service.opd

    def button(
        self,
        act: str,
        service: str | None = None,
        *,
        opd: str | None = None,
        life_event: str | None = None,
        title: str | None = None,
    ) -> Button:
        words = self.phrases.words("tombol")
        return Button(title or words[act], payload.encode(act, service, opd, life_event))

    def menu_buttons(self) -> tuple[Button, ...]:
        """The services asked about most, for whoever does not know what to write."""
        return tuple(
            self.button("ask_overview", service.id, title=short_title(service.name))
            for service_id in self.catalogue.city.top_services
            if (service := self.catalogue.service(service_id)) is not None
        )


@dataclass(frozen=True)
class Ask:
    """One message with what is understood of it and what the conversation remembers."""

    incoming: Incoming
    understanding: Understanding
    context: Context

    @property
    def acts(self) -> tuple[str, ...]:
        """The acts that are asked: the first, and each other one that is likely by itself."""
        ranked = self.understanding.acts
        return tuple(r.name for r in (*ranked[:1], *(r for r in ranked[1:] if r.confidence >= ALSO_ASKED)))


def remember(ask: Ask, *, buttons: tuple[Button, ...] = (), **changes: object) -> Context:
    """The context after an answer: what it was about, what was offered, and no misses."""
    values: dict[str, object] = {
        "misses": 0,
        "pending_acts": (),
        "offered": tuple(button.payload for button in buttons),
        "updated_at": ask.incoming.now,
        **changes,
    }
    return replace(ask.context, **values)  # type: ignore[arg-type]


def short_title(name: str) -> str:
    """A service's name without what stands in brackets: it fits a button."""
    return name.split(" (", maxsplit=1)[0].strip()
