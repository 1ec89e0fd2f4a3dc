/** After the browser removed the database, or the app became newer: what was queued is queued again, in today's words. */
import type { Database, Session } from './database';
import type { Journal } from './journal';
import { MUTATION_SCHEMA } from './mutations.gen';
import type { AttentionItem, Mutation, Queued } from './queue';
import { atomically, queued, replay, writing } from './replay';
import type { Lost } from './shown';
import { translated } from './translate';
import { everyMutation } from './writes';

/** What the journal has whole: of photos and files it has no bytes. */
const kept = (journal: Journal, userId: string): Queued[] => journal.of(userId).filter(({ name }) => name !== 'attachment.add');

/** What was entered and lies in no database: how much of it the journal has, and how much is gone. */
export function lostBy(journal: Journal, userId: string): Lost {
  const saved = kept(journal, userId).length;
  const owing = journal.owing();
  const count = owing?.user_id === userId ? Math.max(0, owing.count - saved) : 0;
  return { count, since: owing?.since ?? null, saved };
}

/**
 * Queue again what the journal kept, with the ids it had, where the database knows nothing of it, and note who signed in.
 *
 * What the server had done already it answers as duplicate, also to a new client group.
 *
 * @returns what was lost and saved; undefined where the database is as it was left
 */
export async function recover(db: Database, journal: Journal, session: Session): Promise<Lost | undefined> {
  const lost = lostBy(journal, session.user.id);
  const entries = kept(journal, session.user.id).map(translated);
  return atomically(writing(db), async (tx) => {
    const meta = tx.objectStore('meta');
    if (await meta.get('session')) return undefined;
    const records = entries.map(({ done: _, ...entry }, place) => ({ ...entry, order: place + 1 }));
    await Promise.all(records.map(async (record) => tx.objectStore('mutation').put(record)));
    await meta.put(records.length, 'order');
    await meta.put(session, 'session');
    await replay(tx, records, session.user);
    return lost;
  });
}

/** Mutations that an earlier version of the app made. */
export async function translateQueue(db: Database): Promise<void> {
  const old = ({ version }: Mutation) => version < MUTATION_SCHEMA;
  const [queue, attention] = await Promise.all([db.getAll('mutation'), db.getAll('attention')]);
  if (![...queue, ...attention.flatMap(everyMutation)].some(old)) return;
  await atomically(writing(db, ['mutation', 'attention']), async (tx) => {
    for (const record of await queued(tx)) await tx.objectStore('mutation').put(translated(record));
    for (const item of await tx.objectStore('attention').getAll()) {
      const mutation = translated(item.mutation);
      const children = item.kind === 'conflict' ? {} : { children: item.children.map(translated) };
      await tx.objectStore('attention').put({ ...item, mutation, ...children } as AttentionItem);
    }
  });
}
