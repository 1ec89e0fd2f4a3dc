/** Predicates: the closed set of tests that decide whether a step, a tax or a floor applies. */
import { type Exact, read } from './decimals.ts';
import { PriceError, member, named } from './errors.ts';
import { isObject, type Members } from './members.ts';
import type { Bound, Condition, Test } from './model.ts';
import type { Fact } from './types.ts';

const OPS = ['eq', 'ne', 'in', 'not_in', 'lt', 'le', 'gt', 'ge', 'between'] as const;
const MAX_DEPTH = 16;
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const MEMBERS: ReadonlySet<string> = new Set(['fact', 'op', 'value']);

/** A predicate read from JSON; PriceError with a pointer that begins with `pointer`. */
export function readPredicate(predicate: unknown, pointer: string, depth = 0): Condition {
  if (!isObject(predicate)) {
    throw new PriceError(pointer, 'a predicate is an object: {fact, op, value}, {all}, {any} or {not}');
  }
  if (depth > MAX_DEPTH) throw new PriceError(pointer, `predicates are nested more than ${MAX_DEPTH} deep`);
  const names = Object.keys(predicate);
  if (names.length === 1) {
    const kind = names[0];
    if (kind === 'all' || kind === 'any') {
      const parts = predicate[kind];
      if (!Array.isArray(parts)) throw new PriceError(`${pointer}/${kind}`, 'a list of predicates is needed');
      return { kind, parts: parts.map((part, n) => readPredicate(part, `${pointer}/${kind}/${n}`, depth + 1)) };
    }
    if (kind === 'not') return { kind, part: readPredicate(predicate['not'], `${pointer}/not`, depth + 1) };
  }
  return readTest(predicate, names, pointer);
}

function readTest(predicate: Members, names: readonly string[], pointer: string): Test {
  const unknown = names.filter((name) => !MEMBERS.has(name)).sort();
  if (unknown.length > 0) {
    throw new PriceError(`${pointer}/${member(unknown[0] ?? '')}`, 'a predicate has fact, op and value, or one of all, any and not');
  }
  const { fact, value } = predicate;
  const op = OPS.find((one) => one === predicate['op']);
  if (typeof fact !== 'string' || fact === '') throw new PriceError(`${pointer}/fact`, 'the name of a fact is needed');
  if (op === undefined) throw new PriceError(`${pointer}/op`, `${named(predicate['op'])} is not one of ${OPS.join(', ')}`);
  const place = `${pointer}/value`;
  switch (op) {
    case 'eq':
    case 'ne':
      if (!isFact(value)) throw new PriceError(place, 'a text or a boolean is needed');
      return { kind: 'equal', fact, negated: op === 'ne', values: [value] };
    case 'in':
    case 'not_in':
      if (!Array.isArray(value) || !value.every(isFact)) throw new PriceError(place, 'a list of texts or booleans is needed');
      return { kind: 'equal', fact, negated: op === 'not_in', values: value };
    case 'between': {
      if (!Array.isArray(value) || value.length !== 2) throw new PriceError(place, 'a list of the least and the greatest is needed');
      const low = ordered(value[0], `${place}/0`);
      const high = ordered(value[1], `${place}/1`);
      if ((typeof low === 'string') !== (typeof high === 'string')) {
        throw new PriceError(place, 'both ends are numbers, or both are days');
      }
      return { kind: 'between', fact, low, high };
    }
    default:
      return { kind: 'order', fact, op, value: ordered(value, place) };
  }
}

function isFact(value: unknown): value is Fact {
  return typeof value === 'string' || typeof value === 'boolean';
}

/** A number as a decimal, a day as text. */
function ordered(value: unknown, pointer: string): Bound {
  if (typeof value === 'string') {
    if (DAY.test(value)) return value;
    const number = read(value);
    if (number !== null) return number;
  }
  throw new PriceError(pointer, 'a decimal string such as "12.5" or a day such as "2026-07-01" is needed');
}

/** Whether a predicate is true of the facts. A test of a fact that is not there is false. */
export function holds(condition: Condition, facts: ReadonlyMap<string, Fact>): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.parts.every((part) => holds(part, facts));
    case 'any':
      return condition.parts.some((part) => holds(part, facts));
    case 'not':
      return !holds(condition.part, facts);
    default: {
      const fact = facts.get(condition.fact);
      return fact === undefined ? false : isTrue(condition, fact);
    }
  }
}

function isTrue(test: Test, fact: Fact): boolean {
  if (test.kind === 'equal') return test.values.includes(fact) !== test.negated;
  if (test.kind === 'between') {
    const low = compared(fact, test.low);
    const high = compared(fact, test.high);
    return low !== null && high !== null && low >= 0 && high <= 0;
  }
  const sign = compared(fact, test.value);
  if (sign === null) return false;
  if (test.op === 'lt') return sign < 0;
  if (test.op === 'le') return sign <= 0;
  return test.op === 'gt' ? sign > 0 : sign >= 0;
}

/** The sign of fact − bound; null when the fact is not of the bound's kind. */
function compared(fact: Fact, bound: Bound): number | null {
  if (typeof fact !== 'string') return null;
  if (typeof bound === 'string') return DAY.test(fact) ? (fact < bound ? -1 : fact > bound ? 1 : 0) : null;
  const number: Exact | null = read(fact);
  return number === null ? null : number.comparedTo(bound);
}
