"""The life of a quote: what may follow on what, whatever happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.quotes.lifecycle import OPEN, OVER, UNSENT, Event, Status, TransitionError, after, allowed

# What a version goes through, told in words and not taken from the code: every step that is allowed, and no other.
STEPS = {
    ("draft", "rewrite"): "draft",
    ("in_approval", "rewrite"): "draft",
    ("approved", "rewrite"): "draft",
    ("refused", "rewrite"): "draft",
    ("draft", "submit"): "in_approval",
    ("refused", "submit"): "in_approval",
    ("in_approval", "approve"): "approved",
    ("in_approval", "refuse"): "refused",
    ("draft", "send"): "sent",
    ("approved", "send"): "sent",
    **{(status, event): became for status in ("sent", "viewed") for event, became in (
        ("view", "viewed"), ("accept", "accepted"), ("decline", "declined"), ("expire", "expired"), ("withdraw", "withdrawn"),
    )},
    **{(status, "revise"): "draft" for status in ("sent", "viewed", "declined", "expired", "withdrawn")},
}  # fmt: skip
EVENTS = st.lists(st.sampled_from(Event), max_size=60)


def test_every_step_is_one_of_those_that_are_told() -> None:
    for status in Status:
        for event in Event:
            wanted = STEPS.get((status.value, event.value))
            assert allowed(status, event) is (wanted is not None)
            if wanted is not None:
                assert after(status, event) == wanted


@given(EVENTS)
def test_whatever_happens_a_quote_is_sent_before_the_customer_decides_and_approved_before_it_is_sent(
    events: list[Event],
) -> None:
    status, sent, asked = Status.DRAFT, False, False
    for event in events:
        before = status
        if not allowed(status, event):
            with pytest.raises(TransitionError, match=r"^A quote that is "):
                after(status, event)
            continue
        status = after(status, event)
        if event is Event.SEND:
            assert not asked or before is Status.APPROVED
            sent = True
        if status is Status.DRAFT:
            sent = asked = False
        if status is Status.IN_APPROVAL:
            asked = True
        assert (status in OPEN | OVER) is sent
        assert (status in UNSENT) is not sent


@given(EVENTS)
def test_what_was_accepted_stays_accepted(events: list[Event]) -> None:
    for event in events:
        assert not allowed(Status.ACCEPTED, event)


def test_every_status_is_in_one_of_three_parts_of_a_life() -> None:
    parts = [UNSENT, OPEN, OVER]
    assert sorted(status for part in parts for status in part) == sorted(Status)
