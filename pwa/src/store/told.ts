/** What is read back from the database for the rep, and for the journal. */
import { readMeta, writeMeta, type Database } from './database';
import type { Journal, Owing } from './journal';
import type { AttentionItem } from './queue';
import type { Author } from './mutators';
import { NOTHING_UNSENT, type Shown, type Unsent } from './shown';
import { afterLook, isLeaseOver } from './time';
import { everyMutation } from './writes';

export async function readUnsent(db: Database): Promise<Unsent> {
  const [all, photos] = await Promise.all([db.getAllFromIndex('mutation', 'order'), db.count('blob')]);
  const unsent = all.filter(({ done }) => done === undefined);
  const first = unsent[0];
  if (!first) return photos ? { ...NOTHING_UNSENT, photos } : NOTHING_UNSENT;
  const since = new Date(Date.parse(first.made_at) + (first.skew_ms ?? 0)).toISOString();
  return { count: unsent.length, since, photos };
}

/** Photos and files of which the server only lacks the bytes. */
async function bytesOwed(db: Database): Promise<number> {
  const ids = await db.getAllKeys('blob');
  if (!ids.length) return 0;
  const [queue, attention] = await Promise.all([db.getAll('mutation'), db.getAll('attention')]);
  const unsent = queue.filter(({ done }) => done === undefined);
  const named = new Set([...unsent, ...attention.flatMap(everyMutation)].map(({ args }) => args['id']));
  return ids.filter((id) => !named.has(id)).length;
}

interface Reading {
  unsent: Unsent;
  /** photos and files of which the server only lacks the bytes */
  bytes: number;
  attention: AttentionItem[];
  show: (shown: Shown) => void;
}

/** Everything that the signals of `Shown` say of the database. */
export async function read(db: Database): Promise<Reading> {
  const [cursor, contact, unsent, attention, bytes] = await Promise.all([
    readMeta(db, 'cursor'), readMeta(db, 'contact'), readUnsent(db), db.getAll('attention'), bytesOwed(db),
  ]);
  const show = (shown: Shown): void => {
    shown.asOf.value = cursor?.as_of ?? null;
    shown.checkedAt.value = contact?.checked_at || null;
    shown.offlineSince.value = contact?.offline_since ?? null;
    if (!same(shown.unsent.value, unsent)) shown.unsent.value = unsent;
    if (!same(shown.attention.value, attention)) shown.attention.value = attention;
  };
  return { unsent, attention, bytes, show };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What the journal keeps apart: how much would be lost with the database, and whose it is. */
export function owing({ id, name }: Author, { unsent, attention, bytes }: Reading): Owing {
  const count = unsent.count + bytes + attention.flatMap(everyMutation).length;
  return { user_id: id, name, count, since: unsent.since ?? attention[0]?.at ?? null };
}

/** What a crash between database and journal left undone. */
export async function tidy(journal: Journal, db: Database, userId: string): Promise<void> {
  const journalled = journal.of(userId).map(({ id }) => id);
  const [queue, attention] = await Promise.all([db.getAll('mutation'), db.getAll('attention')]);
  const here = new Set([...queue, ...attention.flatMap(everyMutation)].map(({ id }) => id));
  journal.remove(journalled.filter((id) => !here.has(id)));
  const known = new Set(journalled);
  journal.add(userId, queue.filter(({ id }) => !known.has(id)));
}

/** Of these mutations, those that no card is open of: what needs attention stays in the journal. */
export async function closed(db: Database, ids: readonly string[]): Promise<readonly string[]> {
  if (!ids.length) return ids;
  const open = new Set((await db.getAll('attention')).flatMap(everyMutation).map(({ id }) => id));
  return ids.filter((id) => !open.has(id));
}

/** Note the device's clock: one that is set back does not lengthen the lease. @returns whether the lease is over */
export async function lookAtClock(db: Database, now: number, days: number | undefined): Promise<boolean> {
  const known = await readMeta(db, 'clock');
  const looked = afterLook(known ?? (await lastContact(db, now)), now);
  if (looked !== known) await writeMeta(db, 'clock', looked);
  return isLeaseOver(looked, now, days);
}

/** What an earlier version of the app, which kept no clock, knew of its last contact. */
async function lastContact(db: Database, now: number): Promise<{ seen: number; contact: number }> {
  const contact = Date.parse((await readMeta(db, 'contact'))?.checked_at ?? '') || now;
  return { seen: contact, contact };
}
