/**
 * Everything of the outside world that the store touches, in one object.
 *
 * The app hands in the browser's; tests run several phones in one process, move their clocks, cut their power. Nothing in
 * the store reaches past this object, so that a phone whose environment is dead can have no effect any more.
 */

export type Timer = unknown;

/** Messages to the other tabs of this phone. */
export interface Channel {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close(): void;
}

/** Web Locks, of which only exclusive ones are used. */
export interface Locks {
  /** Runs `work` while holding the lock; with `ifAvailable`, with null at once when another holds it. */
  request<T>(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignal },
    work: (lock: unknown) => Promise<T> | T,
  ): Promise<T>;
}

/** A stream of server-sent events. */
export interface Events {
  addEventListener(type: string, listener: () => void): void;
  onerror: ((event: never) => void) | null;
  readonly readyState: number;
  close(): void;
}

/** localStorage; every call may throw (private windows, a full disk). */
export interface TextStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Environment {
  /** the device's clock, milliseconds since 1970; it may be wrong by days */
  now(): number;
  /** `size` random bytes */
  random(size: number): Uint8Array;
  fetch(path: string, request: RequestInit): Promise<Response>;
  indexedDB: IDBFactory;
  storage: TextStorage;
  locks: Locks;
  channel(name: string): Channel;
  setTimeout(work: () => void, milliseconds: number): Timer;
  clearTimeout(timer: Timer): void;
  /** whether somebody looks at this tab */
  visible(): boolean;
  /** Calls `wake` when the tab is looked at again or a network may be back; returns what ends that. */
  onWake(wake: () => void): () => void;
  /** null where the browser has no server-sent events */
  events(path: string): Events | null;
  /** Ask that what is stored is not evicted; null where it cannot be asked. */
  persist(): Promise<boolean | null>;
  /** SHA-256 */
  digest(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
  /** Ask the browser to wake the service worker when there is a network, where it can. */
  requestBackgroundSync(): void;
  /** Load the page anew. */
  restart(): void;
  /** The service worker that keeps the shell. */
  worker: { register(): Promise<void>; forget(): Promise<void> };
}

/** The browser that this page runs in. */
export function browserEnvironment(worker: Environment['worker']): Environment {
  return {
    now: Date.now,
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    fetch: (path, request) => fetch(path, request),
    get indexedDB() {
      return indexedDB;
    },
    get storage() {
      return localStorage;
    },
    get locks() {
      return navigator.locks as unknown as Locks;
    },
    channel: (name) => new BroadcastChannel(name) as Channel,
    setTimeout: (work, milliseconds) => setTimeout(work, milliseconds),
    clearTimeout: (timer) => clearTimeout(timer as number),
    visible: () => document.visibilityState === 'visible',
    onWake,
    events: (path) => ('EventSource' in globalThis ? new EventSource(path) : null),
    persist: async () => (await navigator.storage?.persist?.()) ?? null,
    digest: (bytes) => crypto.subtle.digest('SHA-256', bytes),
    requestBackgroundSync: () => void backgroundSync().catch(() => undefined),
    restart: () => location.replace('/'),
    worker,
  };
}

function onWake(wake: () => void): () => void {
  document.addEventListener('visibilitychange', wake);
  addEventListener('online', wake);
  return () => {
    document.removeEventListener('visibilitychange', wake);
    removeEventListener('online', wake);
  };
}

interface SyncManager {
  register(tag: string): Promise<void>;
}

async function backgroundSync(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  await (registration as { sync?: SyncManager } | undefined)?.sync?.register('push');
}
