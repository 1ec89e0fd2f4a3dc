"""Whom an event is about: sure ones are matched, unsure ones are asked, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendars import matching
from app.calendars.matching import Contact, Invitation, Knowledge, Place, find, name_index, site_domain

NAMES = (("norrvik", "Norrvik Paper AB"), ("norrvik", "NPAB"), ("vesta", "Vesta"), ("gefle", "Gefle Steel Works"))
KNOWN = Knowledge(
    contacts={
        "anna@norrvik.example": [Contact("anna@norrvik.example", "p-anna", "norrvik")],
        "old@gefle.example": [Contact("old@gefle.example", "p-old", "gefle", former=True)],
        "both@agency.example": [
            Contact("both@agency.example", "p-1", "norrvik"),
            Contact("both@agency.example", "p-2", "vesta"),
        ],
    },
    domains={
        "norrvik.example": frozenset({"norrvik"}),
        "vesta.example": frozenset({"vesta"}),
        "group.example": frozenset({"norrvik", "gefle"}),
        "gmail.com": frozenset({"vesta"}),
    },
    places=[Place("gefle", "Hamngatan 7", "802 50", "Gävle"), Place("vesta", "Storgatan 1", "", "Uppsala")],
    names=name_index(NAMES),
    own_domains=frozenset({"doorstep.example"}),
    own_addresses=frozenset({"rep@private.example"}),
)
ACCOUNTS = ("norrvik", "vesta", "gefle")


def told(**event: object) -> tuple[str, str | None]:
    found = find(Invitation(**event), KNOWN)  # type: ignore[arg-type]
    return found.match, found.account_id


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"emails": ("anna@norrvik.example",)}, ("matched", "norrvik")),
        ({"emails": ("new@norrvik.example", "rep@doorstep.example")}, ("matched", "norrvik")),
        ({"emails": ("new@mill.norrvik.example",)}, ("matched", "norrvik")),
        ({"place": "Hamngatan 7, 802 50 GÄVLE"}, ("matched", "gefle")),
        ({"summary": "Service review Norrvik Paper"}, ("matched", "norrvik")),
        ({"summary": "Lunch", "place": "Gefle Steel Works, gate 2"}, ("matched", "gefle")),
        # one word, or a street in any town, or a person who left, is not enough
        ({"summary": "Vesta"}, ("asked", None)),
        ({"place": "Storgatan 1"}, ("asked", None)),
        ({"emails": ("old@gefle.example",)}, ("asked", None)),
        # two that may be meant
        ({"emails": ("both@agency.example",)}, ("asked", None)),
        ({"emails": ("new@group.example",)}, ("asked", None)),
        ({"emails": ("anna@norrvik.example", "x@vesta.example")}, ("asked", None)),
        ({"summary": "Norrvik Paper and Gefle Steel Works"}, ("asked", None)),
        # a shared domain is told apart by what else is said
        ({"emails": ("new@group.example",), "summary": "Gefle Steel Works: pumps"}, ("matched", "gefle")),
        ({"emails": ("new@group.example",), "place": "Hamngatan 7, Gävle"}, ("matched", "gefle")),
        # nothing
        ({}, ("none", None)),
        ({"emails": ("me@gmail.com",)}, ("none", None)),
        ({"emails": ("rep@doorstep.example", "rep@private.example")}, ("none", None)),
        ({"summary": "Dentist", "emails": ("dr@dental.example",)}, ("none", None)),
        ({"place": "https://meet.example/abc"}, ("none", None)),
        # all-day events are visits only where people of an account are invited
        ({"summary": "Norrvik Paper anniversary", "all_day": True}, ("none", None)),
        ({"emails": ("anna@norrvik.example",), "all_day": True}, ("matched", "norrvik")),
    ],
)
def test_who_is_meant(event: dict[str, object], expected: tuple[str, str | None]) -> None:
    assert told(**event) == expected


def test_each_candidate_has_its_reasons_the_strongest_first() -> None:
    found = find(Invitation("Norrvik Paper", "", ("anna@norrvik.example",)), KNOWN)
    (candidate,) = found.candidates
    assert [(reason.kind, reason.value) for reason in candidate.reasons] == [
        ("attendee", "anna@norrvik.example"),
        ("name", "Norrvik Paper"),
    ]
    assert 0.97 < candidate.score < 1 and found.person_ids == ("p-anna",)


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.norrvik.example/se", "norrvik.example"),
        ("norrvik.example", "norrvik.example"),
        ("HTTP://Norrvik.Example.:8080", "norrvik.example"),
        ("https://gmail.com", ""),
        ("http://[", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_domain_of_a_website(website: str | None, domain: str) -> None:
    assert site_domain(website) == domain


emails = st.sampled_from(
    ["anna@norrvik.example", "x@norrvik.example", "old@gefle.example", "both@agency.example", "y@vesta.example",
     "me@gmail.com", "rep@doorstep.example", "z@group.example", "nobody@elsewhere.example", "@", "", "a@b"]
)  # fmt: skip
texts = st.sampled_from(
    ["", "Norrvik Paper", "vesta", "Vesta", "Gefle Steel Works", "NPAB", "Hamngatan 7, Gävle", "Storgatan 1", "Hi"]
)
invitations = st.builds(Invitation, texts, texts, st.lists(emails, max_size=6).map(tuple), st.booleans())


@settings(max_examples=200, deadline=None)
@given(invitations)
def test_a_winner_is_sure_and_clear_of_all_others_and_scores_are_chances(invitation: Invitation) -> None:
    found = find(invitation, KNOWN)
    scores = [one.score for one in found.candidates]
    assert all(0 < score < 1 for score in scores) and scores == sorted(scores, reverse=True)
    assert {one.account_id for one in found.candidates} <= set(ACCOUNTS)
    assert len({one.account_id for one in found.candidates}) == len(scores)
    if found.match == "matched":
        assert scores[0] >= matching.SURE and found.account_id == found.candidates[0].account_id
        assert all(scores[0] - score >= matching.MARGIN for score in scores[1:])
    else:
        assert found.account_id is None
        assert (found.match == "none") == (not scores)


@settings(max_examples=100, deadline=None)
@given(invitations, st.randoms(use_true_random=False))
def test_the_order_of_the_invited_says_nothing(invitation: Invitation, chance: object) -> None:
    mixed = list(invitation.emails)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    other = Invitation(invitation.summary, invitation.place, tuple(mixed), invitation.all_day)
    assert find(other, KNOWN) == find(invitation, KNOWN)


@settings(max_examples=100, deadline=None)
@given(invitations, st.lists(st.sampled_from(["me@gmail.com", "rep@doorstep.example", "rep@private.example"])))
def test_colleagues_and_free_mail_change_nothing(invitation: Invitation, more: list[str]) -> None:
    other = Invitation(invitation.summary, invitation.place, (*invitation.emails, *more), invitation.all_day)
    assert find(other, KNOWN) == find(invitation, KNOWN)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.lists(st.text(max_size=40), max_size=5))
def test_any_text_at_all_is_answered(summary: str, place: str, addresses: list[str]) -> None:
    assert find(Invitation(summary, place, tuple(addresses)), KNOWN).match in ("matched", "asked", "none")
