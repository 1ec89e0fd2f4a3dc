/** A loaded model: names to literals to levels, the engines that it needs made at their first use, choices made sense of. */
import { readArtefact, type Artefact, type Clauses, type Diagram } from './artefact';
import type { Side } from './chains';
import { DiagramEngine } from './diagram-engine';
import type { Engine } from './engine';
import { ArtefactError, CpqError, UnknownNameError } from './errors';
import { SatEngine } from './sat-engine';
import type { Budget, Choice, EngineName, Feature, Header, Rule, Value } from './types';

/** `sign · (sum of weights) ≤ most`: one side of a budget. */
export interface Bound {
  readonly budget: Budget;
  readonly sign: 1 | -1;
  readonly most: number;
}

/** Sums of weights stay below this on both sides: doubles hold integers to 2^53. */
const LARGEST_SUM = 2 ** 50;

export class Model {
  readonly header: Header;
  readonly diagram: Diagram | null;
  readonly clauses: Clauses;
  /** Values of all features in one row: those of feature f are slots `slotStart[f]` … `slotStart[f + 1] − 1`. */
  readonly slotStart: Int32Array;
  readonly slotLiteral: Int32Array;
  readonly bounds: readonly Bound[];
  private readonly featureAt = new Map<string, number>();
  private readonly levelOf: Int32Array;
  private ownEngine: Engine | undefined;

  constructor(artefact: Artefact) {
    this.header = artefact.header;
    this.diagram = artefact.diagram;
    this.clauses = artefact.clauses;
    const { features, order, variables, budgets } = this.header;
    this.levelOf = new Int32Array(variables + 1).fill(-1);
    order.forEach((variable, level) => (this.levelOf[variable] = level));
    features.forEach(({ id }, at) => this.featureAt.set(id, at));
    this.slotStart = new Int32Array(features.length + 1);
    features.forEach(({ literals }, at) => (this.slotStart[at + 1] = (this.slotStart[at] as number) + literals.length));
    this.slotLiteral = Int32Array.from(features.flatMap(({ literals }) => literals));
    this.bounds = budgets.flatMap(boundsOf);
    const sums = budgets.map(({ base, weights }) => weights.reduce((sum, [, weight]) => sum + Math.abs(weight), Math.abs(base)));
    const large = sums.findIndex((sum) => sum >= LARGEST_SUM);
    if (large >= 0) throw new CpqError(`The weights of budget ${budgets[large]?.id} are too large to be added exactly.`);
  }

  get engine(): EngineName {
    return this.header.engine;
  }

  get features(): readonly Feature[] {
    return this.header.features;
  }

  get budgets(): readonly Budget[] {
    return this.header.budgets;
  }

  get rules(): readonly Rule[] {
    return this.header.rules;
  }

  /** Place of a feature; UnknownNameError where the model has none of this name. */
  feature(id: string): number {
    const at = this.featureAt.get(id);
    if (at === undefined) throw new UnknownNameError(`${this.header.product} has no feature ${id}.`);
    return at;
  }

  /** Slot of a value. */
  slot(feature: string, value: string): number {
    const at = this.feature(feature);
    const place = (this.features[at] as Feature).values.findIndex(({ id }) => id === value);
    if (place < 0) throw new UnknownNameError(`${feature} has no value ${value}.`);
    return (this.slotStart[at] as number) + place;
  }

  slotsOf(feature: number): number[] {
    const start = this.slotStart[feature] as number;
    return Array.from({ length: (this.slotStart[feature + 1] as number) - start }, (_, place) => start + place);
  }

  /** Feature → value, by which literals hold. */
  configuration(holds: (literal: number) => boolean): Record<string, string> {
    return Object.fromEntries(
      this.features.map(({ id, literals, values }) => [id, (values[literals.findIndex(holds)] as Value).id]),
    );
  }

  budget(id: string): Budget {
    const found = this.budgets.find((budget) => budget.id === id);
    if (!found) throw new UnknownNameError(`${this.header.product} has no budget ${id}.`);
    return found;
  }

  /** A literal's side of the diagram. */
  side(literal: number): Side {
    return 2 * (this.levelOf[Math.abs(literal)] as number) + (literal > 0 ? 1 : 0);
  }

  /** What answers questions about configurations; made at its first use. */
  get answers(): Engine {
    return (this.ownEngine ??= this.diagram ? new DiagramEngine(this, this.diagram) : new SatEngine(this));
  }
}

/** A model from the bytes of its artefact; ArtefactError when they are damaged or of a newer format. */
export async function loadModel(bytes: Uint8Array): Promise<Model> {
  try {
    return new Model(await readArtefact(bytes));
  } catch (error) {
    if (error instanceof CpqError) throw error;
    throw new ArtefactError('The model is malformed: its parts do not fit together. Load it again.');
  }
}

function boundsOf(budget: Budget): Bound[] {
  const bounds: Bound[] = [];
  if (budget.max !== undefined) bounds.push({ budget, sign: 1, most: budget.max - budget.base });
  if (budget.min !== undefined) bounds.push({ budget, sign: -1, most: budget.base - budget.min });
  return bounds;
}

/** A choice as places: which slots of its feature it allows. */
export interface Kept {
  readonly choice: Choice;
  readonly feature: number;
  readonly allowed: ReadonlySet<number>;
  /** Of one value; several narrow. */
  readonly single: boolean;
}

/** The choices that count: of each feature the last one, in the order made. Names are checked. */
export function kept(model: Model, choices: readonly Choice[]): Kept[] {
  const byFeature = new Map<number, Kept>();
  for (const choice of choices) {
    const feature = model.feature(choice.feature);
    if (choice.values.length === 0) throw new UnknownNameError(`The choice of ${choice.feature} names no value.`);
    const allowed = new Set(choice.values.map((value) => model.slot(choice.feature, value)));
    byFeature.delete(feature);
    byFeature.set(feature, { choice, feature, allowed, single: choice.values.length === 1 });
  }
  return [...byFeature.values()];
}

/** The literals that a choice leaves out; exactly one of a feature's literals holds in the end. */
export const leftOut = (model: Model, { feature, allowed }: Kept): number[] =>
  model.slotsOf(feature).filter((slot) => !allowed.has(slot)).map((slot) => model.slotLiteral[slot] as number);
