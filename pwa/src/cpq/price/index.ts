/** The price engine: the twin of `app/cpq/price`, which specifies it. */
import { PriceError } from './errors.ts';
import type { Policy, Predicate, PriceRequest, PriceResult, Step } from './types.ts';

export { PriceError } from './errors.ts';
export type * from './types.ts';

/** Price a request. PriceError names the place of what cannot be priced. */
export function price(request: PriceRequest): PriceResult {
  throw new PriceError('', `not ready: ${request.currency}`);
}

/** Refuse what is no step; the pointer of the error begins with `pointer`. */
export function validateStep(step: unknown, pointer = ''): asserts step is Step {
  throw new PriceError(pointer, `not ready: ${typeof step}`);
}

/** Refuse what is no predicate. */
export function validatePredicate(predicate: unknown, pointer = ''): asserts predicate is Predicate {
  throw new PriceError(pointer, `not ready: ${typeof predicate}`);
}

/** Refuse what is no policy. */
export function validatePolicy(policy: unknown, pointer = ''): asserts policy is Policy {
  throw new PriceError(pointer, `not ready: ${typeof policy}`);
}
