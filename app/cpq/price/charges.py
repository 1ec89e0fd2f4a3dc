"""What usage and units cost: tiers, packages and percentages. Each gives an exact amount and the rows that explain it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from app.cpq.price.decimals import HUNDRED, ONE, ROUNDINGS, ZERO, divide, plain
from app.cpq.price.model import Adjustment, Tier, Usage

Detail = tuple[dict[str, str], ...]


def graduated(adjustment: Adjustment, units: Decimal, percent: bool = False) -> tuple[Decimal, Detail]:
    """Every tier that is entered charges the units (or the amount, by its rate) in it, and its flat fee.

    A tier holds what is above the tier before, up to and including `upto`. At zero the first tier's flat fee is due
    only with `flat_at_zero`.
    """
    total = ZERO
    detail: list[dict[str, str]] = []
    below = ZERO
    for tier in adjustment.tiers:
        inside = (units if tier.upto is None or units < tier.upto else tier.upto) - below
        if inside <= ZERO and (detail or not adjustment.flat_at_zero):
            if tier.upto is None or units <= tier.upto:
                break
            continue  # a tier that ends at zero holds nothing; what was used lies above it
        amount = inside * tier.price
        if percent:
            amount = divide(amount, HUNDRED)
        total += amount + tier.flat
        detail.append(_tier_row(tier, below, inside, amount, percent))
        if tier.upto is None:
            break
        below = tier.upto
    return total, tuple(detail)


def volume(adjustment: Adjustment, units: Decimal, charged: Decimal) -> tuple[Decimal, Detail]:
    """The one tier that holds all `units` charges every unit of `charged`, and its flat fee once; nothing at zero.

    With `flat_at_zero` the first tier's flat fee is due at zero too.
    """
    below = ZERO
    for tier in adjustment.tiers:
        if tier.upto is None or units <= tier.upto:
            break
        below = tier.upto
    if not units and not adjustment.flat_at_zero:
        return ZERO, ()
    amount = charged * tier.price
    return amount + tier.flat, (_tier_row(tier, below, charged, amount, False),)


def graduated_prorated(
    adjustment: Adjustment, events: Sequence[Decimal], prorated: Sequence[Decimal]
) -> tuple[Decimal, Detail]:
    """Units that come and go in the period, each event weighted by its share of the period.

    An event moves the level of units; its prorated units are spread evenly over the units moved, and each part is
    charged (or given back) at the price of the tier that it lies in; below zero that is the first tier. Flat fees are
    due up to the tier of the highest level; at no usage only with `flat_at_zero`. The amount of units is never below
    zero; when the level ends below zero nothing is due. An event of no prorated units is left out when it adds, and
    when it would take the level below zero (what it takes away was never there in this period).
    """
    tiers = adjustment.tiers
    moved = [ZERO] * len(tiers)
    level = highest = ZERO
    for event, share in zip(events, prorated, strict=True):
        if not share and (event > ZERO or level + event < ZERO):
            continue
        for index, units in _moves(tiers, level, event):
            moved[index] += divide(share * units, abs(event)) if event else share
        level += event
        highest = max(highest, level)
    if level < ZERO:
        return ZERO, ()
    total = max(ZERO, sum((units * tier.price for units, tier in zip(moved, tiers, strict=True)), ZERO))
    detail: list[dict[str, str]] = []
    below = ZERO
    for units, tier in zip(moved, tiers, strict=True):
        if (detail and highest <= below) or (not events and not adjustment.flat_at_zero):
            break
        total += tier.flat
        detail.append(_tier_row(tier, below, units, units * tier.price, False))
        if tier.upto is None:
            break
        below = tier.upto
    return total, tuple(detail)


def _moves(tiers: Sequence[Tier], level: Decimal, event: Decimal) -> Iterator[tuple[int, Decimal]]:
    """Tier by index, and how many of the units between the levels before and after the event lie in it."""
    low, high = (level, level + event) if event > ZERO else (level + event, level)
    below: Decimal | None = None
    for index, tier in enumerate(tiers):
        bottom = low if below is None or below < low else below
        top = high if tier.upto is None or high < tier.upto else tier.upto
        if top > bottom or (not event and bottom == top):
            yield index, top - bottom
            if not event:
                return
        if tier.upto is None:
            return
        below = tier.upto


def package(adjustment: Adjustment, units: Decimal) -> tuple[Decimal, Detail]:
    """Whole packages of `size` units, the last one begun, after `free` units; the row says how many units were paid for."""
    given = adjustment.given
    paid = units - given.get("free", ZERO)
    if paid <= ZERO:
        return ZERO, ()
    packages = divide(paid, given["size"]).quantize(ONE, ROUNDINGS["ceiling"])
    return packages * given["amount"], (
        {
            "units": plain(paid),
            "packages": plain(packages),
            "size": plain(given["size"]),
            "amount": plain(given["amount"]),
        },
    )


def percentage(adjustment: Adjustment, usage: Usage) -> tuple[Decimal, Detail]:
    """`rate` percent of what was turned over, and `fixed` for every event.

    With a least or greatest amount of an event, events are charged one by one; else the whole at once.
    """
    given = adjustment.given
    if "min" in given or "max" in given:
        return _by_event(adjustment, usage)
    amount = usage.amount or ZERO
    free, free_events = _free(adjustment, usage, amount)
    paid = max(ZERO, amount - free)
    total = divide(paid * given["rate"], HUNDRED)
    count = usage.event_count if usage.event_count is not None else Decimal(len(usage.events or ()))
    paid_events = max(ZERO, count - free_events) if amount else ZERO
    total += paid_events * given.get("fixed", ZERO)
    row = {"base": plain(paid), "rate": plain(given["rate"])}
    if "fixed" in given:
        row |= {"events": plain(paid_events), "fixed": plain(given["fixed"])}
    return total, (row,)


def _free(adjustment: Adjustment, usage: Usage, amount: Decimal) -> tuple[Decimal, Decimal]:
    """What is free of the amount, and how many events are free of their fixed fee."""
    events = adjustment.given.get("free_events", ZERO)
    most = adjustment.given.get("free_amount", ZERO)
    running = _running_totals(usage)
    if running is None:
        return most, events
    reached = running[-1] if running else ZERO
    free = ZERO
    if events or most:
        within = running[int(events) - 1] if ONE <= events < len(running) else reached
        free = min(within, most) if most else within
    before = Decimal(sum(1 for total in running if total < most))
    counts = [count for count in (events, before) if count]
    return min(free, amount), min(counts) if counts else ZERO


def _running_totals(usage: Usage) -> list[Decimal] | None:
    """What had been turned over after each event; None when events are not known one by one."""
    if usage.running_totals is not None:
        return list(usage.running_totals)
    if usage.events is None:
        return None
    totals: list[Decimal] = []
    total = ZERO
    for event in usage.events:
        total += event
        totals.append(total)
    return totals


def _by_event(adjustment: Adjustment, usage: Usage) -> tuple[Decimal, Detail]:
    """Each paid event: its rate and fixed fee, at least `min` and at most `max`."""
    given = adjustment.given
    least, greatest = given.get("min"), given.get("max")
    free_events, free_amount = given.get("free_events", ZERO), given.get("free_amount", ZERO)
    by_amount = free_amount > ZERO
    total = ZERO
    detail: list[dict[str, str]] = []
    for event in usage.events or ():
        paid = event
        if by_amount:
            paid = max(ZERO, event - free_amount)
            free = free_amount > event
            free_amount = max(ZERO, free_amount - event)
        else:
            free = free_events > ZERO
            free_events -= ONE
        if free:
            continue
        amount = divide(paid * given["rate"], HUNDRED) + given.get("fixed", ZERO)
        if least is not None and amount < least:
            amount = least
        if greatest is not None and amount > greatest:
            amount = greatest
        total += amount
        detail.append({"base": plain(paid), "amount": plain(amount)})
    return total, tuple(detail)


def _tier_row(tier: Tier, below: Decimal, inside: Decimal, amount: Decimal, percent: bool) -> dict[str, str]:
    row = {
        "from": plain(below),
        "base" if percent else "units": plain(inside),
        "rate" if percent else "unit": plain(tier.price),
        "flat": plain(tier.flat),
        "amount": plain(amount),
    }
    return row if tier.upto is None else {**row, "upto": plain(tier.upto)}
