"""Which price book holds for a currency, a region and a day."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cpq.quote import QuoteError, price_book

CATALOGUE: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[4] / "fixtures" / "vectors" / "quote-catalogue.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    ("currency", "region", "on", "book"),
    [
        ("EUR", "DE", "2026-12-31", "eur"),
        ("EUR", "SE", "2026-01-01", "eur-se"),
        ("EUR", "SE", "2025-12-31", "eur-2025"),
        ("JPY", "JP", "2027-01-01", "jpy"),
    ],
)
def test_a_book_of_the_region_goes_before_one_for_everywhere(currency: str, region: str, on: str, book: str) -> None:
    assert price_book(CATALOGUE, currency, region, on) == book


@pytest.mark.parametrize(
    ("currency", "region", "on", "pointer", "words"),
    [
        ("SEK", "SE", "2026-03-17", "/currency", "no price book is in SEK; choose one of EUR, JPY, KWD"),
        ("ZZZ", "SE", "2026-03-17", "/currency", '"ZZZ" is not an ISO 4217 currency code in use'),
        ("JPY", "SE", "2027-01-01", "/region", "no price book in JPY is for region SE"),
        ("JPY", "JP", "2026-12-31", "/on", 'price book "Yen" is not valid before 2027-01-01'),
        ("EUR", "DE", "2027-01-01", "/on", 'price book "Euro 2026" ended on 2026-12-31; choose one that holds'),
        ("EUR", "DE", "tomorrow", "/on", "write a day as 2026-12-31"),
    ],
)
def test_none_that_holds_says_which_of_the_three_does_not_fit(
    currency: str, region: str, on: str, pointer: str, words: str
) -> None:
    with pytest.raises(QuoteError) as refused:
        price_book(CATALOGUE, currency, region, on)
    assert (refused.value.pointer, refused.value.detail) == (pointer, words)
