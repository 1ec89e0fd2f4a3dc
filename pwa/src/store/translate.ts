/** Mutations that an earlier version of the app queued, in today's words. */
import { MUTATION_SCHEMA, TRANSLATIONS } from './mutations.gen';
import type { Mutation } from './queue';

export function translated<T extends Mutation>(mutation: T): T {
  let args = mutation.args;
  for (let version = mutation.version; version < MUTATION_SCHEMA; version += 1) {
    const step = TRANSLATIONS[version]?.[mutation.name];
    if (!step) continue;
    const renamed = Object.entries(args).map(([key, value]) => [step.rename?.[key] ?? key, value]);
    args = { ...step.defaults, ...Object.fromEntries(renamed) };
  }
  return { ...mutation, version: Math.max(mutation.version, MUTATION_SCHEMA), args };
}
