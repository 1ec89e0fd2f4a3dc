/** Small random models whose every configuration is known, to hold the configuration engine against. */
import type { Artefact, Clauses, Diagram } from '../../src/cpq/config/artefact';
import { Model } from '../../src/cpq/config/model';
import type { Budget, ConditionalDefault, Feature, Header } from '../../src/cpq/config/types';
import type { Random } from './random';

export interface Small {
  readonly diagram: Model;
  readonly sat: Model;
  /** Configurations of the rules: which literals hold. */
  readonly configurations: readonly ((literal: number) => boolean)[];
}

interface Rows {
  readonly rule: number;
  readonly literals: readonly number[];
}

/** A random model with at least one configuration of the rules. */
export function smallModel(random: Random, budgetCount: number): Small {
  for (;;) {
    const { features, variables } = randomFeatures(random);
    const structural = features.flatMap(({ literals }) => (literals.length > 2 || (literals[0] as number) > 0 ? exactlyOne(literals) : []));
    const rules = Array.from({ length: 1 + random.below(6) }, (_, at) => ({ id: `R-${at + 1}`, text: `Rule ${at + 1}.` }));
    const clauses = [...structural, ...Array.from({ length: rules.length + random.below(4) }, (_, at) => randomClause(random, features, (at % rules.length) + 1))];
    const budgets = Array.from({ length: budgetCount }, (_, at) => randomBudget(random, features, at));
    const all = solutions(variables, clauses);
    if (all.length === 0) continue;
    const order = shuffled(random, Array.from({ length: variables }, (_, at) => at + 1));
    const defaults = Array.from({ length: random.below(3) }, (_, at) => randomDefault(random, features, `R-${at + 1}`));
    const header: Header = {
      format: 1, catalogue: { id: 'c', version: '1', hash: '' }, product: 'P', name: 'P', engine: 'diagram', variables, public: variables, order,
      solutions: String(all.length), features, rules, defaults, budgets,
    };
    const flat = flatten(clauses);
    return {
      diagram: new Model({ header, clauses: flat, diagram: diagramOf(order, all) }),
      sat: new Model({ header: { ...header, engine: 'sat', order: [], solutions: null }, clauses: flat, diagram: null }),
      configurations: all.map((bits) => (literal) => (((bits >> (Math.abs(literal) - 1)) & 1) === 1) === literal > 0),
    };
  }
}

const anyOf = <T>(random: Random, of: readonly T[]): T => of[random.below(of.length)] as T;

function shuffled<T>(random: Random, of: T[]): T[] {
  for (let at = of.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [of[at], of[other]] = [of[other] as T, of[at] as T];
  }
  return of;
}

function randomFeatures(random: Random): { features: Feature[]; variables: number } {
  let variables = 0;
  const features = Array.from({ length: 2 + random.below(4) }, (_, at): Feature => {
    const id = `f${at}`;
    if (random.below(2)) {
      variables += 1;
      const values = [{ id: 'no', name: 'No' }, { id: 'yes', name: 'Yes' }];
      return { id, name: id, type: 'boolean', values, literals: [-variables, variables], ...(random.below(2) && { default: 'yes' }) };
    }
    const size = 1 + random.below(3);
    const literals = Array.from({ length: size }, () => (variables += 1));
    const values = literals.map((_, place) => ({ id: `v${place}`, name: `V${place}` }));
    return { id, name: id, type: 'choice', values, literals, ...(random.below(2) && { default: anyOf(random, values).id }) };
  });
  return { features, variables };
}

const exactlyOne = (literals: readonly number[]): Rows[] => [
  { rule: 0, literals },
  ...literals.flatMap((a, at) => literals.slice(at + 1).map((b) => ({ rule: 0, literals: [-a, -b] }))),
];

function randomClause(random: Random, features: readonly Feature[], rule: number): Rows {
  const literals = Array.from({ length: 1 + random.below(3) }, () => anyOf(random, anyOf(random, features).literals) * (random.below(3) ? -1 : 1));
  return { rule, literals: [...new Set(literals)] };
}

function randomBudget(random: Random, features: readonly Feature[], at: number): Budget {
  const weights: [number, number][] = features.flatMap(({ literals }) => literals.filter(() => random.below(3)).map((literal): [number, number] => [literal, random.below(60) - 10]));
  const base = random.below(20);
  const id = `b${at}`;
  if (random.below(4) === 0) {
    const feature = anyOf(random, features);
    const limits = feature.values.map(() => 20 + random.below(100));
    const carried = feature.literals.map((literal, place): [number, number] => [literal, -(limits[place] as number)]);
    const values = Object.fromEntries(feature.values.map((value, place) => [value.id, limits[place] as number]));
    return { id, name: id, unit: 'kg', scale: 1, base, max: 0, weights: [...weights, ...carried], limit_of: { max: { feature: feature.id, values } } };
  }
  return {
    id, name: id, unit: 'kg', scale: random.below(3), base, weights,
    ...(random.below(4) && { max: 40 + random.below(80) }), ...(random.below(3) === 0 && { min: random.below(60) - 20 }),
  };
}

function randomDefault(random: Random, features: readonly Feature[], rule: string): ConditionalDefault {
  const literal = () => anyOf(random, anyOf(random, features).literals);
  return { rule, if: [[literal()], [literal(), literal()]].slice(0, 1 + random.below(2)), set: [literal()] };
}

function solutions(variables: number, clauses: readonly Rows[]): number[] {
  const found: number[] = [];
  for (let bits = 0; bits < 2 ** variables; bits += 1) {
    const holds = (literal: number) => (((bits >> (Math.abs(literal) - 1)) & 1) === 1) === literal > 0;
    if (clauses.every(({ literals }) => literals.some(holds))) found.push(bits);
  }
  return found;
}

function flatten(rows: readonly Rows[]): Clauses {
  const start = new Int32Array(rows.length + 1);
  rows.forEach(({ literals }, at) => (start[at + 1] = (start[at] as number) + literals.length));
  return { start, rule: Int32Array.from(rows, ({ rule }) => rule), literals: Int32Array.from(rows.flatMap(({ literals }) => [...literals])) };
}

/** The reduced diagram of a set of solutions: equal subtrees are one node, a node with equal children is none. */
function diagramOf(order: readonly number[], all: readonly number[]): Diagram {
  const made = new Map<string, { level: number; low: string; high: string }>();
  const build = (level: number, rest: readonly number[]): string => {
    if (rest.length === 0) return 'false';
    if (level === order.length) return 'true';
    const bit = (order[level] as number) - 1;
    const low = build(level + 1, rest.filter((bits) => !((bits >> bit) & 1)));
    const high = build(level + 1, rest.filter((bits) => (bits >> bit) & 1));
    if (low === high) return low;
    const key = `${level}(${low},${high})`;
    made.set(key, { level, low, high });
    return key;
  };
  const root = build(0, all);
  const sorted = [...made].sort(([, a], [, b]) => b.level - a.level);
  const idOf = new Map<string, number>([['false', 0], ['true', 1], ...sorted.map(([key], at): [string, number] => [key, at + 2])]);
  return {
    level: Int32Array.from([order.length, order.length, ...sorted.map(([, node]) => node.level)]),
    low: Int32Array.from([0, 0, ...sorted.map(([, node]) => idOf.get(node.low) as number)]),
    high: Int32Array.from([0, 0, ...sorted.map(([, node]) => idOf.get(node.high) as number)]),
    root: idOf.get(root) as number,
  };
}

export type { Artefact };
