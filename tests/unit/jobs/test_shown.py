"""What of a job is shown: whatever it holds, no secret."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jobs import shown

SECRET = "s3cretvalue"
names = st.sampled_from(
    ["token", "api_token", "Password", "client_secret", "authorization", "cookie", "endpoint", "p256dh", "auth", "keys"]
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(plain, names)
def test_a_value_that_is_secret_by_its_name_is_not_shown_however_deep(around: Any, name: str) -> None:
    payload = {"around": around, "list": [{"deep": {name: SECRET}}], name: {"nested": SECRET}}
    assert SECRET not in str(shown.payload(payload))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "GET https://ada:s3cretvalue@feeds.example/s3cretvalue?k=s3cretvalue failed",
            "GET https://feeds.example/… failed",
        ),
        ("postgresql+psycopg://u:s3cretvalue@db:5432/name", "postgresql+psycopg://db:5432/…"),
        ("Authorization: Bearer s3cretvalue", "Authorization: hidden"),
        ("{'password': 's3cretvalue'}", "{'password': hidden}"),
        ("api_key=s3cretvalue, then", "api_key=hidden, then"),
        ("got Bearer s3cretvalue.abc", "got Bearer hidden"),
        ("TimeoutError: no answer within 20 s", "TimeoutError: no answer within 20 s"),
    ],
)
def test_an_error_is_shown_without_the_secrets_in_it(said: str, told: str) -> None:
    assert shown.text(said) == told


def test_what_identifies_is_shown_as_it_is() -> None:
    payload = {"feed_id": "0193d5a0-0000-7000-8000-000000000001", "account_ids": ["a", "b"], "slot": 7, "monkey": "x"}
    assert shown.payload(payload) == payload


def test_long_values_are_cut() -> None:
    shortened = shown.payload({"text": "x" * 5000, "many": list(range(500))})
    assert len(shortened["text"]) == shown.LONGEST_TEXT and len(shortened["many"]) == shown.LONGEST_LIST + 1
