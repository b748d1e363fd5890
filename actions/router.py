"""From understanding to answer: which custom action speaks, for every act and every message kind."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from actions import cards, choices, clarify, offices, payload, referrals, safety, small_talk, subject, wider
from actions.desk import Ask, Desk, remember
from actions.turn import Context, Incoming, Outcome, Ranked, Reply, Turn, Understanding
from actions.understanding import with_safety
from actions.vocabulary import ABOUT_A_SERVICE, SAFETY
from service_catalog.facts import Service

_NUMBER = re.compile(r"^\s*(?:no\.?|nomor|pilih|yang|yg)?\s*([1-9])\s*[.)]?\s*$", re.IGNORECASE)

_CORRECTION = re.compile(
    r"\b(?:bukan|bkn|sanes|dudu)\b(.+?)\b(?:tapi|tp|tpi|melainkan|maksudnya|mksdnya|tapina|nanging)\b[\s,:]*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_UNREADABLE = {
    "photo": "foto",
    "voice": "suara",
    "audio": "suara",
    "video": "foto",
    "location": "lokasi_diterima",
    "document": "berkas",
    "contact": "jenis_lain",
    "poll": "jenis_lain",
}
_COMMANDS = {
    "/bantuan": "ask_bot",
    "/help": "ask_bot",
    "/menu": "ask_bot",
    "/data": "privacy_request",
    "/hapus": "privacy_request",
    "/salinan": "privacy_request",
    "/privasi": "privacy_request",
    "/petugas": "talk_to_agent",
    "/batal": "cancel",
}
SURE_BY_SEARCH = 0.9
"""A catalogue phrase standing in the message this closely is trusted where the model is not sure."""

SURE_OF_SERVICE = 0.9
"""Confidence from which a service is the subject although what is asked of it is not clear."""

SURE_OF_ACT = 0.5
NAMED = 0.3
FEW_WORDS = 5
"""A message of so few words, sure of what it asks (SURE_OF_ACT) and below NAMED for any service, is a follow-up."""

LIKELY_ACT = 0.35
"""Confidence from which an act is answered where the service is sure; below it the overview is."""


class Actions:
    """All custom actions over one state of the catalogue. Pure: same input, same turn."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def direct(self, incoming: Incoming, context: Context) -> Turn | None:
        """The answer to what needs no model, or None where the text must be understood first."""
        if incoming.kind in ("blocked", "unblocked", "other", "ignored"):
            return Turn((), context, Outcome.IGNORED)
        if safety.recognise(incoming.text) is not None:
            return self._with_warning(incoming, self._answer(self._ask(incoming, context)))
        if incoming.kind == "payload":
            return self._pressed(incoming, context)
        if incoming.kind == "command":
            return self._command(incoming, context)
        text = incoming.text.strip()
        if incoming.kind == "sticker":
            phrase = "stiker" if context.service or context.misses else "stiker_tanya"
            return self._say(incoming, context, phrase, Outcome.UNSUPPORTED)
        if not text:
            phrase = _UNREADABLE.get(incoming.kind, "pesan_kosong" if incoming.kind == "text" else "jenis_lain")
            return self._say(incoming, context, phrase, Outcome.UNSUPPORTED)
        number = _NUMBER.match(text)
        if number and int(number[1]) <= len(context.offered):
            return self._pressed(replace(incoming, payload=context.offered[int(number[1]) - 1]), context)
        return None

    def answer(self, incoming: Incoming, understanding: Understanding, context: Context) -> Turn:
        """The turn for an understood text."""
        return self._with_warning(incoming, self._answer(Ask(incoming, understanding, context)))

    def degraded(self, incoming: Incoming, context: Context) -> Turn:
        """The turn while Rasa is away: catalogue search and a human."""
        return self._with_warning(incoming, clarify.by_search_only(self._desk, self._ask(incoming, context)))

    def apologise(self, phrase: str, context: Context, now: dt.datetime) -> Turn:
        """The turn when everything failed; the message is recorded as such."""
        text = self._desk.phrases.say("sistem_pemahaman_mati_kosong" if phrase == "degraded" else "gangguan")
        return Turn((Reply(text),), replace(context, updated_at=now), Outcome.FAILED)

    # ------------------------------------------------------------------ understood text

    def _answer(self, ask: Ask) -> Turn:
        desk, understanding = self._desk, ask.understanding
        if understanding.decision == "safety":
            return safety.answer(desk, ask)
        act = understanding.act
        if act is None or act in SAFETY:
            # Too little of a danger to warn of; but a service's card is no answer to what may be one.
            return clarify.not_understood(desk, ask)
        pointed = choices.answer(desk, ask) or self._life_event(ask)
        if pointed is not None:
            return pointed
        if understanding.decision in ("clarify", "fallback"):
            found = self._corrected(ask) or self._subject_only(ask) or self._follow_up(ask)
            if found is not None:
                return found
        if understanding.decision == "fallback":
            return self._by_search(ask) or clarify.not_understood(desk, ask)
        elsewhere = subject.is_elsewhere(desk, ask)
        if act == "out_of_scope" and not elsewhere and understanding.acts[0].confidence < LIKELY_ACT:
            # Of gibberish a model makes anything, a little of it “not ours”.
            return self._by_search(ask) or clarify.not_understood(desk, ask)
        if act == "out_of_scope" or elsewhere:
            return self._ours_after_all(ask) or wider.out_of_scope(desk, ask)
        if act in small_talk.ANSWERS:
            if understanding.decision == "clarify" and understanding.acts[0].confidence < SURE_OF_ACT:
                # “Dibatalkan” to a complaint would be worse than asking once more.
                return self._by_search(ask) or clarify.not_understood(desk, ask)
            return self._small_talk(ask, act)
        services = subject.named_services(desk, ask)
        if act in referrals.ANSWERS and act not in ABOUT_A_SERVICE:
            return referrals.ANSWERS[act](desk, ask, services[0] if services else subject.remembered(desk, ask, act))
        if understanding.decision == "clarify" and understanding.services:
            # “Kk” is four services to the model too; a phrase of one of them is not what was written.
            found = self._by_search(ask) if len(services) == 1 else None
            return found or clarify.which_of(desk, ask, clarify.guesses(desk, ask))
        return self._about_a_service(ask, services)

    def _life_event(self, ask: Ask) -> Turn | None:
        if ask.understanding.act not in (*ABOUT_A_SERVICE, "out_of_scope"):
            return None
        event = wider.life_event(self._desk, ask)
        return wider.answer_life_event(self._desk, ask, event) if event is not None else None

    def _about_a_service(self, ask: Ask, services: list[Service]) -> Turn:
        desk = self._desk
        acts = subject.asked_acts(ask)
        if not services:
            opd = subject.named_opd(desk, ask)
            if opd is None and ask.context.opd and not ask.context.service:
                opd = desk.catalogue.opd(ask.context.opd)
            if opd is not None:
                return offices.answer(desk, ask, opd, acts)
            remembered = desk.catalogue.service(ask.context.service) if ask.context.service else None
            if remembered is None:
                return self._by_search(ask) or clarify.which_service(desk, ask, "layanan_apa", acts)
            services = [remembered]
        if acts[0] in referrals.ANSWERS:
            return referrals.ANSWERS[acts[0]](desk, ask, services[0])
        if len(services) > 1 and acts == ("ask_overview",):
            return clarify.which_of(desk, ask, clarify.close(desk, ask), "beberapa_layanan")
        return cards.answer(desk, ask, services, acts)

    def _ours_after_all(self, ask: Ask) -> Turn | None:
        """A service of the city that is surely named, where nobody else is known to own the matter."""
        services = ask.understanding.services
        if not services or services[0].confidence < SURE_OF_SERVICE:
            return None
        service = self._desk.catalogue.service(services[0].name)
        if service is None or self._desk.search.out_of_scope(ask.incoming.text) is not None:
            return None
        return cards.answer(self._desk, ask, [service], ("ask_overview",))

    def _corrected(self, ask: Ask) -> Turn | None:
        """“Eh bukan KTP tapi KK”: what stands after the “bukan”, with the rest of the subject kept."""
        found = _CORRECTION.search(ask.incoming.text)
        before = self._desk.catalogue.service(ask.context.service) if ask.context.service else None
        if found is None or before is None:
            return None
        search = self._desk.search
        named = {name for name, _ in search.services(found[2], limit=12)}
        denied = {before.id, *(name for name, _ in search.services(found[1], limit=12))}
        services = [
            service
            for name, _ in search.services(f"{found[2]} {before.name}", limit=12)
            if name in named - denied and (service := self._desk.catalogue.service(name)) is not None
        ]
        return clarify.which_of(self._desk, ask, services[: clarify.MOST_GUESSES]) if services else None

    def _subject_only(self, ask: Ask) -> Turn | None:
        """The service is clear and the question is not: the overview answers most of what can be asked."""
        understanding = ask.understanding
        services = understanding.services
        if understanding.act not in ABOUT_A_SERVICE or not services or services[0].confidence < SURE_OF_SERVICE:
            return None
        if len(subject.named_services(self._desk, ask)) > 1:
            return None
        service = self._desk.catalogue.service(services[0].name)
        if service is None:
            return None
        likely = understanding.acts[0].confidence >= LIKELY_ACT
        acts = subject.asked_acts(ask) if likely else ask.context.pending_acts or ("ask_overview",)
        if acts[0] in referrals.ANSWERS:
            return referrals.ANSWERS[acts[0]](self._desk, ask, service)
        return cards.answer(self._desk, ask, [service], acts)

    def _follow_up(self, ask: Ask) -> Turn | None:
        """“Bayar ga?”: a few words that surely ask something and name nothing speak of the subject at hand."""
        understanding = ask.understanding
        if understanding.act not in ABOUT_A_SERVICE or understanding.acts[0].confidence < SURE_OF_ACT:
            return None
        named = understanding.services and understanding.services[0].confidence >= NAMED
        if named or len(ask.incoming.text.split()) > FEW_WORDS:
            return None
        return self._about_a_service(ask, [])

    def _by_search(self, ask: Ask) -> Turn | None:
        """A service whose own words stand in the message, such as one published this morning."""
        found = self._desk.search.services(ask.incoming.text)
        if not found or found[0][1] < SURE_BY_SEARCH or (len(found) > 1 and found[1][1] >= SURE_BY_SEARCH):
            return None
        service = self._desk.catalogue.service(found[0][0])
        if service is None:
            return None
        sure = replace(
            ask,
            understanding=replace(ask.understanding, services=(Ranked(service.id, found[0][1]),), decision="answer"),
        )
        act = sure.understanding.act
        if act in referrals.ANSWERS:
            return referrals.ANSWERS[act](self._desk, sure, service)
        return cards.answer(self._desk, sure, [service], subject.asked_acts(sure))

    def _small_talk(self, ask: Ask, act: str) -> Turn:
        offered = ask.context.offered
        if act == "affirm" and len(offered) in (1, 2) and ask.context.pending_acts:
            return self._pressed(replace(ask.incoming, payload=offered[0]), ask.context)
        return small_talk.ANSWERS[act](self._desk, ask)

    # ------------------------------------------------------------------ buttons, commands, the rest

    def _pressed(self, incoming: Incoming, context: Context) -> Turn:
        """A button, or a number typed in its place; an old or foreign payload gets the menu."""
        desk = self._desk
        choice = payload.decode(incoming.payload or "")
        if choice is None:
            return self._say(incoming, context, "tombol_usang", Outcome.UNSUPPORTED, menu=True)
        services = (Ranked(choice.service, 1.0),) if choice.service else ()
        opd = (Ranked(choice.opd, 1.0),) if choice.opd else ()
        acts = context.pending_acts if choice.act in context.pending_acts[:1] else (choice.act,)
        understanding = Understanding(
            incoming.text, tuple(Ranked(act, 1.0) for act in acts), services, opd, decision="answer"
        )
        if choice.act in ("report_emergency", "report_crisis"):
            understanding = replace(understanding, decision="safety")
        ask = Ask(incoming, understanding, context)
        if choice.life_event is not None:
            event = next((e for e in desk.catalogue.life_events if e.id == choice.life_event), None)
            if event is not None:
                return wider.answer_life_event(desk, ask, event)
        if choice.service and desk.catalogue.service(choice.service) is None:
            return self._say(incoming, context, "layanan_tak_dikenal", Outcome.UNSUPPORTED, menu=True)
        if choice.act == "deny":
            return small_talk.deny(desk, ask)
        return self._answer(replace(ask, context=replace(context, pending_acts=())))

    def _command(self, incoming: Incoming, context: Context) -> Turn:
        argument = str(incoming.attributes.get("argument") or "")
        if incoming.text == "/start":
            if argument and self._desk.catalogue.service(argument) is not None:
                return self._pressed(replace(incoming, payload=payload.encode("ask_overview", argument)), context)
            if argument:
                return self._say(incoming, context, "layanan_tak_dikenal", Outcome.UNSUPPORTED, menu=True)
            fresh = self._ask(replace(incoming, text=""), Context())
            return small_talk.greet(self._desk, fresh)
        act = _COMMANDS.get(incoming.text)
        if act is None:
            return self._say(incoming, context, "pilih_layanan", Outcome.UNSUPPORTED, menu=True)
        return self._pressed(replace(incoming, payload=payload.encode(act)), context)

    def _say(self, incoming: Incoming, context: Context, phrase: str, outcome: Outcome, *, menu: bool = False) -> Turn:
        text = self._desk.phrases.say(phrase, kota=self._desk.catalogue.city.name)
        buttons = self._desk.menu_buttons() if menu or phrase in ("pesan_kosong", "stiker_tanya") else ()
        ask = self._ask(incoming, context)
        misses = replace(remember(ask, buttons=buttons), misses=context.misses)
        return Turn((Reply(text, buttons),), misses, outcome)

    def _ask(self, incoming: Incoming, context: Context) -> Ask:
        return Ask(incoming, with_safety(Understanding(incoming.text)), context)

    def _with_warning(self, incoming: Incoming, turn: Turn) -> Turn:
        """Warns whoever typed a NIK or KK number, after the answer to what they asked."""
        if not incoming.attributes.get("identity_masked"):
            return turn
        return replace(turn, replies=(*turn.replies, Reply(self._desk.phrases.say("ada_nomor"))))
