"""The acts: what a message can ask for. The words of the product, from NLU to dashboard."""

from __future__ import annotations

SERVICE_ASPECTS = (
    "ask_requirements", "ask_procedure", "ask_eligibility", "ask_fee", "ask_duration",
    "ask_hours", "ask_location", "ask_contact",
)  # fmt: skip
"""Acts that ask one thing about a service; several can be answered in one card."""

ABOUT_A_SERVICE = ("ask_overview", *SERVICE_ASPECTS, "apply", "book_visit")
"""Acts that need to know which service is meant (from the message or the context)."""

SMALL_TALK = (
    "greet", "thank", "goodbye", "affirm", "deny", "cancel", "ask_bot", "give_feedback", "insult",
)  # fmt: skip

SAFETY = ("report_emergency", "report_crisis")

OTHER = (
    "track_request",
    "report_problem",
    "talk_to_agent",
    "privacy_request",
    "report_fraud",
    "out_of_scope",
)

ACTS = frozenset((*ABOUT_A_SERVICE, *SMALL_TALK, *SAFETY, *OTHER))
