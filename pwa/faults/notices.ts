/**
 * Phones that take notices: the service worker as it is shipped, started anew for every message, over what a phone keeps.
 *
 * One JSON object a line comes in, `{"do": "sign in", "phone", "user"}`, `{"do": "push", "phone", "message"}` or
 * `{"do": "shown"}`, and a line goes out for each: null, null, or what every phone showed, in order.
 */
import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { runInContext, createContext } from 'node:vm';
import { openDatabase, writeMeta } from '../src/store/database';

interface Command {
  do: 'sign in' | 'push' | 'shown';
  phone: string;
  user: string;
  message: unknown;
}

interface Shown {
  title: string;
  tag: string;
  /** the notice's id and what it is; none for a notification that says nothing of a customer */
  notice?: string;
  kind?: string;
}

type Handler = (event: object) => void;

class Phone {
  readonly shown: Shown[] = [];
  private readonly indexedDB = new IDBFactory();

  async signIn(user: string): Promise<void> {
    const db = await openDatabase(this.indexedDB);
    const me = { id: user, name: 'Rep', email: 'rep@north.example', role: 'rep', time_zone: 'UTC', locale: 'en' };
    await writeMeta(db, 'session', { user: me, organisation: { id: 'o', name: 'North' }, csrf_token: 'x' });
    await writeMeta(db, 'clock', { seen: Date.now(), contact: Date.now() });
    db.close();
  }

  /** What the browser does with a message: it starts the worker, hands it over, and waits for what is done about it. */
  async push(scripts: Scripts, message: unknown): Promise<void> {
    const listeners = new Map<string, Handler>();
    const scope: Record<string, unknown> = {
      indexedDB: this.indexedDB,
      location: { origin: '' },
      addEventListener: (type: string, listener: Handler) => listeners.set(type, listener),
      importScripts: () => void runInContext(scripts.background, context),
      registration: {
        showNotification: async (title: string, { tag = '', data }: { tag?: string; data?: { notice: string; kind: string } }) => {
          this.shown.push({ title, tag, ...(data && { notice: data.notice, kind: data.kind }) });
        },
      },
    };
    scope['self'] = scope;
    const context = createContext(scope);
    runInContext(scripts.worker, context);
    let work: Promise<unknown> = Promise.resolve();
    listeners.get('push')?.({ data: { json: () => message }, waitUntil: (promise: Promise<unknown>) => (work = promise) });
    await work;
  }
}

interface Scripts {
  worker: string;
  background: string;
}

/** Answer commands; `folder` is where the built app lies. */
export async function receive(folder: string): Promise<void> {
  const scripts = {
    worker: readFileSync(`${folder}/worker.js`, 'utf8'),
    background: readFileSync(`${folder}/background.js`, 'utf8'),
  };
  const phones = new Map<string, Phone>();
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as Command;
    const phone = phones.get(command.phone) ?? new Phone();
    if (command.do === 'sign in') {
      phones.set(command.phone, phone);
      await phone.signIn(command.user);
    } else if (command.do === 'push') await phone.push(scripts, command.message);
    const answer = command.do === 'shown' ? Object.fromEntries([...phones].map(([name, { shown }]) => [name, shown])) : null;
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
