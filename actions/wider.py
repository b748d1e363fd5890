"""Questions wider than one service: a moment in life, and what is not the city's business."""

from __future__ import annotations

import re

from actions.desk import Ask, Desk, remember, short_title
from actions.turn import Outcome, Reply, Turn
from service_catalog.facts import LifeEvent

_WHAT_TO_ARRANGE = re.compile(
    r"\b(?:apa (?:aja|saja|wae)|apa yang|apa yg|apaan|naon wae|opo wae|apa2|semua(?:nya)?|sekalian|urutan(?:nya)?|"
    r"mulai dari mana|dari mana dulu|harus (?:ngapain|gimana|apa|urus|diurus)|mesti (?:ngapain|gimana|apa)|"
    r"(?:yg|yang) (?:hrs|harus|perlu|mesti|kudu) (?:di)?urus)\b"
)
_PAPERS = re.compile(
    r"\b(?:syarat\w*|persyaratan\w*|berkas\w*|dokumen\w*|biaya\w*|ongkos\w*|bayar|bikin|buat|nyieun)\b"
)
SURE = 0.85


def life_event(desk: Desk, ask: Ask) -> LifeEvent | None:
    """The life event a message is about, where it asks for all there is to arrange."""
    text = ask.incoming.text.lower()
    one_service_is_clear = ask.understanding.decision == "answer" and bool(ask.understanding.services)
    # “syarat akta apa aja” asks for the papers of one document, not about the event.
    if one_service_is_clear and (not _WHAT_TO_ARRANGE.search(text) or _PAPERS.search(text)):
        return None
    found = desk.search.life_event(text)
    if found is None or found[1] < SURE:
        return None
    return next((event for event in desk.catalogue.life_events if event.id == found[0]), None)


def answer_life_event(desk: Desk, ask: Ask, event: LifeEvent) -> Turn:
    services = [s for service_id in event.services if (s := desk.catalogue.service(service_id)) is not None]
    text = desk.phrases.say(
        "peristiwa",
        pembuka=event.intro,
        layanan=[f"*{short_title(s.name)}* ({desk.opd_name(s)})" for s in services],
    )
    buttons = tuple(desk.button("ask_overview", s.id, title=short_title(s.name)) for s in services)
    context = remember(ask, buttons=buttons, service=None, opd=None)
    return Turn((Reply(text, buttons),), context, Outcome.ANSWERED, act="ask_overview")


def out_of_scope(desk: Desk, ask: Ask) -> Turn:
    """Says who owns the matter and how to reach them; a plain decline where nobody does."""
    route_id = desk.search.out_of_scope(ask.incoming.text)
    route = next((r for r in desk.catalogue.out_of_scope if route_id and r.id == route_id[0]), None)
    if route is None or not (route.owner or route.route):
        text = desk.phrases.say("bukan_urusan_umum")
    else:
        text = desk.phrases.say(
            "bukan_urusan_kota",
            topik=route.topic,
            pemilik=route.owner,
            jalur=route.route,
            tanda="" if route.verified else desk.phrases.part("tanda_belum_pasti"),
        )
    buttons = desk.menu_buttons()
    context = remember(ask, buttons=buttons)
    return Turn((Reply(text, buttons),), context, Outcome.OUT_OF_SCOPE, act="out_of_scope")
