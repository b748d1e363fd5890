"""When the bot is not sure: two or three guesses as buttons, and a human after two misses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from actions import payload
from actions.desk import Ask, Desk, remember, short_title
from actions.turn import Button, Outcome, Reply, Turn
from actions.vocabulary import ABOUT_A_SERVICE
from service_catalog.facts import Service

MOST_GUESSES = 3
LIKELY_BY_SEARCH = 0.6


def guesses(desk: Desk, ask: Ask) -> list[Service]:
    """The services that may be meant: the model's ranking, then the catalogue search."""
    names = [ranked.name for ranked in ask.understanding.services if ranked.confidence >= 0.05]
    names += [name for name, score in desk.search.services(ask.incoming.text) if score >= LIKELY_BY_SEARCH]
    services = (desk.catalogue.service(name) for name in dict.fromkeys(names))
    return [service for service in services if service is not None][:MOST_GUESSES]


def close(desk: Desk, ask: Ask) -> list[Service]:
    """The services that the message may mean about equally, all of them: “ktp” has four."""
    ranked = ask.understanding.services
    likely = [r.name for r in ranked if r.confidence >= max(0.3, ranked[0].confidence / 2)]
    return [service for name in likely if (service := desk.catalogue.service(name)) is not None]


def which_of(desk: Desk, ask: Ask, services: Iterable[Service], phrase: str = "maksudnya") -> Turn:
    """“Maksudnya yang mana?” over the guesses; the asked act is kept for the chosen one."""
    acts = tuple(act for act in ask.acts if act in ABOUT_A_SERVICE) or ask.context.pending_acts
    services = tuple(services)
    buttons = tuple(
        desk.button(acts[0] if acts else "ask_overview", service.id, title=short_title(service.name))
        for service in services
    )
    if len(services) == 1 and phrase == "maksudnya":
        text = desk.phrases.say("maksudnya_satu", nama=short_title(services[0].name))
        buttons = (Button("Ya", buttons[0].payload), Button("Bukan", payload.encode("deny")))
    else:
        text = desk.phrases.say(phrase)
    # The subject is open until one is chosen: what was talked about before is not it.
    context = remember(ask, buttons=buttons, pending_acts=acts, service=None, opd=None)
    return Turn((Reply(text, buttons),), context, Outcome.CLARIFIED, act=ask.understanding.act)


def which_service(desk: Desk, ask: Ask, phrase: str, acts: tuple[str, ...]) -> Turn:
    """Ask for the service where nothing points to one; the next message is read as its name.

    Services that were offered just before are offered again, now for what is asked.
    """
    choices = [payload.decode(offered) for offered in ask.context.offered]
    offered = [desk.catalogue.service(choice.service) for choice in choices if choice and choice.service]
    services = [service for service in dict.fromkeys(offered) if service is not None]
    names = [service.id for service in services] or list(desk.catalogue.city.top_services)
    buttons = tuple(
        desk.button(acts[0], service.id, title=short_title(service.name))
        for name in names
        if (service := desk.catalogue.service(name)) is not None
    )
    context = remember(ask, buttons=buttons, pending_acts=acts)
    return Turn((Reply(desk.phrases.say(phrase), buttons),), context, Outcome.CLARIFIED, act=acts[0])


def not_understood(desk: Desk, ask: Ask) -> Turn:
    """A first miss gets guesses or examples, the second the way to a human."""
    misses = ask.context.misses + 1
    found = guesses(desk, ask)
    buttons: tuple[Button, ...]
    if misses >= 2:
        text = desk.phrases.say("tidak_paham_lagi")
        buttons = (desk.button("talk_to_agent"), *_buttons(desk, found))
    elif found:
        text = desk.phrases.say("tidak_paham_tebak")
        buttons = _buttons(desk, found)
    else:
        text = desk.phrases.say("tidak_paham")
        buttons = desk.menu_buttons()
    context = remember(ask, buttons=buttons, misses=misses)
    return Turn((Reply(text, buttons),), context, Outcome.NOT_UNDERSTOOD, act=ask.understanding.act)


def by_search_only(desk: Desk, ask: Ask) -> Turn:
    """Rasa is away: what the words of the message find in the catalogue, and a human."""
    found = guesses(desk, ask)
    phrase = "sistem_pemahaman_mati" if found else "sistem_pemahaman_mati_kosong"
    buttons = (*_buttons(desk, found), desk.button("talk_to_agent"))
    context = replace(remember(ask, buttons=buttons), misses=ask.context.misses)
    return Turn((Reply(desk.phrases.say(phrase), buttons),), context, Outcome.DEGRADED)


def _buttons(desk: Desk, services: Iterable[Service]) -> tuple[Button, ...]:
    return tuple(desk.button("ask_overview", s.id, title=short_title(s.name)) for s in services)
