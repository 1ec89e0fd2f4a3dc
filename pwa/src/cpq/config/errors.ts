import type { BudgetExcess } from './types';

/** What can go wrong in the configuration engine. */
export class CpqError extends Error {
  override name = 'CpqError';
}

/** The compiled model cannot be read: damaged, cut off, or of a newer format. */
export class ArtefactError extends CpqError {
  override name = 'ArtefactError';
}

/** A feature, value, budget or question that the model does not have. */
export class UnknownNameError extends CpqError {
  override name = 'UnknownNameError';
}

/** No configuration at all has this value, whatever is given up; these rules or budgets are at fault. */
export class NeverPossible extends CpqError {
  override name = 'NeverPossible';
  constructor(readonly feature: string, readonly value: string, readonly rules: readonly string[], readonly budgets: readonly BudgetExcess[] = []) {
    super(`No configuration has ${feature} = ${value}.`);
  }
}
