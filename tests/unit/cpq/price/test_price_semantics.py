"""What the price engine means by its steps and flags, each figure worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.cpq.price import PriceError, price_json, validate_predicate, validate_step
from tests.support.price_vectors import TIERS, VAT, header, line, listed, policy, request, step

Json = dict[str, Any]


def priced(*steps: Json, asked: Json | None = None, **members: Any) -> Json:
    """The result of one line with these steps."""
    return dict(price_json(request(line(*steps, **members), **(asked or {})))["lines"][0])


def rows(result: Json) -> list[tuple[str, str]]:
    """Step and amount of each row."""
    return [(row["step"], row["amount"]) for row in result["waterfall"]]


def nets(*lines: Json, **members: Any) -> list[str]:
    """The net of each line."""
    return [one["net"] for one in price_json(request(*lines, **members))["lines"]]


def tiered(kind: str, **members: Any) -> Json:
    return {**step(kind), "adjustment": {"type": kind, "tiers": TIERS, **members}}


# --- phases ----------------------------------------------------------------------------------------------------------


def test_phases_run_in_their_order_whatever_the_order_of_the_steps() -> None:
    late = step("percent_discount", "additional", percent="10")
    early = step("amount_discount", "contracted", "line", amount="20")
    result = priced(late, early, listed("100"))
    assert rows(result) == [("per_unit", "100.00"), ("amount_discount", "-20.00"), ("percent_discount", "-8.00")]


def test_in_a_phase_the_line_comes_before_the_whole_request() -> None:
    own, shared = step("flat_fee", "schedule", amount="10", own_id="own"), step("markup", "schedule", percent="50")
    assert rows(priced(listed("100"), own, asked={"steps": [shared]}))[1:] == [("own", "10.00"), ("markup", "55.00")]


def test_the_subtotals_are_what_is_reached_after_their_phases() -> None:
    discounts = [
        step("percent_discount", phase, percent="10", own_id=phase)
        for phase in ("contracted", "schedule", "additional", "partner")
    ]
    half = step("proration", "proration", "line", numerator="1", denominator="2")
    result = priced(listed("1000"), half, *discounts)
    subtotals = [result[name] for name in ("list", "regular", "customer", "partner", "net")]
    assert subtotals == ["1000.00", "405.00", "364.50", "328.05", "328.05"]


def test_a_step_whose_condition_does_not_hold_leaves_no_row() -> None:
    never = step("percent_discount", "schedule", percent="10", own_when={"fact": "quantity", "op": "gt", "value": "1"})
    assert rows(priced(listed("100"), never)) == [("per_unit", "100.00")]


# --- stacking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stacking", "net", "percent"), [("compound", "72.00", "28"), ("additive", "70.00", "30")])
def test_percents_stack_as_the_policy_says(stacking: str, net: str, percent: str) -> None:
    discounts = [step("percent_discount", "schedule", percent=value) for value in ("20", "10")]
    result = priced(listed("100"), *discounts, asked={"policy": policy(stacking=stacking)})
    assert (result["net"], result["discount_percent"]) == (net, percent)


def test_additive_percents_are_of_the_price_that_a_proration_left() -> None:
    half = step("proration", "proration", "line", numerator="1", denominator="2")
    first, second = (
        step("percent_discount", "contracted", percent="15"),
        step("percent_discount", "additional", percent="10"),
    )
    assert priced(listed("100"), first, half, second, asked={"policy": policy(stacking="additive")})["net"] == "37.50"


def test_additive_percents_together_never_take_more_than_everything() -> None:
    discounts = [step("percent_discount", "schedule", percent="70") for _ in range(2)]
    assert priced(listed("100"), *discounts, asked={"policy": policy(stacking="additive")})["net"] == "0.00"


def test_a_contracted_price_is_no_discount_but_a_price_given_late_is() -> None:
    contracted = priced(listed("100"), step("fixed_price", "contracted", amount="80"))
    late = priced(listed("100"), step("fixed_price", "additional", amount="80"))
    assert (contracted["net"], contracted["discount_percent"]) == ("80.00", "0")
    assert (late["net"], late["discount_percent"]) == ("80.00", "20")


# --- scope -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scope", "net"), [("unit", "270.00"), ("line", "290.00")])
def test_an_amount_is_of_a_unit_or_of_the_line(scope: str, net: str) -> None:
    assert priced(listed("100"), step("amount_discount", "schedule", scope, amount="10"), quantity="3")["net"] == net


def test_a_sales_unit_holds_price_units() -> None:
    result = priced(listed("2"), quantity="3", factor="5")
    assert (result["net"], result["unit_net"]) == ("30.00", "10.00")


def test_unit_prices_have_four_places_more_than_amounts() -> None:
    assert priced(listed("0.123456"), quantity="1000")["unit_net"] == "0.12346"
    assert (
        priced(listed("1"), step("amount_discount", "schedule", "line", amount="1"), quantity="3")["unit_net"]
        == "0.666667"
    )


# --- charges ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("units", "amount"),
    [("0", "0.00"), ("1", "12.00"), ("10", "102.00"), ("10.5", "107.50"), ("20", "155.00"), ("21", "159.00")],
)
def test_graduated_tiers_charge_what_lies_in_each(units: str, amount: str) -> None:
    assert priced(tiered("graduated"), usage={"quantity": units})["net"] == amount


@pytest.mark.parametrize(("units", "amount"), [("0", "0.00"), ("10", "102.00"), ("10.1", "53.50"), ("25", "100.00")])
def test_a_volume_tier_charges_everything(units: str, amount: str) -> None:
    assert priced(tiered("volume"), usage={"quantity": units})["net"] == amount


@pytest.mark.parametrize("kind", ["graduated", "volume"])
def test_at_no_usage_the_first_flat_fee_is_due_only_when_asked_for(kind: str) -> None:
    assert priced(tiered(kind), usage={"quantity": "0"})["net"] == "0.00"
    assert priced(tiered(kind, flat_at_zero=True), usage={"quantity": "0"})["net"] == "2.00"


@pytest.mark.parametrize(
    ("units", "at_zero", "amount"),
    [("0", False, "0.00"), ("0", True, "5.00"), ("3", False, "6.00"), ("3", True, "11.00")],
)
def test_what_is_used_above_a_tier_that_ends_at_zero_is_charged(units: str, at_zero: bool, amount: str) -> None:
    tiers = [{"upto": "0", "unit": "9", "flat": "5"}, {"upto": None, "unit": "2"}]
    found = {"type": "graduated", "tiers": tiers, "flat_at_zero": at_zero}
    assert priced({**step("graduated"), "adjustment": found}, usage={"quantity": units})["net"] == amount


def test_the_rows_of_tiers_explain_the_charge() -> None:
    detail = priced(tiered("graduated"), usage={"quantity": "12"})["waterfall"][0]["detail"]
    assert detail == [
        {"from": "0", "upto": "10", "units": "10", "unit": "10", "flat": "2", "amount": "100"},
        {"from": "10", "upto": "20", "units": "2", "unit": "5", "flat": "3", "amount": "10"},
    ]


@pytest.mark.parametrize(("units", "amount"), [("100", "0.00"), ("100.5", "7.00"), ("110", "7.00"), ("111", "14.00")])
def test_a_package_that_is_begun_is_paid(units: str, amount: str) -> None:
    package = step("package", size="10", amount="7", free="100")
    assert priced(package, usage={"quantity": units})["net"] == amount


def test_a_percentage_knows_free_events_and_bounds_of_each() -> None:
    bounded = step("percentage", rate="3", min="1", max="20", free_events="1")
    events = {"events": ["500", "10", "200", "5000"]}
    assert priced(bounded, usage=events)["net"] == "27.00"
    plain = step("percentage", rate="3", fixed="0.30", free_events="1")
    assert priced(plain, usage=events)["net"] == "157.20"


def test_a_fee_is_due_once_however_many_units() -> None:
    assert priced(step("flat_fee", amount="5"), quantity="7")["net"] == "5.00"
    assert priced(step("flat_fee", amount="5", flat_at_zero=False), quantity="0")["net"] == "0.00"


# --- limits ----------------------------------------------------------------------------------------------------------


def test_floors_and_caps_hold_the_price() -> None:
    half = step("percent_discount", "schedule", percent="50")
    assert priced(listed("100"), half, step("floor", "schedule", amount="60"), quantity="2")["net"] == "120.00"
    assert priced(listed("100"), step("cap", "schedule", "line", amount="150"), quantity="2")["net"] == "150.00"
    assert priced(listed("100"), half, step("floor", "schedule", amount="-20", above="list"))["net"] == "80.00"


def test_a_limit_above_the_list_price_is_prorated_with_it() -> None:
    half = step("proration", "proration", "line", numerator="1", denominator="2")
    discount, least = (
        step("percent_discount", "additional", percent="50"),
        step("floor", "additional", amount="-20", above="list"),
    )
    assert priced(listed("100"), half, discount, least)["net"] == "30.00"


def test_an_amount_that_was_used_elsewhere_is_not_given_again() -> None:
    assert (
        priced(listed("100"), step("amount_discount", "additional", "line", amount="30", used="20"))["net"] == "90.00"
    )
    assert (
        priced(listed("100"), step("amount_discount", "additional", "line", amount="30", used="50"))["net"] == "100.00"
    )


# --- rounding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "up", "down"),
    [
        ("half_up", "0.13", "-0.13"), ("half_down", "0.12", "-0.12"), ("half_even", "0.12", "-0.12"), ("up", "0.13", "-0.13"),
        ("down", "0.12", "-0.12"), ("ceiling", "0.13", "-0.12"), ("floor", "0.12", "-0.13"),
    ],
)  # fmt: skip
def test_every_mode_rounds_ties_as_it_is_named(mode: str, up: str, down: str) -> None:
    found = [priced(listed(amount), asked={"policy": policy(mode=mode)})["net"] for amount in ("0.125", "-0.125")]
    assert found == [up, down]


@pytest.mark.parametrize(("point", "net"), [("unit", "100.00"), ("line", "100.20")])
def test_a_unit_price_is_rounded_only_where_the_policy_says(point: str, net: str) -> None:
    assert priced(listed("0.501"), quantity="200", asked={"policy": policy(point)})["net"] == net


def test_additive_percents_are_of_the_rounded_unit_price() -> None:
    asked = {"currency": "JPY", "policy": policy("unit", stacking="additive")}
    assert priced(listed("0.5"), step("percent_discount", "additional", percent="100"), asked=asked)["net"] == "0"


def test_rounding_of_the_total_makes_the_lines_agree_with_it() -> None:
    thirds = [line(listed("33.335"), name=name) for name in "abc"]
    assert nets(*thirds) == ["33.34", "33.34", "33.34"]
    result = price_json(request(*thirds, policy=policy("total")))
    assert [one["net"] for one in result["lines"]] == ["33.34", "33.34", "33.33"]
    assert result["totals"]["net"] == "100.01"
    assert rows(result["lines"][2]) == [("per_unit", "33.34"), ("rounding", "-0.01")]
    assert result["totals"]["discount"] == "0.00"


def test_rows_add_up_to_the_net_though_each_is_rounded() -> None:
    tenths = [step("surcharge", "schedule", "line", amount="0.004", own_id=str(n)) for n in range(5)]
    result = priced(listed("1"), *tenths)
    assert [amount for _step, amount in rows(result)] == ["1.00", "0.00", "0.01", "0.00", "0.01", "0.00"]
    assert result["net"] == "1.02"


def test_a_step_rounds_to_whole_multiples() -> None:
    tens = step("percent_discount", "schedule", percent="7", own_rounding={"to": "10"})
    assert priced(listed("184.99"), tens, quantity="3")["net"] == "510.00"


# --- the whole -------------------------------------------------------------------------------------------------------


def test_a_header_discount_is_shared_out_by_price_to_the_last_cent() -> None:
    result = price_json(request(*(line(listed("33.34"), name=name) for name in "abc"), header=[header("amount", "10")]))
    assert [part["amount"] for part in result["header"][0]["parts"]] == ["-3.34", "-3.33", "-3.33"]
    assert result["totals"]["net"] == "90.02"
    assert rows(result["lines"][0])[-1] == ("whole", "-3.34")


@pytest.mark.parametrize(("value", "net"), [("95", "95.00"), ("120", "120.00"), ("0", "0.00")])
def test_a_fixed_total_is_met_exactly(value: str, net: str) -> None:
    lines = [line(listed("33.34"), name=name) for name in "abc"]
    assert price_json(request(*lines, header=[header("fixed_total", value)]))["totals"]["net"] == net


def test_header_discounts_leave_out_what_is_not_in_the_totals_or_not_meant() -> None:
    lines = [
        line(listed("100")),
        line(listed("100"), name="b", optional=True),
        line(listed("10"), name="c", charge="recurring"),
    ]
    assert nets(*lines, header=[header("percent", "10", charge="one_time")]) == ["90.00", "100.00", "10.00"]
    assert nets(*lines, header=[header("percent", "10", lines=["c"])]) == ["100.00", "100.00", "9.00"]


def test_header_discounts_leave_credits_as_they_are() -> None:
    lines = [line(listed("100")), line(listed("-50"), name="b")]
    assert nets(*lines, header=[header("percent", "10")]) == ["90.00", "-50.00"]
    assert nets(*lines, header=[header("fixed_total", "20")]) == ["70.00", "-50.00"]


def test_later_parts_of_a_ramp_share_in_percents_alone() -> None:
    lines = [line(listed("10"), charge="recurring"), line(listed("20"), name="b", charge="recurring", later=True)]
    assert nets(*lines, header=[header("percent", "10")]) == ["9.00", "18.00"]
    assert nets(*lines, header=[header("fixed_total", "9")]) == ["9.00", "20.00"]
    assert nets(*lines, header=[header("amount", "3")]) == ["7.00", "20.00"]


def test_optional_lines_are_priced_and_left_out_until_they_are_selected() -> None:
    def total(**members: Any) -> str:
        lines = [line(listed("100")), line(listed("20"), name="b", **members)]
        return str(price_json(request(*lines))["totals"]["net"])

    assert total(optional=True) == "100.00"
    assert total(optional=True, selected=True) == "120.00"
    assert total() == "120.00"


def test_a_bundle_is_shown_as_one_and_goes_with_its_head() -> None:
    lines = [
        line(listed("100"), optional=True, selected=True), line(listed("20"), name="b", bundle="a"),
        line(listed("5"), name="c", bundle="b", optional=True),
    ]  # fmt: skip
    result = price_json(request(*lines, taxes=[VAT]))
    assert result["lines"][0]["bundle"] == {"net": "120.00", "tax": "30.00", "gross": "150.00"}
    lines[0]["selected"] = False
    assert [one["included"] for one in price_json(request(*lines))["lines"]] == [False, False, False]


# --- taxes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("per", "tax"), [("line", "0.18"), ("unit", "0.21"), ("total", "0.18")])
def test_tax_is_rounded_on_the_line_the_unit_or_the_total(per: str, tax: str) -> None:
    # 25 % of 0.10 is 0.025: three cents a unit.
    result = price_json(request(line(listed("0.10"), quantity="7"), policy=policy(per=per), taxes=[VAT]))
    assert result["totals"]["tax"] == tax


def test_tax_of_the_total_is_shared_out_to_the_last_cent() -> None:
    lines = [line(listed("0.10"), name=name) for name in "abc"]
    per_line = price_json(request(*lines, taxes=[VAT]))
    whole = price_json(request(*lines, taxes=[VAT], policy=policy(per="total")))
    assert per_line["totals"]["tax"] == "0.09"
    assert whole["totals"]["tax"] == "0.08"
    assert [one["tax"] for one in whole["lines"]] == ["0.03", "0.03", "0.02"]


def test_an_included_tax_is_taken_out_by_the_last_row() -> None:
    result = priced(listed("125"), asked={"taxes": [VAT], "policy": policy(included=True)})
    assert (result["net"], result["tax"], result["gross"], result["list_net"]) == (
        "100.00",
        "25.00",
        "125.00",
        "100.00",
    )
    assert rows(result)[-1] == ("tax-included", "-25.00")


def test_taxes_apply_by_class_and_condition() -> None:
    food = {**VAT, "id": "food", "class": "food", "rate": "12", "when": {"fact": "country", "op": "eq", "value": "SE"}}
    lines = [line(listed("100"), tax_class="food"), line(listed("100"), name="b", tax_class="none")]
    assert price_json(request(*lines, taxes=[VAT, food]))["totals"]["tax"] == "0.00"
    assert price_json(request(*lines, taxes=[VAT, food], facts={"country": "SE"}))["totals"]["tax"] == "12.00"


# --- totals ----------------------------------------------------------------------------------------------------------


def test_contract_values_count_terms_and_years() -> None:
    monthly = line(listed("12.50"), name="b", quantity="4", charge="recurring", periods="24")
    yearly = line(listed("120"), name="c", charge="recurring", period="year", periods="3")
    usage = line(listed("2"), name="d", charge="usage", usage={"quantity": "40"}, periods="24")
    totals = price_json(request(line(listed("1000")), monthly, yearly, usage))["totals"]
    assert (totals["tcv"], totals["acv"], totals["mrr"]) == ("4480.00", "1680.00", "60.00")
    assert totals["recurring"]["year"]["net"] == "120.00"
    assert totals["one_time"]["net"] == "1000.00"


def test_a_line_below_its_margin_is_told_and_keeps_its_price() -> None:
    floor = {"id": "pumps", "min_margin_percent": "18", "reason": "Margin of pumps", "families": ["pumps"]}
    result = price_json(
        request(
            line(listed("100"), cost="82", facts={"family": "pumps"}),
            line(listed("100"), name="b", cost="82.01", facts={"family": "pumps"}),
            line(listed("100"), name="c", cost="99", facts={"family": "hoses"}),
            floors=[floor],
        )
    )
    assert result["floors"] == [
        {"id": "pumps", "line": "b", "reason": "Margin of pumps", "minimum": "18", "margin": "17.99"}
    ]
    assert result["totals"]["net"] == "300.00"


@pytest.mark.parametrize(
    ("currency", "net"), [("JPY", "1001"), ("EUR", "1000.50"), ("KWD", "1000.500"), ("CLF", "1000.5000")]
)
def test_amounts_have_the_places_of_their_currency(currency: str, net: str) -> None:
    assert priced(listed("333.5"), quantity="3", asked={"currency": currency})["net"] == net


def test_texts_that_are_too_long_for_a_figure_are_not_kept() -> None:
    from app.cpq.price import decimals

    before = decimals._read.cache_info().currsize
    assert [decimals.read("9" * 29 + str(n)) for n in range(10)] == [None] * 10
    assert decimals._read.cache_info().currsize == before
    assert str(decimals.read("-123456789012345.123456789012")) == "-123456789012345.123456789012"


def test_long_decimals_are_kept_to_28_digits() -> None:
    amount = Decimal("0.123456789012")
    result = priced(listed(str(amount)), quantity="7", asked={"policy": policy(places=12)})
    assert Decimal(result["net"]) == amount * 7


# --- catalogues ------------------------------------------------------------------------------------------------------


def test_what_a_catalogue_holds_is_refused_with_its_place_there() -> None:
    with pytest.raises(PriceError) as refused:
        validate_step({**listed("1"), "adjustment": {"type": "per_unit", "amount": "1e9"}}, "/price_steps/3")
    assert refused.value.pointer == "/price_steps/3/adjustment/amount"
    with pytest.raises(PriceError) as refused:
        validate_predicate({"all": [{"fact": "a"}]}, "/when")
    assert refused.value.pointer == "/when/all/0/op"
