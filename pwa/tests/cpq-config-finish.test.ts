/** Finishing a configuration says whether the best was proven. */
import { expect, it } from 'vitest';
import { SatEngine } from '../src/cpq/config/sat-engine';
import { Limit } from '../src/cpq/config/limit';
import { finished } from '../src/quotes/configuring';
import { smallModel } from './support/models';
import { randomOf } from './support/random';

it('is proven with time, and keeps what was chosen without', { timeout: 60_000 }, () => {
  const random = randomOf(21);
  let ended = 0;
  for (let round = 0; round < 40; round += 1) {
    const { sat } = smallModel(random, 0);
    expect(finished(sat, [], { kind: 'usual' }).proven).toBe(true);
    let now = 0;
    Object.defineProperty(sat, 'answers', { value: new SatEngine(sat, () => new Limit(Infinity, 6, () => (now += 1))) });
    const [feature] = sat.features;
    const prices = Object.fromEntries(sat.features.map(({ id, values }) => [id, Object.fromEntries(values.map((value, at) => [value.id, 5 - at]))]));
    try {
      const { choices, proven } = finished(sat, [], { kind: 'cheapest', prices });
      expect(choices.map((one) => one.feature)).toEqual(sat.features.map(({ id }) => id));
      expect(choices[0]?.feature).toBe(feature?.id);
      if (!proven) ended += 1;
    } catch (error) {
      expect(String(error)).toMatch(/found in time/);
    }
  }
  expect(ended).toBeGreaterThan(3);
});
