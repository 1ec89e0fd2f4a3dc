/**
 * Power for tabs: every moment in which the outside world comes back to a tab's code is a step, and power can be cut
 * before any of them.
 *
 * A tab that has lost its power has no effect any more: its open transactions are rolled back, its connections closed,
 * its requests ended, its locks let go. What was committed stays, also when the tab never got to hear of it.
 */
import { IDBDatabase as FakeDatabase, IDBObjectStore as FakeStore, IDBRequest as FakeRequest, IDBTransaction as FakeTransaction } from 'fake-indexeddb';

export class NoPowerError extends Error {
  override name = 'NoPowerError';
}

export class Power {
  /** steps taken */
  steps = 0;
  /** writes that are said to be done and are not (`mutation.put`, `text:prefix`): to show that such a client is found out */
  ignored = new Set<string>();
  /** settles when the power is cut */
  readonly gone: Promise<void>;
  private fuse = Infinity;
  private dead = false;
  private tellGone: () => void = () => undefined;
  private readonly cleanUps: (() => void)[] = [];

  constructor() {
    this.gone = new Promise((done) => (this.tellGone = done));
  }

  get isOn(): boolean {
    return !this.dead;
  }

  /** Cut the power before the step that is `steps` from now. */
  cutAfter(steps: number): void {
    this.fuse = steps;
  }

  /** What must happen when the power is cut. */
  onCut(work: () => void): void {
    this.cleanUps.push(work);
  }

  cut(): void {
    if (this.dead) return;
    this.dead = true;
    for (const work of this.cleanUps) work();
    this.tellGone();
  }

  /** Take a step; false when there is no power for it. */
  step(): boolean {
    if (this.dead) return false;
    this.steps += 1;
    this.fuse -= 1;
    if (this.fuse < 0) this.cut();
    return !this.dead;
  }

  /** The promise, as this tab sees it: it never settles once the power is gone. */
  through<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => void (this.step() && resolve(value)),
        (error: unknown) => void (this.step() && reject(error as Error)),
      );
    });
  }

  /** For calls that answer at once: a tab without power makes none. */
  need(): void {
    if (this.dead) throw new NoPowerError();
  }
}

interface RawTransaction {
  db: Connection;
  _state: string;
  _prioritizedListeners: Map<string, () => void>;
  abort(): void;
}
interface Connection {
  close(): void;
  _rawDatabase: { transactions: RawTransaction[]; processTransactions(): void };
}
interface Target {
  db?: object;
  result?: unknown;
  transaction?: { db: object } | null;
  /** of a request on an index: its object store */
  source?: { objectStore?: { transaction: { db: object } } } | null;
}

const powerOf = new WeakMap<object, Power>();

function ownerOf(target: Target): Power | undefined {
  const own = powerOf.get(target);
  if (own) return own;
  const connection = target.transaction?.db ?? target.source?.objectStore?.transaction.db ?? target.db;
  return connection ? powerOf.get(connection) : undefined;
}

/** Roll back what is open on a connection and close it. */
function unplug(connection: Connection): void {
  for (const tx of [...connection._rawDatabase.transactions]) {
    if (tx.db === connection && (tx._state === 'active' || tx._state === 'inactive')) tx.abort();
  }
  connection.close();
}

/** The database itself waits for the end of a transaction to begin the next: that is no tab's code. */
function goOnWithout(tx: RawTransaction, type: string): void {
  tx._prioritizedListeners.get(type)?.();
  tx.db._rawDatabase.processTransactions();
}

interface Dispatcher {
  dispatchEvent(event: Event): boolean;
}
const events = Object.getPrototypeOf(FakeRequest.prototype) as Dispatcher;
const deliver = events.dispatchEvent;

events.dispatchEvent = function (this: Target, event: Event): boolean {
  const power = ownerOf(this);
  if (!power) return deliver.call(this as never, event);
  if (power.isOn && this.result instanceof FakeDatabase && !powerOf.has(this.result)) {
    const connection = this.result as unknown as Connection;
    powerOf.set(connection, power);
    power.onCut(() => unplug(connection));
  }
  if (!power.step()) {
    if (this.result instanceof FakeDatabase) unplug(this.result as unknown as Connection);
    if (this instanceof FakeTransaction) goOnWithout(this as unknown as RawTransaction, event.type);
    return true;
  }
  return deliver.call(this as never, event);
};

const store = FakeStore.prototype as unknown as Record<string, (this: IDBObjectStore, ...args: unknown[]) => IDBRequest>;
for (const name of ['put', 'delete', 'clear']) {
  const real = store[name] as (this: IDBObjectStore, ...args: unknown[]) => IDBRequest;
  store[name] = function (...args) {
    const ignored = powerOf.get(this.transaction.db)?.ignored.has(`${this.name}.${name}`);
    return ignored ? this.count() : real.apply(this, args);
  };
}

/** A factory whose connections belong to a tab. */
export function powered(factory: () => IDBFactory, power: Power): IDBFactory {
  const mark = <T extends object>(request: T): T => {
    powerOf.set(request, power);
    return request;
  };
  return {
    open: (name: string, version?: number) => {
      power.need();
      return mark(factory().open(name, version));
    },
    deleteDatabase: (name: string) => {
      power.need();
      return mark(factory().deleteDatabase(name));
    },
    databases: () => factory().databases(),
    cmp: (first: unknown, second: unknown) => factory().cmp(first, second),
  } as IDBFactory;
}
