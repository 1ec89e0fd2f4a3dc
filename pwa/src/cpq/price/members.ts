/** Members of JSON objects, read with their limits; PriceError names the place of what is none. */
import { type Exact, MAX_PLACES, ZERO, plain, read } from './decimals.ts';
import { PriceError, member, named } from './errors.ts';

export type Members = Readonly<Record<string, unknown>>;
const MAX_UNITS = read('1000000000') ?? ZERO;

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The object, when it is one and has no member but those known. */
export function members(value: unknown, at: string, known: ReadonlySet<string> | null): Members {
  if (!isObject(value)) throw new PriceError(at, 'an object is needed');
  if (known !== null) {
    for (const name in value) {
      if (!known.has(name)) {
        throw new PriceError(`${at}/${member(name)}`, `there is no such member; there are ${[...known].sort().join(', ')}`);
      }
    }
  }
  return value;
}

/** A member that is a list; absent is empty. */
export function listed(document: Members, name: string, at: string): readonly unknown[] {
  const value = document[name];
  if (!isGiven(value)) return [];
  if (!Array.isArray(value)) throw new PriceError(`${at}/${name}`, 'a list is needed');
  return value;
}

/** A text of at most 1,000 characters. */
export function string(document: Members, name: string, at: string, absent: string): string {
  const value = document[name] === undefined ? absent : document[name];
  if (typeof value !== 'string' || (value.length > 1000 && [...value].length > 1000)) {
    throw new PriceError(`${at}/${name}`, 'a text of at most 1,000 characters is needed');
  }
  return value;
}

/** A text that is not empty, of at most 200 characters. */
export function identifier(document: Members, name: string, at: string): string {
  const value = document[name];
  if (typeof value !== 'string' || value === '' || (value.length > 200 && [...value].length > 200)) {
    throw new PriceError(`${at}/${name}`, 'a text of 1 to 200 characters is needed');
  }
  return value;
}

/** One of some words. */
export function word<Word extends string>(document: Members, name: string, at: string, words: readonly Word[], absent: string): Word {
  const value = document[name] === undefined ? absent : document[name];
  const found = words.find((one) => one === value);
  if (found === undefined) throw new PriceError(`${at}/${name}`, `${named(value)} is not one of ${words.join(', ')}`);
  return found;
}

export function boolean(document: Members, name: string, at: string, absent: boolean): boolean {
  const value = document[name] === undefined ? absent : document[name];
  if (typeof value !== 'boolean') throw new PriceError(`${at}/${name}`, 'true or false is needed');
  return value;
}

/** A number of decimal places; absent is null. */
export function places(document: Members, name: string, at: string): number | null {
  const value = document[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_PLACES) {
    throw new PriceError(`${at}/${name}`, `a whole number from 0 to ${MAX_PLACES} is needed`);
  }
  return value;
}

export function figure(value: unknown, pointer: string): Exact {
  const found = typeof value === 'string' ? read(value) : null;
  if (found === null) {
    throw new PriceError(
      pointer,
      'a decimal string such as "12.50" is needed: at most 15 digits, 12 decimal places, and no exponent',
    );
  }
  return found;
}

/** A decimal string from `low` (above it when `strict`) to `high`. */
export function number(document: Members, name: string, at: string, low: Exact | null = null, high: Exact | null = null, strict = false): Exact {
  const value = document[name];
  const found = figure(value, `${at}/${name}`);
  if (low !== null && (found.lt(low) || (strict && found.eq(low)))) {
    throw new PriceError(`${at}/${name}`, `${String(value)} is too small: it is ${strict ? 'more than' : 'at least'} ${plain(low)}`);
  }
  if (high !== null && found.gt(high)) {
    throw new PriceError(`${at}/${name}`, `${String(value)} is too large: it is at most ${plain(high)}`);
  }
  return found;
}

/** A number of units: from 0 to 10^9. */
export function quantity(document: Members, name: string, at: string): Exact {
  return number(document, name, at, ZERO, MAX_UNITS);
}

export function words(document: Members, name: string, at: string): ReadonlySet<string> | null {
  if (!isGiven(document[name])) return null;
  const found = new Set<string>();
  listed(document, name, at).forEach((value, index) => {
    if (typeof value !== 'string') throw new PriceError(`${at}/${name}/${index}`, 'a text is needed');
    found.add(value);
  });
  return found;
}
