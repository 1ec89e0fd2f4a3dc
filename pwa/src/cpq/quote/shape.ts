/** The form of a quote's content, checked before anything is read from it; see `app/cpq/quote_shape.py`. */

import { QuoteError } from './errors.ts';
import { isObject } from './figures.ts';

type Shape = string | [Shape] | { [name: string]: Shape };

const LINE: Shape = {
  id: 'text',
  sku: 'text',
  quantity: 'text',
  'choices?': [{ feature: 'text', value: 'text' }],
  'configuration?': { '*': 'text' },
  'term?': 'text',
  'clauses?': ['text'],
  'optional?': 'flag',
  'selected?': 'flag',
  'bundle?': 'text',
  'open?': ['text'],
  'discount?': { kind: 'text', value: 'text', 'reason?': 'text' },
  'starts_on?': 'text',
  'ends_on?': 'text',
  'ramp?': [{ from_month: 'count', 'quantity?': 'text', 'discount_percent?': 'text' }],
  'amends?': {
    subscription_id: 'text',
    change: 'text',
    'paid?': { amount: 'text', from: 'text', to: 'text', quantity: 'text' },
  },
  'usage?': { 'quantity?': 'text', 'amount?': 'text' },
  'notes?': 'text',
};
export const CONTENT: Shape = {
  catalogue: 'text',
  catalogue_version: 'text',
  price_book: 'text',
  currency: 'text',
  region: 'text',
  on: 'text',
  lines: [LINE],
  'discounts?': [{ id: 'text', kind: 'text', value: 'text', 'reason?': 'text' }],
  'clauses?': ['text'],
  'notes?': 'text',
};
const WORDS: Record<string, string> = { text: 'a text', flag: 'true or false', count: 'a whole number' };
const MOST_LINES = 2_000;

/** QuoteError at the first member that has not its shape. */
export function check(value: unknown, shape: Shape, pointer = ''): void {
  if (typeof shape === 'string') {
    if (!isLeaf(value, shape)) throw new QuoteError(pointer, `must be ${WORDS[shape]}`);
  } else if (Array.isArray(shape)) {
    if (!Array.isArray(value)) throw new QuoteError(pointer, 'must be a list');
    if (value.length > MOST_LINES) throw new QuoteError(pointer, `has more than ${MOST_LINES} members`);
    value.forEach((part, i) => check(part, shape[0], `${pointer}/${i}`));
  } else checkMembers(value, shape, pointer);
}

function checkMembers(value: unknown, shape: Record<string, Shape>, pointer: string): void {
  if (!isObject(value)) throw new QuoteError(pointer, 'must be an object');
  for (const [name, inner] of Object.entries(shape)) {
    const bare = name.replace(/\?$/, '');
    if (name === '*') for (const [key, part] of Object.entries(value)) check(part, inner, `${pointer}/${key}`);
    else if (bare === name || (value[bare] ?? null) !== null) check(value[bare], inner, `${pointer}/${bare}`);
  }
}

function isLeaf(value: unknown, kind: string): boolean {
  if (kind === 'text') return typeof value === 'string';
  return kind === 'flag' ? typeof value === 'boolean' : Number.isInteger(value);
}
