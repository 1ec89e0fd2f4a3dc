/** Guided questions of a product: what an answer chooses. */
import { UnknownNameError } from './errors';
import type { Choice } from './types';

type Sets = Readonly<Record<string, string | readonly string[]>>;

/** A question of the catalogue document: `ranges` of numbers up to a bound, or `answers` to choose from. */
export interface GuideQuestion {
  readonly id: string;
  readonly ranges?: readonly { readonly upto: string | null; readonly sets: Sets }[];
  readonly answers?: readonly { readonly id: string; readonly name: string; readonly sets: Sets }[];
}

/** Of a product of the catalogue document what matters here. */
export interface GuidedProduct {
  readonly guide?: readonly { readonly id: string }[] | undefined;
}

/** Choices that an answer leads to: the id of an answer, or a decimal as text. */
export function answer(product: GuidedProduct, question: string, reply: string): Choice[] {
  const asked = product.guide?.find(({ id }) => id === question) as GuideQuestion | undefined;
  if (!asked) throw new UnknownNameError(`There is no question ${question}.`);
  const found = asked.ranges
    ? asked.ranges.find(({ upto }) => compared(reply, upto ?? reply) <= 0)
    : asked.answers?.find(({ id }) => id === reply);
  if (!found) throw new UnknownNameError(`The question ${question} has no answer ${reply}.`);
  return Object.entries(found.sets).map(([feature, values]) => ({ feature, values: typeof values === 'string' ? [values] : [...values] }));
}

/** Below 0 where the first decimal is less than the second, above 0 where it is more; no double is between. */
function compared(first: string, second: string): number {
  const [a, b] = [parts(first), parts(second)];
  const places = Math.max(a.places, b.places);
  const difference = a.digits * 10n ** BigInt(places - a.places) - b.digits * 10n ** BigInt(places - b.places);
  return difference < 0n ? -1 : Number(difference > 0n);
}

function parts(text: string): { digits: bigint; places: number } {
  const [, sign, whole, part = ''] = /^([+-]?)(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text.trim()) ?? [];
  if (whole === undefined) throw new UnknownNameError(`${text} is not a number.`);
  return { digits: BigInt(`${sign === '-' ? '-' : ''}${whole}${part}`), places: part.length };
}
