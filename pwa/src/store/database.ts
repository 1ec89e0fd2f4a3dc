/** The phone's own copy: IndexedDB, one object store a row type, plus `meta` for what the phone itself must remember. */
import { wrap, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import type { Wanted } from './asked';
import type { AttentionItem, Base, Blob, Queued } from './queue';
import type {
  Account, Agreement, Attachment, Briefing, CatalogueRow, Colleague, CustomerPromise, Draft, Goal, Instant, Me, Message, Note,
  Person, Pushed, Quote, Subscription, Ticket, Visit,
} from './rows';

/** The row shapes this version of the app reads; the server answers in these. A change of it means a full pull. */
export const ROW_SCHEMA = 3;

export const DATABASE_NAME = 'doorstep';
const DATABASE_VERSION = 4;

export interface Session {
  user: { id: string; name: string; email: string; role: string; time_zone: string; locale: string };
  organisation: { id: string; name: string };
  csrf_token: string;
  /** days without contact after which the app asks to sign in before it opens */
  offline_lease_days?: number;
}

/** Where the last pull left off. Written in the transaction that wrote its rows, so the two can never disagree. */
export interface Cursor {
  cookie: string;
  as_of: Instant;
  schema: number;
}

export interface Contact {
  /** when the server last answered a pull */
  checked_at: Instant;
  /** when requests began to fail; absent while they succeed */
  offline_since?: Instant;
}

/** What is known of time: the device's clock may be a day off, or be set back. */
export interface ClockFacts {
  /** server minus device clock, milliseconds */
  skew_ms?: number;
  /** the latest that the device's clock showed, milliseconds since 1970 */
  seen: number;
  /** what the device's clock showed at the last contact */
  contact: number;
}

export interface Meta {
  client_group: string;
  session: Session;
  cursor: Cursor;
  contact: Contact;
  clock: ClockFacts;
  /** the last sequence number that the server has done for this client group */
  sequence: number;
  /** the last place given to a mutation */
  order: number;
  /** whether the browser promised not to evict what is stored */
  persisted: boolean;
  /** a sign-out has looked at the queue for the last time: nothing is entered any more */
  leaving: boolean;
  /** what calendars want of the rep */
  wanted: Wanted;
  /** ids of the notices that were shown lately: the worker shows none twice */
  notices: string[];
  /** this device as the server knows it for notices: its id there, and the address that it was told last */
  push_device: { id: string; endpoint: string };
}

/** The content of a catalogue, as it was fetched: immutable, known by its hash. */
export interface KeptCatalogue {
  hash: string;
  id: string;
  key: string;
  version: string;
  name: string;
  document: unknown;
  /** compiled configuration models, by SKU */
  models: Record<string, Uint8Array<ArrayBuffer>>;
}

export interface Schema extends DBSchema {
  meta: { key: keyof Meta; value: Meta[keyof Meta] };
  me: { key: string; value: Me };
  account: { key: string; value: Account };
  person: { key: string; value: Person; indexes: { account_id: string } };
  visit: { key: string; value: Visit; indexes: { account_id: string; starts_at: string } };
  briefing: { key: string; value: Briefing; indexes: { account_id: string } };
  subscription: { key: string; value: Subscription; indexes: { account_id: string } };
  ticket: { key: string; value: Ticket; indexes: { account_id: string } };
  promise: { key: string; value: CustomerPromise; indexes: { account_id: string; due_on: string } };
  goal: { key: string; value: Goal; indexes: { account_id: string } };
  note: { key: string; value: Note; indexes: { account_id: string } };
  message: { key: string; value: Message; indexes: { account_id: string; mentions: string } };
  colleague: { key: string; value: Colleague };
  attachment: { key: string; value: Attachment; indexes: { account_id: string } };
  draft: { key: string; value: Draft };
  catalogue: { key: string; value: CatalogueRow };
  agreement: { key: string; value: Agreement; indexes: { account_id: string } };
  quote: { key: string; value: Quote; indexes: { account_id: string } };
  catalogue_content: { key: string; value: KeptCatalogue };
  pushed: { key: string; value: Pushed };
  mutation: { key: string; value: Queued; indexes: { order: number } };
  base: { key: [string, string]; value: Base };
  attention: { key: string; value: AttentionItem };
  blob: { key: string; value: Blob };
}

export type Database = IDBPDatabase<Schema>;
type Upgrade = IDBPTransaction<Schema, StoreNames<Schema>[], 'versionchange'>;

/** One step a database version: step n brings version n-1 to n. Steps are never edited once released. */
const MIGRATIONS: ReadonlyArray<(db: Database, tx: Upgrade) => void> = [
  (db) => {
    db.createObjectStore('meta');
    db.createObjectStore('me', { keyPath: 'id' });
    db.createObjectStore('account', { keyPath: 'id' });
    const visit = db.createObjectStore('visit', { keyPath: 'id' });
    visit.createIndex('starts_at', 'starts_at');
    visit.createIndex('account_id', 'account_id');
    const promise = db.createObjectStore('promise', { keyPath: 'id' });
    promise.createIndex('account_id', 'account_id');
    promise.createIndex('due_on', 'due_on');
    for (const name of ['person', 'briefing', 'subscription', 'ticket', 'goal'] as const) {
      db.createObjectStore(name, { keyPath: 'id' }).createIndex('account_id', 'account_id');
    }
  },
  (db) => {
    for (const name of ['note', 'message', 'attachment'] as const) {
      const store = db.createObjectStore(name, { keyPath: 'id' });
      store.createIndex('account_id', 'account_id');
      if (name === 'message') store.createIndex('mentions' as never, 'mentions', { multiEntry: true });
    }
    for (const name of ['colleague', 'draft', 'attention', 'blob'] as const) db.createObjectStore(name, { keyPath: 'id' });
    db.createObjectStore('mutation', { keyPath: 'id' }).createIndex('order', 'order');
    db.createObjectStore('base', { keyPath: ['type', 'id'] });
  },
  (db) => {
    for (const name of ['agreement', 'quote'] as const) db.createObjectStore(name, { keyPath: 'id' }).createIndex('account_id', 'account_id');
    db.createObjectStore('catalogue', { keyPath: 'id' });
    db.createObjectStore('catalogue_content', { keyPath: 'hash' });
  },
  (db) => {
    db.createObjectStore('pushed', { keyPath: 'id' });
  },
];

/**
 * Open the database, bringing it to this version.
 *
 * `onLost` is called when another tab deletes or upgrades it, or the browser closes it: this connection is then of no use.
 */
export async function openDatabase(factory: IDBFactory, onLost: () => void = () => undefined): Promise<Database> {
  const request = factory.open(DATABASE_NAME, DATABASE_VERSION);
  const opening = wrap(request) as unknown as Promise<Database>;
  request.addEventListener('upgradeneeded', ({ oldVersion }) => {
    const tx = wrap(request.transaction as IDBTransaction) as unknown as Upgrade;
    for (const step of MIGRATIONS.slice(oldVersion)) step(wrap(request.result) as unknown as Database, tx);
  });
  const db = await opening;
  db.addEventListener('versionchange', () => {
    db.close();
    onLost();
  });
  db.addEventListener('close', onLost);
  return db;
}

export async function deleteDatabase(factory: IDBFactory): Promise<void> {
  await wrap(factory.deleteDatabase(DATABASE_NAME));
}

export async function readMeta<K extends keyof Meta>(db: Database, key: K): Promise<Meta[K] | undefined> {
  return (await db.get('meta', key)) as Meta[K] | undefined;
}

export async function writeMeta<K extends keyof Meta>(db: Database, key: K, value: Meta[K]): Promise<void> {
  await db.put('meta', value, key);
}
