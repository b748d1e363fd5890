"""Danger is answered first, with the city's fixed words, and without any model.

`recognise` reads patterns that mean danger in so many words; the model finds what they
miss (either is enough). A pattern must not fire on a question about a service, such as
"syarat surat kehilangan" or "izin kebakaran": each line has its counter-examples in
tests/actions/test_safety.py.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from actions.desk import Ask, Desk, remember
from actions.turn import Outcome, Reply, Turn
from actions.vocabulary import SAFETY


@dataclass(frozen=True)
class Danger:
    """One kind of danger: the act it is, the service that owns it, the city's text for it."""

    act: str
    text_id: str
    service: str | None


EMERGENCY = Danger("report_emergency", "darurat", "darurat_112")
FIRE = Danger("report_emergency", "kebakaran", "kebakaran_penyelamatan")
RESCUE = Danger("report_emergency", "penyelamatan", "kebakaran_penyelamatan")
MEDICAL = Danger("report_emergency", "medis", "darurat_112")
CRIME = Danger("report_emergency", "kejahatan", "darurat_112")
DISASTER = Danger("report_emergency", "bencana", "lapor_bencana")
MISSING = Danger("report_emergency", "orang_hilang", "darurat_112")
VIOLENCE = Danger("report_crisis", "kekerasan", "lapor_kekerasan")
SELF_HARM = Danger("report_crisis", "bunuh_diri", None)

_PAPERS = "ktp kk kia akta akte ijazah kartu surat rapor berkas dokumen nikah sertifikat buku".split()
_THINGS = [*_PAPERS, *"dompet hp tas motor mobil sim stnk bpkb atm sepeda".split()]


def _not_after(words: list[str]) -> str:
    """A look-behind: no danger right after such a word, as in “ijazah kebakaran” or “dompet ibu hilang”."""
    return "".join(rf"(?<!\b{word} )" for word in words)


_PATTERNS: tuple[tuple[Danger, str], ...] = (
    (SELF_HARM, r"\b(?:bunuh diri|bundir|gantung diri|akhiri hidup|mengakhiri hidup|ngakhirin hidup|suicide|kill myself)\b"),
    (
        SELF_HARM,
        r"\b(?:pengen|pgn|pengin|pingin|ingin|mau|mo|hayang|hoyong) (?:cepet |cepat |segera |langsung |ikut |milih )?(?:mati|paeh|maot|meninggal)(?: aja| saja| wae)?"
        r"(?! (?:lampu|listrik|air|suri|berdiri|gaya|ketawa|penasaran|bosan|kutu|rasanya (?:nunggu|antri|antre|ngantri)))\b",
    ),
    (SELF_HARM, r"\b(?:ga|gak|nggak|tidak|tak|gk|ngga) (?:kuat|sanggup|mau|pengen|ingin) hidup\b"),
    (SELF_HARM, r"\b(?:(?:silet|sayat|iris|potong)(?:in)? (?:tangan|nadi|urat nadi)|(?:minum|nenggak) racun(?! tikus buat)|overdosis|nyakitin diri|menyakiti diri|hidup (?:ga|gak|udah ga|udah gak|tidak) (?:ada )?(?:guna|berguna|artinya)(?:nya)? lagi)\b"),
    (SELF_HARM, r"\b(?:mau|pengen|ingin|siap) (?:loncat|lompat|terjun) dari\b"),
    (VIOLENCE, r"\b(?:kdrt|diperkosa|dicabuli|diperkaos|disetubuhi|dilecehkan|dilecehin|dirudapaksa)\b"),
    (
        VIOLENCE,
        r"\b(?:di|ng|meng)?(?:pukul|pukuli|pukulin|gebug|gebugan|gebukin|tampar|siksa|aniaya|tonjok|tendang|cekik)(?:i|in|an)? "
        r"(?:terus |sama |ku |oleh |ama |sm )*(?:suami|istri|salaki|bapak|ayah|papa|bapa|pacar|mantan|paman|om|mertua|ibu tiri)\b",
    ),
    (VIOLENCE, r"\b(?:suami|salaki|pacar|ayah|bapak|mantan)(?: saya| sy| aku| abdi)? (?:suka |sering |lagi |terus )*(?:mukul|mukulin|ngegebug|nampar|nyiksa|nendang|nyekik)"),
    (VIOLENCE, r"\b(?:suami|istri|pacar|mantan|bapak|ayah)(?: \w+){0,2} (?:ngancam|ngancem|mengancam)(?: \w+){0,3} (?:bunuh|membunuh|ngabunuh)\b"),
    (VIOLENCE, r"\b(?:(?:takut|diancam|diancem) (?:mau )?dibunuh|nyawa\w*(?: saya| sy| aku)? terancam|dianiaya|disiksa)\b"),
    (VIOLENCE, r"\b(?:diraba|diraba raba|diraba-raba|digrepe|disiram air keras|dipaksa berhubungan)\b"),
    (FIRE, r"\b(?:bau gas|gas bocor|elpiji bocor|gasnya bocor|tabung bocor)\b"),
    (FIRE, r"\b(?:omah|rumoh|imah)\w*(?: \w+){0,2} (?:kobong|kobongan|tutong|kabeuleum)\b"),
    (FIRE, _not_after([*_PAPERS, "bukan", "korban", "cegah", "rawan"]) + r"\b(?:kebakaran|kahuruan|seuneu gede|api (?:membesar|makin besar|udah gede|gede))\b(?! (?:hutan|jenggot|lahan tahun))"),
    (FIRE, r"\b(?:rumah|dapur|warung|toko|pasar|kos|kosan|gudang|mobil|motor|kompor|gas|imah|tabung)\w*(?: \w+){0,3} (?:kebakar|terbakar|kabakar|meledak|kaduruk|ngebakar)\b"),
    (RESCUE, r"\b(?:ada |aya )?(?:ular|oray|kobra|sanca|python|piton|tawon|biawak|buaya)\b.{0,40}\b(?:kamar|rumah|imah|dapur|atap|plafon|kloset|wc|toilet|ruang|garasi|mobil|sarang|masuk|asup|gede|besar|sekolah)\b"),
    (RESCUE, r"\b(?:terjebak|kejebak|terkunci|kejepit|terjepit|tercebur|kecebur|kejeblos|tenggelam|titeuleum|kerendem|tikecemplung)\b.{0,30}\b(?:lift|lip|sumur|kamar|mobil|pagar|besi|sungai|kali|walungan|air|banjir|reruntuhan|eskalator|cincin|jari)\b"),
    (MEDICAL, r"\b(?:ga|gak|tidak|ngga|nggak|teu) (?:sadar|sadarkan diri|bernafas|bernapas|nafas|napas)\b"),
    (RESCUE, r"\b(?:digigit|dicatok|dipatok|dicokot) (?:ular|oray|ulo|kobra)\b"),
    (RESCUE, r"\b(?:hanyut|kebawa arus|terseret arus|nyemplung|kacebur|titeuleum)\b.{0,30}\b(?:sungai|kali|walungan|kolam|sumur|banjir|selokan)\b"),
    (MEDICAL, r"\b(?:kesetrum|kesetrom|tersengat listrik|tersedak|keselek|ketuban pecah|pecah ketuban|sesak (?:napas|nafas) (?:parah|berat|banget)|(?:ga|gak|tidak|susah) bisa (?:napas|nafas|bernapas)|stroke mendadak)\b"),
    (MEDICAL, _not_after(["mau", "kaya", "kayak", "serasa"]) + r"\b(?:serangan jantung|kejang kejang|kejang-kejang|pendarahan hebat|pingsan|keracunan|henti jantung|korban (?:tabrakan|kecelakaan)|ketabrak|tertabrak|katabrak|tabrak lari)\b(?! (?:syarat|surat|biaya))"),
    (MEDICAL, r"\b(?:ketelen|ketelan|tertelan|nelen|menelan) (?:koin|uang logam|bate?rai|batre|peniti|jarum|magnet|paku|kelereng|obat tidur)\b"),
    (EMERGENCY, r"\b(?:kabel|kawat)(?: \w+){0,4} (?:putus|jatuh|menjuntai|nyetrum)\b.{0,40}\b(?:api|nyetrum|percikan|kesetrum|meledak)\b"),
    (MEDICAL, r"\b(?:butuh|perlu|minta|kirim|panggil|tolong|butuhkeun) (?:\w+ )?(?:ambulan|ambulans|ambulance)\b"),
    (CRIME, _not_after(["takut", "serasa", "kayak", "kaya", "kyk", "kek", "bukan"]) + r"\b(?:dirampok|dibegal|ditodong|dijambret|dibacok|ditusuk(?! jarum)|dirampas|disekap|diculik|perampokan|pembegalan|tawuran|penculikan)\b"),
    (CRIME, r"^(?:tolong\w* |ada )?(?:begal|rampok|maling)\b.{0,40}\b(?:sekarang|skrg|skr|barusan|ayeuna|saiki)\b"),
    (CRIME, r"\bdi(?:kejar|udag|buru) (?:begal|rampok|preman|orang (?:bawa|mawa))\b"),
    (CRIME, r"\b(?:ada|aya|ono|na) (?:maling|rampok|begal)\b.{0,30}\b(?:masuk|asup|rumah|imah|omah|lagi|sekarang|dalam|atap|kamar)\b"),
    (CRIME, r"\b(?:ngamuk|ngamok|mengamuk)\b.{0,30}\b(?:bawa|nyekel|mawa) (?:\w+ )?(?:golok|celurit|clurit|pisau|parang|bedog|pistol|senjata)\b"),
    (CRIME, r"\b(?:bawa|mawa|nodong) (?:\w+ )?(?:golok|celurit|clurit|pisau|parang|bedog|pistol)\b.{0,30}\b(?:ngamuk|ngancam|ngancem|ngejar|ngudag|nodong|orang|warga)\b"),
    (DISASTER, r"\b(?:longsor|gempa|puting beliung|banjir bandang)\b.{0,60}\b(?:tertimbun|tertimpa|korban|tolong|terjebak|kejebak|sekarang|roboh|ambruk)\b"),
    (DISASTER, r"\b(?:banjir|caah|air|cai|aer)\b.{0,30}\b(?:sedada|seleher|sepinggang|saleher|sadada|seatap)\b"),
    (MISSING, _not_after(_THINGS) + r"\b(?:anak|budak|balita|bayi|adik|adek|ibu|nenek|kakek|bapak|ponakan|keponakan|cucu|incu)(?: \w+){0,3} (?:hilang|ilang|leungit|diculik)\b(?=.*\b(?:tolong|cari|belum pulang|blm pulang|dari tadi|sejak|di (?:mall|pasar|taman|alun))\b)"),
    (EMERGENCY, r"^(?:\w+ ){0,3}emergency(?: \w+){0,2}$"),
    (MISSING, r"\b(?:anak|budak|adik|adek|ponakan|keponakan|cucu|incu|nenek|kakek)(?: (?:saya|sy|aku|abdi|gw|kami|perempuan|laki))*(?: \w+)? (?:hilang|ilang|leungit|(?:belum|blm|ga|gak) pulang)\b.{0,15}\b(?:dari|dr|sejak|ti) (?:kemarin|kemaren|kmrn|semalam|semalem|tadi|kamari|pagi|siang|sore)\b"),
    (EMERGENCY, r"\U0001f198|^sos\b"),
    (EMERGENCY, r"\b(?:darurat banget|keadaan darurat|ini darurat)\b"),
)  # fmt: skip

_COMPILED = tuple((danger, re.compile(pattern)) for danger, pattern in _PATTERNS)

# Words that turn danger into a question about papers, statistics, training or the past.
_PAPERWORK = re.compile(
    r"\b(?:syarat\w*|persyaratan|izin|ijin|surat keterangan|sertifikat|biaya|tarif|pelatihan|sosialisasi|simulasi|"
    r"penyuluhan|asuransi|klaim|laporan pajak|skripsi|penelitian|data korban|dulu pernah|lowongan|magang|"
    r"(?:minggu|bulan|tahun|taun|thn) (?:lalu|kemarin|kemaren|kmrn)|20[012]\d|alat pemadam|apar|"
    r"bekas (?:kebakaran|kebakar|terbakar|banjir|longsor)|"
    # Whoever calls for help gives an address too, so these must ask for one.
    r"(?:kantor|alamat|nomor\w*|nomer\w*|no telp\w*) (?:\w+ )?(?:pemadam|damkar|ambulans?|bpbd|posko)|"
    r"(?:kantor|alamat|nomor\w*|nomer\w*|no telp\w*|jam buka)\b.{0,30}\b(?:di ?mana|berapa|brp))\b"
)
_PAPERS_TOO = re.compile(r"\b(?:surat|akta|akte)\b")
_URGENT = re.compile(r"\b(?:tolong\w*|tulung|tulong|cepat|cepet|buruan|gancang|sekarang|skrg|barusan|help)\b")
_SPACES = re.compile(r"[\s,.!;:]+")
MOST_READ = 4000
"""Characters searched of a message: its beginning and its end."""
MOST_SENT = 20_000
"""Characters from which marks are taken: that grows with the square of their number."""
_MARKS = frozenset({"Mn", "Me", "Cf"})
_STRETCHED = re.compile(r"([a-z])\1{2,}")


def recognise(text: str) -> Danger | None:
    """The danger a message speaks of in so many words, or None."""
    read = _ends(_without_marks(_ends(text, MOST_SENT)), MOST_READ)
    flat = _STRETCHED.sub(r"\1", _SPACES.sub(" ", read.lower()))
    calm = _PAPERWORK.search(flat) or (_PAPERS_TOO.search(flat) and not _URGENT.search(flat))
    for danger, pattern in _COMPILED:
        if (danger.act == "report_crisis" or not calm) and pattern.search(flat):
            return danger
    return None


def _ends(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} {text[-most // 2 :]}"


def _without_marks(text: str) -> str:
    """Letters without what hides them: zero-width and zalgo marks, bold and fullwidth look-alikes."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if unicodedata.category(letter) not in _MARKS)


_BY_SERVICE = {
    "kebakaran_penyelamatan": FIRE,
    "lapor_bencana": DISASTER,
    "lapor_kekerasan": VIOLENCE,
}


def answer(desk: Desk, ask: Ask) -> Turn:
    """The city's signed words for the danger; its service stays the subject of the conversation."""
    understanding = ask.understanding
    danger = recognise(understanding.text)
    if danger is None:
        service = understanding.services[0].name if understanding.services else None
        danger = _BY_SERVICE.get(service or "")
        # The danger may stand behind a question in the ranking.
        if next((act.name for act in understanding.acts if act.name in SAFETY), None) == "report_crisis":
            danger = VIOLENCE if danger is VIOLENCE else SELF_HARM
        danger = danger or EMERGENCY
    text = desk.catalogue.safety_text(danger.text_id) or desk.catalogue.safety_text("darurat")
    # A city without its own words still gets the national numbers.
    words = text.text if text else desk.phrases.say("darurat_tanpa_teks")
    return Turn(
        (Reply(words),),
        replace(remember(ask, service=danger.service), offered=()),
        Outcome.SAFETY,
        act=danger.act,
        service=danger.service,
    )
