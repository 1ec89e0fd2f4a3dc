/** The steps of a price: what the catalogue, an agreement, a term, a clause and the rep each say, with reason and source. */

import type { Adjustment, Phase, Predicate, Step } from '../price/types.ts';
import { type Deal, changeOf, named, valid } from './deal.ts';
import { QuoteError } from './errors.ts';
import { type Decimal, HUNDRED, amount, inCurrency, isObject, number, plain, ratio } from './figures.ts';
import { applies } from './parts.ts';
import type { ClauseData, Data, QuoteLine, RampPart, StepData, TermData } from './types.ts';

type Origin = [type: string, id: string, name: string];
const DISCOUNTS: Record<string, ['unit' | 'line', string, string]> = {
  percent: ['line', 'percent_discount', 'percent'],
  amount: ['line', 'amount_discount', 'amount'],
  fixed_price: ['unit', 'fixed_price', 'amount'],
};
/** What a step is called that has no reason of its own: an id is for whoever writes the catalogue. */
const KINDS: Record<string, string> = {
  per_unit: 'Price for each',
  graduated: 'Price by tiers',
  volume: 'Price by volume',
  package: 'Price by package',
  percentage: 'Share of the amount',
  graduated_percentage: 'Share of the amount, by tiers',
  flat_fee: 'Flat fee',
  surcharge: 'Surcharge',
  markup: 'Markup',
  percent_discount: 'Discount',
  amount_discount: 'Discount',
  fixed_price: 'Fixed price',
  floor: 'Lowest price',
  cap: 'Highest price',
  proration: 'Part of the time',
};
/** Credits and additions are reckoned from what was paid, which has the catalogue's steps in it already. */
export const FROM_PAID: readonly string[] = ['add', 'reduce', 'end'];

/** A step as the price engine reads it. */
export function makeStep(
  id: string,
  phase: string,
  scope: 'unit' | 'line',
  adjustment: Data,
  reason: string,
  source: Origin | null,
): Step {
  const made: Step = { id, phase: phase as Phase, scope, adjustment: adjustment as Adjustment, reason };
  if (source) made.source = { type: source[0], id: source[1], name: source[2] };
  return made;
}

/** The steps that apply to every line unless their `when` says otherwise; not to what is reckoned from what was paid. */
export function sharedSteps(deal: Deal): Step[] {
  const amended = deal.content.lines.some((line) => FROM_PAID.includes(changeOf(line)));
  const steps: Step[] = [];
  for (const [given, source, phase] of givenSteps(deal)) {
    if ('percent_of_paid' in given.adjustment) continue;
    const made = fromData(deal, given, source, phase);
    if (amended) {
      const kept: Predicate = { fact: 'change', op: 'in', value: ['new', 'renew'] };
      made.when = made.when ? { all: [kept, made.when] } : kept;
    }
    steps.push(made);
  }
  return steps;
}

/** Steps relative to what was paid for the renewed quantity and one period (`percent_of_paid`), as amounts. */
export function renewalSteps(deal: Deal, paid: Decimal): Step[] {
  const steps: Step[] = [];
  for (const [given, source, phase] of givenSteps(deal)) {
    if (!('percent_of_paid' in given.adjustment)) continue;
    const percent = number(given.adjustment['percent_of_paid'], '');
    const made = fromData(deal, given, source, phase);
    made.scope = 'line';
    const share = amount(ratio(paid, percent, HUNDRED), deal.currency, deal.mode);
    made.adjustment = { type: given.adjustment['type'], amount: share } as Adjustment;
    made.reason += ` (${plain(percent)} % of ${amount(paid, deal.currency, deal.mode)} paid)`;
    steps.push(made);
  }
  return steps;
}

/** Steps as they are written down, with their source and the phase they have when they name none. */
function givenSteps(deal: Deal): [StepData, Origin, string][] {
  const found: [StepData, Origin, string][] = [];
  for (const agreement of deal.context.agreements ?? []) {
    if (!valid(agreement, deal.on)) continue;
    const until = agreement.valid_to ? `, until ${agreement.valid_to}` : '';
    for (const given of agreement.steps) {
      const reason = `${reasonOf(given)} (agreement ${agreement.number}${until})`;
      const data = { ...given, id: `agreement.${agreement.id}.${given.id}`, reason, phase: 'contracted' };
      found.push([data, ['agreement', agreement.id, `${agreement.name} ${agreement.number}`], 'contracted']);
    }
  }
  for (const given of deal.catalogue.price_steps ?? [])
    found.push([given, ['price_step', given.id, reasonOf(given)], 'schedule']);
  return found;
}

/** A step of data as one of the engine: defaults filled in, amounts in the quote's currency. */
function fromData(deal: Deal, given: StepData, source: Origin, phase: string): Step {
  const adjustment = adjustmentOf(deal, given.adjustment);
  const made = makeStep(given.id, given.phase || phase, given.scope || 'line', adjustment, reasonOf(given), source);
  if (given.when) made.when = given.when as Predicate;
  if (given.rounding) made.rounding = given.rounding as NonNullable<Step['rounding']>;
  return made;
}

/** Why a step of data is there: its reason, or the plain words of its kind, `Discount, 4 %`. */
function reasonOf({ reason, adjustment }: StepData): string {
  if (reason) return reason;
  const words = KINDS[adjustment['type'] as string] ?? 'Adjustment';
  return typeof adjustment['percent'] === 'string' ? `${words}, ${adjustment['percent']} %` : words;
}

/** An adjustment with each amount that is one per currency in the quote's own. */
export function adjustmentOf(deal: Deal, adjustment: Data): Data {
  return Object.fromEntries(
    Object.entries(adjustment).map(([name, value]) => [
      name,
      isObject(value) ? inCurrency(value, deal.currency, '/currency') : value,
    ]),
  );
}

/** The term's own step, when it has one. */
export function termStep(deal: Deal, term: TermData | null): Step[] {
  if (!term?.step) return [];
  const data = { ...term.step, id: `term.${term.id}`, reason: term.step.reason || named(term) };
  return [fromData(deal, data, ['term', term.id, named(term)], 'schedule')];
}

/** The clauses of a line: its own, and those of the whole quote that are for its product and priced. */
export function clausesOf(deal: Deal, line: QuoteLine, pointer: string): ClauseData[] {
  const found = (line.clauses ?? []).map((name, i) => namedClause(deal, name, `${pointer}/clauses/${i}`));
  found.forEach((clause, i) => {
    if (!applies(clause, line.sku))
      throw new QuoteError(`${pointer}/clauses/${i}`, `clause "${clause.title}" is not for ${line.sku}`);
  });
  const own = new Set(found.map((clause) => clause.id));
  (deal.content.clauses ?? []).forEach((name, i) => {
    const clause = namedClause(deal, name, `/clauses/${i}`);
    if (clause.price && !own.has(name) && applies(clause, line.sku)) found.push(clause);
  });
  return found;
}

/** A clause of the catalogue; QuoteError when there is none of that id. */
export function namedClause(deal: Deal, name: string, pointer: string): ClauseData {
  const found = deal.clauses.get(name);
  if (!found) throw new QuoteError(pointer, `the catalogue has no clause "${name}"`);
  return found;
}

/** A step for each clause that has a price; it comes after contracted prices and what a term gives. */
export function clauseSteps(deal: Deal, clauses: ClauseData[]): Step[] {
  const steps: Step[] = [];
  for (const clause of clauses) {
    if (!clause.price) continue;
    const adjustment = adjustmentOf(deal, clause.price.adjustment);
    const scope = adjustment['type'] === 'per_unit' ? 'unit' : 'line';
    const source: Origin = ['clause', clause.id, clause.title];
    steps.push(makeStep(`clause.${clause.id}`, 'schedule', scope, adjustment, clause.title, source));
  }
  return steps;
}

/** The rep's discount on the line, after that of its part of a ramp. */
export function discountSteps(line: QuoteLine, ramp: RampPart | undefined, words: string, pointer: string): Step[] {
  const steps: Step[] = [];
  if (ramp?.discount_percent) {
    const percent = plain(number(ramp.discount_percent, `${pointer}/ramp`));
    const adjustment = { type: 'percent_discount', percent };
    const source: Origin = ['discount', line.id, 'Ramp'];
    steps.push(makeStep('ramp', 'additional', 'line', adjustment, `${words}: ${percent} % less`, source));
  }
  if (line.discount) {
    const known = Object.hasOwn(DISCOUNTS, line.discount.kind) ? DISCOUNTS[line.discount.kind] : undefined;
    if (!known) throw new QuoteError(`${pointer}/discount/kind`, "a line's discount is percent, amount or fixed_price");
    const [scope, type, member] = known;
    const reason = line.discount.reason || 'Discount';
    const adjustment = { type, [member]: line.discount.value };
    steps.push(makeStep('discount', 'additional', scope, adjustment, reason, ['discount', line.id, reason]));
  }
  return steps;
}
