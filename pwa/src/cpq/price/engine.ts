/** `price`: lines through the phases, header discounts, taxes, totals, floors. */
import { type Exact, HUNDRED, TooLarge, ZERO, divide, plain, read, rounded, sum, text } from './decimals.ts';
import { PriceError } from './errors.ts';
import { applyHeader } from './header.ts';
import { priceLines } from './lines.ts';
import type { FloorModel, RequestModel } from './model.ts';
import { holds } from './predicates.ts';
import { exponent, readRequest } from './reading.ts';
import { type Taxed, taxLines } from './taxing.ts';
import type { FloorViolation, Period, PricedLine, PriceResult, RoundingMode, Sum, TaxAmount, Totals } from './types.ts';

const PERCENT_PLACES = 6;
const MARGIN_PLACES = 2;
/** Unit prices have so many places more than amounts, when the policy does not say. */
const UNIT_PLACES = 4;
const MOST_PLACES = 12;
const YEAR = read('12') ?? ZERO;

/** Price a request. PriceError names the place of what cannot be priced. */
export function priceRequest(document: unknown): PriceResult {
  const request = readRequest(document);
  try {
    return new Pricing(request).result();
  } catch (fault) {
    if (fault instanceof TooLarge) throw new PriceError('/lines', 'an amount is 10^15 or more');
    throw fault;
  }
}

class Pricing {
  private readonly request: RequestModel;
  private readonly places: number;
  private readonly unitPlaces: number;
  private readonly mode: RoundingMode;

  constructor(request: RequestModel) {
    const { policy } = request;
    this.request = request;
    this.places = policy.places ?? exponent(request.currency);
    const usual = this.places + UNIT_PLACES;
    this.unitPlaces = policy.unitPlaces ?? (usual > MOST_PLACES ? MOST_PLACES : usual);
    this.mode = policy.mode;
  }

  result(): PriceResult {
    const { request, places } = this;
    const priced = priceLines(request, places);
    const header = request.header.map((entry, n) => applyHeader(entry, n, priced, places, this.mode));
    const taxed = taxLines(priced, request.taxes, request.policy, places);
    const bundles = this.bundles(taxed);
    const included = taxed.filter((one) => one.priced.included);
    const now = included.filter((one) => one.priced.due);
    return {
      currency: request.currency,
      lines: taxed.map((one) => this.line(one, bundles.get(one.priced.line.id))),
      header,
      taxes: this.taxes(now),
      totals: this.totals(now, included),
      floors: this.floors(taxed),
    };
  }

  private line(one: Taxed, bundle: Sum | undefined): PricedLine {
    const { priced } = one;
    const { base, price, count, subtotals } = priced;
    const show = (amount: Exact) => text(amount, this.places);
    const net = show(one.net);
    const line: PricedLine = {
      id: priced.line.id,
      included: priced.included,
      list: show(priced.listed),
      regular: show(subtotals.get('proration') ?? ZERO),
      customer: show(subtotals.get('additional') ?? ZERO),
      partner: show(subtotals.get('partner') ?? ZERO),
      net,
      tax: show(one.gross.minus(one.net)),
      gross: show(one.gross),
      list_net: show(one.listNet),
      discount: show(base.minus(price)),
      discount_percent: this.percent(base.minus(price), base, PERCENT_PLACES),
      unit_list: this.unit(priced.listed, count),
      unit_net: this.unit(one.net, count),
      waterfall: priced.rows,
      taxes: one.taxes.map((tax, n) => ({
        id: tax.id,
        name: tax.name,
        rate: plain(tax.rate),
        base: net,
        amount: show(one.amounts[n] ?? ZERO),
      })),
    };
    const cost = this.cost(one);
    if (cost !== null) {
      line.cost = show(cost);
      if (one.net.gt(ZERO)) line.margin_percent = this.margin(one.net, cost);
    }
    if (bundle !== undefined) line.bundle = bundle;
    return line;
  }

  private unit(amount: Exact, count: Exact): string {
    const least = this.places < this.unitPlaces ? this.places : this.unitPlaces;
    if (count.isZero()) return plain(ZERO, least);
    return plain(rounded(divide(amount, count), this.unitPlaces, this.mode), least);
  }

  /** How much `part` is of `whole`, in percent; zero of nothing. */
  private percent(part: Exact, whole: Exact, places: number): string {
    return whole.gt(ZERO) ? plain(rounded(divide(part.times(HUNDRED), whole), places, 'half_up')) : '0';
  }

  private margin(net: Exact, cost: Exact): string {
    return text(rounded(divide(net.minus(cost).times(HUNDRED), net), MARGIN_PLACES, 'half_up'), MARGIN_PLACES);
  }

  private cost(one: Taxed): Exact | null {
    const { cost } = one.priced.line;
    return cost === null ? null : rounded(cost.times(one.priced.count), this.places, this.mode);
  }

  /** For each line that others are bundled with: the sum of it and of all below it that is included. */
  private bundles(taxed: readonly Taxed[]): Map<string, Sum> {
    const below = new Map<string, Taxed[]>();
    for (const one of [...taxed].reverse()) {
      const { bundle, id } = one.priced.line;
      if (bundle === null) continue;
      below.set(bundle, [...(below.get(bundle) ?? []), one, ...(below.get(id) ?? [])]);
    }
    const sums = new Map<string, Sum>();
    for (const one of taxed) {
      const parts = below.get(one.priced.line.id);
      if (parts === undefined) continue;
      sums.set(one.priced.line.id, this.sum([one, ...parts.filter((part) => part.priced.due)]));
    }
    return sums;
  }

  // --- the whole -----------------------------------------------------------------------------------------------------

  private sum(taxed: readonly Taxed[]): Sum {
    const net = sum(taxed.map((one) => one.net));
    const gross = sum(taxed.map((one) => one.gross));
    return { net: this.shown(net), tax: this.shown(gross.minus(net)), gross: this.shown(gross) };
  }

  private shown(amount: Exact): string {
    return text(rounded(amount, this.places, this.mode), this.places);
  }

  private taxes(included: readonly Taxed[]): TaxAmount[] {
    const found = new Map<string, [Exact, Exact]>();
    for (const one of included) {
      one.taxes.forEach((tax, n) => {
        const [base, sofar] = found.get(tax.id) ?? [ZERO, ZERO];
        found.set(tax.id, [base.plus(one.net), sofar.plus(one.amounts[n] ?? ZERO)]);
      });
    }
    return this.request.taxes.flatMap((tax) => {
      const sums = found.get(tax.id);
      if (sums === undefined) return [];
      return [{ id: tax.id, name: tax.name, rate: plain(tax.rate), base: this.shown(sums[0]), amount: this.shown(sums[1]) }];
    });
  }

  private totals(included: readonly Taxed[], ever: readonly Taxed[]): Totals {
    const of = (bucket: string) => included.filter((one) => one.priced.bucket === bucket);
    const byPeriod = (charge: string): Partial<Record<Period, Sum>> => {
      const sums: Partial<Record<Period, Sum>> = {};
      for (const period of ['month', 'year'] as const) {
        const lines = of(`${charge} ${period}`);
        if (lines.length > 0) sums[period] = this.sum(lines);
      }
      return sums;
    };
    const base = sum(included.map((one) => one.priced.base));
    const discount = base.minus(sum(included.map((one) => one.priced.price)));
    return {
      one_time: this.sum(of('one_time')),
      recurring: byPeriod('recurring'),
      usage: byPeriod('usage'),
      ...this.sum(included),
      list: this.shown(sum(included.map((one) => one.priced.listed))),
      list_net: this.shown(sum(included.map((one) => one.listNet))),
      discount: this.shown(discount),
      discount_percent: this.percent(discount, base, PERCENT_PLACES),
      ...this.contractValues(ever),
      ...this.totalCost(included),
    };
  }

  /** Total contract value, annual contract value, monthly recurring revenue; without tax. */
  private contractValues(included: readonly Taxed[]): Pick<Totals, 'tcv' | 'acv' | 'mrr'> {
    let total: Exact = ZERO;
    let annual: Exact = ZERO;
    let monthly: Exact = ZERO;
    for (const one of included) {
      const { charge, period, periods } = one.priced.line;
      if (charge === 'one_time') {
        total = total.plus(one.net);
        continue;
      }
      total = total.plus(periods === null ? one.net : one.net.times(periods));
      if (one.priced.line.later) continue;
      const yearly = period === 'year' ? one.net : one.net.times(YEAR);
      annual = annual.plus(yearly);
      if (charge === 'recurring') monthly = monthly.plus(yearly);
    }
    return { tcv: this.shown(total), acv: this.shown(annual), mrr: this.shown(divide(monthly, YEAR)) };
  }

  /** The cost and margin of the whole, when the cost of every line is known. */
  private totalCost(included: readonly Taxed[]): Pick<Totals, 'cost' | 'margin_percent'> {
    const costs = included.flatMap((one) => this.cost(one) ?? []);
    if (costs.length === 0 || costs.length < included.length) return {};
    const cost = sum(costs);
    const net = sum(included.map((one) => one.net));
    const shown = { cost: this.shown(cost) };
    return net.gt(ZERO) ? { ...shown, margin_percent: this.margin(net, cost) } : shown;
  }

  private floors(taxed: readonly Taxed[]): FloorViolation[] {
    return this.request.floors.flatMap((floor) => taxed.flatMap((one) => this.violation(floor, one) ?? []));
  }

  private violation(floor: FloorModel, one: Taxed): FloorViolation | null {
    const cost = this.cost(one);
    if (cost === null || !isAbout(floor, one)) return null;
    const { net } = one;
    if (!net.minus(cost).times(HUNDRED).lt(floor.minMarginPercent.times(net))) return null;
    const minimum = plain(floor.minMarginPercent);
    const found: FloorViolation = { id: floor.id, line: one.priced.line.id, reason: floor.reason, minimum };
    if (net.gt(ZERO)) found.margin = this.margin(net, cost);
    return found;
  }
}

function isAbout(floor: FloorModel, one: Taxed): boolean {
  const { line, facts } = one.priced;
  const family = facts.get('family');
  return (
    (floor.skus === null || floor.skus.has(line.sku)) &&
    (floor.families === null || (typeof family === 'string' && floor.families.has(family))) &&
    (floor.when === null || holds(floor.when, facts))
  );
}
