/** A line while its steps are applied, one after another. */
import { type Charged, graduated, graduatedProrated, packages, percentage, type Row, volume } from './charges.ts';
import { type Exact, HUNDRED, ZERO, divide, max, min, rounded, roundedTo, sum } from './decimals.ts';
import type { AdjustmentModel, LineModel, PolicyModel, StepModel, UsageModel } from './model.ts';
import type { RoundingMode } from './types.ts';

/** A step charges what the line does not say was used. */
export class MissingUsage extends Error {}

const NO_USAGE: UsageModel = {
  quantity: null,
  proratedQuantity: null,
  amount: null,
  eventCount: null,
  events: null,
  proratedEvents: null,
  runningTotals: null,
};

type Adjust = (running: Running, adjustment: AdjustmentModel, unitary: boolean) => Row[] | undefined;

/** Exact amounts of a line: `amount` now, `base` as if no discount had been given, `listed` the list price. */
export class Running {
  amount: Exact = ZERO;
  base: Exact = ZERO;
  listed: Exact = ZERO;
  late = false;
  readonly usage: UsageModel;
  readonly units: Exact;
  readonly count: Exact;
  readonly additive: boolean;
  private readonly unitwise: boolean;
  private readonly mode: RoundingMode;
  private readonly places: number;

  constructor(line: LineModel, policy: PolicyModel, places: number) {
    this.usage = line.usage ?? NO_USAGE;
    this.units = unitsOf(line);
    this.count = line.usage === null ? line.quantity : this.units;
    this.additive = policy.stacking === 'additive';
    this.unitwise = policy.point === 'unit';
    this.mode = policy.mode;
    this.places = places;
  }

  /** Apply a step; the rows that explain it, if it has any. */
  apply(step: StepModel): Row[] | undefined {
    const { adjustment } = step;
    const unitary = step.scope === 'unit';
    this.late = step.phase === 'additional' || step.phase === 'partner';
    const detail = ADJUST[adjustment.type]?.(this, adjustment, unitary);
    if (step.rounding !== null || (this.unitwise && unitary)) this.round(step, unitary);
    return detail;
  }

  private round(step: StepModel, unitary: boolean): void {
    if (unitary && this.units.isZero()) return;
    let value = unitary ? divide(this.amount, this.units) : this.amount;
    const rule = step.rounding;
    if (rule === null) value = rounded(value, this.places, this.mode);
    else if (rule.to !== null) value = roundedTo(value, rule.to, rule.mode);
    else value = rounded(value, rule.places ?? 0, rule.mode);
    if (unitary) value = value.times(this.units);
    if (this.base.eq(this.amount)) this.base = value;
    this.amount = value;
  }

  /** Add to the amount and to what it would be without discounts. */
  charge(amount: Exact): void {
    this.amount = this.amount.plus(amount);
    this.base = this.base.plus(amount);
  }

  /** Replace the amount. Late in the waterfall that is a discount when it is less. */
  set(amount: Exact): void {
    this.amount = amount;
    this.base = this.late ? max(this.base, amount) : amount;
  }

  charged({ amount, detail }: Charged): Row[] {
    this.charge(amount);
    return detail;
  }
}

/** Price units of a line: used, or sold times the factor from sales units. */
function unitsOf(line: LineModel): Exact {
  const { usage } = line;
  if (usage !== null) {
    if (usage.quantity !== null) return usage.quantity;
    if (usage.proratedEvents !== null) return max(ZERO, sum(usage.events ?? []));
    if (usage.amount !== null) return usage.amount;
    if (usage.events !== null) return max(ZERO, sum(usage.events));
  }
  return line.factor === null ? line.quantity : line.quantity.times(line.factor);
}

/** A figure that the adjustment's type requires. */
function given(adjustment: AdjustmentModel, name: string): Exact {
  return adjustment.given[name] ?? ZERO;
}

function per(running: Running, amount: Exact, unitary: boolean): Exact {
  return unitary ? amount.times(running.units) : amount;
}

function limit(running: Running, adjustment: AdjustmentModel, unitary: boolean): Exact {
  const above = adjustment.aboveList ? running.listed : ZERO;
  return above.plus(per(running, given(adjustment, 'amount'), unitary));
}

const markup: Adjust = (running, adjustment) => {
  const of = running.additive ? running.base : running.amount;
  running.charge(divide(of.times(given(adjustment, 'percent')), HUNDRED));
  return undefined;
};

const ADJUST: Readonly<Record<string, Adjust>> = {
  per_unit(running, adjustment) {
    running.charge(given(adjustment, 'amount').times(running.units));
    return undefined;
  },
  graduated(running, adjustment) {
    const { events, proratedEvents } = running.usage;
    if (proratedEvents !== null) return running.charged(graduatedProrated(adjustment, events ?? [], proratedEvents));
    return running.charged(graduated(adjustment, running.units));
  },
  volume(running, adjustment) {
    return running.charged(volume(adjustment, running.units, running.usage.proratedQuantity ?? running.units));
  },
  package(running, adjustment) {
    return running.charged(packages(adjustment, running.units));
  },
  percentage(running, adjustment) {
    const { amount, events } = running.usage;
    if (events === null && ('min' in adjustment.given || 'max' in adjustment.given)) {
      throw new MissingUsage('a least or greatest amount of an event needs usage/events');
    }
    if (amount !== null) return running.charged(percentage(adjustment, running.usage));
    if (events === null) throw new MissingUsage('a percentage needs usage/amount or usage/events');
    const { eventCount } = running.usage;
    return running.charged(percentage(adjustment, { ...NO_USAGE, amount: sum(events), events, eventCount }));
  },
  graduated_percentage(running, adjustment) {
    if (running.usage.amount === null) throw new MissingUsage('a graduated percentage needs usage/amount');
    return running.charged(graduated(adjustment, running.usage.amount, true));
  },
  flat_fee(running, adjustment) {
    if (!running.units.isZero() || adjustment.flatAtZero) running.charge(given(adjustment, 'amount'));
    return undefined;
  },
  percent_discount(running, adjustment) {
    const { amount } = running;
    const of = running.additive ? running.base : amount;
    const left = amount.minus(divide(of.times(given(adjustment, 'percent')), HUNDRED));
    // A discount stops at nothing, from above and (of a credit) from below.
    running.amount = amount.gt(ZERO) ? max(ZERO, left) : amount.lt(ZERO) ? min(ZERO, left) : ZERO;
    return undefined;
  },
  amount_discount(running, adjustment, unitary) {
    const left = max(ZERO, given(adjustment, 'amount').minus(given(adjustment, 'used')));
    if (running.amount.gt(ZERO)) running.amount = max(ZERO, running.amount.minus(per(running, left, unitary)));
    return undefined;
  },
  fixed_price(running, adjustment, unitary) {
    running.set(per(running, given(adjustment, 'amount'), unitary));
    return undefined;
  },
  markup,
  surcharge(running, adjustment, unitary) {
    if ('percent' in adjustment.given) return markup(running, adjustment, unitary);
    running.charge(per(running, given(adjustment, 'amount'), unitary));
    return undefined;
  },
  floor(running, adjustment, unitary) {
    const least = limit(running, adjustment, unitary);
    running.amount = max(running.amount, least);
    running.base = max(running.base, least);
    return undefined;
  },
  cap(running, adjustment, unitary) {
    const most = limit(running, adjustment, unitary);
    running.amount = min(running.amount, most);
    if (!running.late) running.base = min(running.base, most);
    return undefined;
  },
  proration(running, adjustment) {
    const numerator = given(adjustment, 'numerator');
    const denominator = given(adjustment, 'denominator');
    running.amount = divide(running.amount.times(numerator), denominator);
    running.base = divide(running.base.times(numerator), denominator);
    running.listed = divide(running.listed.times(numerator), denominator);
    return undefined;
  },
};
