/** What the harness can ask of a tab: the phone store itself, called as the screens call it. One phone a page, as in the app. */
import type { Environment } from '../src/store/environment';
import type { MutationName } from '../src/store/mutations.gen';
import { Phone, type Write } from '../src/store/phone';
import { ROW_TYPES, type Draft, type Quote } from '../src/store/rows';
import { priceQuote, type QuoteContent } from '../src/cpq/quote';
import { contextOf } from '../src/quotes/context';
import { shownOf, type QuotePrice } from '../src/quotes/pricing';

let phone: Phone;

const database = () => {
  const db = phone.shown.database.value;
  if (!db) throw new Error('nobody is signed in');
  return db;
};

export async function open(env: Environment): Promise<void> {
  phone = new Phone(env);
  await phone.begin();
}

export const signIn = (email: string, password: string): Promise<void> => phone.signIn(email, password);
export const signOut = (evenIfUnsent: boolean): Promise<string> => phone.signOut(evenIfUnsent);
export const sync = (): Promise<void> => phone.syncNow(true);

export async function state() {
  const { shown } = phone;
  const db = shown.database.value;
  return {
    signedIn: Boolean(shown.session.value),
    signInNeeded: shown.signInNeeded.value || shown.leaseOver.value,
    group: db ? await db.get('meta', 'client_group') : undefined,
    unsent: shown.unsent.value,
    attention: shown.attention.value.length,
    lost: shown.lost.value,
    refusal: shown.refusal.value,
    offlineSince: shown.offlineSince.value,
    problem: shown.storageProblem.value,
  };
}

/** What screens offer to change, and ids for what is made. */
export async function shown() {
  const types = ['account', 'person', 'visit', 'promise', 'goal', 'draft', 'quote'] as const;
  const tx = database().transaction([...types]);
  const all = Object.fromEntries(await Promise.all(types.map(async (type) => [type, await tx.objectStore(type).getAll()] as const)));
  const draft = (all['draft'] as Draft[]).filter(({ mine, state }) => !mine && state === 'open');
  return { ...all, draft, ids: Array.from({ length: 12 }, () => phone.newId()) };
}

/** Save what was entered together: all of it or nothing; for `holdMs` it can be taken back. */
export async function make(writes: [MutationName, Record<string, unknown>][], holdMs = 0): Promise<string[]> {
  const seen = new Map<string, Pick<Quote, 'account_id' | 'content'>>();
  for (const [name, args] of writes) if (name.startsWith('quote.')) args['shown'] = await shownPrice(args, seen);
  const saved = await phone.mutateAll(writes.map(([name, args]) => ({ name, args }) as unknown as Write), [], { holdMs });
  return saved.map(({ id }) => id);
}

/** What the screen of a quote shows: the phone's own price of its content, from the catalogue that the phone keeps. */
async function shownPrice(args: Record<string, unknown>, seen: Map<string, Pick<Quote, 'account_id' | 'content'>>) {
  const db = database();
  const id = String(args['id']);
  const stored = seen.get(id) ?? (await db.get('quote', id));
  const fields = { ...args, ...((args['fields'] ?? {}) as object) } as Partial<Quote>;
  const account_id = stored?.account_id ?? String(fields.account_id);
  const content = fields.content ?? stored?.content;
  seen.set(id, { account_id, content: content as Quote['content'] });
  const [kept] = await db.getAll('catalogue_content');
  if (!kept) throw new Error('the catalogue is not on this phone yet');
  const [account, user] = await Promise.all([db.get('account', account_id), phone.shown.session.value?.user]);
  const context = contextOf({ account, agreements: [], subscriptions: [], role: user?.role ?? 'rep' });
  return shownOf(priceQuote(kept.document as never, content as unknown as QuoteContent, context) as unknown as QuotePrice);
}

export const takeBack = (id: string): Promise<boolean> => phone.takeBack(id);

/** Leave in the queue what an app of before put there: arguments in the words of its time, no copy elsewhere. */
export async function queueOld(version: number, name: MutationName, args: Record<string, unknown>): Promise<void> {
  const tx = database().transaction(['meta', 'mutation'], 'readwrite', { durability: 'strict' });
  const order = (((await tx.objectStore('meta').get('order')) as number | undefined) ?? 0) + 1;
  await tx.objectStore('mutation').put({ id: phone.newId(), name, version, args, made_at: phone.now().toISOString(), order });
  await tx.objectStore('meta').put(order, 'order');
  await tx.done;
}

/** Add a photo of so many bytes. */
export async function photo(account_id: string, name: string, size: number): Promise<string> {
  const bytes = new Uint8Array(size);
  for (let at = 0, value = size; at < size; at += 1) bytes[at] = value = (value * 31 + 7) % 251;
  bytes.set([0xff, 0xd8, 0xff, 0xe0]); // how a JPEG begins
  return (await phone.attach(bytes, { account_id, name, media_type: 'image/jpeg' })).id;
}

export const attention = () => database().getAll('attention');
export const settle = (id: string, choice: 'mine' | 'theirs'): Promise<void> => phone.settle(id, choice);
export const discard = (id: string): Promise<void> => phone.discard(id);
export const resend = (id: string, args?: Record<string, unknown> | null): Promise<void> => phone.resend(id, args ?? undefined);

/** Everything that the phone holds. */
export async function dump() {
  const tx = database().transaction([...ROW_TYPES, 'mutation', 'base', 'attention', 'blob'] as const);
  const rows = await Promise.all(
    ROW_TYPES.map(async (type) => {
      const all = (await tx.objectStore(type).getAll()) as { id: string }[];
      return [type, Object.fromEntries(all.map((row) => [row.id, row]))] as const;
    }),
  );
  return {
    rows: Object.fromEntries(rows),
    queue: await tx.objectStore('mutation').index('order').getAll(),
    base: await tx.objectStore('base').getAll(),
    attention: await tx.objectStore('attention').getAll(),
    blobs: (await tx.objectStore('blob').getAll()).map(({ bytes: _, ...rest }) => rest),
    lost: phone.shown.lost.value,
    journal: phone.journal.of(phone.shown.session.value?.user.id ?? ''),
  };
}
