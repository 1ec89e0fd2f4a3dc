/** What an engine answers: the diagram at once, SAT where a model is above the gate. Both give the same answers. */
import type { Limit } from './limit';
import type { Bound, Kept } from './model';

export type Weights = readonly (readonly [literal: number, weight: number])[];

export interface Question {
  /** Literals that may not hold. */
  readonly forbidden: readonly number[];
  /** What is to be least; of equals the first tie decides before the second. Ties have small whole weights, 0 or more. */
  readonly weight: Weights;
  readonly ties: readonly Weights[];
  readonly bounds: readonly Bound[];
}

export interface Answer {
  /** Which literals hold in the lightest configuration, or the best that is known; null where none was found. */
  readonly holds: ((literal: number) => boolean) | null;
  /** The search came to its end: nothing is lighter, or there is none. */
  readonly proven: boolean;
}

export interface Least {
  /** The least sum; when it is not proven, no sum is less. */
  readonly sum: number;
  readonly proven: boolean;
}

export interface Valid {
  /** By slot: 1 where some configuration has it that keeps the choices, not counting a single one of its own feature. */
  readonly slots: Uint8Array;
  /** Slots shown as valid that no configuration was found for in time. */
  readonly unproven: readonly number[];
}

export interface Engine {
  /** How much several questions may take together, for whoever asks them. */
  begin(): Limit;
  /** The domains; null where no configuration keeps the choices. */
  valid(choices: readonly Kept[]): Valid | null;
  lightest(question: Question): Answer;
  /** Some configuration within the bounds, weights of no account. */
  any(forbidden: readonly number[], bounds: readonly Bound[]): Answer;
  /** The least sum of weights over configurations of the rules; null where there are none. */
  least(weights: Weights, sign: 1 | -1, forbidden: readonly number[], limit?: Limit): Least | null;
  /** How many configurations the rules leave; null by SAT. */
  count(forbidden: readonly number[]): bigint | null;
}
