import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTATION_NAMES, MUTATION_SCHEMA } from '../src/store/mutations.gen';
import type { Mutation } from '../src/store/queue';
import { translated } from '../src/store/translate';

interface Vector {
  name: string;
  version: number;
  args: Record<string, unknown>;
  newest: Record<string, unknown>;
}

const vectors = [1, 2, 3].flatMap(
  (version) => JSON.parse(readFileSync(new URL(`../../fixtures/vectors/mutations-v${version}.json`, import.meta.url), 'utf8')) as Vector[],
);

test.each(vectors)('$name of version $version is read in the words of the newest', ({ name, version, args, newest }) => {
  const queued = { id: 'm', name, version, args, made_at: '2026-11-20T14:05:00Z' } as unknown as Mutation;
  const now = translated(queued);
  expect(now.args).toStrictEqual(newest);
  expect(now.version).toBe(MUTATION_SCHEMA);
});

/** Those that only the newest version writes; apps before it had no quotes. */
const NEW = /^quote\./;

test('there is an example of every mutation in every version that writes it', () => {
  for (const version of [1, 2, 3]) {
    const named = vectors.filter((vector) => vector.version === version).map(({ name }) => name);
    expect(named.sort()).toEqual(MUTATION_NAMES.filter((name) => version === MUTATION_SCHEMA || !NEW.test(name)).sort());
  }
});
