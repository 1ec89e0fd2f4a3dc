/** Guided questions of a product: what an answer chooses. The twin of `app/cpq/guide.py`. */
import { UnknownNameError } from './errors';
import type { Choice } from './types';

type Told = string | boolean | number | readonly (string | boolean | number)[] | { readonly min?: string | number; readonly max?: string | number };
type Sets = Readonly<Record<string, Told>>;

/** A question of the catalogue document: `ranges` of numbers up to a bound, or `answers` to choose from. */
export interface GuideQuestion {
  readonly id: string;
  readonly type?: string;
  readonly ranges?: readonly { readonly upto?: string | number | null; readonly sets?: Sets }[];
  readonly answers?: readonly { readonly id: string; readonly sets?: Sets }[];
}

interface IntegerFeature {
  readonly id: string;
  readonly type?: string;
  readonly min?: string | number;
  readonly max?: string | number;
  readonly step?: string | number;
}

/** Of a product of the catalogue document what matters here. */
export interface GuidedProduct {
  readonly guide?: readonly { readonly id: string }[] | undefined;
  readonly features?: readonly { readonly id: string }[] | undefined;
}

/** Choices that an answer leads to: the id of an answer, or a decimal as text. */
export function answer(product: GuidedProduct, question: string, reply: string): Choice[] {
  const asked = product.guide?.find(({ id }) => id === question) as GuideQuestion | undefined;
  if (!asked) throw new UnknownNameError(`The product has no question ${question}.`);
  const found = asked.type === 'number' ? byNumber(asked, reply) : asked.answers?.find(({ id }) => id === reply);
  if (!found) throw new UnknownNameError(`The question ${question} has no answer ${reply}.`);
  return Object.entries(found.sets ?? {}).map(([feature, told]) => ({ feature, values: valuesOf(product, feature, told) }));
}

function byNumber({ id, ranges }: GuideQuestion, reply: string) {
  const number = decimal(reply);
  if (!number || number.digits < 0n || number.digits >= 10n ** BigInt(18 + number.places)) {
    throw new UnknownNameError(`The question ${id} wants a number, and ${reply} is none.`);
  }
  return ranges?.find(({ upto }) => upto === undefined || upto === null || isAtMost(number, decimal(String(upto))));
}

function valuesOf(product: GuidedProduct, feature: string, told: Told): string[] {
  if (typeof told !== 'object') return [textOf(told)];
  if (!isRange(told)) return told.map(textOf);
  const found = product.features?.find(({ id }) => id === feature) as IntegerFeature | undefined;
  if (found?.type !== 'integer') throw new UnknownNameError(`The product has no integer feature ${feature}.`);
  const [least, most, step] = [Number(found.min), Number(found.max), Number(found.step ?? 1)];
  const [low, high] = [decimal(String(told.min ?? least)), decimal(String(told.max ?? most))];
  const numbers = Array.from({ length: Math.floor((most - least) / step) + 1 }, (_, at) => String(least + at * step));
  const values = numbers.filter((number) => isAtMost(low, decimal(number)) && isAtMost(decimal(number), high));
  if (values.length === 0) throw new UnknownNameError(`The feature ${feature} has no value from ${told.min ?? least} to ${told.max ?? most}.`);
  return values;
}

const isRange = (told: object): told is { readonly min?: string | number; readonly max?: string | number } => !Array.isArray(told);
const textOf = (value: string | boolean | number): string => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));

interface Decimal {
  readonly digits: bigint;
  readonly places: number;
}

/** A decimal, exactly; null where the text is none. */
function decimal(text: string): Decimal | null {
  const [, sign, whole, part = ''] = /^([+-]?)(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text.trim()) ?? [];
  return whole === undefined ? null : { digits: BigInt(`${sign === '-' ? '-' : ''}${whole}${part}`), places: part.length };
}

function isAtMost(a: Decimal | null, b: Decimal | null): boolean {
  return a !== null && b !== null && a.digits * 10n ** BigInt(b.places) <= b.digits * 10n ** BigInt(a.places);
}
