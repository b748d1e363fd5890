"""Single lines of an answer that several cards share."""

from __future__ import annotations

from actions.desk import Desk
from service_catalog.facts import Aspect, Channel, Service


def mark(desk: Desk, service: Service, aspect: Aspect) -> str:
    """` (perlu dipastikan ke OPD)` where the fact is not confirmed, else nothing."""
    return desk.phrases.part("tanda_belum_pasti") if aspect in service.evidence.unverified else ""


def channel_line(desk: Desk, channel: Channel) -> str:
    """`Nama: nomor`, marked unless confirmed; a number standing in the name is not repeated."""
    text = channel.name
    if channel.value and channel.value.lower() not in channel.name.lower():
        text = f"{channel.name}: {channel.value}"
    return text if channel.verified else text + desk.phrases.part("tanda_belum_pasti")


def channel_names(desk: Desk, service: Service) -> tuple[list[str], str]:
    """The ways to a service in short, and the mark for all of them together.

    Where only some are confirmed, each other one carries the mark itself.
    """
    names = [_short(channel) for channel in service.channels]
    confirmed = [channel.verified for channel in service.channels]
    if not any(confirmed):
        return names, desk.phrases.part("tanda_belum_pasti")
    if all(confirmed):
        return names, mark(desk, service, "channels")
    sign = desk.phrases.part("tanda_belum_pasti")
    return [name if sure else name + sign for name, sure in zip(names, confirmed, strict=True)], ""


def _short(channel: Channel) -> str:
    if channel.value and channel.value.lower() not in channel.name.lower():
        return f"{channel.name} ({channel.value})"
    return channel.name
