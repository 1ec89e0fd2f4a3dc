"""Money is exact: what is read is what is written, and what cannot be kept is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.foundation.money import CURRENCIES, MAX_MINOR, Money, MoneyError, exponent


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(sorted(CURRENCIES)))
def test_an_amount_survives_being_written_and_read(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.amount, currency) == money


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [(123450, "EUR", "1234.50"), (-5, "EUR", "-0.05"), (0, "SEK", "0.00"), (1234, "JPY", "1234"), (1, "BHD", "0.001")],
)
def test_amounts_have_the_places_of_their_currency(minor: int, currency: str, amount: str) -> None:
    assert Money(minor, currency).amount == amount


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1.234", "EUR"),
        ("0.5", "JPY"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("1e999999", "EUR"),
        ("1e-999999", "EUR"),
        ("1000000000000000.01", "EUR"),
        ("12,50", "EUR"),
        ("", "EUR"),
        ("1", "XXX"),
        ("1", "eur"),
    ],
)
def test_what_cannot_be_kept_exactly_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(amount, currency)


def test_the_exponents_that_libraries_disagree_on_are_those_of_iso_4217() -> None:
    assert [exponent(c) for c in ("ISK", "HUF", "TWD", "IQD", "CLF", "MRU")] == [0, 2, 2, 3, 4, 2]
