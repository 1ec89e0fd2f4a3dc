/** This phone's name towards the server: made once, kept as long as the data is. */
import type { Database } from './database';
import type { Environment } from './environment';
import { atomically, queued, writing, type Writing } from './replay';
import { newId } from './writes';

export async function groupOf(db: Database, env: Environment): Promise<string> {
  const known = (await db.get('meta', 'client_group')) as string | undefined;
  return known ?? atomically(writing(db, ['meta']), (tx) => nameGroup(tx, env));
}

async function nameGroup(tx: Writing, env: Environment): Promise<string> {
  const meta = tx.objectStore('meta');
  const known = (await meta.get('client_group')) as string | undefined;
  if (known) return known;
  const group = newId(env);
  await meta.put(group, 'client_group');
  return group;
}

/** A new name: everything is pulled anew, and what is unsent goes under it with the ids that it has. */
export async function renewGroup(db: Database, env: Environment): Promise<string> {
  return atomically(writing(db, ['meta', 'mutation']), async (tx) => {
    const meta = tx.objectStore('meta');
    await Promise.all((['client_group', 'cursor', 'sequence'] as const).map((key) => meta.delete(key)));
    // Sequence numbers were those of the old name; the first rows under the new one show what was done under it.
    for (const record of await queued(tx)) {
      if (record.done !== undefined) await tx.objectStore('mutation').put({ ...record, done: 0 });
    }
    return nameGroup(tx, env);
  });
}
