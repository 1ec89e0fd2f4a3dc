/** What usage and units cost: tiers, packages and percentages. Each gives an exact amount and the rows that explain it. */
import { type Exact, HUNDRED, ONE, ZERO, divide, max, min, plain, read } from './decimals.ts';
import type { AdjustmentModel, TierModel, UsageModel } from './model.ts';

export type Row = Record<string, string>;
export interface Charged {
  amount: Exact;
  detail: Row[];
}

const NOTHING: Charged = { amount: ZERO, detail: [] };

/** Every tier that is entered charges the units (or the amount, by its rate) in it, and its flat fee. */
export function graduated(adjustment: AdjustmentModel, units: Exact, percent = false): Charged {
  let total: Exact = ZERO;
  const detail: Row[] = [];
  let below: Exact = ZERO;
  for (const tier of adjustment.tiers) {
    const inside = (tier.upto === null || units.lt(tier.upto) ? units : tier.upto).minus(below);
    if (inside.lte(ZERO) && (detail.length > 0 || !adjustment.flatAtZero)) {
      if (tier.upto === null || units.lte(tier.upto)) break;
      continue; // a tier that ends at zero holds nothing; what was used lies above it
    }
    let amount = inside.times(tier.price);
    if (percent) amount = divide(amount, HUNDRED);
    total = total.plus(amount.plus(tier.flat));
    detail.push(tierRow(tier, below, inside, amount, percent));
    if (tier.upto === null) break;
    below = tier.upto;
  }
  return { amount: total, detail };
}

/** The one tier that holds all `units` charges every unit of `charged`, and its flat fee once; nothing at zero. */
export function volume(adjustment: AdjustmentModel, units: Exact, charged: Exact): Charged {
  let below: Exact = ZERO;
  let found = adjustment.tiers[0];
  for (const tier of adjustment.tiers) {
    found = tier;
    if (tier.upto === null || units.lte(tier.upto)) break;
    below = tier.upto;
  }
  if (found === undefined || (units.isZero() && !adjustment.flatAtZero)) return NOTHING;
  const amount = charged.times(found.price);
  return { amount: amount.plus(found.flat), detail: [tierRow(found, below, charged, amount, false)] };
}

/** Units that come and go in the period, each event weighted by its share of the period. */
export function graduatedProrated(adjustment: AdjustmentModel, events: readonly Exact[], prorated: readonly Exact[]): Charged {
  const moved: Exact[] = adjustment.tiers.map(() => ZERO);
  let level: Exact = ZERO;
  let highest: Exact = ZERO;
  events.forEach((event, n) => {
    const share = prorated[n] ?? ZERO;
    if (share.isZero() && (event.gt(ZERO) || level.plus(event).lt(ZERO))) return;
    for (const [index, units] of moves(adjustment.tiers, level, event)) {
      const part = event.isZero() ? share : divide(share.times(units), event.abs());
      moved[index] = (moved[index] ?? ZERO).plus(part);
    }
    level = level.plus(event);
    highest = max(highest, level);
  });
  if (level.lt(ZERO)) return NOTHING;
  let total: Exact = ZERO;
  adjustment.tiers.forEach((tier, index) => {
    total = total.plus((moved[index] ?? ZERO).times(tier.price));
  });
  total = max(ZERO, total);
  const detail: Row[] = [];
  let below: Exact = ZERO;
  for (const [index, tier] of adjustment.tiers.entries()) {
    if ((detail.length > 0 && highest.lte(below)) || (events.length === 0 && !adjustment.flatAtZero)) break;
    const units = moved[index] ?? ZERO;
    total = total.plus(tier.flat);
    detail.push(tierRow(tier, below, units, units.times(tier.price), false));
    if (tier.upto === null) break;
    below = tier.upto;
  }
  return { amount: total, detail };
}

/** Tier by index, and how many of the units between the levels before and after the event lie in it. */
function moves(tiers: readonly TierModel[], level: Exact, event: Exact): [number, Exact][] {
  const after = level.plus(event);
  const [low, high] = event.gt(ZERO) ? [level, after] : [after, level];
  const found: [number, Exact][] = [];
  let below: Exact | null = null;
  for (const [index, tier] of tiers.entries()) {
    const bottom: Exact = below === null || below.lt(low) ? low : below;
    const top: Exact = tier.upto === null || high.lt(tier.upto) ? high : tier.upto;
    if (top.gt(bottom) || (event.isZero() && bottom.eq(top))) {
      found.push([index, top.minus(bottom)]);
      if (event.isZero()) break;
    }
    if (tier.upto === null) break;
    below = tier.upto;
  }
  return found;
}

/** Whole packages of `size` units, the last one begun, after `free` units. */
export function packages(adjustment: AdjustmentModel, units: Exact): Charged {
  const { size = ONE, amount = ZERO, free = ZERO } = adjustment.given;
  const paid = units.minus(free);
  if (paid.lte(ZERO)) return NOTHING;
  const count = divide(paid, size).ceil();
  const row = { units: plain(paid), packages: plain(count), size: plain(size), amount: plain(amount) };
  return { amount: count.times(amount), detail: [row] };
}

/** `rate` percent of what was turned over, and `fixed` for every event. */
export function percentage(adjustment: AdjustmentModel, usage: UsageModel): Charged {
  const { rate = ZERO, fixed, min: least, max: greatest } = adjustment.given;
  if (least !== undefined || greatest !== undefined) return byEvent(adjustment, usage);
  const amount = usage.amount ?? ZERO;
  const free = freeOf(adjustment, usage, amount);
  const paid = max(ZERO, amount.minus(free.amount));
  let total = divide(paid.times(rate), HUNDRED);
  const count = usage.eventCount ?? read(String(usage.events?.length ?? 0)) ?? ZERO;
  const events = amount.isZero() ? ZERO : max(ZERO, count.minus(free.events));
  total = total.plus(events.times(fixed ?? ZERO));
  const row: Row = { base: plain(paid), rate: plain(rate) };
  if (fixed !== undefined) {
    row['events'] = plain(events);
    row['fixed'] = plain(fixed);
  }
  return { amount: total, detail: [row] };
}

/** What is free of the amount, and how many events are free of their fixed fee. */
function freeOf(adjustment: AdjustmentModel, usage: UsageModel, amount: Exact): { amount: Exact; events: Exact } {
  const events = adjustment.given['free_events'] ?? ZERO;
  const most = adjustment.given['free_amount'] ?? ZERO;
  const running = runningTotals(usage);
  if (running === null) return { amount: most, events };
  const reached = running.at(-1) ?? ZERO;
  let free: Exact = ZERO;
  if (!events.isZero() || !most.isZero()) {
    const within = running.find((_total, index) => events.lt(running.length) && events.trunc().eq(index + 1)) ?? reached;
    free = most.isZero() ? within : min(within, most);
  }
  const before = read(String(running.filter((total) => total.lt(most)).length)) ?? ZERO;
  const counts = [events, before].filter((count) => !count.isZero());
  const fewest = counts.reduce<Exact | null>((least, count) => (least === null ? count : min(least, count)), null);
  return { amount: min(free, amount), events: fewest ?? ZERO };
}

/** What had been turned over after each event; null when events are not known one by one. */
function runningTotals(usage: UsageModel): readonly Exact[] | null {
  if (usage.runningTotals !== null) return usage.runningTotals;
  if (usage.events === null) return null;
  let total: Exact = ZERO;
  return usage.events.map((event) => {
    total = total.plus(event);
    return total;
  });
}

/** Each paid event: its rate and fixed fee, at least `min` and at most `max`. */
function byEvent(adjustment: AdjustmentModel, usage: UsageModel): Charged {
  const { rate = ZERO, fixed = ZERO, min: least, max: greatest } = adjustment.given;
  let freeEvents = adjustment.given['free_events'] ?? ZERO;
  let freeAmount = adjustment.given['free_amount'] ?? ZERO;
  const byAmount = freeAmount.gt(ZERO);
  let total: Exact = ZERO;
  const detail: Row[] = [];
  for (const event of usage.events ?? []) {
    let paid = event;
    let free = false;
    if (byAmount) {
      paid = max(ZERO, event.minus(freeAmount));
      free = freeAmount.gt(event);
      freeAmount = max(ZERO, freeAmount.minus(event));
    } else {
      free = freeEvents.gt(ZERO);
      freeEvents = freeEvents.minus(ONE);
    }
    if (free) continue;
    let amount = divide(paid.times(rate), HUNDRED).plus(fixed);
    if (least !== undefined && amount.lt(least)) amount = least;
    if (greatest !== undefined && amount.gt(greatest)) amount = greatest;
    total = total.plus(amount);
    detail.push({ base: plain(paid), amount: plain(amount) });
  }
  return { amount: total, detail };
}

function tierRow(tier: TierModel, below: Exact, inside: Exact, amount: Exact, percent: boolean): Row {
  const row: Row = {
    from: plain(below),
    [percent ? 'base' : 'units']: plain(inside),
    [percent ? 'rate' : 'unit']: plain(tier.price),
    flat: plain(tier.flat),
    amount: plain(amount),
  };
  if (tier.upto !== null) row['upto'] = plain(tier.upto);
  return row;
}
