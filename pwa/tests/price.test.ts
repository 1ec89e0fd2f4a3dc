import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allocate, Exact, plain, read, settle, sum, text } from '../src/cpq/price/decimals';
import {
  price, PriceError, validatePolicy, validatePredicate, validateStep, type PriceRequest, type PriceResult,
} from '../src/cpq/price/index';

interface Vector {
  name: string;
  request: PriceRequest;
  result?: PriceResult;
  error?: { pointer: string; detail: string };
}

const vectors = (name: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../fixtures/vectors/price-${name}.json`, import.meta.url), 'utf8')) as Vector[];

const refusal = (act: () => unknown): PriceError => {
  try {
    act();
  } catch (fault) {
    if (fault instanceof PriceError) return fault;
    throw fault;
  }
  throw new Error('nothing was refused');
};

describe('the vectors that the server runs too', () => {
  test.each(vectors('answers'))('$name', ({ request, result }) => {
    expect(price(request)).toEqual(result);
  });

  test.each(vectors('refusals'))('$name is refused', ({ request, error }) => {
    const { pointer, detail } = refusal(() => price(request));
    expect({ pointer, detail }).toEqual(error);
  });
});

describe('figures', () => {
  test.each([['1.50', '1.5'], ['-0', '0'], ['-0.00', '0'], ['007', '7'], ['-12.340', '-12.34'], ['999999999999999.999999999999', '999999999999999.999999999999']])(
    '%s is read as %s',
    (written, value) => expect(plain(read(written)!)).toBe(value),
  );

  test.each(['', '.5', '5.', '1e3', '+1', 'NaN', '--1', '1 ', '1,5', '0x1'])('"%s" is no figure', (written) => {
    expect(read(written)).toBeNull();
  });

  test('amounts have all their places, and no sign before zero', () => {
    expect(text(new Exact('-0'), 2)).toBe('0.00');
    expect(text(new Exact('5'), 0)).toBe('5');
    expect(text(new Exact('-1234.5'), 3)).toBe('-1234.500');
    expect(text(new Exact('123456789012345678'), 2)).toBe('123456789012345678.00');
  });
});

describe('parts', () => {
  const exact = (values: readonly string[]) => values.map((value) => new Exact(value));
  const shown = (parts: readonly Exact[]) => parts.map((part) => plain(part));

  test('are of the largest remainder; of equals the first', () => {
    expect(shown(allocate(new Exact('1'), exact(['1', '1', '1']), 2))).toEqual(['0.34', '0.33', '0.33']);
    expect(shown(allocate(new Exact('-0.02'), exact(['0', '0', '0']), 2))).toEqual(['-0.01', '-0.01', '0']);
    expect(allocate(new Exact('5'), [], 2)).toEqual([]);
  });

  test('sum to the whole, whatever the weights', () => {
    let seed = 7n;
    const next = (below: bigint) => (seed = (seed * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n) % below;
    for (let round = 0; round < 300; round += 1) {
      const weights = Array.from({ length: 1 + Number(next(9n)) }, () => new Exact(`${next(100000n)}e-${next(5n)}`));
      const total = new Exact(`${next(2000000n) - 1000000n}e-2`);
      expect(plain(sum(allocate(total, weights, 2)))).toBe(plain(total));
      const exactSum = sum(weights).toDecimalPlaces(1, Exact.ROUND_HALF_UP);
      expect(plain(sum(settle(weights, 1, 'half_up')))).toBe(plain(exactSum));
    }
  });
});

describe('what a catalogue holds', () => {
  test('is refused with its place in the catalogue', () => {
    const step = { id: 's', phase: 'list', scope: 'unit', adjustment: { type: 'per_unit', amount: '1e9' }, reason: 'x' };
    expect(refusal(() => validateStep(step, '/price_steps/3')).pointer).toBe('/price_steps/3/adjustment/amount');
    expect(refusal(() => validatePredicate({ all: [{ fact: 'a' }] }, '/when')).pointer).toBe('/when/all/0/op');
    expect(refusal(() => validatePolicy({ stacking: 'both' }, '/policy')).pointer).toBe('/policy/stacking');
    expect(() => validateStep({ ...step, adjustment: { type: 'per_unit', amount: '1' } })).not.toThrow();
  });
});
