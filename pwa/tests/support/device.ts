/**
 * A phone's hardware and browser, in memory: storage that outlives the app, tabs that share it, a clock that can be moved.
 *
 * Timers run only when told (`device.advance`), so that a test decides what happens when. A tab can be cut at any moment:
 * its open transactions are gone, its locks free, and nothing that it still runs has any effect.
 */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { randomBytes, webcrypto } from 'node:crypto';
import type { Channel, Environment, Events, Locks, TextStorage } from '../../src/store/environment';

export type Fetch = (path: string, request: RequestInit) => Promise<Response>;

interface Timer {
  at: number;
  work: () => void;
  tab: Tab;
}

interface Waiting {
  name: string;
  tab: Tab;
  run: () => void;
}

export class Device {
  indexedDB = new IDBFactory();
  texts = new Map<string, string>();
  /** milliseconds since 1970; timers run by `ticks`, so that moving the clock moves no timer */
  clock = Date.parse('2026-11-21T12:00:00Z');
  ticks = 0;
  fetch: Fetch = () => Promise.reject(new TypeError('Failed to fetch'));
  visible = true;
  persists: boolean | null = true;
  tabs: Tab[] = [];
  timers: Timer[] = [];
  held = new Map<string, Tab>();
  waiting: Waiting[] = [];
  channels = new Map<string, Set<HubChannel>>();

  tab(): Tab {
    const tab = new Tab(this);
    this.tabs.push(tab);
    return tab;
  }

  /** Let time pass, running what is due; each step lets promises and transactions go on. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.ticks + milliseconds;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers.splice(this.timers.indexOf(next), 1);
      this.clock += next.at - this.ticks;
      this.ticks = next.at;
      next.work();
      await settled();
    }
    this.clock += end - this.ticks;
    this.ticks = end;
    await settled();
  }

  /** The browser removes what was stored, or part of it. */
  evict(what: 'database' | 'everything'): void {
    this.indexedDB = new IDBFactory();
    if (what === 'everything') this.texts.clear();
  }

  release(name: string): void {
    this.held.delete(name);
    const next = this.waiting.find((one) => one.name === name);
    if (!next) return;
    this.waiting.splice(this.waiting.indexOf(next), 1);
    next.run();
  }
}

/** Until everything that can go on without time passing has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 150; turn += 1) await new Promise((done) => setImmediate(done));
}

class HubChannel implements Channel {
  onmessage: ((event: MessageEvent) => void) | null = null;
  constructor(private readonly tab: Tab, private readonly hub: Set<HubChannel>) {
    hub.add(this);
  }

  postMessage(data: unknown): void {
    if (!this.tab.alive) return;
    for (const other of this.hub) {
      if (other !== this) setImmediate(() => other.tab.alive && other.onmessage?.({ data: structuredClone(data) } as MessageEvent));
    }
  }

  close(): void {
    this.hub.delete(this);
  }
}

export class FakeEvents implements Events {
  onerror: ((event: never) => void) | null = null;
  readyState = 0;
  private readonly listeners = new Map<string, (() => void)[]>();

  addEventListener(type: string, listener: () => void): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  say(type: string): void {
    if (this.readyState === 2) return;
    if (type === 'open') this.readyState = 1;
    for (const listener of this.listeners.get(type) ?? []) listener();
  }

  close(): void {
    this.readyState = 2;
  }
}

const never = new Promise<never>(() => undefined);

/** One open page: an `Environment` for a `Phone`. */
export class Tab implements Environment {
  alive = true;
  restarts = 0;
  backgroundSyncs = 0;
  streams: FakeEvents[] = [];
  private readonly wakes = new Set<() => void>();
  private readonly databases: IDBDatabase[] = [];
  private readonly open = new Set<IDBTransaction>();

  constructor(readonly device: Device) {}

  /** The power goes: what was not committed is gone, and nothing that still runs here has an effect. */
  cut(): void {
    this.alive = false;
    for (const tx of this.open) {
      try {
        tx.abort();
      } catch {
        // committed already
      }
    }
    for (const db of this.databases) db.close();
    this.device.waiting = this.device.waiting.filter(({ tab }) => tab !== this);
    this.device.timers = this.device.timers.filter(({ tab }) => tab !== this);
    for (const [name, holder] of [...this.device.held]) if (holder === this) this.device.release(name);
    for (const stream of this.streams) stream.close();
  }

  wake(): void {
    for (const wake of this.wakes) wake();
  }

  now = (): number => this.device.clock;
  random = (size: number): Uint8Array => new Uint8Array(randomBytes(size));
  fetch = (path: string, request: RequestInit): Promise<Response> => {
    if (!this.alive) return never;
    const answer = this.device.fetch(path, request).then(
      (response) => (this.alive ? response : never),
      (error: unknown) => (this.alive ? Promise.reject(error) : never),
    );
    const aborted = new Promise<never>((_, reject) => {
      request.signal?.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
    });
    return Promise.race([answer, aborted]);
  };

  get indexedDB(): IDBFactory {
    const factory = this.device.indexedDB;
    return {
      open: (name: string, version: number) => {
        if (!this.alive) throw new Error('no power');
        const request = factory.open(name, version);
        request.addEventListener('success', () => this.track(request.result));
        request.addEventListener('upgradeneeded', () => this.follow(request.transaction as IDBTransaction));
        return request;
      },
      deleteDatabase: (name: string) => {
        if (!this.alive) throw new Error('no power');
        return factory.deleteDatabase(name);
      },
    } as unknown as IDBFactory;
  }

  private track(db: IDBDatabase): void {
    if (!this.alive) return db.close();
    this.databases.push(db);
    const begin = db.transaction.bind(db);
    db.transaction = (...args: Parameters<IDBDatabase['transaction']>) => {
      if (!this.alive) throw new DOMException('no power', 'InvalidStateError');
      return this.follow(begin(...args));
    };
  }

  private follow(tx: IDBTransaction): IDBTransaction {
    if (tx.mode === 'readonly') return tx;
    this.open.add(tx);
    for (const end of ['complete', 'abort']) tx.addEventListener(end, () => this.open.delete(tx));
    return tx;
  }

  storage: TextStorage = ((tab: Tab): TextStorage => ({
    get length() {
      return tab.device.texts.size;
    },
    key: (index) => [...tab.device.texts.keys()][index] ?? null,
    getItem: (key) => tab.device.texts.get(key) ?? null,
    setItem: (key, value) => void (tab.alive && tab.device.texts.set(key, value)),
    removeItem: (key) => void (tab.alive && tab.device.texts.delete(key)),
  }))(this);

  locks: Locks = {
    request: <T>(name: string, options: { ifAvailable?: boolean; signal?: AbortSignal }, work: (lock: unknown) => Promise<T> | T) =>
      new Promise<T>((done, failed) => {
        if (!this.alive) return;
        const { device } = this;
        const run = () => {
          device.held.set(name, this);
          const release = () => device.held.get(name) === this && this.alive && device.release(name);
          Promise.resolve().then(() => work({ name })).then(done, failed).finally(release);
        };
        if (!device.held.has(name)) return run();
        if (options.ifAvailable) return void Promise.resolve(work(null)).then(done, failed);
        const waiting: Waiting = { name, tab: this, run };
        device.waiting.push(waiting);
        options.signal?.addEventListener('abort', () => {
          if (!device.waiting.includes(waiting)) return;
          device.waiting.splice(device.waiting.indexOf(waiting), 1);
          failed(new DOMException('Aborted', 'AbortError'));
        });
      }),
  };

  channel = (name: string): Channel => {
    const hub = this.device.channels.get(name) ?? new Set<HubChannel>();
    this.device.channels.set(name, hub);
    return new HubChannel(this, hub);
  };

  setTimeout = (work: () => void, milliseconds: number): unknown => {
    const timer: Timer = { at: this.device.ticks + milliseconds, work, tab: this };
    if (this.alive) this.device.timers.push(timer);
    return timer;
  };

  clearTimeout = (timer: unknown): void => {
    this.device.timers = this.device.timers.filter((one) => one !== timer);
  };

  visible = (): boolean => this.alive && this.device.visible;
  onWake = (wake: () => void): (() => void) => {
    this.wakes.add(wake);
    return () => this.wakes.delete(wake);
  };
  events = (): Events => {
    const stream = new FakeEvents();
    this.streams.push(stream);
    return stream;
  };
  persist = async (): Promise<boolean | null> => this.device.persists;
  digest = (bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> => webcrypto.subtle.digest('SHA-256', bytes);
  requestBackgroundSync = (): void => void (this.alive && (this.backgroundSyncs += 1));
  restart = (): void => void (this.alive && (this.restarts += 1));
  worker = { register: async () => undefined, forget: async () => undefined };
}
