"""Rasa's parse result read into an `Understanding`, with the fixed safety patterns laid over it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from actions import safety
from actions.turn import Decision, Ranked, Understanding

MOST = 5

_COMMAND_START = re.compile(r"^[/\s]+")
_LETTER = re.compile(r"[A-Za-z]")
LETTERS_LOOKED_FOR = 20_000
"""Characters in which two letters must stand for a message to have words."""
_MASKED = re.compile(r"\[(?:nomor|telepon) disamarkan\]")
"""What stands for a number that was taken out (bot/privacy.py): no word of the resident's."""

DECISIONS: tuple[Decision, ...] = ("answer", "clarify", "fallback", "safety")


def shield(text: str) -> str:
    """A resident's text as Rasa may see it.

    Rasa reads `/intent{"entity": …}` as a command that sets intent and entities; a resident
    must not be able to say that.
    """
    # Rasa strips all kinds of white space before it looks for the slash, and so must this.
    return _COMMAND_START.sub("", text) if text.lstrip().startswith("/") else text


def from_rasa(result: Mapping[str, Any], text: str) -> Understanding:
    """The answer of `/model/parse`, or of Rasa's tracker, as an Understanding.

    The pipeline of config.yml adds `acts`, `services`, `opd` and `decision`. A stock
    pipeline has only `intent` and `intent_ranking`; then services and OPD stay empty and
    the decision follows the intent's confidence, at Rasa's own default threshold.

    Raises:
        KeyError, TypeError, ValueError: it is no parse result.
    """
    if "acts" in result:
        decision = result["decision"]
        if decision not in DECISIONS:
            raise ValueError(f"unknown decision {decision!r}")
        understanding = Understanding(
            text=text,
            acts=_ranked(result["acts"], "name"),
            services=_ranked(result["services"], "id"),
            opd=_ranked(result["opd"], "id"),
            decision=decision,
        )
    else:
        intent = result["intent"]
        names = str(intent["name"] or "").split("+")
        confidence = float(intent["confidence"])
        understanding = Understanding(
            text=text,
            # A multi-intent such as `ask_fee+ask_requirements` asks all its parts.
            acts=tuple(Ranked(name, confidence if n == 0 else 1.0) for n, name in enumerate(names) if name),
            decision="answer" if confidence >= 0.3 else "fallback",
        )
    return with_safety(_less_sure_without_words(understanding))


def _less_sure_without_words(understanding: Understanding) -> Understanding:
    """“!!!” is no emergency and “1” no service, whatever a model has learnt from the messages they stood in.

    A thumb or a greeting's emoji is still understood, and a bare number may still be asked about.
    """
    # Fullwidth, circled and accented letters are letters, as they are to the normaliser.
    if (
        len(_LETTER.findall(_MASKED.sub("", unicodedata.normalize("NFKD", understanding.text[:LETTERS_LOOKED_FOR]))))
        > 1
    ):
        return understanding
    if understanding.decision == "safety":
        return replace(understanding, decision="fallback")
    if understanding.decision == "answer" and (understanding.services or understanding.opd):
        return replace(understanding, decision="clarify")
    return understanding


def with_safety(understanding: Understanding) -> Understanding:
    """Put the act of a matched safety pattern first: pattern or model, either is enough."""
    danger = safety.recognise(understanding.text)
    if danger is None:
        return understanding
    others = tuple(ranked for ranked in understanding.acts if ranked.name != danger.act)
    services = understanding.services
    if danger.service is not None:
        rest = tuple(ranked for ranked in services if ranked.name != danger.service)
        services = (Ranked(danger.service, 1.0), *rest)
    return replace(
        understanding,
        acts=(Ranked(danger.act, 1.0), *others)[:MOST],
        services=services[:MOST],
        decision="safety",
    )


def _ranked(rows: Iterable[Mapping[str, Any]], key: str) -> tuple[Ranked, ...]:
    return tuple(Ranked(str(row[key]), float(row["confidence"])) for row in rows)[:MOST]
