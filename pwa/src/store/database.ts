/** The phone's own copy: IndexedDB, one object store a row type, plus `meta` for what the phone itself must remember. */
import { deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import type { Account, Briefing, CustomerPromise, Goal, Instant, Me, Person, Subscription, Ticket, Visit } from './rows';

/** The row shapes this version of the app reads; the server answers in these. A change of it means a full pull. */
export const ROW_SCHEMA = 1;

export const DATABASE_NAME = 'doorstep';
const DATABASE_VERSION = 1;

export interface Session {
  user: { id: string; name: string; email: string; role: string; time_zone: string; locale: string };
  organisation: { id: string; name: string };
  csrf_token: string;
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

export interface Meta {
  client_group: string;
  session: Session;
  cursor: Cursor;
  contact: Contact;
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
];

/**
 * Open the database, bringing it to this version.
 *
 * `onLost` is called when another tab deletes or upgrades it, or the browser closes it: this connection is then of no use.
 */
export async function openDatabase(onLost: () => void = () => undefined): Promise<Database> {
  const db: Database = await openDB<Schema>(DATABASE_NAME, DATABASE_VERSION, {
    upgrade(opened, from, to, tx) {
      for (const step of MIGRATIONS.slice(from, to ?? undefined)) step(opened, tx);
    },
    blocking() {
      db.close();
      onLost();
    },
    terminated: onLost,
  });
  return db;
}

export async function deleteDatabase(): Promise<void> {
  await deleteDB(DATABASE_NAME);
}

export async function readMeta<K extends keyof Meta>(db: Database, key: K): Promise<Meta[K] | undefined> {
  return (await db.get('meta', key)) as Meta[K] | undefined;
}

export async function writeMeta<K extends keyof Meta>(db: Database, key: K, value: Meta[K]): Promise<void> {
  await db.put('meta', value, key);
}

/** This phone's name towards the server: made once, kept as long as the data is. */
export async function clientGroup(db: Database): Promise<string> {
  const tx = db.transaction('meta', 'readwrite');
  let group = (await tx.store.get('client_group')) as string | undefined;
  if (!group) {
    group = crypto.randomUUID();
    await tx.store.put(group, 'client_group');
  }
  await tx.done;
  return group;
}
