/** One pull: ask what changed, and write the answer so that rows and cursor change together or not at all. */
import { call, RefusedError } from './api';
import { clientGroup, readMeta, ROW_SCHEMA, type Cursor, type Database } from './database';
import { ROW_TYPES, type Instant, type Rows, type RowType } from './rows';
import { unpack, type Packed } from './unpack';

export interface PullAnswer {
  cookie: string;
  as_of: Instant;
  reset?: boolean;
  puts?: { [T in RowType]?: Rows[T][] } & Record<string, unknown[] | undefined>;
  /** the same as `puts`, in columns */
  packed?: Packed;
  dels?: Record<string, string[] | undefined>;
}

export interface PullOptions {
  csrf: string;
  signal?: AbortSignal;
}

/** Rows written before the page is given room to paint. */
const BATCH = 100;

/**
 * Pull once and apply.
 *
 * @returns whether any row changed
 * @throws RefusedError, UnreachableError; the database is then as it was
 */
export async function pull(db: Database, { csrf, signal }: PullOptions): Promise<boolean> {
  const cursor = await readMeta(db, 'cursor');
  const usable = cursor?.schema === ROW_SCHEMA ? cursor : undefined;
  const group = await clientGroup(db);
  const ask = (cookie: string | null) =>
    call<PullAnswer>('/api/v1/sync/pull', {
      method: 'POST',
      csrf,
      body: { client_group: group, cookie, schema: ROW_SCHEMA, packed: true },
      timeoutMs: 60_000,
      ...(signal ? { signal } : {}),
    });
  const cookie = usable?.cookie ?? null;
  const answer = await ask(cookie).catch((error: unknown) => {
    // The server cannot make anything of our cookie: what we hold is to be sent anew.
    if (cookie === null || !(error instanceof RefusedError && error.problem.type?.endsWith('-cookie'))) throw error;
    return ask(null);
  });
  // Without a cursor of ours the server sends everything: what is still here is from before and must go.
  return applyAnswer(db, usable ? answer : { ...answer, reset: true });
}

/**
 * Write a pull answer in one transaction.
 *
 * Writes are batched: awaiting the last write of a batch keeps the transaction alive and lets the page paint in between.
 * Row types that this version does not know are left alone; knowing them is a new ROW_SCHEMA, which pulls everything anew.
 */
export async function applyAnswer(db: Database, answer: PullAnswer): Promise<boolean> {
  const puts = (answer.packed ? unpack(answer.packed) : answer.puts) as PullAnswer['puts'];
  const tx = db.transaction(['meta', ...ROW_TYPES], 'readwrite');
  try {
    if (answer.reset) await Promise.all(ROW_TYPES.map((type) => tx.objectStore(type).clear()));
    for (const type of ROW_TYPES) {
      const store = tx.objectStore(type);
      await inBatches(answer.dels?.[type] ?? [], (id: string) => store.delete(id));
      await inBatches((puts?.[type] ?? []) as Rows[typeof type][], (row) => store.put(row as never));
    }
    const cursor: Cursor = { cookie: answer.cookie, as_of: answer.as_of, schema: ROW_SCHEMA };
    await tx.objectStore('meta').put(cursor, 'cursor');
    await tx.done;
  } catch (error) {
    abort(tx);
    await tx.done.catch(() => undefined);
    throw error;
  }
  return Boolean(answer.reset ?? puts ?? answer.dels);
}

async function inBatches<T>(items: readonly T[], write: (item: T) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) {
    await Promise.all(items.slice(start, start + BATCH).map(async (item) => write(item)));
  }
}

function abort(tx: { abort(): void }): void {
  try {
    tx.abort();
  } catch {
    // It had already aborted by itself: that is what was wanted.
  }
}
