"""Greetings, thanks, yes and no, who are you: short, warm, and always with a way on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from actions.desk import Ask, Desk, remember
from actions.turn import Button, Outcome, Reply, Turn

_SALAM = re.compile(r"\b(?:ass?ala?m[ou]?'?alai?[ky]u?m|salamu?alaikum|samlekum|askum|aslmkm|asw)\b", re.IGNORECASE)


def greet(desk: Desk, ask: Ask) -> Turn:
    """Introduces the bot once; a second greeting gets a short one."""
    salam = desk.phrases.part("balas_salam") if _SALAM.search(ask.incoming.text) else ""
    name = "sapa_lagi" if ask.context.greeted else "sapa"
    text = desk.phrases.say(name, salam=salam, bot=desk.catalogue.city.bot_name, kota=desk.catalogue.city.name)
    return _turn(ask, text, desk.menu_buttons(), greeted=True)


def thank(desk: Desk, ask: Ask) -> Turn:
    return _turn(ask, desk.phrases.say("terima_kasih", santun=_courtesy(desk)), keep_offer=True)


def goodbye(desk: Desk, ask: Ask) -> Turn:
    return _turn(ask, desk.phrases.say("pamit", santun=_courtesy(desk)), greeted=False)


def affirm(desk: Desk, ask: Ask) -> Turn:
    return _turn(ask, desk.phrases.say("siap"), desk.menu_buttons())


def deny(desk: Desk, ask: Ask) -> Turn:
    """“Bukan itu”: the offered guesses were wrong, so the subject is forgotten too."""
    text = desk.phrases.say("bukan_itu")
    return _turn(ask, text, desk.menu_buttons(), service=None, opd=None)


def cancel(desk: Desk, ask: Ask) -> Turn:
    return _turn(ask, desk.phrases.say("batal"), service=None, opd=None)


def ask_bot(desk: Desk, ask: Ask) -> Turn:
    catalogue = desk.catalogue
    text = desk.phrases.say(
        "tentang_bot",
        bot=catalogue.city.bot_name,
        kota=catalogue.city.name,
        jumlah_layanan=len(catalogue.services),
        jumlah_opd=len(catalogue.opds),
    )
    return _turn(ask, text, desk.menu_buttons(), greeted=True)


def give_feedback(desk: Desk, ask: Ask) -> Turn:
    return _turn(ask, desk.phrases.say("umpan_balik"), (desk.button("talk_to_agent"),))


def insult(desk: Desk, ask: Ask) -> Turn:
    return _turn(ask, desk.phrases.say("kesal"), (desk.button("talk_to_agent"),))


def _courtesy(desk: Desk) -> str:
    courtesy = desk.catalogue.city.courtesy.strip()
    return f"{courtesy} " if courtesy else ""


def _turn(
    ask: Ask, text: str, buttons: tuple[Button, ...] = (), *, keep_offer: bool = False, **changes: object
) -> Turn:
    context = remember(ask, buttons=buttons, **changes)
    if keep_offer:
        context = replace(context, offered=ask.context.offered)
    return Turn((Reply(text, buttons),), context, Outcome.SMALL_TALK, act=ask.understanding.act)


ANSWERS: dict[str, Callable[[Desk, Ask], Turn]] = {
    "greet": greet,
    "thank": thank,
    "goodbye": goodbye,
    "affirm": affirm,
    "deny": deny,
    "cancel": cancel,
    "ask_bot": ask_bot,
    "give_feedback": give_feedback,
    "insult": insult,
}
