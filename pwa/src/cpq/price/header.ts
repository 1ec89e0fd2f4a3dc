/** Discounts on the whole, allocated to lines so that the parts always sum. */
import { type Exact, HUNDRED, ZERO, allocate, divide, max, rounded, sum, text } from './decimals.ts';
import { PriceError, named } from './errors.ts';
import type { Priced } from './lines.ts';
import type { HeaderModel } from './model.ts';
import type { HeaderResult, RoundingMode } from './types.ts';

/** Take a header discount from the lines that it is about, in the order of the lines. */
export function applyHeader(entry: HeaderModel, place: number, lines: readonly Priced[], places: number, mode: RoundingMode): HeaderResult {
  const about = lines.filter((priced) => isAbout(entry, priced));
  const amount = amountOf(entry, about, places, mode);
  const { weights } = entry;
  const parts = allocate(
    amount,
    about.map((priced) => (weights === null ? max(ZERO, priced.price) : (weights.get(priced.line.id) ?? ZERO))),
    places,
  );
  const shown = about.map((priced, index) => {
    const part = parts[index] ?? ZERO;
    const price = priced.price.plus(part);
    if (part.lt(ZERO) && price.lt(ZERO)) {
      throw new PriceError(`/header/${place}/weights`, `line ${named(priced.line.id)} would be below zero`);
    }
    priced.price = price;
    priced.row(entry.id, 'header', entry.reason, price, entry.source);
    return { line: priced.line.id, amount: text(part, places) };
  });
  return { id: entry.id, label: entry.reason, amount: text(about.length > 0 ? amount : ZERO, places), parts: shown };
}

function isAbout(entry: HeaderModel, priced: Priced): boolean {
  return (
    (entry.kind === 'percent' ? priced.included : priced.due) &&
    (entry.charge === null || entry.charge === priced.line.charge) &&
    (entry.lines === null || entry.lines.has(priced.line.id))
  );
}

/** What is added to the whole: below zero for a discount, which never takes more than there is. */
function amountOf(entry: HeaderModel, about: readonly Priced[], places: number, mode: RoundingMode): Exact {
  const whole = sum(about.map((priced) => priced.price));
  const positive = sum(about.filter((priced) => priced.price.gt(ZERO)).map((priced) => priced.price));
  let amount: Exact;
  if (entry.kind === 'percent') amount = rounded(divide(positive.times(entry.value), HUNDRED), places, mode).negated();
  else if (entry.kind === 'amount') amount = rounded(entry.value, places, mode).negated();
  else amount = rounded(entry.value, places, mode).minus(whole);
  return rounded(max(amount, positive.negated()), places, mode);
}
