"""What the chat itself does not do yet: said honestly, with the agency's own channel, never a dead end."""

from __future__ import annotations

from collections.abc import Callable

from actions import cards, clarify
from actions.desk import Ask, Desk, remember
from actions.lines import channel_line, mark
from actions.offices import contact_lines
from actions.turn import Button, Outcome, Reply, Turn
from service_catalog.facts import Service

COMPLAINTS = "lapor_sp4n"
"""The service that takes any complaint; every city has it by national rule (Perpres 76/2013)."""

DATA_PROTECTION_OPD = "diskominfo"


BY_PERSON = ("phone", "whatsapp", "counter", "email", "social")
"""Kinds of channel at whose other end somebody answers."""


def complaint_channels(desk: Desk) -> str:
    service = desk.catalogue.service(COMPLAINTS)
    if service is None or not service.channels:
        return "• LAPOR!: lapor.go.id\n• SMS: 1708"
    return "\n".join(f"• {channel_line(desk, channel)}" for channel in service.channels)


def apply(desk: Desk, ask: Ask, service: Service | None) -> Turn:
    if service is None:
        return clarify.which_service(desk, ask, "ajukan_apa", ("apply",))
    if service.kind in cards.REPORTED:
        return report_problem(desk, ask, service)
    text = desk.phrases.say(
        "ajukan",
        layanan=service,
        opd=desk.opd_name(service),
        kanal=cards.channels(desk, service),
        syarat=cards.requirements(desk, service, cards.MOST_BULLETS),
        sumber=cards.source_line(desk, service),
    )
    cut = len(service.requirements) > cards.MOST_BULLETS
    title = desk.phrases.words("tombol")["syarat_lengkap"] if cut else None
    buttons = (
        desk.button("ask_requirements", service.id, title=title),
        desk.button("ask_procedure", service.id),
    )
    return _turn(ask, text, "apply", service, buttons)


def book_visit(desk: Desk, ask: Ask, service: Service | None) -> Turn:
    if service is None:
        return clarify.which_service(desk, ask, "janji_apa", ("book_visit",))
    text = desk.phrases.say(
        "janji",
        layanan=service,
        opd=desk.opd_name(service),
        kanal=cards.channels(desk, service),
        sumber=cards.source_line(desk, service),
    )
    buttons = (desk.button("ask_requirements", service.id), desk.button("ask_location", service.id))
    return _turn(ask, text, "book_visit", service, buttons)


def track_request(desk: Desk, ask: Ask, service: Service | None) -> Turn:
    if service is None:
        buttons = (desk.button("talk_to_agent"),)
        return _turn(ask, desk.phrases.say("status_umum"), "track_request", None, buttons)
    text = desk.phrases.say("status", layanan=service, opd=desk.opd_name(service), kanal=cards.channels(desk, service))
    return _turn(ask, text, "track_request", service, (desk.button("ask_duration", service.id),))


def report_problem(desk: Desk, ask: Ask, service: Service | None) -> Turn:
    if service is None:
        text = desk.phrases.say("lapor_umum", kanal=complaint_channels(desk))
        return _turn(ask, text, "report_problem", None)
    if service.kind not in cards.REPORTED:
        # A complaint about a service: the office itself, and whoever watches over it.
        lines = cards.channels(desk, service).splitlines()
        lines += [line for line in complaint_channels(desk).splitlines() if line not in lines]
        text = desk.phrases.say("lapor_layanan", layanan=service, opd=desk.opd_name(service), kanal="\n".join(lines))
        return _turn(ask, text, "report_problem", service, _next(desk, service))
    text = desk.phrases.say(
        "lapor",
        layanan=service,
        opd=desk.opd_name(service),
        kanal=cards.channels(desk, service),
        siapkan=desk.phrases.say(
            "siapkan", butir_tampil=service.requirements, tanda=mark(desk, service, "requirements")
        )
        if service.requirements
        else "",
        sumber=cards.source_line(desk, service),
    )
    return _turn(ask, text, "report_problem", service, (desk.button("ask_duration", service.id),))


def talk_to_agent(desk: Desk, ask: Ask, service: Service | None) -> Turn:
    """The agency of the current subject first, then the city's complaint channel."""
    lines: list[str] = []
    if service is not None:
        opd = desk.opd_of(service)
        channels = [c for c in (*service.channels, *(opd.contacts if opd else ())) if c.kind in BY_PERSON]
        lines = [f"• {channel_line(desk, channel)}" for channel in channels]
    lines += complaint_channels(desk).splitlines()
    text = desk.phrases.say("petugas", kanal="\n".join(dict.fromkeys(lines)))
    buttons = desk.menu_buttons() if service is None else _next(desk, service)
    return _turn(ask, text, "talk_to_agent", service, buttons)


def privacy_request(desk: Desk, ask: Ask, service: Service | None) -> Turn:
    opd = desk.catalogue.opd(DATA_PROTECTION_OPD)
    lines = [f"• {line}" for line in contact_lines(desk, opd)] if opd else []
    text = desk.phrases.say(
        "data_pribadi",
        opd=opd.short_name if opd else desk.catalogue.city.name,
        kanal="\n".join(lines) or complaint_channels(desk),
    )
    return _turn(ask, text, "privacy_request", service)


def report_fraud(desk: Desk, ask: Ask, service: Service | None) -> Turn:
    """Illegal fees go to the complaint channel; links, OTP and transfers get the city's warning.

    A service that is asked about too gets its fee beside it: the official price is the
    best answer to a demand for money.
    """
    named = {ranked.name for ranked in ask.understanding.services}
    if COMPLAINTS in named:
        text = desk.phrases.say("pungli", kanal=complaint_channels(desk))
    else:
        signed = desk.catalogue.safety_text("penipuan")
        warning = desk.phrases.say("penipuan_teks_kota", teks=signed.text) if signed else desk.phrases.say("penipuan")
        text = f"{warning}\n\n{desk.phrases.say('kabar_belum_pasti')}"
    buttons: tuple[Button, ...] = (desk.button("talk_to_agent"),)
    replies: tuple[Reply, ...] = (Reply(text, buttons),)
    if service is not None and service.id != COMPLAINTS:
        price = cards.answer_card(desk, service, ["ask_fee"])
        replies, buttons = (Reply(text), price), price.buttons
    turn = _turn(ask, text, "report_fraud", service, buttons)
    return Turn(replies, turn.context, Outcome.SAFETY, turn.act, turn.service)


def _next(desk: Desk, service: Service) -> tuple[Button, ...]:
    return (desk.button("ask_overview", service.id), desk.button("ask_procedure", service.id))


def _turn(ask: Ask, text: str, act: str, service: Service | None, buttons: tuple[Button, ...] = ()) -> Turn:
    changes: dict[str, object] = {"service": service.id} if service else {}
    return Turn(
        (Reply(text, buttons),),
        remember(ask, buttons=buttons, **changes),
        Outcome.REFERRED,
        act=act,
        service=service.id if service else None,
    )


ANSWERS: dict[str, Callable[[Desk, Ask, Service | None], Turn]] = {
    "apply": apply,
    "book_visit": book_visit,
    "track_request": track_request,
    "report_problem": report_problem,
    "talk_to_agent": talk_to_agent,
    "privacy_request": privacy_request,
    "report_fraud": report_fraud,
}
