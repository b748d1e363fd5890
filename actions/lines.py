"""Single lines of an answer that several cards share."""

from __future__ import annotations

from collections.abc import Iterable

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


def channel_names(channels: Iterable[Channel]) -> list[str]:
    return [f"{c.name} ({c.value})" if c.value and c.value.lower() not in c.name.lower() else c.name for c in channels]
