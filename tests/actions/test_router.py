"""Which action speaks: buttons, typed numbers, commands, follow-ups, corrections, and what is not sure."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.router import Actions
from actions.turn import Context, Incoming, Outcome, Ranked, Understanding
from actions.understanding import DECISIONS
from actions.vocabulary import ACTS
from tests.actions.conftest import NOW, Press, Say, text_of, titles_of

KTP = Context(service="ktp_el_hilang", updated_at=NOW)


# ---------------------------------------------------------------- follow-ups and context


def test_a_follow_up_speaks_of_the_remembered_service(say: Say) -> None:
    turn = say("berapa biayanya", "ask_fee", context=KTP)
    assert turn.service == "ktp_el_hilang"
    assert "gratis" in text_of(turn)


@pytest.mark.parametrize(("minutes", "used"), [(0, True), (29, True), (30, True), (31, False), (600, False)])
def test_context_lasts_thirty_minutes(say: Say, minutes: int, used: bool) -> None:
    turn = say("berapa biayanya", "ask_fee", context=KTP, now=NOW + dt.timedelta(minutes=minutes))
    assert (turn.service == "ktp_el_hilang") == used
    assert (turn.outcome is Outcome.ANSWERED) == used


def test_a_few_sure_words_that_name_nothing_are_a_follow_up_although_the_model_doubts(say: Say) -> None:
    doubt = ("pbb_cek_bayar", 0.07)
    assert say("bayar ga", "ask_fee", services=(doubt,), decision="fallback", context=KTP).service == "ktp_el_hilang"
    assert "Untuk layanan apa" in text_of(say("bayar ga", "ask_fee", services=(doubt,), decision="fallback"))


@pytest.mark.parametrize("decision", ["clarify", "answer"])
@pytest.mark.parametrize("context", [Context(), KTP], ids=["new", "after a card"])
@pytest.mark.parametrize("act", ["report_crisis", "report_emergency"])
def test_no_card_answers_what_may_be_danger(say: Say, act: str, context: Context, decision: str) -> None:
    """Too little of it for the warning: the bot says that it has not understood, and answers with no card."""
    turn = say("gelap", act, services=("lapor_kekerasan",), decision=decision, context=context)
    assert turn.outcome is Outcome.NOT_UNDERSTOOD


def test_an_answer_is_kept_for_the_next_message(say: Say) -> None:
    first = say("berapa biayanya", "ask_fee")
    assert first.outcome is Outcome.CLARIFIED
    second = say("kir truk", "ask_overview", services=("uji_kir",), context=first.context)
    assert second.act == "ask_fee"
    assert "5 Januari 2024" in text_of(second)


def test_an_old_question_does_not_overwrite_a_new_one(say: Say) -> None:
    first = say("bayar teu", "ask_fee")
    assert first.outcome is Outcome.CLARIFIED
    text = "nama bapak di KK teh kumaha ngahapusna"
    second = say(text, "ask_overview", services=("kk_perubahan_data",), context=first.context)
    assert second.act == "ask_overview" and second.service == "kk_perubahan_data"


def test_status_and_a_human_are_about_the_service_at_hand(say: Say) -> None:
    assert say("udah jadi belum", "track_request", context=KTP).service == "ktp_el_hilang"
    agent = say("mau sama petugas", "talk_to_agent", context=KTP)
    assert agent.service == "ktp_el_hilang"
    assert "1500-537" in text_of(agent)
    assert "Salaman" not in text_of(agent), "nobody answers in an app"


def test_a_report_is_not_about_the_card_talked_of_before(say: Say) -> None:
    assert say("mau lapor", "report_problem", context=KTP).service is None
    lamp = Context(service="lapor_pju", updated_at=NOW)
    assert say("mau lapor", "report_problem", context=lamp).service == "lapor_pju"


# ---------------------------------------------------------------- several asks, several services


def test_several_asks_are_answered_in_one_card_in_their_order(say: Say) -> None:
    turn = say("lama dan biayanya", "ask_duration", "ask_fee", services=("ktp_el_rusak",))
    assert len(turn.replies) == 1
    text = text_of(turn)
    assert 0 < text.index("*Lama*") < text.index("*Biaya*")
    assert "*Syarat*" not in text


def test_an_unlikely_second_act_is_not_answered(say: Say) -> None:
    turn = say("biayanya", "ask_fee", ("ask_duration", 0.4), services=("ktp_el_rusak",))
    assert "*Lama*" not in text_of(turn)


def test_two_services_get_a_card_each_and_one_set_of_buttons(say: Say) -> None:
    turn = say("syarat dua-duanya", "ask_requirements", services=("ktp_el_hilang", "kk_hilang_rusak"))
    assert len(turn.replies) == 2
    assert titles_of(turn) == ["Penggantian KTP-el hilang", "KK hilang atau rusak"]
    assert turn.context.offered == ("ask_overview:ktp_el_hilang", "ask_overview:kk_hilang_rusak")


def test_a_name_that_fits_several_services_is_asked_back(say: Say) -> None:
    names = ("ktp_el_rusak", "ktp_el_baru", "ktp_el_ubah_data", "ktp_el_hilang")
    first = say("ktp", "ask_overview", services=names)
    assert first.outcome is Outcome.CLARIFIED
    assert len(titles_of(first)) == 4
    assert first.context.service is None
    second = say("syaratnya apa", "ask_requirements", context=first.context)
    assert len(titles_of(second)) == 4, "the same services are offered again"
    third = say("4", context=second.context)
    assert (third.act, third.service) == ("ask_requirements", "ktp_el_hilang")


# ---------------------------------------------------------------- picking


@pytest.mark.parametrize("typed", ["2", "2.", " 2 ", "no 2", "nomor 2", "yang 2", "pilih 2", "2)"])
def test_a_typed_number_is_the_button(say: Say, typed: str) -> None:
    context = Context(offered=("ask_fee:kia", "ask_fee:sktm"), updated_at=NOW)
    assert say(typed, context=context).service == "sktm"


@pytest.mark.parametrize("typed", ["0", "9", "3", "2 orang", "12", "dua ribu"])
def test_a_number_that_was_not_offered_is_a_text(say: Say, typed: str) -> None:
    context = Context(offered=("ask_fee:kia", "ask_fee:sktm"), updated_at=NOW)
    assert say(typed, "ask_overview", decision="fallback", context=context).service is None


def test_yes_takes_the_only_guess(say: Say) -> None:
    guess = say("ngurus kartu bocah", "ask_fee", services=(("kia", 0.4),), decision="clarify")
    assert titles_of(guess) == ["Ya", "Bukan"]
    assert say("iya", "affirm", context=guess.context).service == "kia"
    wrong = say("bukan", "deny", context=guess.context)
    assert wrong.context.service is None
    assert titles_of(wrong)


def test_a_press_forgets_what_waited_for_another_service(press: Press) -> None:
    context = Context(pending_acts=("ask_fee",), offered=("ask_fee:kia",), updated_at=NOW)
    assert press("ask_location:sktm", context).act == "ask_location"


# ---------------------------------------------------------------- corrections


@pytest.mark.parametrize(
    "text", ["eh bukan ktp tp kk", "bukan ktp, tapi kk", "bkn ktp maksudnya kk", "sanes ktp tapi kk ya"]
)
def test_a_correction_keeps_what_was_not_corrected(say: Say, text: str) -> None:
    turn = say(text, ("ask_eligibility", 0.3), decision="clarify", context=KTP)
    assert "kk_hilang_rusak" in turn.context.offered[0]
    assert not any("KTP" in title for title in titles_of(turn))


def test_without_a_subject_there_is_nothing_to_correct(say: Say) -> None:
    assert say("bukan ktp tapi kk", ("deny", 0.4), decision="fallback").replies


# ---------------------------------------------------------------- not sure


def test_a_sure_service_with_an_unsure_question_gets_the_overview(say: Say) -> None:
    turn = say("kartu kuning teh", ("ask_contact", 0.2), services=("kartu_ak1",), decision="clarify")
    assert turn.service == "kartu_ak1"
    assert "*Syarat*" in text_of(turn)
    assert "*Biaya*" in text_of(turn)


def test_a_likely_question_is_answered_itself(say: Say) -> None:
    turn = say("kartu kuning berapaan", ("ask_fee", 0.45), services=("kartu_ak1",), decision="clarify")
    assert turn.act == "ask_fee"


def test_two_likely_services_are_asked_back(say: Say) -> None:
    turn = say("qwzx itu", ("ask_fee", 0.4), services=(("sktm", 0.5), ("sk_usaha", 0.45)), decision="clarify")
    assert turn.outcome is Outcome.CLARIFIED
    assert [p.split(":")[1] for p in turn.context.offered] == ["sktm", "sk_usaha"]


@pytest.mark.parametrize("act", ["cancel", "insult", "goodbye", "thank", "deny"])
def test_small_talk_that_is_not_sure_is_not_answered_as_such(say: Say, act: str) -> None:
    turn = say("udah dua bulan belum beres juga", (act, 0.25), decision="clarify")
    assert turn.outcome is Outcome.NOT_UNDERSTOOD


def test_the_second_miss_offers_a_human_first(say: Say) -> None:
    first = say("qwzx plkj", decision="fallback")
    second = say("mnbv trew", decision="fallback", context=first.context)
    assert (first.context.misses, second.context.misses) == (1, 2)
    assert titles_of(second)[0] == "Bicara petugas"
    third = say("makasih", "thank", context=second.context)
    assert third.context.misses == 0


def test_a_service_published_this_morning_is_found_by_its_own_words(say: Say) -> None:
    turn = say("surat keterangan usaha", ("ask_overview", 0.2), decision="fallback")
    assert turn.service == "sk_usaha"


# ---------------------------------------------------------------- whose business


def test_another_authority_is_named_although_the_act_is_a_question(say: Say) -> None:
    turn = say("bikin paspor syaratnya apa", "ask_requirements", "out_of_scope")
    assert turn.outcome is Outcome.OUT_OF_SCOPE
    assert "Imigrasi" in text_of(turn)


def test_the_citys_own_service_is_not_turned_away(say: Say) -> None:
    turn = say("jaminan kesehatan warga nonaktif", ("out_of_scope", 0.6), services=("uhc_jaminan",))
    assert turn.service == "uhc_jaminan"


def test_an_agency_named_in_the_message_beats_the_models_guess(say: Say) -> None:
    turn = say("nomor dinsos", "ask_contact", opd=("dinkes",))
    assert turn.context.opd == "dinsos"


def test_a_report_of_a_lamp_says_what_to_say_and_apply_does_too(say: Say) -> None:
    for act in ("report_problem", "apply"):
        turn = say("lampu mati", act, services=("lapor_pju",))
        assert "Titik lokasi" in text_of(turn)
        assert "Pengajuan" not in text_of(turn)


def test_fraud_with_a_service_shows_its_official_price(say: Say) -> None:
    turn = say("diminta bayar buat ktp", "report_fraud", services=("ktp_el_baru",))
    assert turn.outcome is Outcome.SAFETY
    assert "gratis" in turn.replies[-1].text
    assert titles_of(turn).count("Bicara petugas") == 1


# ---------------------------------------------------------------- life events


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("mau nikah apa aja yang harus diurus", "Surat pengantar nikah"),
        ("istri abis lahiran apa aja yg mesti diurus", "Akta kelahiran"),
        ("baru pindah rumah harus urus apa aja", "Surat keterangan pindah"),
    ],
)
def test_all_there_is_to_arrange(say: Say, text: str, first: str) -> None:
    turn = say(text, "ask_requirements", services=("pengantar_nikah",))
    assert titles_of(turn)[0] == first
    assert turn.context.service is None


def test_the_papers_of_one_service_are_no_life_event(say: Say) -> None:
    turn = say("mau nikah syarat n1 apa aja", "ask_requirements", services=("pengantar_nikah",))
    assert turn.service == "pengantar_nikah"


# ---------------------------------------------------------------- anything at all

_NAMES = st.sampled_from(["kia", "ktp_el_hilang", "lapor_pju", "darurat_112", "dihapus", ""])
_RANKED = st.lists(st.builds(Ranked, _NAMES, st.floats(0, 1)), max_size=5).map(tuple)
_CONTEXTS = st.builds(
    Context,
    service=st.none() | _NAMES,
    opd=st.none() | st.sampled_from(["dinsos", "dihapus"]),
    pending_acts=st.lists(st.sampled_from(sorted(ACTS)), max_size=3).map(tuple),
    offered=st.lists(
        st.sampled_from(["ask_fee:kia", "deny:", "x", "ask_hours:@dinsos", "ask_fee:dihapus"]), max_size=4
    ).map(tuple),
    misses=st.integers(0, 9),
    greeted=st.booleans(),
    updated_at=st.just(NOW),
)


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(max_size=300) | st.sampled_from(["1", "ktp", "mau nikah", "/start", "bukan ktp tapi kk", "kebakaran"]),
    kind=st.sampled_from(["text", "payload", "command", "photo", "voice", "sticker", "location", "edited", "nonsense"]),
    payload=st.none() | st.text(max_size=70) | st.sampled_from([f"{act}:kia" for act in sorted(ACTS)]),
    attributes=st.dictionaries(st.sampled_from(["argument", "identity_masked"]), st.text(max_size=20) | st.booleans()),
    context=_CONTEXTS,
    acts=st.lists(st.builds(Ranked, st.sampled_from(sorted(ACTS)), st.floats(0, 1)), max_size=5).map(tuple),
    services=_RANKED,
    opd=st.lists(st.builds(Ranked, st.sampled_from(["dinsos", "dihapus"]), st.floats(0, 1)), max_size=2).map(tuple),
    decision=st.sampled_from(DECISIONS),
)  # fmt: skip
def test_whatever_comes_in_one_turn_comes_out(  # type: ignore[no-untyped-def]
    actions: Actions, text, kind, payload, attributes, context, acts, services, opd, decision
) -> None:
    incoming = Incoming(text, kind, payload, attributes, NOW)
    turn = actions.direct(incoming, context)
    if turn is None:
        turn = actions.answer(incoming, Understanding(text, acts, services, opd, decision), context)
    assert turn.replies
    assert all(reply.text.strip() for reply in turn.replies)
    assert Context.from_json(turn.context.to_json()) == turn.context
    assert actions.degraded(incoming, context).replies
