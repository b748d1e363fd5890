"""Danger is seen without a model, and alarming words in an ordinary question are not danger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import safety
from actions.desk import Ask, Desk
from actions.safety import (
    CRIME,
    DISASTER,
    EMERGENCY,
    FIRE,
    MEDICAL,
    MISSING,
    RESCUE,
    SELF_HARM,
    VIOLENCE,
    Danger,
    recognise,
)
from actions.turn import Context, Incoming, Outcome, Ranked, Understanding

DANGERS: tuple[tuple[Danger, str], ...] = (
    # fire
    (FIRE, "tolong rumah tetangga kebakaran"),
    (FIRE, "KEBAKARAN!!! gang mawar rt 3"),
    (FIRE, "ada kebakaran di pasar kosambi sekarang"),
    (FIRE, "kahuruan imah batur, buru ka dieu"),
    (FIRE, "dapur saya kebakar gara gara kompor"),
    (FIRE, "tabung gas meledak di warung sebelah"),
    (FIRE, "kos kosan belakang kampus terbakar"),
    (FIRE, "apinya makin besar pak, api makin besar tolong"),
    (FIRE, "motor orang kebakar di parkiran"),
    (FIRE, "mobil terbakar di tol pasteur"),
    (FIRE, "bau gas nyengat di dapur, tabungnya ngeses"),
    (FIRE, "omahku kobong mas tulung"),
    (FIRE, "rumoh lon tutong, tulong"),
    (FIRE, "kebakaran di jalan sukajadi, alamat gang mawar no 3 tolong"),
    (FIRE, "kebakaran pak di sebelah kantor kelurahan"),
    (FIRE, "kirim pemadam ke alamat gang mawar 5, kebakaran"),
    (FIRE, "alamat saya gang mawar 5, kirim damkar, kebakaran"),
    (FIRE, "kantor saya kebakaran, api udah gede"),
    (FIRE, "rumah kebakaran, akta sama surat surat masih di dalam, tolong"),
    (FIRE, "nomor rumah 12 gang asri kebakaran"),
    # rescue
    (RESCUE, "anak saya digigit ular barusan"),
    (RESCUE, "ada bocah nyemplung ke kali"),
    (RESCUE, "orang hanyut di sungai citarum"),
    (RESCUE, "ada ular masuk kamar mandi"),
    (RESCUE, "aya oray di dapur, sieun"),
    (RESCUE, "sarang tawon gede di atap rumah, anak saya disengat"),
    (RESCUE, "ular kobra di garasi"),
    (RESCUE, "anak kejepit pagar besi ga bisa lepas"),
    (RESCUE, "kucing dan orang terjebak di lift"),
    (RESCUE, "adik saya kecebur sumur"),
    (RESCUE, "jari bapak kejepit cincin bengkak"),
    (RESCUE, "ada yang tenggelam di sungai cikapundung"),
    (RESCUE, "biawak masuk rumah"),
    # medical
    (MEDICAL, "bapak saya ga sadar tolong"),
    (MEDICAL, "ibu pingsan di kamar mandi"),
    (MEDICAL, "ada orang ketabrak mobil di depan sekolah"),
    (MEDICAL, "tolong ambulans ke jalan braga"),
    (MEDICAL, "butuh ambulan cepet"),
    (MEDICAL, "kakek kena serangan jantung"),
    (MEDICAL, "anak kejang-kejang panas tinggi"),
    (MEDICAL, "warga keracunan makanan hajatan puluhan orang"),
    (MEDICAL, "istri saya pendarahan hebat abis lahiran"),
    (MEDICAL, "tidak bernafas tetangga saya"),
    (MEDICAL, "korban tabrakan tergeletak di jalan"),
    (MEDICAL, "tabrak lari barusan di flyover"),
    (MEDICAL, "tukang kesetrum di tiang listrik"),
    (MEDICAL, "bayi tersedak susu, mukanya biru"),
    (MEDICAL, "istri ketuban pecah di rumah ga ada mobil"),
    (MEDICAL, "bapak sesak napas parah"),
    # crime
    (CRIME, "ada maling masuk rumah sebelah"),
    (CRIME, "orang ngamuk bawa golok di terminal"),
    (CRIME, "toko saya lagi dirampok"),
    (VIOLENCE, "takut dibunuh"),
    (VIOLENCE, "dianiaya majikan"),
    (VIOLENCE, "nyawaku terancam"),
    (CRIME, "dikejar begal"),
    (MISSING, "adik saya hilang dari kemarin"),
    (MISSING, "anak saya blm pulang dari kemarin umur 9"),
    (MEDICAL, "anak bayi ketelen koin"),
    (EMERGENCY, "kabel pln putus di jalan keluar api"),
    (EMERGENCY, "\U0001f198"),
    (CRIME, "saya dibegal di jalan soekarno hatta"),
    (CRIME, "begal di flyover kiaracondong skrg"),
    (CRIME, "tolong maling kotak amal masjid barusan lari"),
    (CRIME, "teman saya ditusuk orang"),
    (CRIME, "ada tawuran anak sekolah bawa celurit"),
    (CRIME, "hp saya dijambret barusan"),
    (CRIME, "anak saya diculik"),
    # disaster
    (DISASTER, "longsor di cisarua ada yang tertimbun"),
    (DISASTER, "banjir udah sedada warga di atap"),
    (DISASTER, "caah geus sadada di baleendah"),
    (DISASTER, "gempa barusan, rumah roboh"),
    (DISASTER, "puting beliung rumah ambruk kejadian sekarang"),
    # a missing child
    (MISSING, "anak saya hilang di pasar dari tadi"),
    (MISSING, "nenek saya hilang sejak pagi belum pulang"),
    (MISSING, "balita leungit di alun alun tolong"),
    # violence
    (VIOLENCE, "saya dipukul suami terus"),
    (VIOLENCE, "suami suka mukul saya di depan anak"),
    (VIOLENCE, "korban kdrt harus ke mana"),
    (VIOLENCE, "adik saya dilecehkan gurunya"),
    (VIOLENCE, "anak tetangga diperkosa"),
    (VIOLENCE, "ponakan dicabuli pamannya"),
    (VIOLENCE, "abdi digebugan ku salaki"),
    (VIOLENCE, "temen kos dicekik pacar"),
    (VIOLENCE, "mau lapor kdrt syaratnya apa"),
    (VIOLENCE, "bapak tiri sering nyiksa adik, ayah suka nampar"),
    (VIOLENCE, "mantan suami ngancem mau bunuh saya"),
    (VIOLENCE, "di angkot saya diraba-raba penumpang"),
    # self-harm
    (SELF_HARM, "aku udah silet tangan tadi malem"),
    (SELF_HARM, "temen kos minum racun"),
    (SELF_HARM, "hidup ga berguna lagi rasanya"),
    (SELF_HARM, "saya pengen mati aja"),
    (SELF_HARM, "mau bunuh diri"),
    (SELF_HARM, "udah ga kuat hidup lagi"),
    (SELF_HARM, "hayang paeh wae rasana"),
    (SELF_HARM, "teman saya mau loncat dari flyover"),
    (SELF_HARM, "aku ingin mengakhiri hidup"),
    (SELF_HARM, "capek, pengen mati rasanya"),
    (SELF_HARM, "gamau hidup lagi, tidak mau hidup"),
    (SELF_HARM, "pengeeeen matiiii"),
    # in so many words
    (EMERGENCY, "ini darurat tolong"),
    (EMERGENCY, "emergency pak"),
    (EMERGENCY, "keadaan darurat di rumah saya"),
)

HARMLESS: tuple[str, ...] = (
    # papers about a danger that is over
    "syarat surat keterangan kebakaran buat asuransi",
    "surat kehilangan dari polisi buat ktp",
    "ktp saya kebakar, gantinya gimana",
    "ijazah kebakaran bisa diganti ga",
    "rumah saya dulu pernah kebakaran, akta ikut hilang",
    "akta hilang karena kebakaran tahun lalu",
    "kk rusak kena banjir syarat gantinya",
    "sertifikat rumah kebakar, ngurusnya di mana",
    "biaya pemadam kebakaran gratis ga",
    "pelatihan pemadam kebakaran buat kantor",
    "izin alat pemadam api ringan apar",
    "mau lamar jadi petugas pemadam kebakaran, lowongan kapan",
    "simulasi kebakaran di sekolah minta ke siapa",
    "nomor telepon pemadam kebakaran berapa",
    "kantor pemadam kebakaran di mana",
    "rumah bekas kebakaran mau direnovasi perlu pbg ga",
    "data korban banjir tahun lalu ada di mana",
    "penelitian skripsi tentang kebakaran hutan",
    "sosialisasi gempa ke sekolah",
    # things that hang, hide or die
    "lampu jalan mati di depan rumah",
    "air mati dari kemarin",
    "listrik mati lapor ke mana",
    "stnk mati 2 tahun",
    "sim mati bisa diperpanjang ga",
    "mau urus akta mati bapak",
    "mau lampu mati diganti",
    "pengen lampu mati depan gang dibenerin",
    "bapak mati minggu lalu, akta kematian gimana",
    "pajak motor mati",
    "hp saya mati tadi",
    "ktp anak hilang",
    "akta anak hilang di pasar, bikin lagi gimana",
    "kia anak saya ilang, tolong syaratnya",
    "ibu kehilangan kk",
    "kartu bapak hilang sejak pindah",
    "dompet ibu hilang di pasar, ktp ikut hilang",
    "motor saya hilang dimaling minggu lalu, lapor ke mana",
    "hp anak hilang di sekolah",
    "buku nikah kebakaran, kk ikut, gantinya gimana",
    # jams, traps and floods of everyday life
    "jalan banjir kalau hujan, selokan mampet",
    "genangan air di depan rumah tiap hujan",
    "macet banget terjebak di jalan asia afrika",
    "saya kejebak macet, mpp tutup jam berapa",
    "akun salaman saya terkunci",
    "data saya terjebak di daerah lama",
    "banjir kiriman tiap tahun kapan diberesin",
    "minta bantuan banjir buat warga",
    "tebing rawan longsor minta ditembok",
    "pohon mau tumbang minta ditebang",
    "vaksin rabies buat kucing",
    "kucing saya digigit, vaksin di mana",
    "pawang ular ada ga",
    "toko ular boleh jualan ga",
    "jual madu tawon perlu pirt ga",
    "mobil listrik uji kir gimana",
    "gas elpiji langka di warung",
    "kompor gas bantuan pemerintah",
    "rumah panas banget ga ada pohon",
    "pasar kaget di jalan raya",
    # health questions
    "ambulans gratis ada ga",
    "sewa ambulans biaya berapa",
    "cara pesan ambulans jenazah",
    "vaksin biar anak ga kejang ada ga",
    "syarat surat rujukan buat operasi jantung",
    "cek kesehatan jantung gratis",
    "cara cegah keracunan makanan buat katering, pelatihan ada",
    "surat sehat bebas narkoba",
    "bpjs nonaktif mau operasi",
    # order, crime in general, papers of the police
    "bikin skck di polres mana",
    "surat kehilangan di polsek",
    "biaya visum korban perampokan surat ke mana",
    "lapor parkir liar maksa bayar",
    "juru parkir suka ngancam",
    "tetangga suka ribut tengah malam",
    "tukang pukul kentongan ronda",
    "pukul berapa mpp buka",
    "bukanya pukul 8 apa pukul 9",
    "suami saya meninggal, akta kematian gimana",
    "suami pindah kk",
    "mantan suami masih di kk saya",
    "pacar saya wna mau nikah syaratnya apa",
    "bapak saya suka main hp",
    "ayah saya mukim di garut",
    # life and death in figures of speech
    "mati lampu mulu, bikin kesel",
    "hidup saya susah, bisa dapat bansos ga",
    "ga kuat bayar pbb, minta keringanan",
    "ga sanggup bayar sekolah anak",
    "tidak mau ribet, bisa online ga",
    "surat keterangan hidup buat pensiun",
    "mau akhiri kontrak rusunawa",
    "mau lompat antrean bisa ga",
    "siap loncat kelas, mutasi sekolah gimana",
    "darurat sampah di kota ini gimana sih",
    "nomor darurat berapa ya",
    "sekolah terbakar semangat, lomba kapan",
    "korban phk minta bantuan",
    "ditusuk jarum vaksin sakit ga",
    "lapangan tembak milik kota ada ga",
    "kerja di dinas gawat darurat lowongan",
    "makam keluarga longsor, perpanjang gimana",
    "mau gas elpiji subsidi daftar di mana",
    "racun tikus dibagiin kelurahan ga",
    "potong rumput di taman kota lapor ke mana",
    "bawa pisau dapur ke tera ulang perlu ga",
    "anak takut disuntik, imunisasi bisa ditunda ga",
    "sesak parkir di pasar",
    "kolam renang kota buka jam berapa",
    "nyemplung ke dunia usaha, mulai dari nib?",
    "jalan gelap, warga takut dibegal, minta lampu",
    "gudang kami rawan kebakaran, minta penyuluhan",
    "bantuan buat korban kebakaran minta ke siapa",
    "bukan kebakaran kok, cuma bakar sampah",
    "antre 3 jam mau pingsan rasanya",
    "motor dirampas bulan lalu, stnk ikut, lapor ke mana",
    "tolong ktp saya",
    "tolong dong, cepet balas",
)


@pytest.mark.parametrize(("danger", "text"), DANGERS, ids=[text for _, text in DANGERS])
def test_danger_is_seen(danger: Danger, text: str) -> None:
    assert recognise(text) == danger


@pytest.mark.parametrize("text", HARMLESS)
def test_a_question_with_alarming_words_is_no_danger(text: str) -> None:
    assert recognise(text) is None


def test_there_are_enough_cases() -> None:
    assert len(DANGERS) >= 60
    assert len(HARMLESS) >= 80


@pytest.mark.parametrize("danger", {danger for danger, _ in DANGERS} | {DISASTER}, ids=lambda d: d.text_id)
def test_each_danger_has_the_citys_words_and_service(desk: Desk, danger: Danger) -> None:
    text = desk.catalogue.safety_text(danger.text_id)
    assert text is not None, danger.text_id
    assert text.phone_numbers
    assert danger.service is None or desk.catalogue.service(danger.service) is not None


@pytest.mark.parametrize(("danger", "text"), DANGERS[::6], ids=[text for _, text in DANGERS[::6]])
def test_the_answer_is_the_signed_text_alone(desk: Desk, danger: Danger, text: str) -> None:
    ask = Ask(Incoming(text), Understanding(text, decision="safety"), Context(offered=("ask_fee:kia",)))
    turn = safety.answer(desk, ask)
    signed = desk.catalogue.safety_text(danger.text_id)
    assert signed is not None
    assert [reply.text for reply in turn.replies] == [signed.text]
    assert turn.outcome is Outcome.SAFETY
    assert not turn.replies[0].buttons
    assert turn.context.offered == ()


@pytest.mark.parametrize(
    ("act", "service", "text_id"),
    [
        ("report_emergency", "kebakaran_penyelamatan", "kebakaran"),
        ("report_emergency", "lapor_bencana", "bencana"),
        ("report_emergency", "darurat_112", "darurat"),
        ("report_emergency", None, "darurat"),
        ("report_crisis", "lapor_kekerasan", "kekerasan"),
        ("report_crisis", None, "bunuh_diri"),
    ],
)
def test_what_only_the_model_sees_gets_the_same_words(desk: Desk, act: str, service: str | None, text_id: str) -> None:
    services = (Ranked(service, 0.9),) if service else ()
    understanding = Understanding("tolongin dong", (Ranked(act, 0.9),), services, decision="safety")
    turn = safety.answer(desk, Ask(Incoming("tolongin dong"), understanding, Context()))
    signed = desk.catalogue.safety_text(text_id)
    assert signed is not None
    assert turn.replies[0].text == signed.text


def test_a_danger_behind_a_question_gets_its_own_words(desk: Desk) -> None:
    acts = (Ranked("ask_procedure", 0.8), Ranked("report_crisis", 0.3))
    understanding = Understanding("gimana ya", acts, (Ranked("lapor_kekerasan", 0.9),), decision="safety")
    turn = safety.answer(desk, Ask(Incoming("gimana ya"), understanding, Context()))
    signed = desk.catalogue.safety_text("kekerasan")
    assert signed is not None and turn.replies[0].text == signed.text
    assert (turn.act, turn.outcome) == ("report_crisis", Outcome.SAFETY)


def test_letter_case_stretching_and_punctuation_do_not_hide_danger() -> None:
    for text in (
        "KEBAKARAN",
        "kebakarannn di sini",
        "bunuh   diri",
        "bunuh... diri",
        "b\nkebakaran!",
        "ke\u200bbakaran",
        "k\u0336e\u0336bakaran",
        "𝗸𝗲𝗯𝗮𝗸𝗮𝗿𝗮𝗻",
    ):
        assert recognise(text) is not None, text


def test_danger_at_the_end_of_a_long_message_is_seen() -> None:
    assert recognise("halo min mau cerita. " * 60 + "rumah tetangga kebakaran") == FIRE
    assert recognise("halo min mau cerita. " * 240 + "rumah tetangga kebakaran") == FIRE


@given(st.text(max_size=3000))
def test_any_text_is_read(text: str) -> None:
    recognise(text)
