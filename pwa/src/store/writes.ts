/**
 * The writes of a phone: what the rep enters goes into queue, base and rows in one transaction, on the disk before the
 * promise resolves. So do the rep's answers to what needs attention.
 */
import { uuid7 } from './ids';
import { madeBy, names, type Author } from './mutators';
import { MUTATION_SCHEMA, type MutationName, type Mutations } from './mutations.gen';
import { heldFor, type AttentionItem, type Blob, type Clash, type Mutation, type Queued } from './queue';
import { atomically, queued, rebase, storesOf, touchedBy, write, writing, type Writing } from './replay';
import type { Database, Meta } from './database';
import type { Environment } from './environment';

/** What the rep entered could not be kept; nothing of it was. */
export class NotSavedError extends Error {
  override name = 'NotSavedError';
  constructor(readonly reason: 'signed-out' | 'full' | 'forbidden' | 'failed', cause?: unknown) {
    super(WORDS[reason], { cause });
  }
}

const WORDS = {
  'signed-out': 'Nobody is signed in on this phone, so this could not be saved.',
  full: 'This phone has no room left for Doorstep. Free some space and save again: nothing was saved.',
  forbidden: 'This browser does not let Doorstep keep data (private windows often do not): nothing was saved.',
  failed: 'This phone could not save it. Save again: nothing was saved.',
};

/** The reason in the rep's words for a transaction that failed. */
export function notSaved(error: unknown): NotSavedError {
  if (error instanceof NotSavedError) return error;
  const name = error instanceof Error ? error.name : '';
  if (name === 'QuotaExceededError') return new NotSavedError('full', error);
  if (name === 'SecurityError') return new NotSavedError('forbidden', error);
  return new NotSavedError('failed', error);
}

/** What `mutate` says: it is on the disk and shown. */
export interface Saved {
  /** of the mutation */
  id: string;
}

/** A mutation to be made. */
export type Write = { [Name in MutationName]: { name: Name; args: Mutations[Name] } }[MutationName];

/** Who writes, with what. */
export interface Writer {
  env: Environment;
  db: Database;
  author: Author;
  /** server minus device clock, milliseconds, as far as it is known */
  skew?: number;
}

export interface Entered {
  name: MutationName;
  args: Record<string, unknown>;
  /** ids of mutations, beside those that its arguments show */
  depends_on?: string[];
}

/** An id stamped with the server's time as far as it is known: by a device's clock that is months behind it would be too old. */
export const newId = (env: Environment, skew = 0): string => uuid7(env.now() + skew, env.random(10));

/** A mutation as it is entered now. */
export function made({ env, skew }: Writer, entered: Entered): Mutation {
  return {
    id: newId(env, skew), name: entered.name, version: MUTATION_SCHEMA, args: entered.args,
    made_at: new Date(env.now()).toISOString(),
    ...(skew === undefined ? {} : { skew_ms: skew }),
    ...(entered.depends_on?.length ? { depends_on: entered.depends_on } : {}),
  };
}

interface Beside {
  blobs?: readonly Blob[];
  /** how long it can be taken back */
  holdMs?: number;
  /** what is removed with it: a draft that is saved by it */
  forget?: keyof Meta | undefined;
}

/** Queue what was entered together, and show it: all of it or nothing. */
export async function enter(writer: Writer, entered: readonly Entered[], { blobs = [], holdMs = 0, forget }: Beside = {}): Promise<Queued[]> {
  const mutations = entered.map((one) => made(writer, one));
  const stores = ['meta', 'mutation', 'base', 'attention', ...storesOf(mutations)] as const;
  const tx = writing(writer.db, blobs.length ? [...stores, 'blob'] : stores);
  return atomically(tx, async () => {
    for (const blob of blobs) void tx.objectStore('blob').put(blob).catch(() => undefined); // the transaction fails with it
    if (forget) void tx.objectStore('meta').delete(forget).catch(() => undefined); // the same
    const hold = holdMs ? writer.env.now() + holdMs : undefined;
    // What may be taken back answers no card yet: taking it back could not open the card again.
    const [records] = await Promise.all([enqueue(tx, mutations, writer.author, hold), hold ? undefined : closeAnswered(tx, mutations)]);
    return records;
  });
}

/** Take a mutation that is still held out of the queue, and its effect with it; false when it is too late. */
export async function takeBack({ env, db, author }: Writer, id: string): Promise<boolean> {
  return atomically(writing(db), async (tx) => {
    const queue = await queued(tx);
    const record = queue.find((one) => one.id === id);
    if (!record || !heldFor(record, env.now()) || queue.some(({ depends_on }) => depends_on?.includes(id))) return false;
    await tx.objectStore('mutation').delete(id);
    await rebase(tx, queue.filter((one) => one !== record), author);
    return true;
  });
}

/** Hold nothing any longer. */
export async function release({ db }: Writer): Promise<void> {
  await atomically(writing(db, ['mutation']), async (tx) => {
    const held = (await queued(tx)).filter(({ hold }) => hold !== undefined);
    await Promise.all(held.map(async ({ hold: _, ...record }) => tx.objectStore('mutation').put(record)));
  });
}

/** Take nothing more into the queue, in any tab, if nothing is owed; false when something is. */
export async function closeQueue({ db }: Writer): Promise<boolean> {
  return atomically(writing(db, ['meta', 'mutation', 'attention', 'blob']), async (tx) => {
    const [queue, attention, blobs] = await Promise.all([
      queued(tx), tx.objectStore('attention').count(), tx.objectStore('blob').count(),
    ]);
    if (queue.some(({ done }) => done === undefined) || attention || blobs) return false;
    await tx.objectStore('meta').put(true, 'leaving');
    return true;
  });
}

/** Put mutations at the end of the queue, with what they depend on, and their effect on the rows. */
export async function enqueue(tx: Writing, mutations: readonly Mutation[], author: Author, hold?: number): Promise<Queued[]> {
  const meta = tx.objectStore('meta');
  const [before, last, leaving, touched] = await Promise.all([queued(tx), meta.get('order'), meta.get('leaving'), touchedBy(tx, mutations)]);
  if (leaving) throw new NotSavedError('signed-out');
  const makers = new Map(before.flatMap((one) => made_(one)));
  const changers = new Map(before.flatMap((one) => changed(one)));
  let order = (last as number | undefined) ?? 0;
  const records = mutations.map((mutation) => {
    const change = ON_REVISION.has(mutation.name) ? changers.get(String(mutation.args['id'])) : undefined;
    const needs = [...new Set([
      ...(mutation.depends_on ?? []), ...names(mutation.args, makers).map((id) => makers.get(id) as string), ...(change ? [change] : []),
    ])];
    for (const [row, maker] of made_(mutation)) makers.set(row, maker);
    for (const [row, changer] of changed(mutation)) changers.set(row, changer);
    const rest = needs.filter((id) => id !== mutation.id);
    return { ...mutation, ...(rest.length ? { depends_on: rest } : {}), order: (order += 1), ...(hold ? { hold } : {}) } as Queued;
  });
  await Promise.all([
    ...records.map(async (record) => tx.objectStore('mutation').put(record)),
    tx.objectStore('meta').put(order, 'order'),
    write(tx, touched, records, author),
  ]);
  return records;
}

const made_ = (mutation: Mutation): [string, string][] => {
  const row = madeBy(mutation);
  return row ? [[row, mutation.id]] : [];
};

/** What is said of a revision that a change of this phone makes: when that clashes, the revision of its number is another one. */
const ON_REVISION: ReadonlySet<string> = new Set(['quote.change', 'quote.revise', 'quote.submit', 'quote.send']);
const changed = ({ name, args, id }: Mutation): [string, string][] =>
  name === 'quote.change' || name === 'quote.revise' ? [[String(args['id']), id]] : [];

/** A field that is entered anew needs no answer to what became of the old one, or of a member of it, any more. */
async function closeAnswered(tx: Writing, mutations: readonly Mutation[]): Promise<void> {
  const entered = new Set(mutations.flatMap(({ args }) =>
    Object.keys((args['fields'] ?? {}) as object).map((field) => `${String(args['id'])}.${field}`)));
  const open = entered.size ? await tx.objectStore('attention').getAll() : [];
  const answered = open.filter((item) =>
    item.kind === 'conflict' && [item.clash.field, whole(item.clash.field)].some((field) => entered.has(`${item.clash.row_id}.${field}`)));
  await Promise.all(answered.map((item) => tx.objectStore('attention').delete(item.id)));
}

/** The field that a dotted name is a member of. */
const whole = (field: string): string => field.split('.')[0] as string;

/** What the rep's answer changed: mutations that are queued now, and ids of those that nothing is owed for any more. */
export interface Answered {
  added: Queued[];
  closed: string[];
}

/** Settle a clash: mine is entered anew over theirs; theirs stands as it is. */
export async function settle(writer: Writer, id: string, choice: 'mine' | 'theirs'): Promise<Answered> {
  return answering(writer, id, async (tx, item) => {
    if (item.kind !== 'conflict') throw new TypeError(`${id} is no conflict`);
    if (choice === 'theirs') return [];
    const open = TOGETHER.has(item.clash.field) ? await tx.objectStore('attention').getAll() : [];
    const others = open.flatMap((one) =>
      one.kind === 'conflict' && one.id !== id && one.mutation.id === item.mutation.id && TOGETHER.has(one.clash.field) ? [one] : []);
    await Promise.all(others.map((one) => tx.objectStore('attention').delete(one.id)));
    const clashes = [item, ...others].map(({ clash }) => clash);
    const { name, args } = overTheirs(item.mutation, clashes);
    const quote = name === 'quote.change' ? await tx.objectStore('quote').get(String(args['id'])) : undefined;
    // A quote is changed against the revision that is there now, not field by field.
    const against = quote ? { id: quote.id, revision: quote.revision, fields: args['fields'] } : args;
    return enqueue(tx, [made(writer, { name, args: against })], writer.author);
  });
}

/** Fields that make sense only with each other: a visit is moved as a whole. */
const TOGETHER: ReadonlySet<string> = new Set(['starts_at', 'ends_at', 'time_zone']);

/** The rep's values again, against what the server has now. */
export function overTheirs(mutation: Mutation, clashes: readonly Clash[]): Entered {
  const nest = (field: string, value: unknown) =>
    field.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner ?? null }), value) as Record<string, unknown>;
  const [first] = clashes;
  const { name, args } = mutation.name === 'draft.decide' && first ? drafted(mutation, first) : mutation;
  if (!('fields' in args)) return { name, args: { ...args, base: first?.theirs } }; // a status
  const fields = Object.assign({}, ...clashes.map(({ field, mine }) => nest(field, mine))) as Record<string, unknown>;
  const base = Object.assign({}, ...clashes.map(({ field, theirs }) => nest(field, theirs))) as Record<string, unknown>;
  return { name, args: { id: args['id'], fields, base } };
}

/** What the author of an accepted draft had entered where it clashed: the decision is made, so it is that which is entered anew. */
function drafted(decision: Mutation, { entity, row_id: id, field, mine }: Clash): Entered {
  const status = field === 'status' ? `${entity} ${String(mine)}` : '';
  if (status === 'promise kept') return { name: 'promise.keep', args: { id, kept_on: decision.made_at.slice(0, 10) } };
  if (status === 'promise broken') return { name: 'promise.break', args: { id } };
  if (status === 'visit cancelled') return { name: 'visit.cancel', args: { id } };
  return { name: `${entity}.change` as MutationName, args: { id, fields: {} } };
}

/** Give up what was rejected, or close what is kept for a manager, whose photos stay until it is decided. */
export async function discard(writer: Writer, id: string): Promise<Answered> {
  return answering(writer, id, async (tx, item) => {
    const blobs = tx.objectStore('blob');
    const attachments = everyMutation(item).filter(({ name }) => name === 'attachment.add');
    await Promise.all(attachments.map(async ({ args }) => {
      const blob = await blobs.get(args['id'] as string);
      if (blob) await (item.kind === 'kept' ? blobs.put({ ...blob, kept: true }) : blobs.delete(blob.id));
    }));
    return [];
  });
}

/** Send what was rejected again, as new mutations, children after their parent; `args` in place of the parent's. */
export async function resend(writer: Writer, id: string, args?: Record<string, unknown>): Promise<Answered> {
  return answering(writer, id, async (tx, item) => {
    if (item.kind === 'rejected' && item.bytes) return []; // they wait for nothing now, and go with the next round
    const ids = new Map<string, string>();
    const again = everyMutation(item).map((old) => {
      const depends_on = (old.depends_on ?? []).flatMap((needed) => ids.get(needed) ?? []);
      const fresh = made(writer, { name: old.name, args: old.id === item.mutation.id && args ? args : old.args, depends_on });
      ids.set(old.id, fresh.id);
      return fresh;
    });
    return enqueue(tx, again, writer.author);
  });
}

async function answering(
  writer: Writer, id: string, answer: (tx: Writing, item: AttentionItem) => Promise<Queued[]>,
): Promise<Answered> {
  const tx = writing(writer.db);
  return atomically(tx, async () => {
    const item = await tx.objectStore('attention').get(id);
    if (!item) return { added: [], closed: [] }; // answered in another tab
    await tx.objectStore('attention').delete(id);
    const added = await answer(tx, item);
    const open = new Set((await tx.objectStore('attention').getAll()).flatMap(everyMutation).map((one) => one.id));
    return { added, closed: everyMutation(item).map((one) => one.id).filter((one) => !open.has(one)) };
  });
}

/** The mutation of an item, then those that went with it. */
export const everyMutation = (item: AttentionItem): Mutation[] =>
  item.kind === 'conflict' ? [item.mutation] : [item.mutation, ...item.children];
