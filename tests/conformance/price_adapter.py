"""From the models of public price test suites to price steps: each model is a request for the engine and where its figures stand.

Nothing here calculates a price: inputs go into requests as they are, and figures are read from results. An input or a model
that is not known is an error that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

Json = dict[str, Any]
# Amounts that the sources do not round.
EXACT = 12
MODES = {"half_up": "half_up", "half_down": "half_down", "half_even": "half_even", "ceil": "ceiling", "floor": "floor"}
# Odoo's units of weight, in tonnes.
TONNES = {"t": "1", "kg": "0.001", "g": "0.000001"}


class UnknownModel(Exception):
    """A case whose model, input or expected figure has no place in this adapter."""


class Inputs:
    """The inputs of a case; every one must be asked for."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self._inputs = dict(inputs)

    def take(self, *names: str, default: Any = None) -> Any:
        """The input of the first of these names that is there."""
        found = [self._inputs.pop(name) for name in names if name in self._inputs]
        return next((value for value in found if value is not None), default)

    def figure(self, *names: str) -> str:
        """An input that must be there, as text."""
        value = self.take(*names)
        if value is None:
            raise UnknownModel(f"the input {names[0]!r} is missing")
        return str(_text(value))

    def maybe(self, *names: str) -> str | None:
        """An input that may be missing, as text."""
        return _text(self.take(*names))

    def like(self, *words: str) -> str | None:
        """An input that may be missing, by the words in its name: the sources have several names for one thing."""
        found = [name for name in self._inputs if all(word in name.split("_") for word in words)]
        if len(found) > 1:
            raise UnknownModel(f"the inputs {' and '.join(sorted(found))} say the same thing twice")
        return self.maybe(found[0]) if found else None

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self._inputs:
            raise UnknownModel(f"no place for the inputs {', '.join(sorted(self._inputs))}")


def _text(value: Any) -> str | None:
    """A figure as text, plain, without exponent; numbers come as Decimal or int. Other text stays, for the engine to refuse."""
    if value is None:
        return None
    try:
        figure = Decimal(str(value))
    except ArithmeticError:
        return str(value)
    return f"{figure:f}" if figure.is_finite() else str(value)


@dataclass(frozen=True)
class Case:
    """A request, and where each figure stands in its result."""

    request: Json
    figures: Mapping[str, Callable[[Json], Any]]


def adapt(case: Mapping[str, Any]) -> Case:
    """The request of a case. UnknownModel when there is no place for it, or it is not of the form of a case."""
    for name, kind in (("model", str), ("inputs", dict), ("expected", dict)):
        if not isinstance(case.get(name), kind):
            raise UnknownModel(
                f"a case has a model (its name), inputs and expected figures (objects): {name} is not so"
            )
    build = MODELS.get(case["model"])
    if build is None:
        raise UnknownModel(f"no adapter for the model {case['model']!r}; there are {', '.join(sorted(MODELS))}")
    inputs = Inputs(case["inputs"])
    try:
        adapted = build(inputs)
    except KeyError as missing:
        raise UnknownModel(f"the input {missing} is missing") from missing
    except (AttributeError, TypeError, ValueError, ArithmeticError) as fault:
        raise UnknownModel(f"an input has another form than the model's: {fault}") from fault
    inputs.end()
    rounding = case["expected"].get("rounding")
    if rounding is not None:
        mode, _, places = str(rounding).rpartition("_")
        if mode not in MODES or not places.isdigit():
            raise UnknownModel(f"no rounding is called {rounding!r}")
        adapted.request["policy"]["rounding"] |= {"mode": MODES[mode], "places": int(places)}
    return adapted


def differences(adapted: Case, expected: Mapping[str, Any], result: Json) -> list[str]:
    """What the result has otherwise than expected; figures are compared as decimals, to the digit."""
    found = []
    figures = {name: wanted for name, wanted in expected.items() if name != "rounding"}
    if not figures:
        raise UnknownModel("there is no expected figure")
    for name, wanted in figures.items():
        plain, places = _rounding_of(name, wanted)
        if plain not in adapted.figures:
            raise UnknownModel(
                f"no place for the expected figure {name!r}; there are {', '.join(sorted(adapted.figures))}"
            )
        given = adapted.figures[plain](result)
        if _rounded(given, places) != _figures(name, wanted):
            found.append(f"{name}: expected {wanted}, priced {given}")
    return found


def _rounding_of(name: str, wanted: Any) -> tuple[str, int | None]:
    """`x_rounded_2` is x to two places; `x_rounded` to the places that are shown, at least two."""
    plain, rounded, places = name.partition("_rounded")
    if not rounded:
        return name, None
    if places and not places.removeprefix("_").isdigit():
        raise UnknownModel(f"the expected figure {name!r} does not say how many places: write {plain}_rounded_2")
    shown = max(-int(figure.as_tuple().exponent) for figure in _figures(name, wanted))
    return plain, int(places[1:]) if places else max(2, shown)


def _figures(name: str, wanted: Any) -> list[Decimal]:
    try:
        figures = [Decimal(str(figure)) for figure in (wanted if isinstance(wanted, list) else [wanted])]
    except ArithmeticError:
        figures = [Decimal("NaN")]
    if not all(figure.is_finite() for figure in figures):
        raise UnknownModel(f"the expected figure {name!r} is not a number: {wanted}")
    return figures


def _rounded(given: Any, places: int | None) -> list[Decimal]:
    figures = [Decimal(str(figure)) for figure in (given if isinstance(given, list) else [given])]
    if places is None:
        return figures
    return [figure.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=40)) for figure in figures]


# --- requests --------------------------------------------------------------------------------------------------------


def _request(*lines: Json, places: int = EXACT, **members: Any) -> Json:
    policy = {"rounding": {"places": places, "unit_places": EXACT}}
    return {"currency": "EUR", "policy": policy, "lines": list(lines), **members}


def _line(*steps: Json, name: str = "line", quantity: str = "1", **members: Any) -> Json:
    return {"id": name, "quantity": quantity, "steps": list(steps), **members}


def _step(name: str, phase: str, adjustment: Json, scope: str = "unit", **members: Any) -> Json:
    return {"id": name, "phase": phase, "scope": scope, "adjustment": adjustment, "reason": name, **members}


def _list_price(amount: str) -> Json:
    return _step("list", "list", {"type": "per_unit", "amount": amount})


def _percent(name: str, percent: str, **members: Any) -> Json:
    """A discount in percent; of less than nothing, a markup."""
    if percent.startswith("-"):
        return _step(name, "schedule", {"type": "markup", "percent": percent[1:]}, **members)
    return _step(name, "schedule", {"type": "percent_discount", "percent": percent}, **members)


def _usage(adjustment: Json, usage: Json) -> Case:
    line = _line(_step("charge", "list", adjustment, scope="line"), charge="usage", usage=usage)
    return Case(_request(line), {"amount": _total("net"), "unit_amount": _of_line("unit_net")})


def _units(quantity: str) -> Json:
    """What was used; taking back more than there was is an event, since there are no quantities below zero."""
    return {"events": [quantity]} if quantity.startswith("-") else {"quantity": quantity}


def _tiers(inputs: Inputs, price: str = "unit", name: str = "per_unit") -> list[Json]:
    return [
        {"upto": _text(tier["to_value"]), price: _text(tier[name]), "flat": _text(tier.get("flat"))}
        for tier in inputs.take("tiers", default=[])
        if _only(tier, {"from_value", "to_value", name, "flat"})
    ]


def _by_bound(tiers: list[Json]) -> list[Json]:
    """Tiers in the order of their ends: of volume tiers one is chosen, so that they may be listed in any order."""
    return sorted(tiers, key=lambda tier: Decimal("Infinity" if tier["upto"] is None else tier["upto"]))


def _only(members: Mapping[str, Any], known: set[str]) -> bool:
    if not members.keys() <= known:
        raise UnknownModel(f"no place for the inputs {', '.join(sorted(members.keys() - known))}")
    return True


def _total(name: str) -> Callable[[Json], Any]:
    return lambda result: result["totals"][name]


def _of_line(name: str) -> Callable[[Json], Any]:
    return lambda result: result["lines"][0][name]


def _of_paid_units(result: Json) -> str:
    """What a unit beyond the free ones costs; Lago's unit price of packages, while ours is of every unit."""
    detail = next((row["detail"][0] for row in result["lines"][0]["waterfall"] if row.get("detail")), None)
    if detail is None:
        return "0"
    return f"{Decimal(result['totals']['net']) / Decimal(detail['units']):f}"


def _row(step: str, name: str) -> Callable[[Json], Any]:
    """A member of the row of a step; zero when the step did not apply."""
    return lambda result: next((row[name] for row in result["lines"][0]["waterfall"] if row["step"] == step), "0")


def _taken(step: str) -> Callable[[Json], Any]:
    """What a step takes off, without its sign."""
    return lambda result: _row(step, "amount")(result).removeprefix("-")


# --- usage (Lago) ----------------------------------------------------------------------------------------------------


def _per_unit(inputs: Inputs) -> Case:
    amount = inputs.figure("unit_amount")
    return _usage({"type": "per_unit", "amount": amount}, _units(inputs.figure("quantity")))


def _graduated(inputs: Inputs) -> Case:
    adjustment = {"type": "graduated", "tiers": _tiers(inputs), "flat_at_zero": True}
    return _usage(adjustment, _units(inputs.figure("quantity")))


def _volume(inputs: Inputs) -> Case:
    return _usage({"type": "volume", "tiers": _by_bound(_tiers(inputs))}, _units(inputs.figure("quantity")))


def _volume_prorated(inputs: Inputs) -> Case:
    usage = {"quantity": inputs.figure("full_quantity"), "prorated_quantity": inputs.figure("prorated_quantity")}
    return _usage({"type": "volume", "tiers": _by_bound(_tiers(inputs))}, usage)


def _graduated_prorated(inputs: Inputs) -> Case:
    usage = {name: [_text(value) for value in inputs.take(name, default=[])] for name in ("events", "prorated_events")}
    return _usage({"type": "graduated", "tiers": _tiers(inputs), "flat_at_zero": True}, usage)


def _package(inputs: Inputs) -> Case:
    adjustment = {"type": "package", "size": inputs.figure("package_size"), "amount": inputs.figure("package_amount")}
    adjustment["free"] = inputs.maybe("free_units")
    case = _usage(adjustment, _units(inputs.figure("quantity")))
    return Case(case.request, {**case.figures, "unit_amount": _of_paid_units})


def _graduated_percentage(inputs: Inputs) -> Case:
    tiers = _tiers(inputs, "rate", "rate_percent")
    adjustment = {"type": "graduated_percentage", "tiers": tiers, "flat_at_zero": True}
    return _usage(adjustment, {"amount": inputs.figure("amount_base")})


def _percentage(inputs: Inputs) -> Case:
    adjustment = {
        "type": "percentage",
        "rate": inputs.figure("rate_percent"),
        "fixed": inputs.maybe("fixed_per_event"),
        "free_events": inputs.maybe("free_events"),
        "free_amount": inputs.maybe("free_total"),
        "min": inputs.maybe("min_per_event"),
        "max": inputs.maybe("max_per_event"),
    }
    usage: Json = {"amount": inputs.figure("amount_base"), "event_count": inputs.maybe("event_count")}
    for name in ("running_totals", "events"):
        values = inputs.take(name)
        usage[name] = None if values is None else [_text(value) for value in values]
    return _usage(adjustment, usage)


# --- discounts -------------------------------------------------------------------------------------------------------


def _discounted(adjustment: Json, base: str) -> Case:
    """A discount on an amount that counts cents. What is rounded up at a half is the discount, so the price is rounded down."""
    request = _request(_line(_list_price(base), _step("discount", "additional", adjustment, scope="line")), places=0)
    request["policy"]["rounding"]["mode"] = "half_down"
    return Case(request, {"discount_cents": _of_line("discount"), "net_cents": _of_line("net")})


def _fixed_discount(inputs: Inputs) -> Case:
    used = inputs.maybe("already_used_cents")
    adjustment = {"type": "amount_discount", "amount": inputs.figure("discount_cents"), "used": used}
    return _discounted(adjustment, inputs.figure("base_cents"))


def _percent_discount(inputs: Inputs) -> Case:
    adjustment = {"type": "percent_discount", "percent": inputs.figure("percent")}
    return _discounted(adjustment, inputs.figure("base_cents"))


def _allocation(inputs: Inputs) -> Case:
    """A discount on the whole, or an addition to it, shared out by weights; lines are dear enough to bear it.

    Vendure gives what is left over upwards, to the first of equals; the engine gives it away from zero. So for a total below zero
    the lines stand in the opposite order.
    """
    weights = {f"part {n}": str(_text(weight)) for n, weight in enumerate(inputs.take("weights", default=[]))}
    total = inputs.figure("total")
    value = total[1:] if total.startswith("-") else f"-{total}"
    header = [{"id": "whole", "kind": "amount", "value": value, "reason": "whole", "weights": weights}]
    names = list(weights)[:: -1 if total.startswith("-") else 1]
    lines = [_line(_list_price("1000000000"), name=name) for name in names]

    def parts(result: Json) -> list[str]:
        amounts = {part["line"]: part["amount"] for part in result["header"][0]["parts"]}
        return [amounts[name] for name in weights]

    return Case(_request(*lines, places=0, header=header), {"parts": parts})


# --- orders (Vendure, Medusa) ----------------------------------------------------------------------------------------


def _taxes(rates: set[str]) -> list[Json]:
    return [{"id": rate, "name": f"{rate} %", "class": rate, "rate": rate} for rate in sorted(rates)]


ORDER_DISCOUNTS = {"percent": "percent", "fixed_price": "fixed_total", "fixed_discount": "amount"}
ITEM_DISCOUNTS = {
    "percent": ("percent_discount", "percent"),
    "fixed_price": ("fixed_price", "amount"),
    "fixed_discount": ("amount_discount", "amount"),
}


def _order(inputs: Inputs) -> Case:
    """Amounts count the currency's minor units; unit prices and the tax of a unit are whole."""
    inputs.take("currency_minor_digits")
    included = bool(inputs.take("prices_include_tax", default=False))
    steps: list[Json] = []
    header: list[Json] = []
    for n, discount in enumerate(inputs.take("discounts", default=[])):
        _only(discount, {"scope", "kind", "value"})
        scope, kind, value, name = discount["scope"], discount["kind"], str(_text(discount["value"])), f"discount {n}"
        if scope == "item" and kind in ITEM_DISCOUNTS:
            adjustment, member = ITEM_DISCOUNTS[kind]
            steps.append(_step(name, "additional", {"type": adjustment, member: value}))
        elif scope == "order" and kind in ORDER_DISCOUNTS:
            header.append({"id": name, "kind": ORDER_DISCOUNTS[kind], "value": value, "reason": name})
        else:
            raise UnknownModel(f"no place for a discount of scope {scope!r} and kind {kind!r}")
    lines = [
        _line(
            _list_price(str(_text(line["unit_price_cents"]))),
            name=f"line {n}",
            quantity=str(_text(line["quantity"])),
            tax_class=str(_text(line["tax_percent"])),
        )
        for n, line in enumerate(inputs.take("lines", default=[]))
        if _only(line, {"unit_price_cents", "tax_percent", "quantity"})
    ]
    request = _request(*lines, places=0, steps=steps, header=header, taxes=_taxes({one["tax_class"] for one in lines}))
    request["policy"] |= {"tax": {"per": "unit", "included": included}}
    request["policy"]["rounding"]["point"] = "unit"
    net, gross, tax = _total("net"), _total("gross"), _total("tax")
    return Case(
        request,
        {"sub_total": net, "sub_total_with_tax": gross, "total": net, "total_with_tax": gross, "tax_total": tax},
    )


def _lines_tax(inputs: Inputs) -> Case:
    lines = [_taxed(f"item {n}", line) for n, line in enumerate(inputs.take("lines", "items", default=[]))]
    lines += [_taxed(f"shipping {n}", _shipping(one)) for n, one in enumerate(_shipping_methods(inputs))]
    figures: dict[str, Callable[[Json], Any]] = {"subtotal": _sum("list_net", "item ")}
    for name, figure in (("total", "gross"), ("tax_total", "tax"), ("discount_total", "discount")):
        figures[name] = _sum(figure, "")
    for kind in ("item", "shipping"):
        for name, figure in (
            ("total", "gross"),
            ("subtotal", "list_net"),
            ("tax_total", "tax"),
            ("discount_total", "discount"),
        ):
            figures[f"{kind}_{name}"] = _sum(figure, f"{kind} ")
    if any(line["id"].startswith("shipping ") for line in lines):
        figures["total"] = _cart_with_shipping
    return Case(_request(*lines, taxes=_taxes({line["tax_class"] for line in lines})), figures)


def _cart_with_shipping(result: Json) -> str:
    """The total as Medusa adds it up: goods without tax, shipping with it, and then all taxes, less what was taken off everywhere.

    So the tax on shipping counts twice; that is how its tests have it.
    """
    goods, shipping = _sum("list_net", "item ")(result), _sum("gross", "shipping ")(result)
    return str(
        Decimal(goods) + Decimal(shipping) + Decimal(_sum("tax", "")(result)) - Decimal(_sum("discount", "")(result))
    )


def _taxed(name: str, line: Mapping[str, Any]) -> Json:
    discounts = [
        _step(f"adjustment {n}", "additional", {"type": "amount_discount", "amount": amount}, scope="line")
        for n, amount in enumerate(_line_discounts(line))
    ]
    return _line(
        _list_price(str(_text(line["unit_price"]))),
        *discounts,
        name=name,
        quantity=str(_text(line.get("quantity", "1"))),
        tax_class=str(_text(line.get("tax_percent") or "0")),
        tax_included=bool(line.get("tax_inclusive", False)),
    )


def _sum(figure: str, kind: str) -> Callable[[Json], Any]:
    """A figure of all lines whose name begins so."""
    return lambda result: str(sum(Decimal(line[figure]) for line in result["lines"] if line["id"].startswith(kind)))


def _shipping_methods(inputs: Inputs) -> list[Mapping[str, Any]]:
    """What it costs to send the goods: lines of their own."""
    return _several(inputs.take("shipping", "shipping_methods"))


def _shipping(method: Mapping[str, Any]) -> Json:
    return {"unit_price" if name == "amount" else name: value for name, value in method.items()}


def _line_discounts(line: Mapping[str, Any]) -> list[str]:
    names = ("discount", "discount_amount", "adjustment", "adjustments")
    _only(line, {"unit_price", "quantity", "tax_percent", "tax_inclusive", *names})
    values = [value for name in names for value in _several(line.get(name))]
    return [str(_text(value["amount"] if isinstance(value, dict) else value)) for value in values]


def _several(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


# --- price lists (ERPNext, Odoo) -------------------------------------------------------------------------------------


def _margin_then_discount(inputs: Inputs) -> Case:
    steps = [_list_price(inputs.figure("list_price"))]
    margins = {"percent": inputs.maybe("margin_percent"), "amount": inputs.maybe("margin_amount")}
    discounts = {"percent": inputs.maybe("discount_percent"), "amount": inputs.maybe("discount_amount")}
    for member, value in margins.items():
        if value is not None:
            steps.append(_step("margin", "schedule", {"type": "surcharge", member: value}))
    for member, value in discounts.items():
        if value is not None:
            steps.append(_step("discount", "additional", {"type": f"{member}_discount", member: value}))
    has_margin = any(value is not None for value in margins.values())
    return Case(
        _request(_line(*steps, quantity=inputs.maybe("quantity") or "1")),
        {
            "price_with_margin": _row("margin" if has_margin else "list", "running"),
            "margin_amount": _row("margin", "amount"),
            "discount_amount": _taken("discount"),
            "net_price": _of_line("unit_net"),
        },
    )


# A word in the name of a stacking, and what it is here.
STACKING = {
    "additive": "additive",
    "compound": "compound",
    "multiplicative": "compound",
    "sequential": "compound",
    "successive": "compound",
    "cascad": "compound",
    "on_net": "compound",
    "on_discounted": "compound",
    "on_remaining": "compound",
    "on_rate": "compound",
}


def _stacking(inputs: Inputs) -> Case:
    name = str(inputs.take("stacking", default="compound"))
    stacking = next((ours for word, ours in STACKING.items() if word in name), None)
    if stacking is None:
        raise UnknownModel(f"no stacking is called {name!r}")
    when = _window(inputs, "quantity")
    percents = inputs.take("discounts_percent", default=[])
    steps = [_percent(f"discount {n}", str(_text(percent)), **when) for n, percent in enumerate(percents)]
    # Discounts in percent are of no list price in particular.
    line = _line(_list_price(inputs.maybe("list_price") or "100"), *steps, quantity=inputs.maybe("quantity") or "1")
    request = _request(line)
    request["policy"]["stacking"] = stacking
    return Case(
        request, {"effective_discount_percent": _of_line("discount_percent"), "net_price": _of_line("unit_net")}
    )


def _window(inputs: Inputs, fact: str) -> Json:
    """`when` of a least and a greatest quantity; zero or nothing is no bound."""
    least = inputs.maybe("min_qty", "min_quantity", "min_quantity_t")
    most = inputs.maybe("max_qty", "max_quantity", "max_quantity_t")
    tests = [{"fact": fact, "op": "ge", "value": least}] if least is not None else []
    if most is not None and Decimal(most):
        tests.append({"fact": fact, "op": "le", "value": most})
    return {"when": {"all": tests}} if tests else {}


def _quantity_window(inputs: Inputs) -> Case:
    when = _window(inputs, "units")
    line = _line(
        _list_price(inputs.figure("list_price")),
        _percent("discount", inputs.figure("percent"), **when),
        quantity=inputs.figure("quantity"),
    )
    return Case(_request(line), {"net_price": _of_line("unit_net"), "discount_amount": _taken("discount")})


def _uom_conversion(inputs: Inputs) -> Case:
    factor = inputs.figure("conversion_factor")
    line = _line(_list_price(inputs.figure("rule_rate_per_stock_unit")), factor=factor)
    return Case(_request(line), {"unit_price_in_sales_uom": _of_line("unit_net")})


def _pricelist(inputs: Inputs, *steps: Json) -> Case:
    """A price list over the list price; quantities in a unit of weight are prices of a tonne."""
    uom = inputs.take("uom", default="t")
    if uom not in TONNES:
        raise UnknownModel(f"no unit of weight is called {uom!r}")
    line = _line(
        _list_price(inputs.figure("list_price", "list_price_per_t")),
        *steps,
        quantity=inputs.maybe("quantity") or "1",
        factor=TONNES[uom],
    )
    return Case(_request(line), {"unit_price": _of_line("unit_net"), "unit_price_in_uom": _of_line("unit_net")})


def _formula(inputs: Inputs) -> Case:
    """Discount, then rounding to a multiple, then surcharge, then the least and the greatest margin over the list price."""
    when = _window(inputs, "units")
    steps: list[Json] = []
    percent, markup = inputs.like("discount"), inputs.like("markup")
    if percent is None and markup is not None:
        percent = markup.removeprefix("-") if markup.startswith("-") else f"-{markup}"
    to = inputs.like("round") or inputs.like("rounding")
    if to is not None and not Decimal(to):
        to = None
    if percent is not None or to is not None:
        rounding = {} if to is None else {"rounding": {"to": to}}
        steps.append(_percent("discount", percent or "0", **when, **rounding))
    surcharge = inputs.like("surcharge")
    if surcharge is not None:
        steps.append(_step("surcharge", "schedule", {"type": "surcharge", "amount": surcharge}, **when))
    for name, kind in (("min_margin", "floor"), ("max_margin", "cap")):
        margin = inputs.like(*name.split("_"))
        if margin is not None and Decimal(margin):
            steps.append(_step(name, "schedule", {"type": kind, "amount": margin, "above": "list"}, **when))
    return _pricelist(inputs, *steps)


def _pricelist_percentage(inputs: Inputs) -> Case:
    when = _window(inputs, "units")
    return _pricelist(inputs, _percent("discount", inputs.figure("percent"), **when))


def _pricelist_fixed(inputs: Inputs) -> Case:
    when = _window(inputs, "units")
    fixed = {"type": "fixed_price", "amount": inputs.figure("fixed_price")}
    return _pricelist(inputs, _step("fixed", "contracted", fixed, **when))


MODELS: Mapping[str, Callable[[Inputs], Case]] = {
    "per_unit": _per_unit,
    "graduated": _graduated,
    "volume": _volume,
    "volume_prorated": _volume_prorated,
    "graduated_prorated": _graduated_prorated,
    "package": _package,
    "graduated_percentage": _graduated_percentage,
    "percentage": _percentage,
    "fixed_discount_capped": _fixed_discount,
    "percent_discount": _percent_discount,
    "allocate_by_weight": _allocation,
    "order_tax_discount": _order,
    "lines_tax": _lines_tax,
    "margin_then_discount": _margin_then_discount,
    "stacking": _stacking,
    "percent_discount_qty_window": _quantity_window,
    "uom_conversion": _uom_conversion,
    "pricelist_formula": _formula,
    "pricelist_percentage": _pricelist_percentage,
    "pricelist_fixed": _pricelist_fixed,
}
