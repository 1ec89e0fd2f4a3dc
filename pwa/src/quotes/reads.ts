/** What the quoting screens read, in one go each: rows, what was begun, and the catalogue by its key and version. */
import type { QuoteContent } from '../cpq/quote';
import { readMeta, type Database, type KeptCatalogue } from '../store/database';
import type { AttentionItem } from '../store/queue';
import { everyMutation } from '../store/writes';
import type { Account, Agreement, CatalogueRow, IsoDate, Person, Quote, Subscription } from '../store/rows';
import { phone } from '../store/state';
import { readAllTyped, readTyped, type Typed } from '../ui/typed';
import { bookFor, homeRegion } from './fresh';

/** A quote as the rep works on it: what is stored, or what was entered on top and not saved yet. */
export interface Working {
  account_id: string;
  person_id: string;
  visit_id: string;
  title: string;
  valid_until: IsoDate | '';
  notes: string;
  content: QuoteContent | null;
  /** what guided questions left open between several values, by line; choices that are not made yet */
  narrowed?: Record<string, { feature: string; values: string[] }[]>;
  /** the revision that it was begun on; null for a quote that is not stored yet */
  based_on: number | null;
}

/** Where a new quote begins. */
export interface Start {
  account: string;
  visit: string;
  copy: string;
}

export interface QuotePage {
  id: string;
  /** the stored row; undefined before it is first saved */
  quote: Quote | undefined;
  typed: Typed<Working> | null;
  account: Account | undefined;
  people: Person[];
  subscriptions: Subscription[];
  agreements: Agreement[];
  /** the catalogue that it is quoted from, when this phone has it */
  catalogue: KeptCatalogue | undefined;
  /** the newest that may be quoted from */
  offered: CatalogueRow[];
  /** of its author: discounts are within the author's authority */
  role: string;
  /** something of it is unsent */
  unsent: boolean;
  attention: AttentionItem[];
  /** answers to the customer that are not sent yet, by question */
  answers: ReadonlyMap<string, string>;
  /** of the same account, for what was configured before */
  others: Quote[];
  start: Start;
  /** of which it is a copy */
  source: Quote | undefined;
}

export const pathOf = (id: string): string => `/quotes/${id}`;
export const contentOf = (quote: Quote | undefined): QuoteContent | null => (quote?.content as QuoteContent | undefined) ?? null;

/** Contents in memory, so that a change of rows does not read them again: immutable, by hash. */
const held = new Map<string, KeptCatalogue>();
phone.forgotten.subscribe(() => held.clear());

async function contents(db: Database): Promise<KeptCatalogue[]> {
  const hashes = await db.getAllKeys('catalogue_content');
  await Promise.all(hashes.filter((hash) => !held.has(hash)).map(async (hash) => {
    const kept = await db.get('catalogue_content', hash);
    if (kept) held.set(hash, kept);
  }));
  for (const hash of held.keys()) if (!hashes.includes(hash)) held.delete(hash);
  return [...held.values()];
}

/** Catalogues that may be quoted from, the one that began last first. */
const newestFirst = (rows: CatalogueRow[]): CatalogueRow[] =>
  [...rows].sort((a, b) => (b.valid_from ?? '').localeCompare(a.valid_from ?? '') || b.version.localeCompare(a.version, undefined, { numeric: true }));

export async function readQuote(db: Database, id: string, start: Start): Promise<QuotePage | null> {
  const [quote, typed, session, attention] = await Promise.all([
    db.get('quote', id), readTyped<Working>(db, pathOf(id)), readMeta(db, 'session'), db.getAll('attention'),
  ]);
  const own = attention.filter(({ mutation }) => mutation.args['id'] === id);
  const source = start.copy ? await db.get('quote', start.copy) : undefined;
  const accountId = typed?.value.account_id || quote?.account_id || refusedParts(own).account_id || source?.account_id || start.account;
  if (!accountId) return null;
  const [account, people, subscriptions, agreements, others, rows, kept, queue] = await Promise.all([
    db.get('account', accountId),
    db.getAllFromIndex('person', 'account_id', accountId),
    db.getAllFromIndex('subscription', 'account_id', accountId),
    db.getAllFromIndex('agreement', 'account_id', accountId),
    db.getAllFromIndex('quote', 'account_id', accountId),
    db.getAll('catalogue'), contents(db), db.getAll('mutation'),
  ]);
  const offered = newestFirst(rows);
  const content = typed?.value.content ?? refusedParts(own).content ?? contentOf(quote) ?? contentOf(source);
  return {
    id, quote, typed, account, people, subscriptions, agreements, offered, start: { ...start, account: accountId }, source,
    catalogue: kept.find((one) => content
      ? one.key === content.catalogue && one.version === content.catalogue_version
      : one.hash === offered[0]?.hash),
    role: (await authorRole(db, quote, session?.user)) ?? 'rep',
    unsent: queue.some((one) => one.done === undefined && one.args['id'] === id),
    attention: own,
    answers: new Map(queue.flatMap((one) => (one.name === 'quote.answer' && one.done === undefined ? [[String(one.args['id']), String(one.args['text'])] as const] : []))),
    others: others.filter((one) => one.id !== id),
  };
}

async function authorRole(db: Database, quote: Quote | undefined, me: { id: string; role: string } | undefined): Promise<string | undefined> {
  if (!quote?.user_id || quote.user_id === me?.id) return me?.role;
  return (await db.get('colleague', quote.user_id))?.role;
}

/** What was refused of a quote, to be put right: the latest that was entered of each part. */
function refusedParts(items: readonly AttentionItem[]): Partial<Omit<Working, 'based_on'>> {
  const parts = items.filter(({ kind }) => kind === 'rejected').flatMap(everyMutation).map(({ name, args }) =>
    name === 'quote.create' ? args : name === 'quote.change' ? ((args['fields'] ?? {}) as object) : {});
  const { account_id, person_id, visit_id, title, valid_until, notes, content } = Object.assign({}, ...parts) as Record<string, unknown>;
  const found = { account_id, person_id, visit_id, title, valid_until, notes, content };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined && value !== null)) as Partial<Working>;
}

/** What a quote begins as: what is stored, or a fresh one, and on top of it what was refused and is to be put right. */
export function begun(page: QuotePage, on: IsoDate, until: IsoDate): Working {
  const { quote, account, start, catalogue, source } = page;
  const refused = refusedParts(page.attention);
  if (quote) {
    const { account_id, person_id = '', visit_id = '', title, valid_until = '', notes = '', revision } = quote;
    return { account_id, person_id, visit_id, title, valid_until, notes, content: contentOf(quote), based_on: revision, ...refused };
  }
  const copied = contentOf(source);
  const content = copied ? { ...copied, on } : catalogue ? freshContent(catalogue, homeRegion(account), on) : null;
  const title = source?.title ?? (account ? `For ${account.name}` : 'Quote');
  return {
    account_id: start.account, person_id: source?.person_id ?? '', visit_id: start.visit, title, valid_until: until, notes: '', content, based_on: null,
    ...refused,
  };
}

function freshContent(catalogue: KeptCatalogue, region: string, on: IsoDate): QuoteContent {
  const book = bookFor(catalogue, region, on);
  return {
    catalogue: catalogue.key, catalogue_version: catalogue.version, price_book: book?.id ?? '', currency: book?.currency ?? '', region, on, lines: [],
  };
}

export interface QuoteList {
  quotes: (Quote & { account: string; unsent: boolean; refused: boolean })[];
  begun: (Typed<Working> & { id: string; account: string })[];
  catalogues: CatalogueRow[];
  /** hashes of those whose content is here */
  here: string[];
}

export async function readQuotes(db: Database): Promise<QuoteList> {
  const [quotes, accounts, queue, attention, typed, catalogues, here] = await Promise.all([
    db.getAll('quote'), db.getAll('account'), db.getAll('mutation'), db.getAll('attention'), readAllTyped(db), db.getAll('catalogue'), db.getAllKeys('catalogue_content'),
  ]);
  const names = new Map(accounts.map(({ id, name }) => [id, name]));
  const unsent = new Set(queue.filter(({ done }) => done === undefined).map(({ args }) => args['id']));
  const refused = new Set(attention.map(({ mutation }) => mutation.args['id']));
  const name = (id: string) => names.get(id) ?? 'Unknown account';
  const known = new Set(quotes.map(({ id }) => id));
  return {
    quotes: quotes.map((one) => ({ ...one, account: name(one.account_id), unsent: unsent.has(one.id), refused: refused.has(one.id) })),
    begun: typed.flatMap((one) => {
      const id = /^\/quotes\/([^/]+)$/.exec(one.path)?.[1];
      const value = one.value as Working;
      return id && !known.has(id) && value.content?.lines.length ? [{ ...(one as Typed<Working>), id, account: name(value.account_id) }] : [];
    }),
    catalogues, here,
  };
}
