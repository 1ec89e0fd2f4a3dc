/** The server's answers, recorded: the phone gives the same. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  answer, complete, CpqError, evaluate, explain, loadModel, NeverPossible, take,
  type Choice, type Model, type Objective,
} from '../src/cpq/config';

const folder = new URL('../../fixtures/vectors/', import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as never;

interface Asked {
  feature: string;
  value: string;
  never?: object;
}

interface State {
  choices: Choice[];
  evaluate: object;
  explain: Asked[];
  take: Asked[];
  complete: { objective: Objective; configuration: object | null }[];
}

function orNever(feature: string, value: string, work: () => object): object {
  try {
    return { feature, value, ...work() };
  } catch (error) {
    if (error instanceof NeverPossible) return { feature, value, never: { rules: error.rules, budgets: error.budgets } };
    throw error;
  }
}

function completed(model: Model, choices: readonly Choice[], objective: Objective): object | null {
  try {
    return complete(model, choices, objective);
  } catch (error) {
    if (error instanceof CpqError) return null;
    throw error;
  }
}

const files = readdirSync(folder).filter((name) => /^configuration-.*\.json$/.test(name) && name !== 'configuration-guide.json');

describe('what the server answers', () => {
  it.each(files)('%s', async (name) => {
    const { model: bytes, states } = read(name) as { model: string; states: State[] };
    const model = await loadModel(Buffer.from(bytes, 'base64'));
    for (const state of states) {
      const { choices } = state;
      expect(JSON.stringify(evaluate(model, choices))).toBe(JSON.stringify(state.evaluate));
      for (const asked of state.explain) {
        const { feature, value } = asked;
        const own = orNever(feature, value, () => {
          const { giveUp, rules, budgets } = explain(model, choices, feature, value);
          return { give_up: giveUp, rules, budgets };
        });
        expect(own).toEqual(asked);
      }
      for (const asked of state.take) {
        const { feature, value } = asked;
        const own = orNever(feature, value, () => {
          const taken = take(model, choices, feature, value);
          return { choices: taken.choices, given_up: taken.givenUp };
        });
        expect(own).toEqual(asked);
      }
      for (const { objective, configuration } of state.complete) expect(completed(model, choices, objective)).toEqual(configuration);
    }
  });

  it('to guided questions', () => {
    const { product, questions } = read('configuration-guide.json') as {
      product: object; questions: { question: string; reply: string; choices: Choice[] | null }[];
    };
    for (const { question, reply, choices } of questions) {
      if (choices === null) expect(() => answer(product, question, reply), `${question} ${reply}`).toThrow(CpqError);
      else expect(answer(product, question, reply), `${question} ${reply}`).toEqual(choices);
    }
  });
});
