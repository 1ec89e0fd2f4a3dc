/** After the browser removed the database, or the app became newer: what was queued is queued again, in today's words. */
import type { Database } from './database';
import type { Environment } from './environment';
import type { Journal } from './journal';
import type { Author } from './mutators';
import { MUTATION_SCHEMA } from './mutations.gen';
import { atomically, queued, replay, writing } from './replay';
import type { Lost } from './shown';
import { translated } from './translate';

/**
 * Queue again what the journal kept, with the ids it had, where the database knows nothing of it.
 *
 * What the server had done already it answers as duplicate, also to a new client group.
 *
 * @returns what was lost and saved; undefined where the database is as it was left
 */
export async function recover(db: Database, _env: Environment, journal: Journal, author: Author): Promise<Lost | undefined> {
  const entries = journal.of(author.id).map(translated);
  const owing = journal.owing();
  const saved = await atomically(writing(db), async (tx) => {
    if (await tx.objectStore('meta').get('session')) return undefined;
    const records = entries.map((entry, place) => ({ ...entry, order: place + 1 }));
    for (const record of records) delete record.done;
    await Promise.all(records.map(async (record) => tx.objectStore('mutation').put(record)));
    await tx.objectStore('meta').put(records.length, 'order');
    await replay(tx, records, author);
    return records.length;
  });
  if (saved === undefined) return undefined;
  const count = owing?.user_id === author.id ? Math.max(0, owing.count - saved) : 0;
  return { count, since: owing?.since ?? null, saved };
}

/** Mutations that an earlier version of the app queued. */
export async function translateQueue(db: Database): Promise<void> {
  const old = (await db.getAll('mutation')).some(({ version }) => version < MUTATION_SCHEMA);
  if (!old) return;
  await atomically(writing(db, ['mutation']), async (tx) => {
    for (const record of await queued(tx)) {
      if (record.version < MUTATION_SCHEMA) await tx.objectStore('mutation').put(translated(record));
    }
  });
}
