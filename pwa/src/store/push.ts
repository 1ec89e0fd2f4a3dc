/** One push: send the next of the queue, and write down what the server answered to each. */
import { RefusedError, UnreachableError } from './api';
import type { Database } from './database';
import type { Environment } from './environment';
import type { Author } from './mutators';
import { MUTATION_SCHEMA } from './mutations.gen';
import type { Send } from './pull';
import { heldFor, type AttentionItem, type Clash, type Mutation, type MutationProblem, type Queued } from './queue';
import { atomically, queued, rebase, writing, type Writing } from './replay';
import type { Draft, Instant } from './rows';
import { everyMutation } from './writes';

export const MOST_AT_ONCE = 50;
/** Characters of arguments in one push: what is cut off on a poor line is sent again. */
const MOST_CHARACTERS = 200_000;

export interface PushAnswer {
  as_of: Instant;
  /** the last sequence number done for this client group */
  seq: number;
  answers: MutationAnswer[];
}

export interface MutationAnswer {
  id: string | null;
  seq?: number;
  result: 'applied' | 'duplicate' | 'rejected' | 'conflict';
  first?: 'applied' | 'rejected' | 'conflict';
  problem?: MutationProblem;
  retry?: boolean;
  draft?: string;
  conflicts?: Clash[];
}

/** What to send next, with the sequence numbers that follow what the server has done. */
export async function nextBatch(db: Database, now: number, most = MOST_AT_ONCE): Promise<{ sent: Queued[]; sequence: number }> {
  const tx = db.transaction(['meta', 'mutation']);
  const [sequence, all] = await Promise.all([tx.objectStore('meta').get('sequence'), tx.objectStore('mutation').index('order').getAll()]);
  const sent: Queued[] = [];
  let size = 0;
  for (const record of all.filter(({ done }) => done === undefined).slice(0, most)) {
    if (heldFor(record, now)) break;
    size += JSON.stringify(record.args).length;
    if (sent.length && size > MOST_CHARACTERS) break;
    sent.push(record);
  }
  return { sent, sequence: (sequence as number | undefined) ?? 0 };
}

/** Milliseconds until nothing in the queue is held any more. */
export async function longestHeld(db: Database, now: number): Promise<number> {
  const all = await db.getAll('mutation');
  return Math.max(0, ...all.map((record) => heldFor(record, now)));
}

export function pushRequest(env: Environment, group: string, sent: readonly Queued[], sequence: number) {
  const mutations = sent.map(({ order: _, done: __, hold: ___, ...mutation }, place) => ({ ...mutation, seq: sequence + 1 + place }));
  return { client_group: group, schema: MUTATION_SCHEMA, sent_at: new Date(env.now()).toISOString(), mutations };
}

/** Problems that are of what was sent, not of who sent it or when. */
const OF_CONTENT = [400, 413, 422];

export interface Pushed {
  as_of: Instant;
  /** how many were answered for good */
  answered: number;
  /** whether more is to be sent */
  more: boolean;
  /** whether rows changed by what was rejected */
  undone: boolean;
}

/**
 * Push the next batch.
 *
 * A request that is refused as a whole for what it says is sent again in single mutations, so that what cannot be read does
 * not hold up what is behind it.
 *
 * @returns undefined when nothing is unsent
 * @throws RefusedError, UnreachableError; the queue is then as it was
 */
export async function push(
  db: Database, env: Environment, group: string, author: Author, send: Send, most = MOST_AT_ONCE,
): Promise<Pushed | undefined> {
  const { sent, sequence } = await nextBatch(db, env.now(), most);
  if (!sent.length) return undefined;
  const body = pushRequest(env, group, sent, sequence);
  let answer: PushAnswer;
  try {
    answer = await send<PushAnswer>('/api/v1/sync/push', { method: 'POST', body, timeoutMs: 60_000 });
  } catch (error) {
    if (!(error instanceof RefusedError && OF_CONTENT.includes(error.status))) throw error;
    if (sent.length > 1) return push(db, env, group, author, send, 1);
    answer = { as_of: '', seq: sequence, answers: [{ id: sent[0]!.id, result: 'rejected', problem: error.problem }] };
  }
  if (!Array.isArray(answer?.answers)) throw new UnreachableError('The answer was not of this server.');
  const written = await applyPush(db, env, author, answer);
  return { as_of: answer.as_of, more: written.answered > 0 || answer.seq !== sequence, ...written };
}

/** Write the answers of a push into queue, rows and *Needs attention*, in one transaction. */
export async function applyPush(
  db: Database, env: Environment, author: Author, answer: PushAnswer,
): Promise<{ answered: number; undone: boolean }> {
  return atomically(writing(db, undefined, 'default'), async (tx) => {
    const queue = new Map((await queued(tx)).map((record) => [record.id, record]));
    const at = new Date(env.now()).toISOString();
    let answered = 0;
    let undone = false;
    for (const one of answer.answers) {
      const record = one.id ? queue.get(one.id) : undefined;
      if (!record || record.done !== undefined || one.retry) continue;
      answered += 1;
      const result = one.result === 'duplicate' ? (one.first ?? 'applied') : one.result;
      if (result === 'rejected') {
        await reject(tx, queue, record, one, at);
        undone = true;
        continue;
      }
      const clashes = result === 'conflict' ? (one.conflicts ?? []) : [];
      await Promise.all(clashes.map((clash) => keepClash(tx, record, clash, at)));
      undone ||= clashes.length > 0;
      if (clashes.length && !record.args['fields']) {
        await tx.objectStore('mutation').delete(record.id); // it had no effect at all
        continue;
      }
      const done = { ...withoutClashes(record, clashes), done: one.result === 'duplicate' ? 0 : (one.seq ?? 0) };
      queue.set(record.id, done);
      await tx.objectStore('mutation').put(done);
    }
    await tx.objectStore('meta').put(answer.seq, 'sequence');
    if (undone) await rebase(tx, await queued(tx), author);
    return { answered, undone };
  });
}

/**
 * A rejected mutation and everything that depends on it leave the queue together; except that what depends on one that is
 * kept for a manager is sent all the same, so that the manager gets it too. It joins when it is answered.
 */
async function reject(tx: Writing, queue: Map<string, Queued>, record: Queued, answer: MutationAnswer, at: Instant): Promise<void> {
  const gone = new Set([record.id]);
  for (const one of queue.values()) {
    if (!answer.draft && one.done === undefined && one.depends_on?.some((id) => gone.has(id))) gone.add(one.id);
  }
  const taken = [...gone].map((id) => plain(queue.get(id) as Queued));
  for (const id of gone) {
    queue.delete(id);
    await tx.objectStore('mutation').delete(id);
  }
  const attention = tx.objectStore('attention');
  const parent = (await attention.getAll()).find((item) => item.kind !== 'conflict' && belongsTo(record, item));
  if (parent && parent.kind !== 'conflict') {
    await attention.put({ ...parent, children: [...parent.children, ...taken] });
    return;
  }
  const [mutation, ...children] = taken as [Mutation, ...Mutation[]];
  const item = { id: mutation.id, at, mutation, children, problem: answer.problem ?? {} };
  await attention.put(answer.draft ? { ...item, kind: 'kept', draft: answer.draft } : { ...item, kind: 'rejected' });
}

const belongsTo = (record: Mutation, item: AttentionItem): boolean =>
  everyMutation(item).some(({ id }) => record.depends_on?.includes(id));

/** One card a field: a later clash of the same field replaces it. */
async function keepClash(tx: Writing, record: Queued, clash: Clash, at: Instant): Promise<void> {
  const id = [clash.entity, clash.row_id, clash.field].join(':');
  const draft = record.name === 'draft.decide' ? await decided(tx, record) : undefined;
  const drafted = draft && { drafted: { author: draft.author, made_at: draft.made_at } };
  await tx.objectStore('attention').put({ id, at, kind: 'conflict', mutation: plain(record), clash, ...drafted });
}

/** The draft that was decided about: the decision has taken it from what is shown. */
async function decided(tx: Writing, { args }: Mutation): Promise<Draft | undefined> {
  const id = args['id'] as string;
  const base = await tx.objectStore('base').get(['draft', id]);
  return (base?.row as Draft | undefined) ?? tx.objectStore('draft').get(id);
}

/** What a mutation did, less the fields where somebody else's stand. */
function withoutClashes(record: Queued, clashes: readonly Clash[]): Queued {
  if (!clashes.length) return record;
  const clashing = new Set(clashes.map(({ field }) => field.split('.')[0]));
  const rest = Object.entries(record.args['fields'] as object).filter(([name]) => !clashing.has(name));
  return { ...record, args: { ...record.args, fields: Object.fromEntries(rest) } };
}

const plain = ({ order: _, done: __, hold: ___, ...mutation }: Queued): Mutation => mutation;
