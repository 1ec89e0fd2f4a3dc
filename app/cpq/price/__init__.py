"""The price engine: `price(request) -> result`, pure and exact; its twin is `pwa/src/cpq/price`.

This is its specification. A request and a result are JSON; every figure in them is a decimal string.

Figures. A figure matches `-?[0-9]{1,15}(\\.[0-9]{1,12})?`: no exponent, no plus sign, no NaN; `-0` is read as 0.
Quantities lie between 0 and 10^9. Arithmetic has 28 significant digits and rounds half to even beyond them; only
division and very long products ever need that. An amount of 10^15 or more is refused. Members that are not listed
here are refused. Every refusal is a `PriceError` with the JSON pointer of the place. Shown amounts have the *places*
of the currency (ISO 4217), or `policy.rounding.places`; nothing is ever shown as negative zero.

Request: `currency`, `on` (a day, or empty), `policy`, `facts`, `steps`, `taxes`, `floors`, `header`, `lines`.

Policy: `stacking` compound|additive; `rounding` {`mode` half_up|half_down|half_even|up|down|ceiling|floor, `point`
unit|line|total, `places`?, `unit_places`?}; `tax` {`per` line|unit|total, `included`}. Defaults: compound, half_up,
line, the currency's places, four more for unit prices, line, not included. half_up and half_down take ties away from
and towards zero; up and down go away from and towards zero; ceiling and floor go up and down.

Line: `id`, `quantity` (sales units), `factor`? (price units in a sales unit, more than 0), `sku`, `name`, `charge`
one_time|recurring|usage, `period` month|year (default month), `periods`? (length of the term), `optional`,
`selected`, `later`, `bundle`? and `parent`? (ids of earlier lines), `tax_class` (default standard), `tax_included`?
(instead of the policy's), `cost`? (of a sales unit), `facts`, `usage`?, `steps`.

Usage: `quantity`, `prorated_quantity`, `amount`, `event_count`, `events`, `prorated_events` (as many as events),
`running_totals`.

Units of a line are `usage.quantity`; else the sum of `usage.events` when prorated events are given; else
`usage.amount`; else the sum of `usage.events`; without usage quantity × factor. The *count*, which unit prices and
costs are for, is the quantity, or with usage the units.

Facts and predicates. `when` is {`fact`, `op`, `value`}, {`all`: []}, {`any`: []} or {`not`: …}. eq, ne, in, not_in
compare text with text and boolean with boolean, character by character. lt, le, gt, ge, between (both ends included)
compare numbers, or days (yyyy-mm-dd); a fact that is not of that kind makes them false, and so does a fact that is
not there, for every op. Facts are `sku`, `charge`, `tax_class`, `quantity`, `units`, `period` (of recurring and usage
lines), then `currency` and `on`, then those of the request, then those of the line; a later one of the same name
replaces.

Order. Phases run in the order of `PHASES`. In a phase first the line's own steps, then the request's, each in the
order given; a step applies when it has no `when` or its `when` holds. Every step that applies is a row of the
waterfall.

State. A line carries its exact *amount* and its *base*: the amount as if no discount had been given. Both begin at 0.
Scope `unit` makes figures of a step figures of one price unit (× units), scope `line` figures of the line.
- Charges add to amount and base: `per_unit` {amount} × units (in either scope); `flat_fee` {amount} once, at zero
  units only with `flat_at_zero` (default true); `package` {size, amount, free?}: packages begun, after the free
  units; `surcharge` {amount} or {percent}; `markup` {percent}. Percents are of the amount, with additive stacking of
  the base.
- `graduated` {tiers}: every tier that is entered charges the units in it × `unit`, and `flat`. `volume` {tiers}: the
  tier that holds all units charges every unit, and `flat`. `graduated_percentage` {tiers}: graduated over
  `usage.amount`, with `rate` in percent. A tier holds what is above the `upto` of the tier before, up to and
  including its own; the last has upto null. `bounds` says how `from`, where given, is checked: whole: one more than
  the tier before ends (the first at 0 or 1), and ends are whole numbers; continuous (default): where the tier before
  ends (the first at 0). Anything else is a gap or an overlap. A part of a unit beyond a bound lies in the next tier
  in both. At zero units a flat fee is due only with `flat_at_zero` (default false), and only the first tier's.
- `volume` with `usage.prorated_quantity`: the tier is chosen by the units, the price charged on the prorated
  quantity, the flat fee in full. `graduated` with `usage.prorated_events`: see
  `app.cpq.price.charges.graduated_prorated`.
- `percentage` {rate, fixed?, free_events?, free_amount?, min?, max?} of `usage.amount` (or of the sum of the events).
  With min or max each of `usage.events` is charged rate + fixed, at least min and at most max; first free is the free
  amount (across events; an event partly free is charged for the rest), or without one the free events. Without min
  and max: what is free of the amount is what was reached after the free events, and at most the free amount; `fixed`
  is due for the events after the free ones, which are the free events or those that ended below the free amount,
  whichever are fewer and not none; at no amount none is due.
- `percent_discount` {percent 0..100} takes percent of the amount, with additive stacking of the base.
  `amount_discount` {amount, used?} takes amount − used. Neither takes an amount past zero; an amount discount leaves
  a credit (an amount below zero) as it is.
- `fixed_price` {amount} sets amount and base; `floor` {amount, above?} raises both to it; `cap` {amount, above?}
  lowers both to it. With `above` list the limit counts from the list price. In the phases additional and partner the
  base is only ever raised, so that a low price given late is seen as a discount.
- `proration` {numerator, denominator} multiplies amount, base and the list price that limits count from.

Rounding. A step's own `rounding` {mode, places} or {mode, to: multiple} rounds the amount after the step: the unit
price (amount ÷ units) in scope unit, the line's amount in scope line. Point `unit` rounds the unit price to the
places after every step of scope unit that has no rounding of its own. Otherwise the amount stays exact to the end of
the phases. The line's price is then the amount in the places. With point `total` the prices of the included lines of
one bucket (one_time; recurring or usage by period) sum to their rounded exact sum: each is cut down, and what is left
goes a unit each to those that lost most, of equals to the first; a line that differs from its own rounding gets a row
`rounding`, which is no discount: the base moves with it. Rows telescope: `running` is the rounded amount after the
step, `amount` the difference from the row before, so rows always add up to the line's net. `list`, `regular`,
`customer`, `partner`: the running amount after the phases list, proration, additional, partner.

Header discounts apply in order to the included lines (of `charge`, of `lines`; those that are `later` only to
percents): `percent` of what is above zero; `amount` (below zero: a surcharge); `fixed_total`: what makes the lines
sum to it, up or down. None takes more than there is above zero. The amount is rounded once and allocated by the
lines' prices (or by `weights` {line: weight}), those below zero as zero, equally when all are zero; largest
remainder, of equals the first; so the parts sum. Each part is a row.

Taxes: those of the line's class whose `when` holds, each on the same net. Not included: tax = price × rate, gross =
price + tax. Included: the waterfall is in gross terms, net = price × 100 ÷ (100 + rates), and a last row takes the
tax out; several taxes share it by rate. Per line: rounded on the line. Per unit: rounded on price ÷ count, × count.
Per total: each tax's exact amounts of one bucket sum to their rounded sum, settled as above.

Result. Line: `included`, the subtotals, `net` (after header discounts, without tax), `tax`, `gross`, `list_net` (list
without included tax), `discount` (base − price), `discount_percent` (of the base, up to six places), `unit_list` and
`unit_net` (÷ count), `waterfall`, `taxes`, `cost` (× count), `margin_percent` (of net, two places), `bundle` (sums of
the line and the included lines below it). Amounts of recurring and usage lines are of one period. `totals` sum the
included lines: a line is included when it is not optional or is selected, and the lines that it is bundled with or
under are.

A line that is `later` (a part of a ramp after its first) is in `tcv` and in no other total.

`totals`: `one_time`; `recurring` and `usage` by period; `net`, `tax`, `gross`, `list`, `list_net`, `discount`,
`discount_percent`: one of each period; `cost` and `margin_percent` when every cost is known; `tcv`: one-time net, and
period nets × `periods` (1 when not given); `acv`: period nets in a year; `mrr`: recurring nets in a month.

`floors` {id, min_margin_percent, reason, when?, skus?, families? (fact `family`)}: lines, included or not, with a
cost whose (net − cost) ÷ net is less; they do not change the price. A net of zero with a cost is below every floor.
"""

from typing import Any

from app.cpq.price.engine import price
from app.cpq.price.errors import PriceError
from app.cpq.price.model import (
    PHASES,
    Floor,
    Header,
    Line,
    Policy,
    Predicate,
    PricedLine,
    PriceRequest,
    PriceResult,
    Step,
    Tax,
    Totals,
    Usage,
    WaterfallRow,
)
from app.cpq.price.predicates import validate_predicate
from app.cpq.price.reading import read_request, validate_policy
from app.cpq.price.steps import validate_step
from app.cpq.price.writing import as_json

__all__ = [
    "PHASES",
    "Floor",
    "Header",
    "Line",
    "Policy",
    "Predicate",
    "PriceError",
    "PriceRequest",
    "PriceResult",
    "PricedLine",
    "Step",
    "Tax",
    "Totals",
    "Usage",
    "WaterfallRow",
    "as_json",
    "price",
    "price_json",
    "read_request",
    "validate_policy",
    "validate_predicate",
    "validate_step",
]


def price_json(document: dict[str, Any]) -> dict[str, Any]:
    """Price a request given as JSON, and answer in JSON. PriceError names the place of what cannot be priced."""
    return as_json(price(read_request(document)))
