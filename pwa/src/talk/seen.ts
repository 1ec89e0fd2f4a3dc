/** Which messages the rep has seen on this phone. What was written before this phone was set up counts as seen. */
import { effect, signal } from '@preact/signals';
import type { Meta } from '../store/database';
import type { Instant, Message } from '../store/rows';
import { database, session } from '../store/state';

interface Seen {
  since: Instant;
  ids: string[];
}

const KEY = 'seen' as keyof Meta;
/** Messages leave the phone after 90 days: more ids than this are of messages that are gone. */
const MOST_IDS = 5000;
const seen = signal<{ since: Instant; ids: ReadonlySet<string> } | null>(null);

effect(() => {
  const db = database.value;
  seen.value = null;
  if (!db) return;
  void db.get('meta', KEY).then(async (stored) => {
    const known = (stored as unknown as Seen | undefined) ?? { since: new Date().toISOString(), ids: [] };
    if (!stored) await db.put('meta', known as never, KEY);
    seen.value = { since: known.since, ids: new Set(known.ids) };
  }).catch(() => undefined); // closed under us: whoever did so starts anew
});

export function isUnread(message: Message): boolean {
  const now = seen.value;
  if (!now || message.user_id === session.value?.user.id) return false;
  return message.written_at > now.since && !now.ids.has(message.id);
}

export async function markSeen(messages: Message[]): Promise<void> {
  const now = seen.peek();
  const unread = messages.filter(isUnread).map((one) => one.id);
  if (!now || unread.length === 0) return;
  const ids = [...now.ids, ...unread].slice(-MOST_IDS);
  seen.value = { since: now.since, ids: new Set(ids) };
  await database.peek()?.put('meta', { since: now.since, ids } as never, KEY);
}
