"""Indonesian words for the sections and keys of a city file, as messages and diffs show them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "city": "kota",
        "opds": "OPD",
        "services": "layanan",
        "life_events": "peristiwa hidup",
        "out_of_scope": "rute luar layanan",
        "sources": "sumber",
    }
)
"""What one entry of a section is called."""

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "@order": "urutan",
        "address": "alamat",
        "aliases": "nama lain",
        "amount": "jumlah",
        "basis": "dasar bukti",
        "bot_name": "nama bot",
        "channels": "saluran",
        "checked_on": "tanggal diperiksa",
        "contacts": "kontak",
        "courtesy": "sapaan",
        "eligibility": "siapa yang berhak",
        "evidence": "bukti",
        "fee": "biaya",
        "form_fields": "isian formulir",
        "hours": "jam buka",
        "id": "id",
        "intro": "pengantar",
        "keywords": "kata kunci",
        "kind": "jenis",
        "label": "label",
        "legal_basis": "dasar hukum",
        "name": "nama",
        "note": "catatan",
        "notes": "catatan",
        "offices": "kantor",
        "opd": "OPD",
        "output": "hasil",
        "owner": "pemilik urusan",
        "phone_numbers": "nomor telepon",
        "pii": "golongan data pribadi",
        "processing_time": "waktu penyelesaian",
        "purpose": "kegunaan",
        "related": "layanan terkait",
        "required": "wajib diisi",
        "requirements": "persyaratan",
        "route": "arahan",
        "safety": "teks keselamatan",
        "sensitivity": "kepekaan",
        "services": "layanan",
        "short_name": "nama pendek",
        "sources": "sumber",
        "steps": "langkah",
        "synonyms": "sinonim",
        "terms": "istilah",
        "text": "teks",
        "timezone": "zona waktu",
        "title": "judul",
        "to_verify": "perlu dipastikan",
        "top_services": "layanan utama",
        "topic": "topik",
        "type": "tipe",
        "unverified": "bagian belum pasti",
        "url": "tautan",
        "value": "isi",
        "verified": "sudah dipastikan",
        "working_days": "hari kerja",
    }
)
