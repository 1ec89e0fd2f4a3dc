/** The configuration engine against trying every configuration, by the diagram and by SAT. */
import { describe, expect, it } from 'vitest';
import { complete, domains, evaluate, explain, NeverPossible, take, type Choice, type Feature, type Objective } from '../src/cpq/config';
import type { Model } from '../src/cpq/config/model';
import { smallModel, type Small } from './support/models';
import { randomOf, type Random } from './support/random';

type Holds = (literal: number) => boolean;

const literalOf = (model: Model, feature: string, value: string): number => model.slotLiteral[model.slot(feature, value)] as number;
const keeps = (model: Model, holds: Holds, { feature, values }: Choice): boolean => values.some((value) => holds(literalOf(model, feature, value)));
const sumOf = (model: Model, holds: Holds, at: number): number => {
  const budget = model.budgets[at]!;
  return budget.base + budget.weights.reduce((sum, [literal, weight]) => sum + (holds(literal) ? weight : 0), 0);
};
const isWithin = (model: Model, holds: Holds): boolean =>
  model.budgets.every(({ min = -Infinity, max = Infinity }, at) => sumOf(model, holds, at) >= min && sumOf(model, holds, at) <= max);
const valueOf = (model: Model, holds: Holds, feature: Feature): string => feature.values.find(({ id }) => holds(literalOf(model, feature.id, id)))!.id;

function randomChoices(random: Random, model: Model): Choice[] {
  return Array.from({ length: random.below(5) }, () => {
    const feature = model.features[random.below(model.features.length)]!;
    const values = feature.values.map(({ id }) => id).filter((_, __, all) => all.length > 2 && random.below(2));
    return { feature: feature.id, values: values.length ? values : [feature.values[random.below(feature.values.length)]!.id] };
  });
}

const lastOfEach = (choices: readonly Choice[]): Choice[] => choices.filter(({ feature }, at) => !choices.slice(at + 1).some((later) => later.feature === feature));

/** The set of choices of least cost that leaves a configuration; of equals the one that keeps older choices. */
function bruteGiveUp(inQuestion: readonly Choice[], model: Model, within: readonly Holds[]): Choice[] | null {
  const n = inQuestion.length;
  let best: { cost: number; kept: string; given: Choice[] } | null = null;
  for (const holds of within) {
    const given = inQuestion.filter((choice) => !keeps(model, holds, choice));
    const cost = given.reduce((sum, choice) => sum + n * n + 1 + n - inQuestion.indexOf(choice), 0);
    const kept = inQuestion.map((choice) => (given.includes(choice) ? '1' : '0')).join('');
    if (!best || cost < best.cost || (cost === best.cost && kept < best.kept)) best = { cost, kept, given };
  }
  return best && best.given;
}

function checkDomains(model: Model, configurations: readonly Holds[], choices: readonly Choice[]): void {
  const all = lastOfEach(choices);
  const within = configurations.filter((holds) => isWithin(model, holds));
  const conflicts = bruteGiveUp(all, model, within);
  const effective = all.filter((choice) => conflicts && !conflicts.includes(choice));
  const found = domains(model, choices);
  expect(found.conflicts).toEqual((conflicts ?? all).map(({ feature }) => feature));
  expect(found.consistent).toBe(conflicts?.length === 0);
  model.features.forEach((feature, at) => {
    const others = effective.filter((choice) => choice.feature !== feature.id || choice.values.length > 1);
    const fitting = within.filter((holds) => others.every((choice) => keeps(model, holds, choice)));
    const valid = feature.values.map(({ id }) => id).filter((id) => fitting.some((holds) => holds(literalOf(model, feature.id, id))));
    expect(found.features[at]!.valid).toEqual(valid);
  });
  if (model.engine === 'diagram') {
    const left = configurations.filter((holds) => all.every((choice) => keeps(model, holds, choice)));
    expect(found.ways).toBe(BigInt(left.length));
    expect(found.waysExact).toBe(left.every((holds) => isWithin(model, holds)));
  }
}

function checkTake(model: Model, configurations: readonly Holds[], choices: readonly Choice[], feature: Feature, value: string): void {
  const all = lastOfEach(choices);
  const within = configurations.filter((holds) => isWithin(model, holds));
  const literal = literalOf(model, feature.id, value);
  const inQuestion = all.filter((choice) => choice.feature !== feature.id || (choice.values.length > 1 && !choice.values.includes(value)));
  const given = bruteGiveUp(inQuestion, model, within.filter((holds) => holds(literal)));
  if (!given) {
    expect(() => take(model, choices, feature.id, value)).toThrow(NeverPossible);
    return;
  }
  const taken = take(model, choices, feature.id, value);
  expect(taken.givenUp).toEqual(given);
  expect(within.some((holds) => taken.choices.every((choice) => keeps(model, holds, choice)))).toBe(true);
  const { giveUp, rules, budgets } = explain(model, choices, feature.id, value);
  expect(giveUp).toEqual(given);
  if (given.length > 0) {
    const byRules = !configurations.some((holds) => holds(literal) && inQuestion.every((choice) => keeps(model, holds, choice)));
    const structural = inQuestion.some((choice) => choice.feature === feature.id);
    if (!structural) expect(rules.length > 0).toBe(byRules);
    if (!byRules && !structural) expect(budgets.length).toBeGreaterThan(0);
  }
}

function checkComplete(model: Model, configurations: readonly Holds[], choices: readonly Choice[], random: Random): void {
  const all = lastOfEach(choices);
  const within = configurations.filter((holds) => isWithin(model, holds));
  const conflicts = bruteGiveUp(all, model, within);
  if (!conflicts) return;
  const fitting = within.filter((holds) => all.every((choice) => conflicts.includes(choice) || keeps(model, holds, choice)));
  const prices = Object.fromEntries(model.features.map(({ id, values }) => [id, Object.fromEntries(values.map((value) => [value.id, random.below(7) - 2]))]));
  const to = Object.fromEntries(model.features.map(({ id, values }) => [id, values[random.below(values.length)]!.id]));
  const objectives: [Objective, (holds: Holds) => number][] = [
    [{ kind: 'cheapest', prices }, (holds) => model.features.reduce((sum, feature) => sum + prices[feature.id]![valueOf(model, holds, feature)]!, 0)],
    [{ kind: 'nearest', to }, (holds) => model.features.filter((feature) => valueOf(model, holds, feature) !== to[feature.id]).length],
  ];
  if (model.budgets[0]) objectives.push([{ kind: 'lightest', budget: model.budgets[0].id }, (holds) => sumOf(model, holds, 0)]);
  for (const [objective, cost] of objectives) {
    const rank = (holds: Holds) => [500_000 + cost(holds), ...model.features.map((feature) => feature.values.findIndex(({ id }) => id === valueOf(model, holds, feature)))];
    const [best] = fitting.map((holds) => ({ holds, rank: rank(holds).join() })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
    const expected = Object.fromEntries(model.features.map((feature) => [feature.id, valueOf(model, best!.holds, feature)]));
    expect(complete(model, choices, objective)).toEqual(expected);
  }
  const usual = complete(model, choices, { kind: 'usual' });
  expect(fitting.some((holds) => model.features.every((feature) => valueOf(model, holds, feature) === usual[feature.id]))).toBe(true);
}

const rounds = 250;

function eachModel(seed: number, work: (model: Model, configurations: Small['configurations'], random: Random) => void): void {
  const random = randomOf(seed);
  for (let round = 0; round < rounds; round += 1) {
    const small = smallModel(random, round % 4);
    for (const model of [small.diagram, small.sat]) work(model, small.configurations, random);
  }
}

describe('the configuration engine', { timeout: 60_000 }, () => {
  it('shows exactly the values that some configuration has', () => {
    eachModel(1, (model, configurations, random) => {
      for (let click = 0; click < 4; click += 1) checkDomains(model, configurations, randomChoices(random, model));
    });
  });

  it('gives up the fewest choices for a value, and says what is at fault', () => {
    eachModel(2, (model, configurations, random) => {
      for (let click = 0; click < 3; click += 1) {
        const feature = model.features[random.below(model.features.length)]!;
        checkTake(model, configurations, randomChoices(random, model), feature, feature.values[random.below(feature.values.length)]!.id);
      }
    });
  });

  it('completes with the least objective, and decides ties by the order of features and values', () => {
    eachModel(3, (model, configurations, random) => checkComplete(model, configurations, randomChoices(random, model), random));
  });

  it('answers the same by the diagram and by SAT', () => {
    const random = randomOf(4);
    for (let round = 0; round < rounds; round += 1) {
      const { diagram, sat } = smallModel(random, round % 4);
      const choices = randomChoices(random, diagram);
      const [one, other] = [evaluate(diagram, choices), evaluate(sat, choices)];
      expect({ ...other, engine: '', ways: null, ways_exact: true }).toEqual({ ...one, engine: '', ways: null, ways_exact: true });
      const feature = diagram.features[random.below(diagram.features.length)]!;
      const asked = (model: Model) => {
        try {
          return explain(model, choices, feature.id, feature.values[0]!.id);
        } catch (error) {
          return error;
        }
      };
      expect(asked(sat)).toEqual(asked(diagram));
    }
  });
});
