"""Finds what of the catalogue a resident's message is about, without a model.

Used beside the trained pipeline for services published a minute ago, and in its place
when it is down. Built once per catalogue version; every lookup takes any text.
"""

from __future__ import annotations

from collections.abc import Mapping

from service_catalog.facts import Catalogue, OpdId, ServiceId
from service_catalog.phrase_index import PhraseIndex

LEAST = 0.2
"""Below this a result shares only a common word with the message."""

_WHOLE = 0.7
"""The least that a phrase said whole is worth, where only whole phrases count."""


class Search:
    """Lookups over one catalogue; scores are in 0..1 and comparable between messages."""

    def __init__(self, catalogue: Catalogue) -> None:
        services = catalogue.services
        self._services = PhraseIndex(
            [(s.id, phrase) for s in services for phrase in (*_names(s.name), *s.synonyms)],
            [(s.id, s.purpose) for s in services],
        )
        self._opds = PhraseIndex(
            [
                (o.id, phrase)
                for o in catalogue.opds
                for phrase in (*_names(o.name), o.short_name, *o.aliases, *(f.name for f in o.offices))
            ]
        )
        self._life_events = PhraseIndex(
            [(e.id, phrase) for e in catalogue.life_events for phrase in (e.name, *e.synonyms)]
        )
        self._out_of_scope = PhraseIndex(
            [(r.id, phrase) for r in catalogue.out_of_scope for phrase in (r.topic, *r.keywords)]
        )

    def services(self, text: str, limit: int = 3) -> list[tuple[ServiceId, float]]:
        """The services the message may be about, best first; empty where nothing fits."""
        return [(ServiceId(name), score) for name, score in _best(self._services.match(text), limit)]

    def opds(self, text: str, limit: int = 3) -> list[tuple[OpdId, float]]:
        """The OPD that the message names, best first."""
        return [(OpdId(name), score) for name, score in _best(self._opds.match(text), limit)]

    def life_event(self, text: str) -> tuple[str, float] | None:
        """The life event that the message tells of, with its score.

        A name or synonym said whole gives 0.7 or more, 0.85 where it is half of what is said.
        """
        scores = {name: _WHOLE * score for name, score in self._life_events.match(text).items()}
        return next(iter(_best(scores | _whole(self._life_events, text), 1)), None)

    def out_of_scope(self, text: str) -> tuple[str, float] | None:
        """The route whose topic or keyword stands whole in the message, with its score from 0.7."""
        return next(iter(_best(_whole(self._out_of_scope, text), 1)), None)


def _whole(index: PhraseIndex, text: str) -> dict[str, float]:
    return {name: _WHOLE + (1 - _WHOLE) * share for name, share in index.whole_phrases(text).items()}


def _names(name: str) -> tuple[str, ...]:
    """A name with and without what stands in brackets."""
    short = name.partition(" (")[0]
    return (name,) if short == name else (name, short)


def _best(scores: Mapping[str, float], limit: int) -> list[tuple[str, float]]:
    # Equal scores are ordered by id, so that the same message always gives the same answer.
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [(name, round(min(1.0, score), 4)) for name, score in ranked[:limit] if score >= LEAST]
