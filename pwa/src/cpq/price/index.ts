/** The price engine: the twin of `app/cpq/price`, which specifies it. */
import { priceRequest } from './engine.ts';
import { readPredicate } from './predicates.ts';
import { readPolicy } from './reading.ts';
import { readStep } from './steps.ts';
import type { Policy, Predicate, PriceRequest, PriceResult, Step } from './types.ts';

export { PriceError } from './errors.ts';
export type * from './types.ts';

/** Price a request. PriceError names the place of what cannot be priced. */
export function price(request: PriceRequest): PriceResult {
  return priceRequest(request);
}

/** Refuse what is no step; the pointer of the error begins with `pointer`. */
export function validateStep(step: unknown, pointer = ''): asserts step is Step {
  readStep(step, pointer);
}

/** Refuse what is no predicate. */
export function validatePredicate(predicate: unknown, pointer = ''): asserts predicate is Predicate {
  readPredicate(predicate, pointer);
}

/** Refuse what is no policy. */
export function validatePolicy(policy: unknown, pointer = ''): asserts policy is Policy {
  readPolicy(policy, pointer);
}
