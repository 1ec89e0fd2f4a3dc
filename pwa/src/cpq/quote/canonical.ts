/** One spelling of a document, and what is made from it: digest, version hash, and the number of a quote. */

import { QuoteError } from './errors.ts';
import { sha256 } from './sha256.ts';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PRIVATE = ['approvals', 'digest', 'findings', 'floors'];
const PRIVATE_OF_LINE = ['cost', 'margin_percent'];

const SURROGATE = /[\ud800-\udfff]/;

/** JSON with keys sorted by code point and no spaces. Numbers are whole numbers only: amounts are strings. */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value))
      throw new QuoteError('', 'write numbers with a fraction, and very large ones, as decimal strings');
    return String(value === 0 ? 0 : value);
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) text += `${i ? ',' : ''}${canonical(value[i])}`;
    return `[${text}]`;
  }
  const names = Object.keys(value).sort();
  if (names.some((name) => SURROGATE.test(name))) names.sort(byCodePoint);
  for (const name of names) {
    const part = (value as Record<string, unknown>)[name];
    if (part !== undefined) text += `${text ? ',' : ''}${JSON.stringify(name)}:${canonical(part)}`;
  }
  return `{${text}}`;
}

/** Order of code points; JavaScript's own is that of UTF-16 units. */
export function byCodePoint(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let i = 0; i < left.length && i < right.length; i += 1) {
    const order = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** The SHA-256 (64 hex digits) of the canonical JSON. */
export const sha256Of = (value: unknown): string => sha256(canonical(value));

const without = (value: object, names: string[]) =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

/** The price without cost, margins, floors, approvals and findings: what the customer may see. */
export function publicPrice(price: { lines: object[]; totals?: object }): Record<string, unknown> {
  const shown = { ...without(price, PRIVATE), lines: price.lines.map((line) => without(line, PRIVATE_OF_LINE)) };
  return price.totals ? { ...shown, totals: without(price.totals, PRIVATE_OF_LINE) } : shown;
}

/** The SHA-256 of what the customer may see of a price; equal digests are equal prices in every waterfall line. */
export const digest = (price: { lines: object[] }): string => sha256Of(publicPrice(price));

/** The SHA-256 of {number, version, title, content, price, clauses, valid_until, customer}: what an acceptance binds. */
export const versionHash = (version: object): string => sha256Of(version);

/** `<year>-XXXX-XXXX`: the year (UTC) in which the UUIDv7 was made and its last 40 bits in Crockford's base 32. */
export function quoteNumber(quoteId: string): string {
  const digits = quoteId.replaceAll('-', '').toLowerCase();
  const year = new Date(Number.parseInt(digits.slice(0, 12), 16)).getUTCFullYear();
  if (!/^[0-9a-f]{32}$/.test(digits) || year > 9999) throw new QuoteError('/id', `"${quoteId}" is not a UUID of version 7`);
  const tail = BigInt(`0x${digits.slice(-10)}`);
  const letters = Array.from({ length: 8 }, (_, i) => CROCKFORD[Number((tail >> BigInt(35 - 5 * i)) & 31n)]).join('');
  return `${year}-${letters.slice(0, 4)}-${letters.slice(4)}`;
}
