"""Where, when and how to reach an agency: its offices, hours and contacts, and nothing guessed."""

from __future__ import annotations

from collections.abc import Iterable

from actions.desk import Ask, Desk, remember
from actions.lines import channel_line
from actions.turn import Outcome, Reply, Turn
from service_catalog.facts import Office, Opd, Service

_PLACE_ACTS = ("ask_hours", "ask_location", "ask_contact")


def _sign(desk: Desk, office: Office) -> str:
    return "" if office.verified else desk.phrases.part("tanda_belum_pasti")


def _name(desk: Desk, opd: Opd | None, service: Service | None) -> str:
    if opd is not None:
        return opd.short_name
    return desk.opd_name(service) if service is not None else desk.catalogue.city.name


def contact_lines(desk: Desk, opd: Opd) -> list[str]:
    """The agency's numbers and sites, then those of its offices, each once."""
    lines = [channel_line(desk, contact) for contact in opd.contacts]
    for office in opd.offices:
        lines += [f"{office.name}, {channel_line(desk, contact)}" for contact in office.contacts]
    return list(dict.fromkeys(lines))


def hours(desk: Desk, opd: Opd | None, service: Service | None = None) -> str:
    known = [o for o in (opd.offices if opd else ()) if o.hours]
    if known:
        return desk.phrases.say("jam", jam=[f"{o.name}: {o.hours}{_sign(desk, o)}" for o in known])
    return desk.phrases.say("jam_tidak_ada", opd=_name(desk, opd, service))


def location(desk: Desk, opd: Opd | None, service: Service | None = None) -> str:
    places = [f"{o.name}: {o.address}{_sign(desk, o)}" for o in (opd.offices if opd else ()) if o.address]
    if service is not None:
        places += [channel_line(desk, c) for c in service.channels if c.kind == "counter"]
    if places:
        return desk.phrases.say("lokasi", lokasi=list(dict.fromkeys(places)))
    return desk.phrases.say("lokasi_tidak_ada", opd=_name(desk, opd, service))


def contacts(desk: Desk, opd: Opd | None, service: Service | None = None) -> str:
    lines = [channel_line(desk, c) for c in service.channels if c.value] if service else []
    if opd is not None:
        lines += contact_lines(desk, opd)
    if lines:
        return desk.phrases.say("kontak", kontak=list(dict.fromkeys(lines)))
    return desk.phrases.say("kontak_tidak_ada", opd=_name(desk, opd, service))


def answer(desk: Desk, ask: Ask, opd: Opd, acts: Iterable[str]) -> Turn:
    """Answer about an agency as a whole: what was asked, or all that is known of reaching it."""
    asked = [act for act in acts if act in _PLACE_ACTS] or list(_PLACE_ACTS)
    parts = {"ask_hours": hours, "ask_location": location, "ask_contact": contacts}
    text = desk.phrases.say("kantor", opd=opd, bagian_jawaban=[parts[act](desk, opd) for act in asked])
    buttons = tuple(desk.button(act, opd=opd.id) for act in ("ask_location", "ask_contact") if act not in asked)
    return Turn(
        (Reply(text, buttons),),
        remember(ask, buttons=buttons, opd=opd.id, service=None),
        Outcome.ANSWERED,
        act=asked[0],
    )
