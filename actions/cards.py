"""Answers about a service: the overview card, and one card for any number of asked aspects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from actions import offices
from actions.desk import Ask, Desk, remember, short_title
from actions.lines import channel_line, channel_names, mark
from actions.phrasebook import rupiah, tanggal
from actions.turn import Button, Outcome, Reply, Turn
from actions.vocabulary import SERVICE_ASPECTS
from service_catalog.facts import Service

APPLIED_FOR = ("permohonan", "program")
"""Kinds of service that somebody applies for; the others are reported, paid or looked up."""

REPORTED = ("pengaduan", "darurat")

MOST_BULLETS = 7
"""What an old phone shows without scrolling for ever; the rest is one button away."""


def source_line(desk: Desk, service: Service) -> str:
    evidence = service.evidence
    return desk.phrases.say(
        "sumber",
        opd=desk.opd_name(service),
        tanggal=tanggal(evidence.checked_on) if evidence.checked_on else None,
    )


def requirements(desk: Desk, service: Service, most: int | None = None) -> str:
    if not service.requirements:
        return desk.phrases.say("syarat_tidak_ada")
    shown = service.requirements
    if most is not None and len(shown) > most:
        shown = shown[: most - 1]
    return desk.phrases.say(
        "syarat",
        butir_tampil=shown,
        sisa=len(service.requirements) - len(shown),
        tanda=mark(desk, service, "requirements"),
    )


def procedure(desk: Desk, service: Service) -> str:
    if not service.steps:
        return desk.phrases.say("langkah_tidak_ada")
    ways, sign = channel_names(desk, service)
    return desk.phrases.say(
        "langkah",
        langkah=service.steps,
        kanal=ways,
        tanda=mark(desk, service, "steps"),
        tanda_kanal=sign,
    )


def fee(desk: Desk, service: Service) -> str:
    fee, sign = service.fee, mark(desk, service, "fee")
    if fee.amount is None:
        if fee.text is None:
            return desk.phrases.say("biaya_tidak_ada")
        return desk.phrases.say("biaya_rumus", keterangan=fee.text, tanda=sign)
    if fee.amount == 0:
        if fee.text is None:
            return desk.phrases.say("biaya_gratis", tanda=sign)
        return desk.phrases.say("biaya_gratis_rinci", keterangan=fee.text, tanda=sign)
    return desk.phrases.say("biaya_tetap", rupiah=rupiah(fee.amount), keterangan=fee.text, tanda=sign)


def duration(desk: Desk, service: Service) -> str:
    time = service.processing_time
    text = time.text
    if text is None and time.working_days is not None:
        text = "seketika" if time.working_days == 0 else f"paling lama {time.working_days} hari kerja"
    if text is None:
        return desk.phrases.say("lama_tidak_ada")
    return desk.phrases.say("lama", keterangan=text, tanda=mark(desk, service, "processing_time"))


def eligibility(desk: Desk, service: Service) -> str:
    if not service.eligibility:
        return desk.phrases.say("untuk_siapa_tidak_ada")
    fact = desk.phrases.say("untuk_siapa", keterangan=service.eligibility, tanda=mark(desk, service, "eligibility"))
    if service.kind not in APPLIED_FOR:
        return fact
    return f"{fact}\n{desk.phrases.say('untuk_siapa_catatan', opd=desk.opd_name(service))}"


def channels(desk: Desk, service: Service) -> str:
    """How to reach the service, one way a line; the agency's own contacts where it has none."""
    lines = [channel_line(desk, channel) for channel in service.channels]
    opd = desk.opd_of(service)
    if opd is not None:
        lines += [line for line in offices.contact_lines(desk, opd) if line not in lines]
    if not lines:
        return desk.phrases.say("kanal_tidak_ada", opd=desk.opd_name(service))
    return "\n".join(f"• {line}" for line in lines)


def hours(desk: Desk, service: Service) -> str:
    """Opening hours; a report is taken at any hour, so there it is the ways to send one."""
    if service.kind in REPORTED:
        return procedure(desk, service)
    return offices.hours(desk, desk.opd_of(service), service)


def location(desk: Desk, service: Service) -> str:
    """Where to go; a report is sent, so there it is the ways to send one."""
    if service.kind in REPORTED:
        return procedure(desk, service)
    return offices.location(desk, desk.opd_of(service), service)


_ASPECTS: dict[str, Callable[[Desk, Service], str]] = {
    "ask_requirements": requirements,
    "ask_procedure": procedure,
    "ask_eligibility": eligibility,
    "ask_fee": fee,
    "ask_duration": duration,
    "ask_hours": hours,
    "ask_location": location,
    "ask_contact": lambda desk, service: offices.contacts(desk, desk.opd_of(service), service),
}


def overview(desk: Desk, service: Service) -> Reply:
    phrases = desk.phrases
    ways, sign = channel_names(desk, service)
    text = phrases.say(
        "ringkasan",
        layanan=service,
        syarat=requirements(desk, service, MOST_BULLETS),
        biaya=fee(desk, service),
        lama=duration(desk, service),
        kanal_pendek=phrases.say("kanal_pendek", kanal=ways, tanda=sign)
        if ways
        else phrases.say("kanal_tidak_ada", opd=desk.opd_name(service)),
        hasil=phrases.say("hasil", keterangan=service.output, tanda=mark(desk, service, "output"))
        if service.output
        else None,
        sumber=source_line(desk, service),
    )
    return Reply(text, buttons_for(desk, service, ()))


def answer_card(desk: Desk, service: Service, acts: Iterable[str]) -> Reply:
    """All asked aspects of one service in one card, in the order they were asked."""
    asked = [act for act in dict.fromkeys(acts) if act in _ASPECTS]
    text = desk.phrases.say(
        "jawaban",
        layanan=service,
        bagian_jawaban=_sections(desk, service, asked),
        catatan=service.note,
        sumber=source_line(desk, service),
    )
    return Reply(text, buttons_for(desk, service, asked))


def _sections(desk: Desk, service: Service, asked: Sequence[str]) -> list[str]:
    """The answer to each act, and what spares the next question.

    Hours stand beside a place, and contacts where the place or the hours are not known.
    """
    sections = [_ASPECTS[act](desk, service) for act in asked]
    opd = desk.opd_of(service)
    if service.kind not in REPORTED:
        if "ask_location" in asked and "ask_hours" not in asked and offices.knows_hours(opd):
            sections.append(hours(desk, service))
        gap = ("ask_hours" in asked and not offices.knows_hours(opd)) or (
            "ask_location" in asked and not offices.knows_location(opd, service)
        )
        if gap and "ask_contact" not in asked and (service.channels or offices.knows_contacts(opd)):
            sections.append(desk.phrases.say("tanyakan", kanal=channels(desk, service)))
    # Two acts may have the same answer, such as where to report and how.
    return list(dict.fromkeys(sections))


def buttons_for(desk: Desk, service: Service, answered: Iterable[str]) -> tuple[Button, ...]:
    """What a resident would ask next about this service, without what was just answered."""
    done = set(answered)
    if service.kind in REPORTED and done & {"ask_hours", "ask_location"}:
        done.add("ask_procedure")
    buttons = []
    if not done and len(service.requirements) > MOST_BULLETS:
        title = desk.phrases.words("tombol")["syarat_lengkap"]
        buttons.append(desk.button("ask_requirements", service.id, title=title))
    wanted = ["ask_procedure", "ask_location"] if not done else ["ask_requirements", "ask_procedure"]
    if service.kind in REPORTED:
        wanted = [act for act in wanted if act != "ask_location"]
    buttons += [desk.button(act, service.id) for act in wanted if act not in done]
    if service.kind in APPLIED_FOR:
        buttons.append(desk.button("apply", service.id))
    buttons.append(desk.button("talk_to_agent", service.id))
    return tuple(buttons)


def answer(desk: Desk, ask: Ask, services: Iterable[Service], acts: Iterable[str]) -> Turn:
    """Answer the asked acts for one service, or for two that were asked about together."""
    services = tuple(services)
    acts = tuple(acts)
    aspects = [act for act in acts if act in SERVICE_ASPECTS]
    replies = [answer_card(desk, service, aspects) if aspects else overview(desk, service) for service in services]
    if len(replies) > 1:
        # “Caranya” of which one? So each service is offered by its name, once, below the last card.
        names = tuple(desk.button("ask_overview", s.id, title=short_title(s.name)) for s in services)
        replies = [*(replace(reply, buttons=()) for reply in replies[:-1]), replace(replies[-1], buttons=names)]
    return Turn(
        tuple(replies),
        remember(ask, buttons=replies[-1].buttons, service=services[0].id, opd=None),
        Outcome.ANSWERED,
        act=acts[0] if acts else "ask_overview",
        service=services[0].id,
    )
