/**
 * Configuration over a compiled model: what is still possible, why not, and how to get there. The twin of `app/cpq`:
 * the same questions get the same answers on both sides.
 */
import type {
  BudgetRange, Choice, Configuration, Difference, Domains, Evaluation, Explanation, Objective, Taken,
} from './types';

export * from './errors';
export type * from './types';

const later = (name: string): never => {
  throw new Error(`${name} is not there yet`);
};

/** A compiled model, ready to be asked. */
export interface Model {
  readonly header: import('./types').Header;
}

export const loadModel = (_bytes: Uint8Array): Promise<Model> => later('loadModel');
export const domains = (_model: Model, _choices: readonly Choice[]): Domains => later('domains');
export const take = (_model: Model, _choices: readonly Choice[], _feature: string, _value: string): Taken => later('take');
export const explain = (_model: Model, _choices: readonly Choice[], _feature: string, _value: string): Explanation => later('explain');
export const complete = (_model: Model, _choices: readonly Choice[], _objective: Objective): Configuration => later('complete');
export const budgetRanges = (_model: Model, _choices: readonly Choice[]): BudgetRange[] => later('budgetRanges');
export const ways = (_model: Model, _choices: readonly Choice[]): bigint | null => later('ways');
export const compare = (_a: Configuration, _b: Configuration): Difference[] => later('compare');
/** Choices that an answer to a guided question leads to; `product` is the product of the catalogue document. */
export const answer = (_product: unknown, _question: string, _reply: string): Choice[] => later('answer');
export const evaluate = (_model: Model, _choices: readonly Choice[]): Evaluation => later('evaluate');
