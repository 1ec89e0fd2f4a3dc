/** The configuration engine as a bench or a conformance test asks it: models by name, questions and answers as plain data. */
import {
  completion, CpqError, domains, evaluate, explain, loadModel, NeverPossible, take, ways,
  type Choice, type Completion, type Domains, type Model, type Objective,
} from '../src/cpq/config';
import { Paths } from '../src/cpq/config/paths';
import { Within } from '../src/cpq/config/within';

const models = new Map<string, Model>();
const artefacts = new Map<string, Uint8Array>();

export interface Asked {
  readonly choices: readonly Choice[];
  readonly evaluate?: boolean;
  readonly explain?: readonly [feature: string, value: string];
  readonly take?: readonly [feature: string, value: string];
  readonly complete?: Objective;
}

const modelOf = (name: string): Model => {
  const model = models.get(name);
  if (!model) throw new Error(`no model ${name} was loaded`);
  return model;
};

export async function load(name: string, base64: string): Promise<{ features: number; engine: string }> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const model = await loadModel(bytes);
  artefacts.set(name, bytes);
  models.set(name, model);
  return { features: model.features.length, engine: model.engine };
}

export const forget = (name: string): boolean => artefacts.delete(name) && models.delete(name);

/** Every answer that is asked for; an error of the engine is an answer, too. */
export function ask(name: string, asked: Asked): Record<string, unknown> {
  const model = modelOf(name);
  const { choices } = asked;
  return {
    ...(asked.evaluate && { evaluate: evaluate(model, choices) }),
    ...(asked.explain && { explain: orFault(() => explain(model, choices, ...asked.explain!)) }),
    ...(asked.take && { take: orFault(() => take(model, choices, ...asked.take!)) }),
    ...(asked.complete && { complete: orFault(() => completion(model, choices, asked.complete!)) }),
  };
}

export const askAll = (name: string, all: readonly Asked[]): Record<string, unknown>[] => all.map((asked) => ask(name, asked));

function orFault(answer: () => object): object {
  try {
    return answer();
  } catch (error) {
    if (error instanceof NeverPossible) return { never: { rules: error.rules, budgets: error.budgets } };
    if (error instanceof CpqError) return { fault: error.name };
    throw error;
  }
}

/** A completion, and the milliseconds that it took. */
export function completed(name: string, choices: readonly Choice[], objective: Objective): Completion & { milliseconds: number } {
  const begun = performance.now();
  const found = completion(modelOf(name), choices, objective);
  return { ...found, milliseconds: performance.now() - begun };
}

/** By state of choices, the valid values of every feature. */
export const validOf = (name: string, states: readonly (readonly Choice[])[]): (readonly string[])[][] =>
  states.map((choices) => domains(modelOf(name), choices).features.map(({ valid }) => valid));

/** A model as it is when a screen opens: it has shown what nothing chosen leaves, and knows of no other click. */
async function opened(name: string): Promise<Model> {
  const model = await loadModel(artefacts.get(name)!);
  domains(model, []);
  return model;
}

/** Milliseconds of each click of these sequences, one after the other: all valid domains. */
export async function timed(name: string, walks: readonly (readonly Choice[])[]): Promise<number[]> {
  const spent: number[] = [];
  for (const choices of walks) {
    const model = await opened(name);
    for (let end = 1; end <= choices.length; end += 1) {
      const begun = performance.now();
      domains(model, choices.slice(0, end));
      spent.push(performance.now() - begun);
    }
  }
  return spent;
}

/** How many nodes each click of these sequences came by: in sweeps, in passes for all bounds together, and searching. */
export async function nodesOf(name: string, walks: readonly (readonly Choice[])[]): Promise<number[]> {
  let nodes = 0;
  const wrap = (of: object, method: string, count: (self: object) => number): (() => void) => {
    const own = Reflect.get(of, method) as (...args: unknown[]) => unknown;
    Reflect.set(of, method, function (this: object, ...args: unknown[]) {
      const answer = own.apply(this, args);
      nodes += count(this);
      return answer;
    });
    return () => Reflect.set(of, method, own);
  };
  const liveOf = (self: object): number => (Reflect.get(self, 'live') as Int32Array).length;
  const visits = (self: object): number => Reflect.get(self, 'visits') as number;
  const undo = [
    wrap(Paths.prototype, 'run', liveOf), wrap(Within.prototype, 'pass', liveOf), wrap(Within.prototype, 'find', visits), wrap(Within.prototype, 'begunWith', visits),
  ];
  const found: number[] = [];
  for (const choices of walks) {
    const model = await opened(name);
    for (let end = 1; end <= choices.length; end += 1) {
      nodes = 0;
      domains(model, choices.slice(0, end));
      found.push(nodes);
    }
  }
  undo.forEach((one) => one());
  return found;
}

/** Milliseconds of the other things that a screen asks for, after every sixth click of these sequences. */
export async function timedRest(name: string, walks: readonly (readonly Choice[])[]): Promise<{ evaluate: number[]; ways: number[]; explain: number[] }> {
  const spent = { evaluate: [] as number[], ways: [] as number[], explain: [] as number[] };
  const clock = (into: number[], work: () => unknown): void => {
    const begun = performance.now();
    work();
    into.push(performance.now() - begun);
  };
  for (const walked of walks) {
    const model = await opened(name);
    for (let end = 1; end <= walked.length; end += 6) {
      const choices = walked.slice(0, end);
      clock(spent.evaluate, () => evaluate(model, choices));
      clock(spent.ways, () => ways(model, choices));
      const excluded = firstExcluded(model, domains(model, choices));
      if (excluded) clock(spent.explain, () => orFault(() => explain(model, choices, ...excluded)));
    }
  }
  return spent;
}

function firstExcluded(model: Model, found: Domains): [string, string] | null {
  for (const [at, { valid }] of found.features.entries()) {
    const feature = model.features[at]!;
    const value = feature.values.find(({ id }) => !valid.includes(id));
    if (value) return [feature.id, value.id];
  }
  return null;
}

/** A random number below a limit, the same in every run of a seed (mulberry32). */
export function randomOf(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Where a sequence of clicks ended up, or what was wrong on the way. */
export interface Walked {
  readonly choices: readonly Choice[];
  readonly clicks: number;
  readonly swaps: number;
  readonly deadEnd?: string;
}

/** So many sequences of random clicks: valid values are chosen, now and then an excluded one is taken. */
export function walk(name: string, seed: number, sequences: number, clicks: number): Walked[] {
  const model = modelOf(name);
  const random = randomOf(seed);
  return Array.from({ length: sequences }, () => walkOnce(model, random, clicks));
}

function walkOnce(model: Model, random: (limit: number) => number, most: number): Walked {
  let choices: readonly Choice[] = [];
  let swaps = 0;
  let found = domains(model, choices);
  for (let click = 0; click < most; click += 1) {
    const wrong = whatIsWrong(found);
    if (wrong) return { choices, clicks: click, swaps, deadEnd: wrong };
    const at = random(model.features.length);
    const feature = model.features[at]!;
    const { valid } = found.features[at]!;
    const excluded = feature.values.filter(({ id }) => !valid.includes(id));
    if (excluded.length > 0 && random(4) === 0) {
      const value = excluded[random(excluded.length)]!.id;
      const taken = orFault(() => take(model, choices, feature.id, value)) as { choices?: readonly Choice[] };
      if (!taken.choices) continue; // no configuration at all has it
      choices = taken.choices;
      swaps += 1;
    } else {
      choices = [...choices.filter((choice) => choice.feature !== feature.id), { feature: feature.id, values: [valid[random(valid.length)]!] }];
    }
    found = domains(model, choices);
  }
  const wrong = whatIsWrong(found);
  return { choices, clicks: most, swaps, ...(wrong && { deadEnd: wrong }) };
}

function whatIsWrong(found: Domains): string | undefined {
  if (!found.consistent) return 'the choices contradict each other';
  const empty = found.features.find(({ valid }) => valid.length === 0);
  return empty && `${empty.feature} has no value left`;
}
