/** Exact figures: reading, rounding, writing and sharing out, the same as in `app/cpq/price/decimals.py`. */
import { Decimal } from 'decimal.js';
import type { RoundingMode } from './types.ts';

/** Decimals of 28 significant digits, half to even beyond them. */
export const Exact = Decimal.clone({ precision: 28, rounding: Decimal.ROUND_HALF_EVEN, toExpNeg: -999, toExpPos: 999, defaults: true });
export type Exact = Decimal;

/** The most decimal places that are read or shown, and the least amount that is too large to be kept. */
export const MAX_PLACES = 12;
export const LIMIT = new Exact('1000000000000000');
const LEAST = LIMIT.negated();
export const ZERO = new Exact('0');
export const ONE = new Exact('1');
export const HUNDRED = new Exact('100');
const HUNDREDTH = new Exact('0.01');

const ROUNDINGS: Readonly<Record<RoundingMode, Decimal.Rounding>> = {
  half_up: Decimal.ROUND_HALF_UP,
  half_down: Decimal.ROUND_HALF_DOWN,
  half_even: Decimal.ROUND_HALF_EVEN,
  up: Decimal.ROUND_UP,
  down: Decimal.ROUND_DOWN,
  ceiling: Decimal.ROUND_CEIL,
  floor: Decimal.ROUND_FLOOR,
};
/** Figures read before; the same ones come with every price of a quote. */
const KNOWN = new Map<string, Exact>();
const MOST_KNOWN = 8192;
const PLAIN = /^-?[0-9]{1,15}(?:\.[0-9]{1,12})?$/;

/** An amount of 10^15 or more. */
export class TooLarge extends Error {}

/** A plain decimal string (at most 15 digits before the point and 12 after it, no exponent); null when it is none. */
export function read(text: string): Exact | null {
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  if (!PLAIN.test(text)) return null;
  const value = new Exact(text);
  const found = value.isZero() ? ZERO : value;
  if (KNOWN.size >= MOST_KNOWN) KNOWN.clear();
  KNOWN.set(text, found);
  return found;
}

/** The quotient to 28 digits, half to even; the only division. By a hundred only the point moves, which is quicker so. */
export function divide(value: Exact, by: Exact): Exact {
  return by === HUNDRED ? value.times(HUNDREDTH) : value.div(by);
}

/** `value` with at most `places` decimal places. TooLarge from 10^15. */
export function rounded(value: Exact, places: number, mode: RoundingMode): Exact {
  if (value.gte(LIMIT) || value.lte(LEAST)) throw new TooLarge();
  return value.decimalPlaces() <= places ? value : value.toDecimalPlaces(places, ROUNDINGS[mode]);
}

/** The whole multiple of `multiple` that `mode` gives. */
export function roundedTo(value: Exact, multiple: Exact, mode: RoundingMode): Exact {
  if (value.gte(LIMIT) || value.lte(LEAST)) throw new TooLarge();
  return divide(value, multiple).toDecimalPlaces(0, ROUNDINGS[mode]).times(multiple);
}

/** A value that has at most `places` decimal places, with exactly so many; no exponent, and no sign before zero. */
export function text(value: Exact, places: number): string {
  const shown = value.toString();
  const point = shown.indexOf('.');
  if (places === 0) return shown;
  return point < 0 ? `${shown}.${'0'.repeat(places)}` : shown.padEnd(point + 1 + places, '0');
}

/** A value without trailing zeros beyond `least` places. */
export function plain(value: Exact, least = 0): string {
  if (value.isZero()) return ZERO.toFixed(least);
  return value.decimalPlaces() < least ? value.toFixed(least) : value.toFixed();
}

export function max(one: Exact, other: Exact): Exact {
  return other.gt(one) ? other : one;
}

export function min(one: Exact, other: Exact): Exact {
  return other.lt(one) ? other : one;
}

export function sum(values: Iterable<Exact>): Exact {
  let total: Exact = ZERO;
  for (const value of values) total = total.plus(value);
  return total;
}

/** A value with at most `places` decimal places, in units of the last. */
function minor(value: Exact, places: number): bigint {
  return BigInt(value.toFixed(places).replace('.', ''));
}

/** The value of `units` of the last of `places` decimal places. */
function fromMinor(units: bigint, places: number): Exact {
  return units === 0n ? ZERO : new Exact(`${units}e-${places}`);
}

/** The values as integers in the same proportion, exactly. */
function whole(values: readonly Exact[]): bigint[] {
  let most = 0;
  for (const value of values) {
    const own = value.decimalPlaces();
    if (own > most) most = own;
  }
  return values.map((value) => minor(value, most));
}

/** Indexes by descending size; of equals the first. */
function descending(sizes: readonly bigint[]): number[] {
  const order = sizes.map((_size, index) => index);
  return order.sort((one, other) => {
    const difference = (sizes[other] ?? 0n) - (sizes[one] ?? 0n);
    return difference > 0n ? 1 : difference < 0n ? -1 : one - other;
  });
}

/**
 * Parts of `total` in proportion to `weights`, each with `places` decimal places; their sum is `total`, always.
 *
 * Largest remainder; a negative total gives the negated parts of the positive one; weights that are all zero are equal.
 */
export function allocate(total: Exact, weights: readonly Exact[], places: number): Exact[] {
  if (weights.length === 0) return [];
  let shares = whole(weights);
  let all = shares.reduce((sofar, share) => sofar + share, 0n);
  if (all === 0n) {
    shares = shares.map(() => 1n);
    all = BigInt(shares.length);
  }
  const units = minor(total, places);
  const size = units < 0n ? -units : units;
  const parts = shares.map((share) => (size * share) / all);
  let left = size - parts.reduce((sofar, part) => sofar + part, 0n);
  for (const index of left > 0n ? descending(shares.map((share) => (size * share) % all)) : []) {
    if (left <= 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return parts.map((part) => fromMinor(units < 0n ? -part : part, places));
}

/** The values with `places` decimal places each, so that they sum to their rounded sum; cut down, then largest remainder. */
export function settle(values: readonly Exact[], places: number, mode: RoundingMode): Exact[] {
  const cut = values.map((value) => rounded(value, places, 'floor'));
  let left = minor(rounded(sum(values), places, mode), places);
  for (const value of cut) left -= minor(value, places);
  const lost = values.map((value, index) => value.minus(cut[index] ?? ZERO));
  const order = lost.map((_value, index) => index);
  order.sort((one, other) => (lost[other] ?? ZERO).comparedTo(lost[one] ?? ZERO) || one - other);
  const unit = fromMinor(1n, places);
  for (const index of order) {
    if (left <= 0n) break;
    cut[index] = (cut[index] ?? ZERO).plus(unit);
    left -= 1n;
  }
  return cut;
}
