/** A phone: what stays when its tabs are closed (database, text storage, cookies), and what its tabs share. */
import { IDBFactory } from 'fake-indexeddb';
import type { Channel, TextStorage } from '../src/store/environment';
import { Power } from './power';

type Work = (lock: unknown) => unknown;
interface Waiting {
  power: Power;
  go: () => void;
}

/** Exclusive locks by name, let go when their holder ends or loses its power. */
export class LockTable {
  private readonly held = new Map<string, Waiting[]>();

  async request(
    power: Power, name: string, options: { ifAvailable?: boolean; signal?: AbortSignal }, work: Work,
  ): Promise<unknown> {
    power.need();
    const queue = this.held.get(name) ?? [];
    this.held.set(name, queue);
    if (options.ifAvailable && queue.length > 0) return work(null);
    const me: Waiting = { power, go: () => undefined };
    const stop = new AbortController();
    const turn = new Promise<void>((go, refuse) => {
      me.go = go;
      const gaveUp = () => {
        this.leave(name, me);
        refuse(options.signal?.reason as Error);
      };
      if (options.signal?.aborted) gaveUp();
      options.signal?.addEventListener('abort', gaveUp, { signal: stop.signal });
    });
    queue.push(me);
    power.onCut(() => this.leave(name, me));
    if (queue[0] === me) me.go();
    await power.through(turn);
    stop.abort(); // who has the lock keeps it
    try {
      return await work({ name });
    } finally {
      this.leave(name, me);
    }
  }

  private leave(name: string, me: Waiting): void {
    const queue = this.held.get(name) ?? [];
    const place = queue.indexOf(me);
    if (place < 0) return;
    queue.splice(place, 1);
    if (place === 0) queue[0]?.go();
  }
}

interface Listening extends Channel {
  power: Power;
}

/** Channels by name, between the tabs of one phone. */
export class Channels {
  private readonly open = new Map<string, Set<Listening>>();

  join(power: Power, name: string): Channel {
    power.need();
    const all = this.open.get(name) ?? new Set<Listening>();
    this.open.set(name, all);
    const me = {
      power,
      onmessage: null as Channel['onmessage'],
      postMessage: (message: unknown) => {
        if (!power.isOn) return;
        const copy: unknown = structuredClone(message);
        for (const other of all) {
          if (other !== me) setImmediate(() => void (all.has(other) && other.power.step() && other.onmessage?.({ data: copy } as MessageEvent)));
        }
      },
      close: () => void all.delete(me),
    };
    power.onCut(me.close);
    all.add(me);
    return me;
  }
}

export class Phone {
  factory = new IDBFactory();
  texts = new Map<string, string>();
  cookies = new Map<string, string>();
  locks = new LockTable();
  channels = new Channels();
  /** what the phone's clock shows more than the true time, milliseconds */
  clockOffset = 0;
  /** when a timer of the phone is due depends on this: milliseconds that were let pass */
  passed = 0;

  constructor(readonly name: string) {}

  now(): number {
    return Math.floor(Date.now() + this.clockOffset);
  }

  storage(power: Power): TextStorage {
    const texts = this.texts;
    const change = (work: () => void): void => {
      if (power.isOn) work();
    };
    return {
      get length() {
        return texts.size;
      },
      key: (index: number) => [...texts.keys()][index] ?? null,
      getItem: (key: string) => texts.get(key) ?? null,
      setItem: (key: string, value: string) => {
        if (![...power.ignored].some((one) => one.startsWith('text:') && key.startsWith(one.slice(5)))) change(() => void texts.set(key, String(value)));
      },
      removeItem: (key: string) => change(() => void texts.delete(key)),
      clear: () => change(() => texts.clear()),
    } as TextStorage;
  }

  /** Take what the browser stored away: the database, or everything but the cookies. */
  evict(what: 'database' | 'everything'): void {
    this.factory = new IDBFactory();
    if (what === 'everything') this.texts = new Map();
  }
}
