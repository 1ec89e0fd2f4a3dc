/**
 * What the phone shows = the server's rows, with the mutations on top that the server's rows do not show yet.
 *
 * The shown rows lie in the row stores; `base` keeps the server's row of each that a mutation touched. Everything here works
 * inside the caller's transaction.
 */
import type { IDBPTransaction } from 'idb';
import type { Database, Schema } from './database';
import { applied, keysOf, type Author, type Key, type Row } from './mutators';
import type { Base, Mutation, Queued } from './queue';
import { ROW_TYPES, type RowType } from './rows';

/** Everything that a write of the queue may touch. */
export const ALL_STORES = ['meta', 'mutation', 'base', 'attention', 'blob', ...ROW_TYPES] as const;
type StoreName = (typeof ALL_STORES)[number];
export type Writing = IDBPTransaction<Schema, StoreName[], 'readwrite'>;

/** A transaction that is on the disk when it is done: for what the rep entered. */
export const writing = (db: Database, stores: readonly StoreName[] = ALL_STORES, durability: 'strict' | 'default' = 'strict'): Writing =>
  db.transaction([...stores], 'readwrite', { durability }) as Writing;

/** Run `work` in a transaction: all of it or nothing. */
export async function atomically<T>(tx: Writing, work: (tx: Writing) => Promise<T>): Promise<T> {
  const done = tx.done;
  done.catch(() => undefined); // told by the await below
  try {
    const result = await work(tx);
    await done;
    return result;
  } catch (error) {
    try {
      tx.abort();
    } catch {
      // It had already aborted by itself: that is what was wanted.
    }
    await done.catch(() => undefined);
    throw tx.error ?? error;
  }
}

/** A database that is closed under a read or write is no fault of theirs: whoever closed it starts the app anew. */
export const isClosed = (error: unknown): boolean =>
  error instanceof DOMException && ['InvalidStateError', 'AbortError'].includes(error.name);

export function unlessClosed(error: unknown): void {
  if (!isClosed(error)) throw error;
}

/** The queue, in order. */
export const queued = (tx: Writing): Promise<Queued[]> => tx.objectStore('mutation').index('order').getAll();

/** Put the server's rows back under everything that mutations touched. */
export async function restore(tx: Writing): Promise<void> {
  const bases = await tx.objectStore('base').getAll();
  if (!bases.length) return;
  await Promise.all([
    ...bases.map(({ type, id, row }) => put(tx, [type, id], row ?? undefined)),
    tx.objectStore('base').clear(),
  ]);
}

/** Apply mutations to the rows that are there, keeping the server's. */
export async function replay(tx: Writing, mutations: readonly Mutation[], author: Author): Promise<void> {
  const rows = new Map<string, { key: Key; before: Row | undefined; after: Row | undefined }>();
  const keys = new Map(mutations.flatMap(keysOf).map((key) => [key.join(), key]));
  await Promise.all(
    [...keys].map(async ([name, key]) => {
      const before = (await tx.objectStore(key[0]).get(key[1])) as Row | undefined;
      rows.set(name, { key, before, after: before });
    }),
  );
  for (const mutation of mutations) {
    const touched = keysOf(mutation).map((key) => rows.get(key.join())!);
    const after = applied(mutation, touched.map((one) => one.after), author);
    touched.forEach((one, place) => (one.after = after[place]));
  }
  const changed = [...rows.values()].filter(({ before, after }) => after !== before);
  await Promise.all(changed.map(async ({ key, before, after }) => {
    await keepBase(tx, { type: key[0], id: key[1], row: before ?? null });
    await put(tx, key, after);
  }));
}

/** The server's row is kept once: what is there already is older than any mutation on top. */
async function keepBase(tx: Writing, base: Base): Promise<void> {
  const store = tx.objectStore('base');
  if (!(await store.getKey([base.type, base.id]))) await store.put(base);
}

const put = async (tx: Writing, [type, id]: Key, row: Row | undefined): Promise<unknown> =>
  row ? tx.objectStore(type).put(row as never) : tx.objectStore(type).delete(id);

/** Undo everything that mutations did, and do `mutations` alone. */
export async function rebase(tx: Writing, mutations: readonly Mutation[], author: Author): Promise<void> {
  await restore(tx);
  await replay(tx, mutations, author);
}

/** The stores that hold the rows of mutations. */
export const storesOf = (mutations: readonly Mutation[]): RowType[] => [...new Set(mutations.flatMap(keysOf).map(([type]) => type))];
