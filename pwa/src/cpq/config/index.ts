/**
 * Configuration over a compiled model: what is still possible, why not, and how to get there. The twin of `app/cpq`:
 * the same questions get the same answers on both sides.
 */
export { budgetRanges } from './budgets';
export { compare } from './compare';
export { complete, completion } from './complete';
export { domains, evaluate, ways } from './domains';
export * from './errors';
export { explain, take } from './explain';
export { answer, type GuidedProduct, type GuideQuestion } from './guide';
export { loadModel, type Model } from './model';
export type * from './types';
