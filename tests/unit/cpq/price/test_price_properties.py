"""What holds of every price, whatever hypothesis asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.cpq.price import price_json
from app.cpq.price.decimals import CONTEXT, LIMIT, MAX_PLACES, ROUNDINGS, allocate, plain, read, rounded, settle, text
from tests.support.price_requests import AMOUNTS, DISCOUNTS, QUANTITIES, decimals, requests, steps
from tests.support.price_vectors import TIERS, line, listed, request, step

Json = dict[str, Any]
FIGURE = re.compile(r"-?[0-9]+(\.[0-9]+)?")
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
many = settings(max_examples=300, deadline=None)
WEIGHTS = st.lists(st.one_of(decimals(0, 100_000, 6), st.just("0")).map(Decimal), min_size=1, max_size=12)


def _total(amounts: list[str]) -> Decimal:
    return sum((Decimal(amount) for amount in amounts), Decimal(0))


def _texts(value: Any) -> Iterator[str]:
    """Every text of a result."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


@quick
@given(requests())
def test_rows_of_the_waterfall_add_up_and_every_running_amount_follows(asked: Json) -> None:
    for one in price_json(asked)["lines"]:
        running = Decimal(0)
        for row in one["waterfall"]:
            running += Decimal(row["amount"])
            assert running == Decimal(row["running"]), row
        assert running == Decimal(one["net"])
        assert Decimal(one["net"]) + Decimal(one["tax"]) == Decimal(one["gross"])
        assert _total([tax["amount"] for tax in one["taxes"]]) == Decimal(one["tax"])


@quick
@given(requests())
def test_totals_are_the_sums_of_the_lines_that_are_due(asked: Json) -> None:
    result = price_json(asked)
    later = {one["id"] for one in asked["lines"] if one.get("later")}
    due = [one for one in result["lines"] if one["included"] and one["id"] not in later]
    totals = result["totals"]
    for name in ("net", "tax", "gross", "list", "list_net", "discount"):
        assert _total([one[name] for one in due]) == Decimal(totals[name]), name
    parts = [totals["one_time"], *totals["recurring"].values(), *totals["usage"].values()]
    assert _total([part["net"] for part in parts]) == Decimal(totals["net"])
    assert _total([tax["amount"] for tax in result["taxes"]]) == Decimal(totals["tax"])


@quick
@given(requests())
def test_parts_of_header_discounts_sum_and_take_no_line_below_zero(asked: Json) -> None:
    result = price_json(asked)
    for entry in result["header"]:
        assert _total([part["amount"] for part in entry["parts"]]) == Decimal(
            entry["amount"] if entry["parts"] else "0"
        )
    for one in result["lines"]:
        header = [row for row in one["waterfall"] if row["phase"] == "header"]
        for row in header:
            before = Decimal(row["running"]) - Decimal(row["amount"])
            assert Decimal(row["amount"]) >= 0 or before >= 0
            assert Decimal(row["running"]) >= min(Decimal(0), before)


@quick
@given(requests())
def test_every_figure_is_plain_and_none_is_negative_zero(asked: Json) -> None:
    result = price_json(asked)
    for found in _texts([result["totals"], [one["waterfall"] for one in result["lines"]], result["header"]]):
        if FIGURE.fullmatch(found):
            assert not (found.startswith("-") and not Decimal(found)), found
    for name, value in result["totals"].items():
        assert not isinstance(value, str) or FIGURE.fullmatch(value), (name, value)


@quick
@given(AMOUNTS, QUANTITIES, steps(DISCOUNTS, most=6), st.sampled_from(["compound", "additive"]))
def test_discounts_never_pass_zero(amount: str, quantity: str, discounts: list[Json], stacking: str) -> None:
    for one in discounts:
        one["rounding"] = None
    first = listed(amount)
    asked = request(line({**first, "id": "list"}, *discounts, quantity=quantity), policy={"stacking": stacking})
    full, net = (Decimal(price_json(asked)["lines"][0][name]) for name in ("list", "net"))
    assert min(full, Decimal(0)) <= net <= max(full, Decimal(0))


@many
@given(st.integers(-(10**9), 10**9), WEIGHTS, st.integers(0, 4))
@example(10, [Decimal(0), Decimal(0)], 0)
@example(-1, [Decimal(1), Decimal(1), Decimal(1)], 0)
@example(1, [Decimal("1e-6"), Decimal(10**9)], 0)
def test_parts_sum_to_the_whole_and_each_is_within_a_unit_of_its_share(
    units: int, weights: list[Decimal], places: int
) -> None:
    total = Decimal(units).scaleb(-places)
    parts = allocate(total, weights, places)
    assert sum(parts, Decimal(0)) == total
    assert parts == [-part for part in allocate(-total, weights, places)]
    whole = sum(weights, Decimal(0))
    with localcontext(CONTEXT) as context:
        context.prec = 60
        for part, weight in zip(parts, weights, strict=True):
            share = total * weight / whole if whole else total / len(weights)
            assert abs(part - share) < Decimal(1).scaleb(-places)


@many
@given(
    st.lists(decimals(-1_000, 1_000, 6).map(Decimal), min_size=1, max_size=10),
    st.integers(0, 4),
    st.sampled_from([*ROUNDINGS]),
)
def test_settled_values_sum_to_the_rounded_sum_and_move_less_than_a_unit(
    values: list[Decimal], places: int, mode: str
) -> None:
    found = settle(values, places, mode)
    assert sum(found, Decimal(0)) == rounded(sum(values, Decimal(0)), places, mode)
    assert all(abs(one - value) <= Decimal(1).scaleb(-places) for one, value in zip(found, values, strict=True))


@many
@given(st.integers(0, 25), st.integers(0, 25))
def test_graduated_tiers_without_flat_fees_are_continuous_and_never_fall(units: int, more: int) -> None:
    smooth = {
        **step("graduated"),
        "adjustment": {"type": "graduated", "tiers": [{**tier, "flat": "0"} for tier in TIERS]},
    }

    def charged(quantity: Decimal) -> Decimal:
        return Decimal(price_json(request(line(smooth, usage={"quantity": text(quantity)})))["totals"]["net"])

    low, high = charged(Decimal(units)), charged(Decimal(units + more))
    assert low <= high <= low + 10 * more
    step_up = Decimal("0.01")
    assert charged(Decimal(units) + step_up) - low <= 10 * step_up


@many
@given(
    st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,12})?", fullmatch=True) | st.text(alphabet="0123456789.-+eE ", max_size=20)
)
@example("1e999")
@example("NaN")
@example("-0.0")
def test_what_is_read_is_written_again(written: str) -> None:
    value = read(written)
    if value is None:
        return
    assert -LIMIT < value < LIMIT
    assert Decimal(written) == value == Decimal(plain(value)) == Decimal(text(value))
    assert not re.search("[eE+]", plain(value))
    assert rounded(value, MAX_PLACES, "half_up") == value
