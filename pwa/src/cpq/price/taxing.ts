/** Taxes of lines: on top of the price, or included in it; rounded per line, per unit or per total. */
import { type Exact, HUNDRED, ONE, ZERO, allocate, divide, rounded, settle, sum } from './decimals.ts';
import type { Priced } from './lines.ts';
import type { PolicyModel, TaxModel } from './model.ts';
import { holds } from './predicates.ts';

/** A line with its taxes. `rate` is the sum of the rates. */
export class Taxed {
  amounts: Exact[] = [];
  net: Exact;
  gross: Exact;
  listNet: Exact;
  readonly rate: Exact;
  readonly included: boolean;
  readonly priced: Priced;
  readonly taxes: readonly TaxModel[];

  constructor(priced: Priced, taxes: readonly TaxModel[], policy: PolicyModel) {
    this.priced = priced;
    this.taxes = taxes;
    this.rate = sum(taxes.map((tax) => tax.rate));
    this.included = priced.line.taxIncluded ?? policy.taxIncluded;
    this.net = this.gross = priced.price;
    this.listNet = priced.listed;
  }
}

/** The taxes of every line: those of its class whose `when` holds, each on the same net amount. */
export function taxLines(lines: readonly Priced[], taxes: readonly TaxModel[], policy: PolicyModel, places: number): Taxed[] {
  const taxed = lines.map((priced) => {
    const own = taxes.filter(
      (tax) => tax.taxClass === priced.line.taxClass && (tax.when === null || holds(tax.when, priced.facts)),
    );
    return new Taxed(priced, own, policy);
  });
  for (const one of taxed) if (policy.taxPer !== 'total' || !one.priced.due) taxLine(one, policy, places);
  if (policy.taxPer === 'total') taxTotal(taxed.filter((one) => one.priced.due), policy, places);
  for (const one of taxed) if (one.taxes.length > 0) finish(one, policy, places);
  return taxed;
}

/** What is left of an amount when the tax that it includes is taken out. */
function without(amount: Exact, rate: Exact): Exact {
  return divide(amount.times(HUNDRED), HUNDRED.plus(rate));
}

function taxLine(one: Taxed, policy: PolicyModel, places: number): void {
  if (one.taxes.length === 0) return;
  const { price, count } = one.priced;
  const { mode } = policy;
  const per = policy.taxPer === 'unit' && !count.isZero() ? count : ONE;
  const unit = per.eq(ONE) ? price : divide(price, per);
  if (one.included) {
    const net = rounded(rounded(without(unit, one.rate), places, mode).times(per), places, mode);
    one.amounts = split(price.minus(net), one.taxes, places);
  } else {
    one.amounts = one.taxes.map((tax) =>
      rounded(rounded(divide(unit.times(tax.rate), HUNDRED), places, mode).times(per), places, mode),
    );
  }
}

/** An included tax by its rates. */
function split(amount: Exact, taxes: readonly TaxModel[], places: number): Exact[] {
  return taxes.length === 1 ? [amount] : allocate(amount, taxes.map((tax) => tax.rate), places);
}

/** Each tax on the sum of what is due together, rounded once; lines get parts that sum to it. */
function taxTotal(taxed: readonly Taxed[], policy: PolicyModel, places: number): void {
  const groups = new Map<string, { one: Taxed; index: number; exact: Exact }[]>();
  for (const one of taxed) {
    one.amounts = one.taxes.map(() => ZERO);
    one.taxes.forEach((tax, index) => {
      const base = one.included ? without(one.priced.price, one.rate) : one.priced.price;
      const part = { one, index, exact: divide(base.times(tax.rate), HUNDRED) };
      const key = JSON.stringify([one.priced.bucket, tax.id]);
      const already = groups.get(key);
      if (already === undefined) groups.set(key, [part]);
      else already.push(part);
    });
  }
  for (const group of groups.values()) {
    const amounts = settle(group.map((part) => part.exact), places, policy.mode);
    group.forEach(({ one, index }, n) => {
      one.amounts[index] = amounts[n] ?? ZERO;
    });
  }
}

function finish(one: Taxed, policy: PolicyModel, places: number): void {
  const tax = sum(one.amounts);
  const { priced } = one;
  if (!one.included) {
    one.gross = priced.price.plus(tax);
    return;
  }
  one.net = priced.price.minus(tax);
  one.listNet = rounded(without(priced.listed, one.rate), places, policy.mode);
  const names = one.taxes.map((own) => own.name || own.id).join(', ');
  priced.row('tax-included', 'tax', `Included: ${names}`, one.net, null);
}
