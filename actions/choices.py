"""A typed answer to “Maksudnya yang mana?”: which of the offered services its few words point to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actions import cards, payload
from actions.desk import Ask, Desk
from actions.turn import Turn
from actions.vocabulary import ABOUT_A_SERVICE, SERVICE_ASPECTS
from service_catalog.facts import Service

MOST_WORDS = 6
"""A longer message is a question of its own."""
UNSURE = 0.6
"""Where the model is surer of a service than this, its reading stands."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_ORDINALS = {"pertama": 0, "kesatu": 0, "kedua": 1, "ketiga": 2, "terakhir": -1}
_OTHER = re.compile(
    r"^\s*(?:bukan|bkn|sanes|dudu)\b(?: (?:itu|eta|iku))?[\s,]*\b(?:yg|yang|nu|sing|tapi|tp)\b(.+)", re.IGNORECASE
)


def answer(desk: Desk, ask: Ask) -> Turn | None:
    """The card of the service that was chosen in words, as by its button, unless the words ask something themselves."""
    may_choose = ask.understanding.act in (*ABOUT_A_SERVICE, "affirm", "deny", "out_of_scope")
    service = meant(desk, ask) if may_choose else None
    if service is None:
        return None
    asked = tuple(act for act in ask.acts if act in SERVICE_ASPECTS) or ask.context.pending_acts
    return cards.answer(desk, ask, [service], asked or ("ask_overview",))


def meant(desk: Desk, ask: Ask) -> Service | None:
    """The one offered service that the message names by a word the others lack, or by its place.

    A plain “bukan ktp” names what is *not* meant; only what stands after “yang” is looked at.
    """
    offered = _offered(desk, ask.context.offered)
    ranked = ask.understanding.services
    if len(offered) < 2 or (ranked and ranked[0].confidence >= UNSURE):
        return None
    text = ask.incoming.text
    if ask.understanding.act == "deny":
        found = _OTHER.match(text)
        if found is None:
            return None
        text = found[1]
    words = _WORD.findall(text.lower())
    if not words or len(text.split()) > MOST_WORDS:
        return None
    for word in words:
        if word in _ORDINALS and _ORDINALS[word] < len(offered):
            return offered[_ORDINALS[word]]
    own = [_vocabulary(service) for service in offered]
    common = set.intersection(*own)
    points = [sum(word in vocabulary - common for word in words) for vocabulary in own]
    best = max(points)
    return offered[points.index(best)] if best and points.count(best) == 1 else None


def _offered(desk: Desk, payloads: Sequence[str]) -> list[Service]:
    choices = (payload.decode(one) for one in payloads)
    services = (desk.catalogue.service(choice.service) for choice in choices if choice and choice.service)
    return [service for service in dict.fromkeys(services) if service is not None]


def _vocabulary(service: Service) -> set[str]:
    return {word for phrase in (service.name, *service.synonyms) for word in _WORD.findall(phrase.lower())}
