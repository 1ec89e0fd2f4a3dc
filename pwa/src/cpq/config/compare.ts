/** What differs between two configurations. */
import type { Configuration, Difference } from './types';

/** Features whose values differ: in the order of `a`, then those that only `b` has. */
export function compare(a: Configuration, b: Configuration): Difference[] {
  const features = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return features.filter((feature) => a[feature] !== b[feature]).map((feature) => ({ feature, a: a[feature] ?? null, b: b[feature] ?? null }));
}
