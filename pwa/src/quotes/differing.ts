/** What differs between two versions, field by field, in words: names instead of ids, and sentences instead of data. */
import type { HeaderDiscount, LineDiscount, RampPart } from '../cpq/quote';
import { bookOf } from './document';
import { discountWords } from './discount';
import { plain } from './money';
import type { Work } from './working';

const NAMES: Record<string, string> = {
  valid_until: 'Holds until', price_book: 'Prices', region: 'Country', on: 'Priced on', clauses: 'Promises', open: 'The customer may change', usage: 'Expected use',
  starts_on: 'Begins', ends_on: 'Ends', ramp: 'In steps', amends: 'Changes a subscription', discounts: 'Discount on the whole', notes: 'Note',
};

/** `quantity` → `Quantity` */
export const fieldName = (field: string): string => NAMES[field] ?? field.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());

const rampWords = (ramp: readonly RampPart[]): string =>
  ramp.map(({ from_month, quantity }) => `${quantity ?? ''}${from_month ? ` after ${from_month} months` : ''}`).join(', ');

export function fieldWords({ document }: Work, currency: string, field: string, value: unknown): string {
  if (value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return 'nothing';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const named = (all: readonly { id: string; name?: string; title?: string }[] | undefined, id: unknown): string => {
    const found = all?.find((one) => one.id === id);
    return found?.name ?? found?.title ?? String(id);
  };
  switch (field) {
    case 'term':
      return named(document?.terms, value);
    case 'clauses':
      return (value as string[]).map((id) => named(document?.clauses, id)).join(', ');
    case 'price_book':
      return bookOf(document, String(value))?.name ?? String(value);
    case 'discounts':
      return (value as HeaderDiscount[]).map((one) => discountWords(one, currency)).join(', ');
    case 'discount':
      return discountWords(value as LineDiscount, currency);
    case 'ramp':
      return rampWords(value as RampPart[]);
    case 'usage':
      return plain(String((value as { quantity?: string }).quantity ?? 'stated'));
    case 'open':
      return `${(value as string[]).length} of it`;
    default:
      return typeof value === 'object' ? 'something else' : String(value);
  }
}
