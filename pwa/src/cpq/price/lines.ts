/** Lines through the phases: subtotals and the waterfall of each, up to the price before header discounts. */
import { type Exact, TooLarge, ZERO, plain, rounded, settle, text } from './decimals.ts';
import { PriceError, named } from './errors.ts';
import { type LineModel, PHASES, type PolicyModel, type RequestModel, type StepModel } from './model.ts';
import { holds } from './predicates.ts';
import { MissingUsage, Running } from './running.ts';
import type { Fact, Facts, Phase, Source, WaterfallRow } from './types.ts';

/** A line on its way to its result; amounts are rounded to the places that are shown. */
export class Priced {
  included = true;
  facts: ReadonlyMap<string, Fact> = new Map();
  readonly rows: WaterfallRow[] = [];
  readonly subtotals = new Map<Phase, Exact>();
  exact: Exact = ZERO;
  base: Exact = ZERO;
  price: Exact = ZERO;
  shown: Exact = ZERO;
  listed: Exact = ZERO;
  count: Exact = ZERO;
  readonly line: LineModel;
  readonly place: number;
  readonly places: number;

  constructor(line: LineModel, place: number, places: number) {
    this.line = line;
    this.place = place;
    this.places = places;
  }

  /** Lines of one bucket are due together. */
  get bucket(): string {
    return this.line.charge === 'one_time' ? 'one_time' : `${this.line.charge} ${this.line.period ?? 'month'}`;
  }

  /** Whether it is in the totals of one period. */
  get due(): boolean {
    return this.included && !this.line.later;
  }

  /** Add a row that takes the shown amount to `running`. */
  row(step: string, phase: WaterfallRow['phase'], label: string, running: Exact, source: Source | null, detail?: WaterfallRow['detail']): void {
    const amount = text(running.minus(this.shown), this.places);
    const row: WaterfallRow = { step, phase, label, amount, running: text(running, this.places) };
    if (detail !== undefined && detail.length > 0) row.detail = detail;
    if (source !== null) row.source = source;
    this.rows.push(row);
    this.shown = running;
  }
}

function byPhase(steps: readonly StepModel[]): Map<Phase, StepModel[]> {
  const found = new Map<Phase, StepModel[]>();
  for (const step of steps) {
    const already = found.get(step.phase);
    if (already === undefined) found.set(step.phase, [step]);
    else already.push(step);
  }
  return found;
}

/** The request's own steps by phase, and what every line of it shares. */
class Phases {
  private readonly shared: Facts;
  private readonly steps: ReadonlyMap<Phase, readonly StepModel[]>;
  private readonly policy: PolicyModel;
  private readonly places: number;

  constructor(request: RequestModel, places: number) {
    this.policy = request.policy;
    this.places = places;
    this.shared = { currency: request.currency, on: request.on, ...request.facts };
    this.steps = byPhase(request.steps);
  }

  /** A line through all phases; nothing is settled between lines yet. */
  price(line: LineModel, place: number): Priced {
    const priced = new Priced(line, place, this.places);
    const running = new Running(line, this.policy, this.places);
    priced.count = running.count;
    priced.facts = this.facts(line, running);
    const steps = byPhase(line.steps);
    for (const phase of PHASES) {
      for (const step of steps.get(phase) ?? []) this.apply(priced, running, step);
      for (const step of this.steps.get(phase) ?? []) this.apply(priced, running, step);
      if (phase === 'list') {
        running.listed = running.amount;
        priced.listed = priced.shown;
      }
      priced.subtotals.set(phase, priced.shown);
    }
    priced.exact = running.amount;
    priced.base = rounded(running.base, this.places, this.policy.mode);
    return priced;
  }

  private facts(line: LineModel, running: Running): ReadonlyMap<string, Fact> {
    const facts = new Map<string, Fact>([
      ['sku', line.sku],
      ['charge', line.charge],
      ['tax_class', line.taxClass],
      ['quantity', plain(line.quantity)],
      ['units', plain(running.units)],
    ]);
    if (line.charge !== 'one_time') facts.set('period', line.period ?? 'month');
    for (const own of [this.shared, line.facts]) {
      for (const [name, fact] of Object.entries(own)) facts.set(name, fact);
    }
    return facts;
  }

  private apply(priced: Priced, running: Running, step: StepModel): void {
    if (step.when !== null && !holds(step.when, priced.facts)) return;
    try {
      const detail = running.apply(step);
      const now = rounded(running.amount, this.places, this.policy.mode);
      priced.row(step.id, step.phase, step.reason, now, step.source, detail);
    } catch (fault) {
      const at = `/lines/${priced.place}`;
      if (fault instanceof TooLarge) throw new PriceError(at, `step ${named(step.id)} makes an amount of 10^15 or more`);
      if (fault instanceof MissingUsage) throw new PriceError(`${at}/usage`, `step ${named(step.id)}: ${fault.message}`);
      throw fault;
    }
  }
}

/** Every line through its phases, and what is in the totals. */
export function priceLines(request: RequestModel, places: number): Priced[] {
  const phases = new Phases(request, places);
  const lines = request.lines.map((line, place) => phases.price(line, place));
  const included = new Map<string, boolean>();
  for (const priced of lines) {
    const { line } = priced;
    const above = [line.bundle, line.parent].every((other) => other === null || included.get(other) === true);
    priced.included = above && (line.selected || !line.optional);
    included.set(line.id, priced.included);
  }
  settleLines(lines, request.policy, places);
  return lines;
}

/** The price of every line in the places that are shown; with rounding of the total, in agreement with it. */
function settleLines(lines: readonly Priced[], policy: PolicyModel, places: number): void {
  const groups = new Map<string | number, Priced[]>();
  for (const priced of lines) {
    const key = policy.point !== 'total' || !priced.due ? priced.place : priced.bucket;
    const already = groups.get(key);
    if (already === undefined) groups.set(key, [priced]);
    else already.push(priced);
  }
  for (const group of groups.values()) {
    const prices = group.length === 1 ? [] : settle(group.map((priced) => priced.exact), places, policy.mode);
    group.forEach((priced, index) => {
      const price = prices[index] ?? priced.shown;
      if (!price.eq(priced.shown)) {
        priced.base = priced.base.plus(price.minus(priced.shown));
        priced.row('rounding', 'rounding', 'Rounding of the total', price, null);
      }
      priced.price = price;
    });
  }
}
