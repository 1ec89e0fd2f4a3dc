/** When to sync, and what comes of it: one syncer across tabs, which pushes, pulls and uploads in this order. */
import { api, call, RefusedError, UnreachableError, type CallOptions } from './api';
import { keepCatalogues } from './catalogues';
import { readMeta, writeMeta, type Database, type Session } from './database';
import type { Environment, Timer } from './environment';
import type { Send } from './pull';
import { pull } from './pull';
import { longestHeld, push } from './push';
import { renewGroup, groupOf } from './group';
import type { Shown } from './shown';
import { isClosed, unlessClosed } from './replay';
import { afterContact } from './time';
import { upload } from './uploads';

const POLL_MS = 30_000;
/** While the server tells by itself that there is something to pull. */
const POLL_WHEN_TOLD_MS = 300_000;
/** How often the server is asked whether a manager has accepted a photo. */
const KEPT_MS = 3_600_000;
const RETRY_FIRST_MS = 3_000;
const RETRY_LAST_MS = 300_000;
/** A sync faster than this is not worth a flicker of the pill. */
const WORTH_SAYING_MS = 600;
/** Held by whoever syncs: a tab, or the worker when no tab is open. */
export const SYNC_LOCK = 'doorstep-sync';

/** What the syncer needs of the phone that it works for. */
export interface Syncing {
  env: Environment;
  shown: Shown;
  db: Database;
  session: () => Session | null;
  setSession: (session: Session) => Promise<void>;
  /** rows, queue or what needs attention changed, here (`settled`: mutations that nothing is owed for any more) */
  changed: (settled: readonly string[], rows: boolean) => Promise<void>;
  /** note the time: the lease may be over */
  look: () => Promise<void>;
  /** the server answered everything */
  synced: () => void;
  /** this device was revoked */
  revoked: () => Promise<void>;
  told: () => boolean;
}

export class Syncer {
  private timer: Timer;
  private failures = 0;
  private retryAfterMs = 0;
  private stopped = false;
  private running: Promise<void> | null = null;
  private again = false;
  /** milliseconds until what the rep could still take back is to be sent */
  private held = 0;
  /** when the server was last asked what became of photos that are kept for a manager, by the device's clock */
  private askedKept = 0;
  private readonly stopper = new AbortController();

  constructor(private readonly at: Syncing) {}

  /** End, and wait for a round that is under way to let go of the database. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.at.env.clearTimeout(this.timer);
    this.stopper.abort();
    await this.running;
  }

  /**
   * Sync now, or join the round that is under way.
   *
   * With `again`, something was entered here or changed there: a round that began before is followed by another, also when
   * it is another tab's.
   */
  syncNow(again = false): Promise<void> {
    if (this.stopped) return Promise.resolve();
    if (this.running) {
      this.again ||= again;
      return this.running;
    }
    this.running = this.rounds(again).catch(unlessClosed).finally(() => {
      this.running = null;
      this.schedule();
    });
    return this.running;
  }

  /** Sync if somebody looks at this tab, or something waits to be sent. */
  wake = (): void => {
    if (this.at.env.visible() || this.at.shown.unsent.value.count) void this.syncNow();
  };

  private schedule(): void {
    const { env, shown } = this.at;
    env.clearTimeout(this.timer);
    if (this.stopped || shown.signInNeeded.value || shown.leaseOver.value) return;
    const idle = this.held || (this.at.told() ? POLL_WHEN_TOLD_MS : POLL_MS);
    const wait = this.failures ? retryDelay(this.failures, fraction(env)) : idle;
    this.timer = env.setTimeout(this.wake, Math.max(wait, this.retryAfterMs));
  }

  private async rounds(saved: boolean): Promise<void> {
    do {
      const waits = saved || this.again;
      this.again = false;
      await this.round(waits);
    } while (this.again && !this.stopped);
  }

  /** A tab that finds the lock taken is told of the result by the one that holds it, unless it has something to send. */
  private async round(waits: boolean): Promise<void> {
    const options = waits ? { signal: this.stopper.signal } : { ifAvailable: true };
    const work = async (lock: unknown) => (lock && !this.stopped ? this.attempt() : undefined);
    await this.at.env.locks.request(SYNC_LOCK, options, work);
  }

  private async attempt(): Promise<void> {
    const { env, shown } = this.at;
    const session = this.at.session();
    if (!session || shown.leaseOver.value) return;
    const slow = env.setTimeout(() => (shown.updating.value = true), WORTH_SAYING_MS);
    this.retryAfterMs = 0;
    try {
      const asked = env.now();
      const refused = await this.pushAll(session);
      const asOf = await this.pullOnce(session);
      await this.succeeded(asked, asOf);
      this.held = await longestHeld(this.at.db, env.now());
      if (refused) throw refused;
      const askKept = Math.abs(asked - this.askedKept) > KEPT_MS;
      if (askKept) this.askedKept = asked;
      if (await upload(this.at.db, env, this.send, askKept)) await this.at.changed([], true);
      if (await keepCatalogues(this.at.db, env, this.send)) await this.at.changed([], true);
    } catch (error) {
      if (!this.stopped) await this.failed(error);
    } finally {
      env.clearTimeout(slow);
      shown.updating.value = false;
    }
  }

  /** Push until everything is answered. @returns a refusal that is no reason not to pull */
  private async pushAll(session: Session): Promise<RefusedError | undefined> {
    const { db, env } = this.at;
    try {
      for (;;) {
        const pushed = await this.asGroup((group) => push(db, env, group, session.user, this.send));
        if (!pushed) return undefined;
        await this.at.changed([], pushed.undone);
        if (!pushed.more) return undefined;
      }
    } catch (error) {
      if (error instanceof RefusedError && ![401, 403, 429].includes(error.status)) return error;
      throw error;
    }
  }

  private async pullOnce(session: Session): Promise<string> {
    const { db } = this.at;
    const pulled = await this.asGroup((group) => pull(db, group, session.user, this.send));
    await this.at.changed(pulled.settled, pulled.changed);
    return pulled.as_of;
  }

  /** A client group that is another's by now is given up for a new one. */
  private async asGroup<T>(work: (group: string) => Promise<T>): Promise<T> {
    const { db, env } = this.at;
    try {
      return await work(await groupOf(db, env));
    } catch (error) {
      if (!(error instanceof RefusedError && error.is('client-group-of-another'))) throw error;
      return work(await renewGroup(db, env));
    }
  }

  /** The CSRF token changes with the session's cookie; a refusal for it is worth one look at the session. */
  private readonly send: Send = async <T>(path: string, options: CallOptions): Promise<T> => {
    const { env, setSession } = this.at;
    const session = this.at.session() as Session;
    const { signal } = this.stopper;
    try {
      return await call<T>(env, path, { ...options, csrf: session.csrf_token, signal });
    } catch (error) {
      const token = error instanceof RefusedError && error.status === 403 && !error.is('client-group-of-another');
      if (!token) throw error;
      const current = await api.session(env);
      if (current.user.id !== session.user.id) throw new RefusedError(401, {}, null);
      await setSession(current);
      return call<T>(env, path, { ...options, csrf: current.csrf_token, signal });
    }
  };

  private async succeeded(asked: number, asOf: string): Promise<void> {
    const { env, shown, db } = this.at;
    this.failures = 0;
    const clock = afterContact(await readMeta(db, 'clock'), asked, env.now(), asOf);
    await writeMeta(db, 'clock', clock);
    shown.skew.value = clock.skew_ms;
    await writeMeta(db, 'contact', { checked_at: this.time() });
    shown.offlineSince.value = shown.refusal.value = null;
    shown.signInNeeded.value = false;
    await this.at.changed([], false);
    this.at.synced();
  }

  private async failed(error: unknown): Promise<void> {
    const { shown, env } = this.at;
    if (isClosed(error)) throw error;
    this.failures += 1;
    await this.at.look();
    if (shown.unsent.value.count) env.requestBackgroundSync();
    if (error instanceof RefusedError) {
      if (error.is('device-revoked')) return this.at.revoked();
      this.retryAfterMs = (error.retryAfter ?? 0) * 1000;
      if (error.status === 401) shown.signInNeeded.value = true;
      else shown.refusal.value = error.message;
    } else if (error instanceof UnreachableError) {
      await this.rememberOffline();
    } else {
      shown.refusal.value = error instanceof Error ? error.message : String(error);
    }
  }

  private async rememberOffline(): Promise<void> {
    const { shown, db } = this.at;
    if (shown.offlineSince.value) return;
    shown.offlineSince.value = this.time();
    await writeMeta(db, 'contact', { checked_at: shown.checkedAt.value ?? '', offline_since: shown.offlineSince.value });
  }

  private readonly time = (): string => new Date(this.at.env.now() + (this.at.shown.skew.value ?? 0)).toISOString();
}

/** Between 0 and 1. */
const fraction = (env: Environment): number => (env.random(1)[0] as number) / 255;

/** Milliseconds before try number `failures` + 1: doubling, capped, with jitter so that phones do not return together. */
export function retryDelay(failures: number, random: number): number {
  const ceiling = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** (failures - 1));
  return ceiling * (0.5 + random / 2);
}
