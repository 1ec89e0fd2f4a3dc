/** What SAT answers on the phone when its limit is reached: the best that is known, which says so; and never anything that is wrong. */
import { describe, expect, it } from 'vitest';
import { budgetRanges, completion, CpqError, domains, take, type Choice, type Completion, type Feature, type Objective } from '../src/cpq/config';
import { CONFLICTS, Limit, OutOfTime, within } from '../src/cpq/config/limit';
import { lightestBy } from '../src/cpq/config/lightest';
import { Model } from '../src/cpq/config/model';
import { rulesAtFault } from '../src/cpq/config/rules';
import { SatEngine } from '../src/cpq/config/sat-engine';
import { Solver } from '../src/cpq/config/solver';
import type { Budget } from '../src/cpq/config/types';
import { smallModel } from './support/models';
import { randomOf, type Random } from './support/random';

/** A clock that goes on by a millisecond at each look. */
const looks = (count: number): Limit => {
  let now = 0;
  return new Limit(CONFLICTS, count, () => (now += 1));
};

/** The model, its questions ended after so many looks at the clock. */
function inLooks(model: Model, count: number): Model {
  const own = new Model({ header: model.header, clauses: model.clauses, diagram: null });
  Object.defineProperty(own, 'answers', { value: new SatEngine(own, () => looks(count)) });
  return own;
}

const valuesOf = (random: Random, model: Model): Record<string, Record<string, number>> =>
  Object.fromEntries(model.features.map(({ id, values }) => [id, Object.fromEntries(values.map((value) => [value.id, random.below(7) - 2]))]));

function randomChoices(random: Random, model: Model): Choice[] {
  return Array.from({ length: random.below(5) }, () => {
    const feature = model.features[random.below(model.features.length)]!;
    return { feature: feature.id, values: [feature.values[random.below(feature.values.length)]!.id] };
  });
}

/** Null where none was found in time. */
function orNone<T>(question: () => T): T | null {
  try {
    return question();
  } catch (error) {
    if (error instanceof CpqError) return null;
    throw error;
  }
}

const COUNTS = [1, 2, 3, 5, 8, 13, 21, 34, 55];

/** So many options of random weight and worth, and half the room for them: hard to choose the best of. */
function knapsack(size: number, budgetCount: number): Model {
  const random = randomOf(size);
  const ids = Array.from({ length: size }, (_, at) => at + 1);
  const values = [{ id: 'no', name: 'No' }, { id: 'yes', name: 'Yes' }];
  const features = ids.map((n): Feature => ({ id: `f${n}`, name: `F${n}`, type: 'boolean', values, literals: [-n, n] }));
  const budgets = Array.from({ length: budgetCount }, (_, at): Budget => {
    const weights = ids.map((n) => [n, 10_000 + random.below(90_000)] as const);
    return { id: `b${at}`, name: 'B', unit: 'kg', scale: 0, base: 0, weights, max: weights.reduce((sum, [, weight]) => sum + weight, 0) >> 1 };
  });
  const header = {
    format: 1, catalogue: { id: 'k', version: '1', hash: '' }, product: 'K', name: 'K', engine: 'sat' as const, variables: size, public: size, order: [],
    solutions: null, features, rules: [], defaults: [], budgets,
  };
  return new Model({ header, clauses: { start: new Int32Array(1), rule: new Int32Array(0), literals: new Int32Array(0) }, diagram: null });
}

describe('SAT at its limit', { timeout: 60_000 }, () => {
  it('ends a hard completion within the limit, with a good configuration that is not proven', () => {
    const model = knapsack(60, 3);
    const prices = Object.fromEntries(model.features.map(({ id }, at) => [id, { yes: -10_000 - ((at + 1) * 7919) % 90_000 }]));
    const begun = performance.now();
    const { configuration, proven } = completion(model, [], { kind: 'cheapest', prices });
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(proven).toBe(false);
    const taken = model.features.filter(({ id }) => configuration[id] === 'yes');
    const worth = (all: readonly Feature[]): number => all.reduce((sum, { id }) => sum - prices[id]!.yes, 0);
    expect(worth(taken)).toBeGreaterThan(0.55 * worth(model.features));
    for (const { weights, max } of model.budgets) {
      expect(weights.reduce((sum, [literal, weight]) => sum + (configuration[`f${literal}`] === 'yes' ? weight : 0), 0)).toBeLessThanOrEqual(max!);
    }
  });

  it('proves a completion with enough time, and finds none that is better with less', () => {
    const random = randomOf(11);
    const seen = { proven: 0, not: 0 };
    for (let round = 0; round < 60; round += 1) {
      const { sat } = smallModel(random, round % 3);
      const prices = valuesOf(random, sat);
      const objective: Objective = { kind: 'cheapest', prices };
      const cost = ({ configuration }: Completion): number => Object.entries(configuration).reduce((sum, [feature, value]) => sum + prices[feature]![value]!, 0);
      const best = orNone(() => completion(sat, [], objective));
      if (!best) continue;
      expect(best.proven).toBe(true);
      for (const count of COUNTS) {
        const found = orNone(() => completion(inLooks(sat, count), [], objective));
        if (!found) continue;
        expect(cost(found)).toBeGreaterThanOrEqual(cost(best));
        if (found.proven) expect(found).toEqual(best);
        seen[found.proven ? 'proven' : 'not'] += 1;
        expect(domains(sat, Object.entries(found.configuration).map(([feature, value]) => ({ feature, values: [value] }))).consistent).toBe(true);
      }
    }
    expect(seen.proven).toBeGreaterThan(50);
    expect(seen.not).toBeGreaterThan(50);
  });

  it('shows values it had no time for, and names them as unproven', () => {
    const random = randomOf(12);
    let named = 0;
    for (let round = 0; round < 60; round += 1) {
      const { sat } = smallModel(random, round % 3);
      const choices = randomChoices(random, sat);
      const exact = domains(sat, choices);
      if (!exact.consistent) continue;
      expect(exact.unproven).toEqual([]);
      for (const count of COUNTS) {
        const found = domains(inLooks(sat, count), choices);
        found.features.forEach(({ feature, valid }, at) => {
          const right = exact.features[at]!.valid;
          expect(right.every((value) => valid.includes(value))).toBe(true);
          const wrong = valid.filter((value) => !right.includes(value));
          expect(wrong.every((value) => found.unproven.some((one) => one.feature === feature && one.value === value))).toBe(true);
        });
        named += found.unproven.length;
      }
    }
    expect(named).toBeGreaterThan(300);
  });

  it('leaves nothing out of a range that it had no time for, and says so', () => {
    const random = randomOf(13);
    let unproven = 0;
    for (let round = 0; round < 60; round += 1) {
      const { sat } = smallModel(random, 1);
      const [exact] = budgetRanges(sat, []);
      if (!exact || exact.min === null) continue;
      for (const count of COUNTS) {
        const [found] = orNone(() => budgetRanges(inLooks(sat, count), [])) ?? [];
        if (!found || found.min === null) continue;
        expect(Number(found.min)).toBeLessThanOrEqual(Number(exact.min));
        expect(Number(found.max)).toBeGreaterThanOrEqual(Number(exact.max));
        if (found.unproven) unproven += 1;
        else expect([found.min, found.max]).toEqual([exact.min, exact.max]);
      }
    }
    expect(unproven).toBeGreaterThan(20);
  });

  it('swaps so that there is a configuration, though it may give up more, and then says so', () => {
    const random = randomOf(14);
    const ended = { found: 0, not: 0, unproven: 0 };
    for (let round = 0; round < 120; round += 1) {
      const { sat } = smallModel(random, round % 3);
      const choices = randomChoices(random, sat);
      const feature = sat.features[random.below(sat.features.length)]!;
      const value = feature.values[0]!.id;
      const fewest = orNone(() => take(sat, choices, feature.id, value));
      if (!fewest) continue;
      for (const count of COUNTS) {
        const found = orNone(() => take(inLooks(sat, count), choices, feature.id, value));
        ended[found ? 'found' : 'not'] += 1;
        if (!found) continue;
        expect(domains(sat, found.choices).consistent).toBe(true);
        expect(found.givenUp.length).toBeGreaterThanOrEqual(fewest.givenUp.length);
        if (found.unproven) ended.unproven += 1;
        else expect(found).toEqual(fewest);
      }
    }
    expect(ended.unproven).toBeGreaterThan(0);
    expect(ended.found).toBeGreaterThan(100);
    expect(ended.not).toBeGreaterThan(40);
  });

  it('names rules that suffice, though some could be left out', () => {
    const random = randomOf(15);
    const seen = { all: 0, none: 0 };
    for (let round = 0; round < 150; round += 1) {
      const { sat } = smallModel(random, 0);
      const forbidden = randomChoices(random, sat).map(({ feature, values }) => -(sat.slotLiteral[sat.slot(feature, values[0]!)] as number));
      const exact = rulesAtFault(sat, forbidden);
      for (const count of COUNTS) {
        const found = rulesAtFault(sat, forbidden, looks(count));
        if (!exact?.length) continue;
        seen[found?.length ? 'all' : 'none'] += 1;
        if (!found?.length) continue;
        const kept = new Set(found.map((id) => sat.rules.findIndex((rule) => rule.id === id) + 1));
        const solver = new Solver(sat.header.variables);
        const { start, literals, rule } = sat.clauses;
        rule.forEach((own, at) => (own === 0 || kept.has(own)) && solver.add(literals.subarray(start[at], start[at + 1])));
        expect(solver.solve(forbidden.map((literal) => -literal))).toBe(false);
      }
    }
    expect(seen.all).toBeGreaterThan(20);
    expect(seen.none).toBeGreaterThan(5);
  });

  it('counts conflicts alike wherever it runs', () => {
    const solver = new Solver(0);
    const at = (pigeon: number, hole: number): number => pigeon * 8 + hole + 1;
    const holes = Array.from({ length: 8 }, (_, hole) => hole);
    while (solver.variables < 72) solver.variable();
    for (let pigeon = 0; pigeon < 9; pigeon += 1) solver.add(holes.map((hole) => at(pigeon, hole)));
    for (const hole of holes) for (let a = 0; a < 9; a += 1) for (let b = 0; b < a; b += 1) solver.add([-at(a, hole), -at(b, hole)]);
    expect(() => solver.solve([], [], new Limit(300, Infinity))).toThrow(OutOfTime);
    expect(within(() => solver.solve([], [], new Limit(300, Infinity)))).toBeNull();
    const whole = new Limit(400, Infinity);
    expect(within(() => solver.solve([], [], whole.part(300)))).toBeNull();
    expect(whole.isOver).toBe(false);
    expect(within(() => solver.solve([], [], whole.part(300)))).toBeNull();
    expect(whole.isOver).toBe(true);
    expect(solver.solve([])).toBe(false);
  });

  it('finds the lightest of random clauses, as trying all does', () => {
    const random = randomOf(16);
    for (let round = 0; round < 300; round += 1) {
      const variables = 2 + random.below(8);
      const literal = (): number => (1 + random.below(variables)) * (random.below(2) ? 1 : -1);
      const clauses = Array.from({ length: random.below(2 * variables) }, () => Array.from({ length: 1 + random.below(4) }, literal));
      const weights = Array.from({ length: 2 * variables }, () => [literal(), (random.below(11) - 5) * [1, 1, 7, 1_000_000][random.below(4)]!] as const);
      const solver = new Solver(variables);
      for (const clause of clauses) solver.add(clause);
      const found = lightestBy(solver, weights, new Limit(Infinity, Infinity));
      const weighed: number[] = [];
      for (let bits = 0; bits < 2 ** variables; bits += 1) {
        const holds = (one: number): boolean => (((bits >> (Math.abs(one) - 1)) & 1) === 1) === one > 0;
        if (clauses.every((clause) => clause.some(holds))) weighed.push(weights.reduce((sum, [one, weight]) => sum + (holds(one) ? weight : 0), 0));
      }
      expect(found.proven).toBe(true);
      expect(found.holds === null).toBe(weighed.length === 0);
      const { holds } = found;
      if (!holds) continue;
      expect(found.atLeast).toBe(Math.min(...weighed));
      expect(weights.reduce((sum, [one, weight]) => sum + (holds(one) ? weight : 0), 0)).toBe(found.atLeast);
    }
  });
});
