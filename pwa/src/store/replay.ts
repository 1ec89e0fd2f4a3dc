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
export const ALL_STORES = ['meta', 'mutation', 'base', 'attention', 'blob', 'pushed', ...ROW_TYPES] as const;
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

/** A row that mutations touch. `based`: the server's row is kept already, and is older than any mutation on top. */
interface Touched {
  key: Key;
  before: Row | undefined;
  based: boolean;
}

/** The rows that mutations touch, by key, read at once: each wait for the database costs the rep's save some milliseconds. */
export async function touchedBy(tx: Writing, mutations: readonly Mutation[]): Promise<Map<string, Touched>> {
  const keys = new Map(mutations.flatMap(keysOf).map((key) => [key.join(), key]));
  const touched = [...keys].map(async ([name, key]): Promise<[string, Touched]> => {
    const [before, base] = await Promise.all([
      tx.objectStore(key[0]).get(key[1]) as Promise<Row | undefined>, tx.objectStore('base').getKey([...key]),
    ]);
    return [name, { key, before, based: base !== undefined }];
  });
  return new Map(await Promise.all(touched));
}

/** Apply mutations to the rows that they touch, keeping the server's. */
export async function write(tx: Writing, touched: Map<string, Touched>, mutations: readonly Mutation[], author: Author): Promise<void> {
  const rows = new Map([...touched].map(([name, { before }]) => [name, before]));
  for (const mutation of mutations) {
    const names = keysOf(mutation).map((key) => key.join());
    const after = applied(mutation, names.map((name) => rows.get(name)), author);
    names.forEach((name, place) => rows.set(name, after[place]));
  }
  const changed = [...touched].filter(([name, { before }]) => rows.get(name) !== before);
  await Promise.all(changed.flatMap(([name, { key, before, based }]) => [
    based ? undefined : tx.objectStore('base').put({ type: key[0], id: key[1], row: before ?? null } satisfies Base),
    put(tx, key, rows.get(name)),
  ]));
}

/** Apply mutations to the rows that are there. */
export async function replay(tx: Writing, mutations: readonly Mutation[], author: Author): Promise<void> {
  await write(tx, await touchedBy(tx, mutations), mutations, author);
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
