"""Where, when and how to reach an agency: its offices, hours and contacts, and nothing guessed."""

from __future__ import annotations

from collections.abc import Iterable

from actions.desk import Ask, Desk, remember
from actions.lines import channel_line, mark
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
    if not known:
        return desk.phrases.say("jam_tidak_ada", opd=_name(desk, opd, service))
    sign = mark(desk, service, "hours") if service else ""
    return desk.phrases.say("jam", jam=[f"{o.name}: {o.hours}{_sign(desk, o) or sign}" for o in known])


def knows_hours(opd: Opd | None) -> bool:
    return any(office.hours for office in (opd.offices if opd else ()))


def knows_location(opd: Opd | None, service: Service | None = None) -> bool:
    return any(office.address for office in (opd.offices if opd else ())) or any(
        channel.kind == "counter" for channel in (service.channels if service else ())
    )


def knows_contacts(opd: Opd | None) -> bool:
    return opd is not None and bool(opd.contacts or any(office.contacts for office in opd.offices))


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
    if "ask_location" in asked and "ask_hours" not in asked and knows_hours(opd):
        asked.insert(asked.index("ask_location") + 1, "ask_hours")
    gap = ("ask_hours" in asked and not knows_hours(opd)) or ("ask_location" in asked and not knows_location(opd))
    if gap and "ask_contact" not in asked and knows_contacts(opd):
        asked.append("ask_contact")
    parts = {"ask_hours": hours, "ask_location": location, "ask_contact": contacts}
    text = desk.phrases.say("kantor", opd=opd, bagian_jawaban=[parts[act](desk, opd) for act in asked])
    buttons = tuple(desk.button(act, opd=opd.id) for act in ("ask_location", "ask_contact") if act not in asked)
    buttons = (*buttons, desk.button("talk_to_agent"))
    return Turn(
        (Reply(text, buttons),),
        remember(ask, buttons=buttons, opd=opd.id, service=None),
        Outcome.ANSWERED,
        act=asked[0],
    )
