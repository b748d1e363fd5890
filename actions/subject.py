"""What a message is about: the services, the agency, the acts, or another authority's matter."""

from __future__ import annotations

from actions import cards
from actions.desk import Ask, Desk
from actions.vocabulary import ABOUT_A_SERVICE, SERVICE_ASPECTS
from service_catalog.facts import Opd, Service

SURE_OF_OPD = 0.6
"""Search score from which an agency's own name stands in the message."""

SECOND_SERVICE = 0.35
"""Confidence from which a second service counts as asked about too."""

NAME_ONLY = 5
"""A message of more words asks something itself, if only “gimana ya”: what was asked before is left alone."""


def named_opd(desk: Desk, ask: Ask) -> Opd | None:
    """The agency meant; one whose own name stands in the message is trusted more than the model."""
    if not ask.understanding.opd:
        return None
    named = desk.search.opds(ask.incoming.text, limit=1)
    sure = bool(named) and named[0][1] >= SURE_OF_OPD
    return desk.catalogue.opd(named[0][0] if sure else ask.understanding.opd[0].name)


def is_elsewhere(desk: Desk, ask: Ask) -> bool:
    """Whether the matter is another authority's: the model or the catalogue's own keywords say so."""
    if ask.understanding.act not in ABOUT_A_SERVICE:
        return False
    if ask.understanding.services and (ask.understanding.decision == "answer" or "out_of_scope" not in ask.acts):
        return False
    if ask.understanding.opd:
        return False
    return "out_of_scope" in ask.acts or desk.search.out_of_scope(ask.incoming.text) is not None


def remembered(desk: Desk, ask: Ask, act: str) -> Service | None:
    """The service talked about before, for an act that speaks of it without naming it."""
    service = desk.catalogue.service(ask.context.service) if ask.context.service else None
    if service is None or (service.kind == "darurat" and act == "track_request"):
        return None  # nobody follows the file of a fire
    if act in ("track_request", "talk_to_agent"):
        return service
    return service if act == "report_problem" and service.kind in cards.REPORTED else None


def asked_acts(ask: Ask) -> tuple[str, ...]:
    """The acts to answer; naming only a service answers what was asked before it was known."""
    acts = tuple(act for act in ask.acts if act in ABOUT_A_SERVICE)
    names_only = acts in ((), ("ask_overview",)) and len(ask.incoming.text.split()) <= NAME_ONLY
    if names_only and ask.context.pending_acts:
        return ask.context.pending_acts
    aspects = tuple(act for act in acts if act in SERVICE_ASPECTS)
    return aspects if acts and acts[0] == "ask_overview" and aspects else acts or ("ask_overview",)


def named_services(desk: Desk, ask: Ask) -> list[Service]:
    """The services meant, in the catalogue of today; a removed one is passed over.

    A second one counts where it is of the first one's sort: a flood that has wetted a family
    card is told as its cause, not reported.
    """
    ranked = ask.understanding.services
    wanted = ranked[:1] + tuple(r for r in ranked[1:2] if r.confidence >= SECOND_SERVICE)
    services = [s for r in wanted if (s := desk.catalogue.service(r.name)) is not None]
    same_sort = len({service.kind in cards.REPORTED for service in services}) == 1
    return services if same_sort else services[:1]
