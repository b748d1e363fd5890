"""What an editor should look at in a catalogue that is formally right.

The file reader finds errors; these are remarks, and none of them stops a load.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from service_catalog.facts import Catalogue, Opd, Service

LONGEST_ITEM = 200
"""Characters of one item that still read well on a chat card."""

MOST_TOP_SERVICES = 10
"""WhatsApp shows at most ten rows in a list."""

_PHONE = re.compile(r"(?<![\d/.])(?:\(0\d{2,3}\)|\+62|0)[\s.-]?\d{2,4}(?:[\s.-]?\d{2,5}){1,3}(?![\d/])")
_FEWEST_DIGITS = 8


@dataclass(frozen=True)
class Remark:
    """`owner` names the entry as the file's errors do: `layanan ktp_el_hilang`."""

    owner: str
    message: str

    def __str__(self) -> str:
        return f"{self.owner}: {self.message}"


def check(catalogue: Catalogue, *, today: dt.date | None = None) -> list[Remark]:
    """Every remark, in the order of the file. `today` is the date in the city, if dates are to be checked."""
    remarks = list(_top_services(catalogue))
    for opd in catalogue.opds:
        remarks += _opd(opd)
    for service in catalogue.services:
        remarks += _service(service, today)
    remarks += _shared_synonyms(catalogue)
    remarks += _unused_sources(catalogue)
    return remarks


def _top_services(catalogue: Catalogue) -> Iterator[Remark]:
    top = catalogue.city.top_services
    if not top:
        yield Remark("kota", "top_services kosong; menu awal bot tidak menawarkan layanan apa pun")
    if len(top) > MOST_TOP_SERVICES:
        yield Remark("kota", f"top_services berisi {len(top)} layanan; WhatsApp menampilkan {MOST_TOP_SERVICES}")
    for name in dict.fromkeys(name for name in top if top.count(name) > 1):
        yield Remark("kota", f"top_services memuat {name} lebih dari sekali")


def _opd(opd: Opd) -> Iterator[Remark]:
    owner = f"OPD {opd.id}"
    if not opd.contacts and not any(office.contacts for office in opd.offices):
        yield Remark(owner, "belum punya kontak; warga yang bertanya nomor tidak mendapat jawaban")


def _service(service: Service, today: dt.date | None) -> Iterator[Remark]:
    owner = f"layanan {service.id}"
    if not service.synonyms:
        yield Remark(owner, "belum punya synonyms; sulit ditemukan dari kata-kata warga")
    if service.id in service.related:
        yield Remark(owner, "related memuat dirinya sendiri")
    if service.kind == "permohonan" and not service.requirements:
        yield Remark(owner, "permohonan tanpa requirements; bot akan menjawab persyaratan belum diketahui")
    evidence = service.evidence
    if evidence.basis != "general" and not evidence.sources:
        yield Remark(owner, f"evidence.basis {evidence.basis}, tetapi evidence.sources kosong")
    if today is not None and evidence.checked_on is not None and evidence.checked_on > today:
        yield Remark(owner, f"evidence.checked_on {evidence.checked_on.isoformat()} belum terjadi")
    for where, text in _prose(service):
        if len(text) > LONGEST_ITEM:
            yield Remark(owner, f"{where}: {len(text)} karakter; lebih dari {LONGEST_ITEM} sulit dibaca di obrolan")
        if text != text.strip():
            yield Remark(owner, f"{where}: ada spasi di awal atau akhir")
        number = phone_number_in(text)
        if number is not None:
            yield Remark(
                owner,
                f"{where}: tampak memuat nomor telepon ({number}); tempatnya di channels",
            )


def _prose(service: Service) -> Iterator[tuple[str, str]]:
    """Every text a resident reads, with its key and number from 1."""
    single = {
        "purpose": service.purpose,
        "fee.text": service.fee.text,
        "processing_time.text": service.processing_time.text,
        "output": service.output,
        "eligibility": service.eligibility,
        "note": service.note,
    }
    yield from ((where, text) for where, text in single.items() if text)
    for where, texts in (("requirements", service.requirements), ("steps", service.steps)):
        yield from ((f"{where}[{number}]", text) for number, text in enumerate(texts, 1))


def phone_number_in(text: str) -> str | None:
    """What looks like an Indonesian phone number of eight digits or more; None where nothing does."""
    for match in _PHONE.finditer(text):
        if sum(char.isdigit() for char in match.group()) >= _FEWEST_DIGITS:
            return match.group()
    return None


def _shared_synonyms(catalogue: Catalogue) -> Iterator[Remark]:
    used_by: dict[str, list[str]] = defaultdict(list)
    for service in catalogue.services:
        for synonym in dict.fromkeys(" ".join(s.casefold().split()) for s in service.synonyms):
            used_by[synonym].append(service.id)
    for synonym, ids in used_by.items():
        if len(ids) > 1:
            yield Remark(f"layanan {ids[0]}", f"sinonim '{synonym}' juga dipakai {', '.join(ids[1:])}")


def _unused_sources(catalogue: Catalogue) -> Iterator[Remark]:
    used = {source for service in catalogue.services for source in service.evidence.sources}
    for source in catalogue.sources:
        if source.id not in used:
            yield Remark(f"sumber {source.id}", "tidak dipakai layanan mana pun")
