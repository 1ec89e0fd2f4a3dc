/** One pull: ask what changed, and write the answer so that rows, queue and cursor change together or not at all. */
import { RefusedError, UnreachableError, type CallOptions } from './api';
import { readMeta, ROW_SCHEMA, type Cursor, type Database } from './database';
import type { Author } from './mutators';
import type { Queued } from './queue';
import { atomically, queued, rebase, replay, restore, writing, type Writing } from './replay';
import { ROW_TYPES, type Instant, type Rows, type RowType } from './rows';
import { unpack, type Packed } from './unpack';

export interface PullAnswer {
  cookie: string;
  as_of: Instant;
  /** the last sequence number done for this client group; absent when none was */
  seq?: number;
  reset?: boolean;
  puts?: { [T in RowType]?: Rows[T][] } & Record<string, unknown[] | undefined>;
  /** the same as `puts`, in columns */
  packed?: Packed;
  dels?: Record<string, string[] | undefined>;
}

/** How a request reaches the server, with the session's token. */
export type Send = <T>(path: string, options: CallOptions) => Promise<T>;

/** Rows written before the page is given room to paint. */
const BATCH = 100;

/**
 * Pull once and apply.
 *
 * @returns whether any row changed, the mutations that the rows show now, and the answer's instant
 * @throws RefusedError, UnreachableError; the database is then as it was
 */
export async function pull(db: Database, group: string, author: Author, send: Send): Promise<Applied & { as_of: Instant }> {
  const cursor = await readMeta(db, 'cursor');
  const usable = cursor?.schema === ROW_SCHEMA ? cursor : undefined;
  const ask = async (cookie: string | null): Promise<PullAnswer> => {
    const body = { client_group: group, cookie, schema: ROW_SCHEMA, packed: true };
    const answer = await send<PullAnswer>('/api/v1/sync/pull', { method: 'POST', body, timeoutMs: 60_000 });
    if (typeof answer?.cookie !== 'string') throw new UnreachableError('The answer was not of this server.');
    return answer;
  };
  const cookie = usable?.cookie ?? null;
  const answer = await ask(cookie).catch((error: unknown) => {
    // The server cannot make anything of our cookie: what we hold is to be sent anew.
    if (cookie === null || !(error instanceof RefusedError && error.problem.type?.endsWith('-cookie'))) throw error;
    return ask(null);
  });
  // Without a cursor of ours the server sends everything: what is still here is from before and must go.
  const applied = await applyAnswer(db, author, usable ? answer : { ...answer, reset: true });
  return { ...applied, as_of: answer.as_of };
}

export interface Applied {
  changed: boolean;
  /** ids of mutations that left the queue: the rows show them */
  settled: string[];
}

/**
 * Write a pull answer in one transaction: the server's rows come back under the mutations, are changed by the answer, and
 * the mutations that they do not show yet are applied again.
 *
 * Writes are batched: awaiting the last write of a batch keeps the transaction alive and lets the page paint in between.
 * Row types that this version does not know are left alone; knowing them is a new ROW_SCHEMA, which pulls everything anew.
 */
export async function applyAnswer(db: Database, author: Author, answer: PullAnswer): Promise<Applied> {
  const puts = (answer.packed ? unpack(answer.packed) : answer.puts) as PullAnswer['puts'];
  const changed = Boolean(answer.reset ?? puts ?? answer.dels);
  // Most answers say that nothing changed: screens and saves need not wait for those.
  const idle = !changed && !(await db.getAll('mutation')).some(({ done }) => done !== undefined);
  if (idle) {
    await atomically(writing(db, ['meta', 'pushed'], 'default'), (tx) => keepCursor(tx, answer));
    return { changed, settled: [] };
  }
  return atomically(writing(db, undefined, 'default'), async (tx) => {
    const { rest, settled, again } = await dropShown(tx, answer.seq ?? 0);
    if (changed) {
      await restore(tx);
      await applyRows(tx, answer, puts);
      await replay(tx, rest, author);
    } else if (settled.length || again) {
      await rebase(tx, rest, author);
    }
    await keepCursor(tx, answer);
    return { changed: changed || settled.length > 0, settled };
  });
}

async function keepCursor(tx: Writing, { cookie, as_of, seq = 0 }: PullAnswer): Promise<void> {
  const cursor: Cursor = { cookie, as_of, schema: ROW_SCHEMA };
  await dropPushed(tx, as_of);
  await tx.objectStore('meta').put(cursor, 'cursor');
  await tx.objectStore('meta').put(seq, 'sequence');
}

/** What notices brought before this answer was made: its rows are the newer ones, or there are none for this rep any more. */
async function dropPushed(tx: Writing, as_of: Instant): Promise<void> {
  const store = tx.objectStore('pushed');
  for (const { id, sent_at } of await store.getAll()) if (sent_at <= as_of) await store.delete(id);
}

/**
 * Take out of the queue what the server did before this answer.
 *
 * What it answered as done and does not know of any more (it was restored from a backup) is sent again.
 */
async function dropShown(tx: Writing, seq: number): Promise<{ rest: Queued[]; settled: string[]; again: boolean }> {
  const rest: Queued[] = [];
  const settled: string[] = [];
  let again = false;
  for (const record of await queued(tx)) {
    const { done, ...unsent } = record;
    if (done === undefined) rest.push(record);
    else if (done <= seq) settled.push(record.id);
    else {
      rest.push(unsent);
      again = true;
      await tx.objectStore('mutation').put(unsent);
    }
  }
  await Promise.all(settled.map((id) => tx.objectStore('mutation').delete(id)));
  return { rest, settled, again };
}

async function applyRows(tx: Writing, answer: PullAnswer, puts: PullAnswer['puts']): Promise<void> {
  if (answer.reset) await Promise.all(ROW_TYPES.map((type) => tx.objectStore(type).clear()));
  for (const type of ROW_TYPES) {
    const store = tx.objectStore(type);
    await inBatches(answer.dels?.[type] ?? [], (id: string) => store.delete(id));
    await inBatches((puts?.[type] ?? []) as Rows[typeof type][], (row) => store.put(row as never));
  }
}

async function inBatches<T>(items: readonly T[], write: (item: T) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) {
    await Promise.all(items.slice(start, start + BATCH).map(async (item) => write(item)));
  }
}
