/** A whole configuration from some choices: the cheapest, the lightest, the nearest, or the usual one (`app/cpq/complete.py`). */
import { effectiveOf } from './domains';
import type { Weights } from './engine';
import { CpqError } from './errors';
import { kept, leftOut, type Model } from './model';
import type { Choice, Completion, Configuration, Objective } from './types';

const ROUNDS = 10;

/** The configuration of a completion, for those to whom a good one is as welcome as the best. */
export const complete = (model: Model, choices: readonly Choice[], objective: Objective): Configuration => completion(model, choices, objective).configuration;

/** Feature → value for every feature; of those with an equal objective the first by feature order, then value order. */
export function completion(model: Model, choices: readonly Choice[], objective: Objective): Completion {
  const effective = effectiveOf(model, kept(model, choices));
  if (!effective) throw new CpqError(`${model.header.product} has no configuration at all.`);
  const forbidden = effective.flatMap((choice) => leftOut(model, choice));
  if (objective.kind === 'usual') return usual(model, forbidden);
  const { holds, proven } = least(model, forbidden, weightOf(model, objective));
  return { configuration: model.configuration(holds), proven };
}

type Holds = (literal: number) => boolean;

interface Found {
  readonly holds: Holds;
  readonly proven: boolean;
}

function least(model: Model, forbidden: readonly number[], weight: Weights): Found {
  const ties = model.features.map(({ literals }): Weights => literals.map((literal, position) => [literal, position]));
  const { holds, proven } = model.answers.lightest({ forbidden, weight, ties, bounds: model.bounds });
  if (!holds) throw new CpqError(`No configuration of ${model.header.product} was found in time.`);
  return { holds, proven };
}

function weightOf(model: Model, objective: Exclude<Objective, { kind: 'usual' }>): Weights {
  switch (objective.kind) {
    case 'cheapest':
      return Object.entries(objective.prices).flatMap(([feature, prices]) =>
        Object.entries(prices).map(([value, price]) => [model.slotLiteral[model.slot(feature, value)] as number, price] as const));
    case 'lightest':
      return model.budget(objective.budget).weights;
    case 'nearest':
      return model.features.flatMap(({ id, literals, values }) => {
        const wanted = values.findIndex((value) => value.id === objective.to[id]);
        return wanted < 0 ? [] : othersOf(literals, literals[wanted] as number);
      });
  }
}

const othersOf = (literals: readonly number[], preferred: number): Weights =>
  literals.filter((literal) => literal !== preferred).map((literal) => [literal, 1] as const);

/** Defaults, then those of conditions that hold in the round before, until they stay the same. A round that is not proven, or ends at the limit, is the last. */
function usual(model: Model, forbidden: readonly number[]): Completion {
  const featureOf = new Map(model.features.flatMap(({ literals }, at) => literals.map((literal) => [literal, at] as const)));
  let found: Found | null = null;
  let before = '';
  const limit = model.answers.begin();
  for (let round = 0; round < ROUNDS && found?.proven !== false; round += 1) {
    const holds: Holds | undefined = found?.holds;
    const preferred = new Map<number, number>();
    model.features.forEach(({ values, literals, default: usually }, at) => {
      const place = values.findIndex(({ id }) => id === usually);
      if (place >= 0) preferred.set(at, literals[place] as number);
    });
    for (const { if: clauses, set } of holds ? model.header.defaults : []) {
      if (!clauses.every((clause) => clause.some(holds as Holds))) continue;
      for (const literal of set) {
        const at = featureOf.get(literal);
        if (at !== undefined) preferred.set(at, literal);
      }
    }
    const now = JSON.stringify(model.features.map((_, at) => preferred.get(at) ?? 0));
    if (now === before) break;
    before = now;
    if (found && limit.isOver) return { configuration: model.configuration(found.holds), proven: false };
    found = least(model, forbidden, [...preferred].flatMap(([at, literal]) => othersOf(model.features[at]?.literals ?? [], literal)));
  }
  const { holds, proven } = found as Found;
  return { configuration: model.configuration(holds), proven };
}
