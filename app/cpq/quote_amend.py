"""Amendments of a running subscription: reckoned from what was paid, not from the list.

The paid period (`from` to `to`, both days included) is the measure. What an added piece costs, or a piece given up gives
back, is the paid amount · pieces / paid pieces, for the days from the change to the end of the paid period by its actual
days; after it the same price goes on, period by period, to the end of the subscription.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.cpq.quote_dates import add_months, day, iso, span_forward, whole_months
from app.cpq.quote_deal import Deal, named
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_figures import HUNDRED, ZERO, amount, in_currency, number, plain, ratio, whole
from app.cpq.quote_parts import MONTHS, Part, by_days
from app.cpq.quote_steps import Step, step
from app.cpq.quote_types import QuoteLine


@dataclass(frozen=True, slots=True)
class Running:
    """A running subscription as an amendment sees it. Days are numbers; `end` and `paid_end` are the days after the last."""

    id: str
    quantity: Decimal
    paid: Decimal
    paid_quantity: Decimal
    paid_from: int
    paid_end: int
    end: int
    change_on: int

    @property
    def paid_months(self) -> int:
        """Whole months of the paid period; 0 when it is not whole months."""
        return _exact_months(self.paid_from, self.paid_end)


def _exact_months(first: int, end: int) -> int:
    months = whole_months(first, end)
    return months if add_months(first, months) == end else 0


def running(deal: Deal, line: QuoteLine, pointer: str) -> Running:
    """The subscription that a line amends.

    QuoteError: unknown, of another product, without an end, no word of what was paid, a change outside of it, more
    pieces given up than there are.
    """
    amends: dict[str, Any] = dict(line["amends"])
    found = deal.subscriptions.get(amends["subscription_id"])
    if found is None:
        raise QuoteError(f"{pointer}/amends/subscription_id", "the customer has no such running subscription")
    if found["sku"] != line["sku"]:
        raise QuoteError(f"{pointer}/sku", f"the running subscription is of {found['sku']}, not of {line['sku']}")
    end = _end_of(found, f"{pointer}/amends/subscription_id")
    paid, place = _paid(deal, found, amends, end, f"{pointer}/amends")
    first, last = day(paid["from"], f"{place}/from"), day(paid["to"], f"{place}/to")
    if last < first or last >= end:
        raise QuoteError(
            f"{place}/to", f"the paid period ends after it begins and by {iso(end - 1)}, with the subscription"
        )
    if amends["change"] == "renew":
        change_on = day(line["starts_on"], f"{pointer}/starts_on") if line.get("starts_on") else end
        if change_on < end:
            raise QuoteError(
                f"{pointer}/starts_on", f"the subscription runs on; a renewal begins on {iso(end)} or later"
            )
    else:
        change_on = day(line["starts_on"], f"{pointer}/starts_on") if line.get("starts_on") else deal.on
        if not first <= change_on <= last + 1:
            raise QuoteError(
                f"{pointer}/starts_on", f"must be from {iso(first)} to {iso(last + 1)}, in the paid period"
            )
    quantity = number(found["quantity"], "", ZERO)
    wanted = number(line["quantity"], f"{pointer}/quantity", ZERO)
    if amends["change"] == "reduce" and wanted > quantity:
        raise QuoteError(f"{pointer}/quantity", f"only {plain(quantity)} are running; no more can be given up")
    if amends["change"] == "end" and wanted != quantity:
        raise QuoteError(
            f"{pointer}/quantity", f"ending gives up all {plain(quantity)} that are running; to keep some, reduce"
        )
    pieces = number(paid["quantity"], f"{place}/quantity", ZERO)
    if not pieces:
        raise QuoteError(f"{place}/quantity", "must be above 0")
    return Running(
        found["id"], quantity, number(paid["amount"], f"{place}/amount", ZERO), pieces, first, last + 1, end, change_on
    )


def _end_of(found: dict[str, Any], pointer: str) -> int:
    if found.get("ends_on"):
        return day(found["ends_on"], pointer) + 1
    if found.get("term_months"):
        return add_months(day(found["starts_on"], pointer), whole(found["term_months"], pointer, 1, 600))
    raise QuoteError(pointer, "the running subscription has no end; set the day on which it ends or its term")


def _paid(
    deal: Deal, found: dict[str, Any], amends: dict[str, Any], end: int, pointer: str
) -> tuple[dict[str, str], str]:
    """What the line says was paid, or else the price of the subscription's whole term."""
    if amends.get("paid"):
        return amends["paid"], f"{pointer}/paid"
    price = found.get("price")
    if not price:
        raise QuoteError(f"{pointer}/paid", "say what was paid, for how many and for which days")
    if price["currency"] != deal.currency:
        raise QuoteError(f"{pointer}/paid", f"was paid in {price['currency']}, the quote is in {deal.currency}")
    pieces = plain(number(found["quantity"], ""))
    return {"amount": price["amount"], "from": found["starts_on"], "to": iso(end - 1), "quantity": pieces}, pointer


def rates(deal: Deal, run: Running) -> tuple[Decimal, Decimal]:
    """The price of the running subscription and what is said to have been paid, each for one piece and month.

    By days where either time is not whole months. Both are the same where the price is not known in the quote's currency.
    """
    found = deal.subscriptions[run.id]
    price, first = found.get("price"), day(found["starts_on"], "")
    pieces = number(found["quantity"], "")
    if not price or price["currency"] != deal.currency or not pieces or first >= run.end:
        return ZERO, ZERO
    months = _exact_months(first, run.end)
    whole_ones = bool(months and run.paid_months)
    known, paid = (months, run.paid_months) if whole_ones else (run.end - first, run.paid_end - run.paid_from)
    return ratio(number(price["amount"], ""), 1, pieces * known), ratio(run.paid, 1, run.paid_quantity * paid)


def amended_parts(run: Running, entry: dict[str, Any]) -> list[Part]:
    """The rest of the paid period in days, then whole periods (and a piece) to the end of the subscription."""
    parts = []
    if run.change_on < run.paid_end:
        days, of = run.paid_end - run.change_on, run.paid_end - run.paid_from
        words = f"From {iso(run.change_on)} to {iso(run.paid_end - 1)}: {days} of {of} days"
        parts.append(Part(".paid", 0, (days, of), words))
    if run.paid_end < run.end:
        parts += by_days(
            span_forward(run.paid_end, run.end, MONTHS[entry.get("period") or "month"]), ".rest", later=True
        )
    return parts


def paid_steps(
    deal: Deal, line: QuoteLine, run: Running, entry: dict[str, Any], part: Part, pointer: str
) -> list[Step]:
    """What was paid, its share for the pieces of this line, and one period of it; negative when pieces are given up."""
    credit = line["amends"]["change"] in ("reduce", "end")
    source = ("subscription", run.id, "Running subscription")
    value = -run.paid if credit and run.paid else run.paid
    dates = f"{iso(run.paid_from)} to {iso(run.paid_end - 1)}"
    words = f"{'Given back: paid' if credit else 'Paid'} for {plain(run.paid_quantity)}, {dates}"
    steps = [step("paid", "list", "line", {"type": "flat_fee", "amount": amount(value, deal.currency)}, words, source)]
    pieces = number(line["quantity"], f"{pointer}/quantity", ZERO)
    if pieces != run.paid_quantity:
        share = {"type": "proration", "numerator": plain(pieces), "denominator": plain(run.paid_quantity)}
        words = f"{_counted(plain(pieces), 'piece')} at the price paid for {plain(run.paid_quantity)}"
        steps.append(step("share", "list", "line", share, words, source))
    if part.suffix != ".paid":
        steps += _one_period(run, entry, pointer)
    return steps


def _one_period(run: Running, entry: dict[str, Any], pointer: str) -> list[Step]:
    months, period = run.paid_months, MONTHS[entry.get("period") or "month"]
    if not months:
        raise QuoteError(
            f"{pointer}/amends/paid/to", "the subscription goes on after it: the paid period must be whole months"
        )
    if months == period:
        return []
    share = {"type": "proration", "numerator": str(period), "denominator": str(months)}
    words = f"{period} of the {_counted(str(months), 'month')} paid"
    return [step("period", "list", "line", share, words, ("subscription", run.id, "Running subscription"))]


def _counted(count: str, thing: str) -> str:
    return f"1 {thing}" if count == "1" else f"{count} {thing}s"


def paid_for_renewal(run: Running, quantity: str, entry: dict[str, Any], pointer: str) -> dict[str, Decimal]:
    """What was paid for the quantity that is renewed (of a ramp, in this part) and one period of the new price."""
    if not run.paid_months:
        raise QuoteError(f"{pointer}/amends/paid/to", "the paid period must be whole months")
    pieces = number(quantity, f"{pointer}/quantity", ZERO)
    months = MONTHS[entry.get("period") or "month"]
    return {"amount": ratio(run.paid, pieces * months, run.paid_quantity * run.paid_months)}


def left(run: Running, first: int) -> Decimal:
    """What was paid or is still to be paid from the day `first` to the end, at the price paid."""
    value = ZERO
    if first < run.paid_end:
        value = ratio(run.paid, run.paid_end - first, run.paid_end - run.paid_from)
    start = max(first, run.paid_end)
    if start < run.end:
        span = span_forward(start, run.end, 1)
        value += ratio(run.paid, span.whole, run.paid_months)
        if span.partial is not None:
            value += ratio(run.paid, span.partial.days, span.partial.of * run.paid_months)
    return value


def leaving_step(deal: Deal, run: Running, term: dict[str, Any] | None, pointer: str) -> Step | None:
    """The price of ending before the term does, by the term's rule; None when leaving costs nothing."""
    rule = (term or {}).get("leave") or {"type": "none"}
    if term is None or rule["type"] == "none" or run.change_on >= run.end:
        return None
    if not run.paid_months and (rule["type"] == "months" or run.paid_end < run.end):
        raise QuoteError(
            f"{pointer}/amends/paid/to", "the paid period must be whole months to reckon what leaving costs"
        )
    rest = left(run, run.change_on)
    if rule["type"] == "amount":
        value, words = number(in_currency(rule.get("amount"), deal.currency, "/currency"), ""), "a fixed amount"
    elif rule["type"] == "percent":
        value = ratio(rest, number(rule.get("percent"), ""), HUNDRED)
        words = f"{plain(number(rule['percent'], ''))} % of {amount(rest, deal.currency, deal.mode)} left"
    else:
        count = whole(rule.get("count"), "", 0, 600)
        value = min(rest, ratio(run.paid, count, run.paid_months))
        words = f"the price of {_counted(str(count), 'month')}" if value < rest else "what is left of the term"
    fee = {"type": "flat_fee", "amount": amount(value, deal.currency, deal.mode)}
    return step(
        "leaving", "list", "line", fee, f"Leaving early ({named(term)}): {words}", ("term", term["id"], named(term))
    )
