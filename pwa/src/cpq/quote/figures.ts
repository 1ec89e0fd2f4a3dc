/** Figures as decimal strings: read with their place, written without an exponent, 28 digits in between. */

import type { Decimal as Base } from 'decimal.js';
import { EXPONENTS } from '../price/currencies.gen.ts';
import { Exact as Decimal, HUNDRED, TooLarge, ZERO, rounded as cut, plain, read, text } from '../price/decimals.ts';
import type { RoundingMode } from '../price/types.ts';
import { QuoteError } from './errors.ts';

export { Decimal, HUNDRED, ZERO, plain };

/** A decimal string (15 digits before the point, 12 after) or a whole number; QuoteError for anything else. */
export function number(value: unknown, pointer: string, least?: Decimal): Decimal {
  const given = Number.isInteger(value) ? String(value) : value;
  const found = typeof given === 'string' ? read(given) : null;
  if (!found) throw new QuoteError(pointer, 'write a number as a decimal string, like 12.50');
  if (least && found.lt(least)) throw new QuoteError(pointer, `must not be below ${plain(least)}`);
  return found;
}

/** A whole number from `least` to `most`, given as one or as its digits. */
export function whole(value: unknown, pointer: string, least: number, most: number): number {
  const found = number(value, pointer);
  if (!found.isInteger() || found.lt(least) || found.gt(most))
    throw new QuoteError(pointer, `must be a whole number from ${least} to ${most}`);
  return found.toNumber();
}

/** `value · numerator / denominator` at 28 digits: multiplied first. */
export const ratio = (value: Decimal, numerator: Base.Value, denominator: Base.Value): Decimal =>
  value.mul(numerator).div(denominator);

/** To `places` decimals; QuoteError from 10^15. */
export function rounded(value: Decimal, places: number, mode = 'half_up'): Decimal {
  try {
    return cut(value, places, mode as RoundingMode);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    throw new QuoteError('', 'an amount of 10^15 or more comes out; check quantities and prices');
  }
}

/** An amount in the currency's places: `1250.50`; zero has no sign. */
export function amount(value: Decimal, currency: string, mode = 'half_up'): string {
  const places = EXPONENTS[currency]!;
  return text(rounded(value, places, mode), places);
}

/** A member that an object has itself. */
export const own = (from: object | null | undefined, name: string): unknown =>
  from && Object.hasOwn(from, name) ? (from as Record<string, unknown>)[name] : undefined;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** An amount that may be one for each currency: the one of `currency`. */
export function inCurrency(value: unknown, currency: string, pointer: string): string {
  let found = value;
  if (isObject(value)) {
    found = own(value, currency);
    if (found === undefined) throw new QuoteError(pointer, `there is no amount in ${currency}; add one to the catalogue`);
  }
  number(found, pointer);
  return String(found);
}

/** An ISO 4217 code in use. */
export function knownCurrency(code: string, pointer: string): void {
  if (!Object.hasOwn(EXPONENTS, code)) throw new QuoteError(pointer, `"${code}" is not an ISO 4217 currency code in use`);
}
