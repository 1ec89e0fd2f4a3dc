/** The sync loop: when to ask the server, and what to tell the rep about it. */
import { computed, signal } from '@preact/signals';
import { api, RefusedError, UnreachableError } from './api';
import { readMeta, writeMeta, type Database, type Session } from './database';
import { pull } from './pull';
import type { Instant } from './rows';

/** The instant the stored figures are of; null before the first pull. */
export const asOf = signal<Instant | null>(null);
/** When the server last answered; null before the first pull. */
export const checkedAt = signal<Instant | null>(null);
/** Since when requests have failed; null while they succeed. */
export const offlineSince = signal<Instant | null>(null);
/** The session has ended on the server: what is stored stays readable. */
export const signInNeeded = signal(false);
/** The server answers but refuses the pull; in its own words. */
export const refusal = signal<string | null>(null);
/** A pull that takes long enough to be worth a word. */
export const updating = signal(false);
/** Counts changes of the stored rows; whoever shows rows reads them again. */
export const dataVersion = signal(0);

export type PhoneState = 'current' | 'updating' | 'offline' | 'refused' | 'sign-in' | 'waiting';

export const phoneState = computed<PhoneState>(() => {
  if (signInNeeded.value) return 'sign-in';
  if (offlineSince.value) return 'offline';
  if (refusal.value) return 'refused';
  if (updating.value) return 'updating';
  return asOf.value ? 'current' : 'waiting';
});

const IDLE_MS = 60_000;
const RETRY_FIRST_MS = 3_000;
const RETRY_LAST_MS = 300_000;
/** A pull faster than this is not worth a flicker of the pill. */
const WORTH_SAYING_MS = 600;
const LOCK = 'doorstep-pull';

export interface SyncDependencies {
  db: Database;
  session: () => Session | null;
  setSession: (session: Session) => Promise<void>;
  now?: () => Date;
  random?: () => number;
}

export class SyncLoop {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private stopped = false;
  private running: Promise<void> | null = null;
  private readonly stopper = new AbortController();
  private readonly tabs = new BroadcastChannel('doorstep');
  private readonly now: () => Date;
  private readonly random: () => number;

  constructor(private readonly deps: SyncDependencies) {
    this.now = deps.now ?? (() => new Date());
    this.random = deps.random ?? Math.random;
    this.tabs.onmessage = () => void this.readBack().catch(unlessClosed);
  }

  /** Show what was stored last time, then keep it fresh until `stop`. */
  async start(): Promise<void> {
    await this.readBack(false);
    document.addEventListener('visibilitychange', this.wake);
    addEventListener('online', this.wake);
    void this.pullNow();
  }

  /** End the loop and wait for a pull that is under way to let go of the database. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    document.removeEventListener('visibilitychange', this.wake);
    removeEventListener('online', this.wake);
    this.stopper.abort();
    await this.running;
    this.tabs.close();
  }

  /** Pull now, or join the pull that is under way. */
  pullNow(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.running ??= this.round().catch(unlessClosed).finally(() => {
      this.running = null;
      this.schedule();
    });
    return this.running;
  }

  private readonly wake = (): void => {
    if (document.visibilityState === 'visible') void this.pullNow();
  };

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.stopped || signInNeeded.value) return;
    const wait = this.failures === 0 ? IDLE_MS : retryDelay(this.failures, this.random());
    this.timer = setTimeout(() => this.wake(), wait);
  }

  /** One puller across tabs: a tab that finds the lock taken is told of the result by the one that holds it. */
  private async round(): Promise<void> {
    const attempt = async (lock: Lock | null) => (lock ? this.attempt() : undefined);
    await navigator.locks.request(LOCK, { ifAvailable: true }, attempt);
  }

  private async attempt(): Promise<void> {
    const session = this.deps.session();
    if (!session) return;
    const slow = setTimeout(() => (updating.value = true), WORTH_SAYING_MS);
    try {
      const changed = await this.pullWithCurrentToken(session);
      await this.succeeded(changed);
    } catch (error) {
      if (!this.stopped) await this.failed(error);
    } finally {
      clearTimeout(slow);
      updating.value = false;
    }
  }

  /** The CSRF token changes with the session's cookie; a refusal for it is worth one look at the session. */
  private async pullWithCurrentToken(session: Session): Promise<boolean> {
    const { db, setSession } = this.deps;
    const { signal } = this.stopper;
    try {
      return await pull(db, { csrf: session.csrf_token, signal });
    } catch (error) {
      if (!(error instanceof RefusedError && error.status === 403)) throw error;
      const current = await api.session();
      if (current.user.id !== session.user.id) throw new RefusedError(401, {}, null);
      await setSession(current);
      return pull(db, { csrf: current.csrf_token, signal });
    }
  }

  private async succeeded(changed: boolean): Promise<void> {
    this.failures = 0;
    await writeMeta(this.deps.db, 'contact', { checked_at: this.now().toISOString() });
    await this.readBack(changed);
    this.tabs.postMessage(changed);
  }

  private async failed(error: unknown): Promise<void> {
    this.failures += 1;
    if (error instanceof RefusedError && error.status === 401) {
      signInNeeded.value = true;
    } else if (error instanceof UnreachableError) {
      await this.rememberOffline();
    } else {
      refusal.value = error instanceof Error ? error.message : String(error);
    }
  }

  private async rememberOffline(): Promise<void> {
    if (offlineSince.value) return;
    offlineSince.value = this.now().toISOString();
    await writeMeta(this.deps.db, 'contact', {
      checked_at: checkedAt.value ?? '',
      offline_since: offlineSince.value,
    });
  }

  private async readBack(changed = true): Promise<void> {
    const { db } = this.deps;
    const [cursor, contact] = await Promise.all([readMeta(db, 'cursor'), readMeta(db, 'contact')]);
    asOf.value = cursor?.as_of ?? null;
    checkedAt.value = contact?.checked_at || null;
    offlineSince.value = contact?.offline_since ?? null;
    if (!offlineSince.value && contact) {
      refusal.value = null;
      signInNeeded.value = false;
    }
    if (changed) dataVersion.value += 1;
  }
}

/** A database that was closed under a read or write is not a fault of the loop: whoever closed it starts the app anew. */
function unlessClosed(error: unknown): void {
  const closed = error instanceof DOMException && ['InvalidStateError', 'AbortError'].includes(error.name);
  if (!closed) throw error;
}

/** Milliseconds before try number `failures` + 1: doubling, capped, with jitter so that phones do not return together. */
export function retryDelay(failures: number, random: number): number {
  const ceiling = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** (failures - 1));
  return ceiling * (0.5 + random / 2);
}
