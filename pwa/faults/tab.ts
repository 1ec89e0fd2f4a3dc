/** One tab of a phone: the real client, with an environment of ours whose every answer is a step that power can fail before. */
import { compileFunction } from 'node:vm';
import * as fake from 'fake-indexeddb';
import { webcrypto } from 'node:crypto';
import type { Environment, Events } from '../src/store/environment';
import type * as Client from './client';
import type { Phone } from './phone';
import { Power, powered } from './power';

// What tells a database from a transaction; the way to one is the environment's.
const { IDBCursor, IDBCursorWithValue, IDBDatabase, IDBIndex, IDBKeyRange, IDBObjectStore, IDBOpenDBRequest, IDBRequest, IDBTransaction } = fake;
Object.assign(globalThis, {
  IDBCursor, IDBCursorWithValue, IDBDatabase, IDBIndex, IDBKeyRange, IDBObjectStore, IDBOpenDBRequest, IDBRequest, IDBTransaction,
});

export type ClientModule = typeof Client;

/** Globals that a browser has and that the store must not reach for: they belong to the environment. */
const FORBIDDEN = [
  'fetch', 'indexedDB', 'localStorage', 'sessionStorage', 'navigator', 'document', 'location', 'caches', 'BroadcastChannel',
  'EventSource', 'setTimeout', 'setInterval', 'clearTimeout', 'XMLHttpRequest', 'addEventListener',
] as const;

/** Make a client anew, with module state of its own, as a page that is loaded does. */
export function instantiate(code: string): ClientModule {
  const forbidden = (name: string) =>
    new Proxy(() => undefined, {
      apply: () => { throw new Error(`the store reached for ${name} past its environment`); },
      get: () => { throw new Error(`the store reached for ${name} past its environment`); },
      construct: () => { throw new Error(`the store reached for ${name} past its environment`); },
    });
  const make = compileFunction(`${code}\nreturn client;`, [...FORBIDDEN]) as (...values: unknown[]) => ClientModule;
  return make(...FORBIDDEN.map(forbidden));
}

/** Pauses up to this many milliseconds pass by themselves, so many times faster; longer ones wait to be told that time passed. */
const SHORT_MS = 1000;
const HASTE = 20;

interface Timed {
  due: number;
  work: () => void;
}

export class Tab {
  readonly power = new Power();
  readonly client: ClientModule;
  readonly environment: Environment;
  /** the page asked to be loaded anew */
  restarts = 0;
  private readonly timers = new Set<Timed>();
  private readonly wakes = new Set<() => void>();

  constructor(readonly phone: Phone, code: string, private readonly origin: string, private readonly live = false) {
    this.client = instantiate(code);
    this.environment = this.makeEnvironment();
    this.power.onCut(() => this.timers.clear());
  }

  /** The tab is looked at, or the system says that there is a network. */
  wake(): void {
    for (const wake of [...this.wakes]) if (this.power.step()) wake();
  }

  /** Run the timers that are due now that time has passed. */
  elapse(): void {
    const due = [...this.timers].filter((one) => one.due <= this.phone.passed).sort((a, b) => a.due - b.due);
    for (const timer of due) {
      if (!this.timers.delete(timer) || !this.power.step()) continue;
      timer.work();
    }
  }

  private makeEnvironment(): Environment {
    const { phone, power } = this;
    return {
      now: () => phone.now(),
      random: (size) => webcrypto.getRandomValues(new Uint8Array(size)),
      fetch: (path, request) => this.fetch(path, request),
      indexedDB: powered(() => phone.factory, power),
      storage: phone.storage(power),
      locks: {
        request: (name, options, work) => phone.locks.request(power, name, options, work as never) as never,
      },
      channel: (name) => phone.channels.join(power, name),
      setTimeout: (work, milliseconds) => {
        if (milliseconds <= SHORT_MS) return setTimeout(() => void (power.step() && work()), milliseconds / HASTE);
        const timer: Timed = { due: phone.passed + milliseconds, work };
        if (power.isOn) this.timers.add(timer);
        return timer;
      },
      clearTimeout: (timer) => {
        if (!this.timers.delete(timer as Timed)) clearTimeout(timer as NodeJS.Timeout);
      },
      visible: () => true,
      onWake: (wake) => {
        this.wakes.add(wake);
        return () => void this.wakes.delete(wake);
      },
      events: (path) => (this.live ? new Stream(this, path) : null),
      persist: () => power.through(Promise.resolve(true)),
      digest: (bytes) => power.through(webcrypto.subtle.digest('SHA-256', bytes)),
      requestBackgroundSync: () => undefined,
      restart: () => {
        this.restarts += 1;
        power.cut();
      },
      worker: { register: () => Promise.resolve(), forget: () => Promise.resolve() },
    };
  }

  private async fetch(path: string, request: RequestInit): Promise<Response> {
    this.power.need();
    return this.stepwise(await this.power.through(this.request(path, request)));
  }

  /** A request with the phone's cookies, ended when the power is. */
  async request(path: string, request: RequestInit): Promise<Response> {
    const { phone, power } = this;
    const stopper = new AbortController();
    power.onCut(() => stopper.abort());
    request.signal?.addEventListener('abort', () => stopper.abort());
    if (request.signal?.aborted) stopper.abort();
    const headers = new Headers(request.headers);
    headers.set('x-phone', phone.name);
    headers.set('cookie', [...phone.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const { cache: _, credentials: __, ...rest } = request;
    const answer = await fetch(this.origin + path, { ...rest, headers, signal: stopper.signal });
    this.keepCookies(answer.headers);
    return answer;
  }

  /** The answer whose body comes in a step of its own. */
  private stepwise(response: Response): Response {
    if (!response.body || response.status === 204 || response.status === 304) return response;
    const whole = this.power.through(response.arrayBuffer());
    whole.catch(() => undefined);
    const body = new ReadableStream({
      start: (controller) =>
        whole.then(
          (bytes) => {
            if (bytes.byteLength) controller.enqueue(new Uint8Array(bytes));
            controller.close();
          },
          (error: unknown) => controller.error(error),
        ),
    });
    return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  }

  private keepCookies(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const gone = attributes.some((one) => /^max-age=0$/i.test(one) || /^expires=.*\b(1970|1969)\b/i.test(one));
      if (gone || !value) this.phone.cookies.delete(name);
      else this.phone.cookies.set(name, value);
    }
    // A browser obeys it for the whole origin when a session ends.
    if (headers.get('clear-site-data')?.includes('"storage"')) {
      this.phone.cookies.clear();
      this.phone.evict('everything');
    }
  }
}

const [CONNECTING, OPEN, CLOSED] = [0, 1, 2];
/** Before a browser connects again by itself. */
const RECONNECT_MS = 3000;

/** Server-sent events as a browser has them: words of the stream as events, connected again when it breaks off. */
class Stream implements Events {
  readyState = CONNECTING;
  onerror: ((event: never) => void) | null = null;
  private readonly listeners = new Map<string, (() => void)[]>();
  private readonly stopper = new AbortController();

  constructor(private readonly tab: Tab, private readonly path: string) {
    void this.connect();
  }

  addEventListener(type: string, listener: () => void): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  close(): void {
    this.readyState = CLOSED;
    this.stopper.abort();
  }

  private async connect(): Promise<void> {
    try {
      const answer = await this.tab.request(this.path, { headers: { accept: 'text/event-stream' }, signal: this.stopper.signal });
      if (!answer.ok) return this.failed(CLOSED);
      this.readyState = OPEN;
      this.tell('open');
      let text = '';
      for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
        text += new TextDecoder().decode(part);
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) if (/^event: ?poke$/m.test(event)) this.tell('poke');
      }
    } catch {
      // the network, or nobody listens any more
    }
    this.failed(CONNECTING);
  }

  private tell(type: string): void {
    if (this.readyState === CLOSED) return;
    for (const listener of this.listeners.get(type) ?? []) if (this.tab.power.step()) listener();
  }

  private failed(state: number): void {
    if (this.readyState === CLOSED || !this.tab.power.step()) return;
    this.readyState = state;
    this.onerror?.(undefined as never);
    if (state === CONNECTING) this.tab.environment.setTimeout(() => void (this.readyState === CONNECTING && this.connect()), RECONNECT_MS);
  }
}
