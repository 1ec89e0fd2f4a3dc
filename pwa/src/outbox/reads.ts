/** What the screen of unsent work reads. */
import type { Database } from '../store/database';
import { keysOf } from '../store/mutators';
import type { AttentionItem, Mutation, Queued } from '../store/queue';
import type { Account, Draft } from '../store/rows';
import { readAllTyped, type Typed } from '../ui/typed';
import type { Names } from './words';

export interface Outbox {
  waiting: Queued[];
  attention: AttentionItem[];
  /** those to decide about, and one's own with what became of them */
  drafts: Draft[];
  begun: Typed[];
  /** of accounts, people and colleagues */
  names: Names;
  /** the account that each mutation is about, by the mutation's id */
  accounts: ReadonlyMap<string, Account>;
}

export async function readOutbox(db: Database): Promise<Outbox> {
  const [queue, attention, drafts, begun] = await Promise.all([
    db.getAllFromIndex('mutation', 'order'), db.getAll('attention'), db.getAll('draft'), readAllTyped(db),
  ]);
  const waiting = queue.filter((one) => one.done === undefined);
  const mutations = [...waiting, ...attention.flatMap((one) => [one.mutation, ...('children' in one ? one.children : [])])];
  const [accounts, names] = await Promise.all([accountsOf(db, mutations), namesOf(db, mutations, drafts)]);
  return { waiting, attention, drafts, begun, names, accounts };
}

async function accountsOf(db: Database, mutations: Mutation[]): Promise<Map<string, Account>> {
  const found = new Map<string, Account>();
  await Promise.all(
    mutations.map(async (mutation) => {
      const id = await accountIdOf(db, mutation);
      const account = id ? await db.get('account', id) : undefined;
      if (account) found.set(mutation.id, account);
    }),
  );
  return found;
}

async function accountIdOf(db: Database, mutation: Mutation): Promise<string | undefined> {
  const named = mutation.args['account_id'];
  if (typeof named === 'string') return named;
  for (const [type, id] of keysOf(mutation)) {
    if (type === 'account') return id;
    const row = (await db.get(type, id)) as { account_id?: string } | undefined;
    if (row?.account_id) return row.account_id;
  }
  return undefined;
}

/** Names of the people whom arguments speak of. */
async function namesOf(db: Database, mutations: Mutation[], drafts: Draft[]): Promise<Names> {
  const ids = new Set([...mutations, ...drafts].flatMap(({ args }) => idsIn(args)));
  const names = new Map<string, string>();
  await Promise.all(
    [...ids].map(async (id) => {
      const row = (await db.get('person', id)) ?? (await db.get('colleague', id));
      if (row) names.set(id, row.name);
    }),
  );
  for (const { name, args } of mutations) if (name === 'person.add') names.set(String(args['id']), String(args['name']));
  return names;
}

function idsIn(args: Record<string, unknown>): string[] {
  const fields = { ...args, ...(args['fields'] as object | undefined) } as Record<string, unknown>;
  return ['person_id', 'attendee_ids', 'mentions'].flatMap((field) => fields[field] ?? []).map(String);
}
