/** One phone: who is signed in, what is stored, what is unsent. The app has one; tests have several in one process. */
import { signal } from '@preact/signals';
import { api, RefusedError, UnreachableError } from './api';
import { recall } from './asked';
import { deleteDatabase, openDatabase, readMeta, writeMeta, type Database, type Session } from './database';
import type { Channel, Environment } from './environment';
import { Entering } from './entering';
import { Farewell } from './farewell';
import { Live } from './live';
import { Marks, OWED, SIGNED_IN, SIGNING_IN, WIPING } from './marks';
import { lostBy, recover, translateQueue } from './recovery';
import { unlessClosed } from './replay';
import { NOTHING_UNSENT, UnsentOfAnotherError } from './shown';
import { Syncer } from './syncer';
import { closed, lookAtClock, owing, read, readUnsent, tidy } from './told';
import { closeQueue, release } from './writes';

/** Another tab's sign-out removes the database from under this one: it can be opened again a moment later. */
const RETRY_MS = 500;
/** Before the server is asked again who signed in here. */
const RESUME_MS = 10_000;

export type { Saved, Write } from './writes';

export type SignedOut =
  /** the phone is empty and the server knows */
  | 'told'
  /** the phone is empty; the server is told when it can be reached */
  | 'owed'
  /** nothing was done: there is work that could not be sent; export it, or sign out all the same */
  | 'unsent';

export class Phone extends Entering {
  private readonly marks: Marks;
  private readonly farewell: Farewell;
  private syncer: Syncer | null = null;
  private live: Live | null = null;
  private unwatch: () => void = () => undefined;
  /** Tells other tabs that somebody signed in or out. */
  private sessions: Channel | null = null;
  /** Tells other tabs that rows or queue changed. */
  private changes: Channel | null = null;
  /** Readings are numbered, so that an older one does not overwrite what a newer one showed. */
  private readings = 0;
  private newest = 0;

  constructor(env: Environment) {
    super(env);
    this.marks = new Marks(env);
    this.farewell = new Farewell(env, this.marks);
  }

  /** Begin with what is stored; ask the server for the session only if this phone had one and lost it. */
  async begin(): Promise<void> {
    const { shown } = this;
    this.sessions = this.env.channel('doorstep-session');
    this.sessions.onmessage = () => this.env.restart(); // what this tab shows may no longer be its rep's
    try {
      if (this.marks.has(WIPING) || this.farewell.owed()) await this.removeAll();
      await this.takeUp().catch(() => this.pause(RETRY_MS).then(() => this.takeUp()));
    } catch (error) {
      shown.storageProblem.value = error instanceof Error ? error.message : String(error);
    }
    shown.ready.value = true;
    if (shown.session.value) return;
    if (this.farewell.owed()) await this.farewell.settle().then(() => this.env.restart(), () => undefined);
    else if (this.marks.has(SIGNED_IN) || this.marks.has(SIGNING_IN)) await this.resume();
  }

  /** Who signed in here is known to the server alone, if it can be reached: the data is gone, or was never there. */
  private async resume(): Promise<void> {
    const owed = this.journal.owing();
    const lost = owed ? lostBy(this.journal, owed.user_id) : { count: 0, since: null, saved: 0 };
    if (this.marks.has(SIGNED_IN)) this.shown.lost.value = lost;
    const again = async (): Promise<void> => {
      if (this.syncer) return;
      try {
        await this.adopt(await api.session(this.env));
      } catch (error) {
        if (error instanceof RefusedError && error.is('device-revoked')) await this.wipe();
        else if (error instanceof UnreachableError) this.env.setTimeout(() => void again(), RESUME_MS);
      }
    };
    this.unwatch = this.env.onWake(() => void again());
    await again();
  }

  /** End this tab's work without removing anything. */
  async end(): Promise<void> {
    await this.leave();
    this.sessions?.close();
  }

  /** Take up the session that is stored, if one is. Where nobody signed in, no database is made. */
  private async takeUp(): Promise<void> {
    if (!this.marks.has(SIGNED_IN)) return;
    const db = await this.open();
    const stored = await readMeta(db, 'session');
    if (stored) await this.enter(db, stored);
    else db.close();
  }

  private open = (): Promise<Database> => openDatabase(this.env.indexedDB, () => this.databaseLost());

  /**
   * Sign in and start to sync. Data of somebody else on this phone is removed first.
   *
   * @throws UnsentOfAnotherError unless `evenIfUnsent`; RefusedError (401 wrong, 429 too many tries), UnreachableError
   */
  async signIn(email: string, password: string, evenIfUnsent = false): Promise<void> {
    if (this.farewell.owed()) {
      await this.farewell.settle();
      await api.signIn(this.env, email, password);
      this.marks.set(SIGNING_IN);
      return this.env.restart();
    }
    const before = this.shown.session.value?.user;
    // Before the server is asked, which would end the session of the one who was here.
    if (before && before.email.toLowerCase() !== email.toLowerCase() && !evenIfUnsent) await this.refuseUnsent();
    await this.adopt(await api.signIn(this.env, email, password), evenIfUnsent);
    this.sessions?.postMessage('changed');
  }

  private async adopt(fresh: Session, evenIfUnsent = false): Promise<void> {
    const db = await this.databaseFor(fresh.user.id, evenIfUnsent);
    const { shown, env } = this;
    if (this.marks.has(SIGNED_IN) || this.journal.of(fresh.user.id).length) {
      shown.lost.value = (await recover(db, this.journal, fresh)) ?? shown.lost.value;
    }
    await writeMeta(db, 'session', fresh);
    await writeMeta(db, 'clock', { ...(await readMeta(db, 'clock')), seen: env.now(), contact: env.now() });
    this.marks.set(SIGNED_IN);
    this.marks.drop(SIGNING_IN);
    shown.signInNeeded.value = shown.leaseOver.value = false;
    if (this.syncer) {
      shown.session.value = fresh;
      this.live?.watch();
      await this.syncNow(true);
    } else {
      await this.enter(db, fresh);
    }
  }

  /** The database that holds this user's rows, or none yet: what is somebody else's is removed first. */
  private async databaseFor(userId: string, evenIfUnsent: boolean): Promise<Database> {
    const db = this.shown.database.value ?? (await this.open());
    const before = await readMeta(db, 'session');
    const owed = this.journal.owing();
    if (!before && owed && owed.user_id !== userId) {
      if (!evenIfUnsent) throw new UnsentOfAnotherError(owed.name, { ...NOTHING_UNSENT, count: owed.count, since: owed.since }, 0);
      this.journal.clear();
    }
    if (!before || before.user.id === userId) return db;
    if (!evenIfUnsent) await this.refuseUnsent(db, before);
    db.close();
    await this.empty();
    this.marks.drop(SIGNED_IN); // removed on purpose: nothing of this user's was lost
    return this.open();
  }

  private async refuseUnsent(db = this.shown.database.value, before = this.shown.session.value): Promise<void> {
    if (!db || !before) return;
    const [unsent, attention] = await Promise.all([readUnsent(db), db.count('attention')]);
    if (unsent.count || unsent.photos || attention) throw new UnsentOfAnotherError(before.user.name, unsent, attention);
  }

  private async enter(db: Database, current: Session): Promise<void> {
    const { shown, env } = this;
    await db.delete('meta', 'leaving'); // of a sign-out that was cut before it began to remove anything
    await translateQueue(db);
    shown.skew.value = (await readMeta(db, 'clock'))?.skew_ms;
    await this.look(db, current);
    shown.persisted.value = (await readMeta(db, 'persisted')) ?? null;
    recall(await readMeta(db, 'wanted'));
    shown.database.value = db;
    shown.session.value = current;
    this.changes = env.channel('doorstep');
    this.changes.onmessage = ({ data }) => {
      if (data === 'synced') {
        shown.refusal.value = null;
        shown.signInNeeded.value = false;
      }
      void this.show(data !== 'queue').catch(unlessClosed);
    };
    this.syncer = this.syncerFor(db);
    this.live = new Live(env, (again) => void this.syncNow(again));
    await this.show(false);
    void tidy(this.journal, db, current.user.id).catch(unlessClosed);
    this.unwatch();
    this.unwatch = env.onWake(() => this.woken());
    if (!shown.leaseOver.value) {
      this.live.watch();
      void this.syncNow();
    }
    void env.worker.register();
  }

  private syncerFor(db: Database): Syncer {
    const { env, shown } = this;
    return new Syncer({
      env, shown, db,
      session: () => shown.session.value,
      setSession: async (next) => {
        shown.session.value = next;
        await writeMeta(db, 'session', next);
      },
      changed: (settled, rows) => this.changed(settled, rows),
      look: () => this.look(),
      synced: () => this.changes?.postMessage('synced'),
      revoked: () => this.wipe(),
      told: () => this.live?.open ?? false,
    });
  }

  private woken(): void {
    void this.look().catch(unlessClosed);
    this.live?.watch();
    if (!this.env.visible() && this.shown.unsent.value.count) this.env.requestBackgroundSync();
    this.syncer?.wake();
  }

  private async look(db = this.shown.database.value, session = this.shown.session.value): Promise<void> {
    if (db) this.shown.leaseOver.value ||= await lookAtClock(db, this.env.now(), session?.offline_lease_days);
  }

  override syncNow(again = false): Promise<void> {
    return this.syncer?.syncNow(again) ?? Promise.resolve();
  }

  /** Queue, rows or what needs attention changed in this tab: show it, here and in the others. */
  protected override async changed(settled: readonly string[], rows: boolean): Promise<void> {
    const db = this.shown.database.value;
    if (db) this.journal.remove(await closed(db, settled));
    await this.show(rows);
    this.changes?.postMessage(rows ? 'rows' : 'queue');
  }

  /** Read back what the rep is told. */
  private async show(rows: boolean): Promise<void> {
    const { shown } = this;
    const db = shown.database.value;
    if (!db) return;
    const reading = (this.readings += 1);
    const stored = await read(db);
    if (reading > this.newest && shown.database.value === db) {
      this.newest = reading;
      stored.show(shown);
      if (shown.session.value) this.journal.owes(owing(shown.session.value.user, stored));
    }
    if (rows) shown.dataVersion.value += 1;
  }

  /**
   * Send what is unsent, remove everything from this phone, then tell the server.
   *
   * What cannot be sent stops it, unless `evenIfUnsent`. With no network the server is told when the app is next open and
   * reaches it; the phone is empty at once either way.
   */
  async signOut(evenIfUnsent = false): Promise<SignedOut> {
    const { shown } = this;
    if (!evenIfUnsent) {
      if (shown.database.value && shown.session.value) await release(this.writer());
      if (shown.unsent.value.count || shown.unsent.value.photos) await this.syncNow(true);
      const { count, photos } = shown.unsent.value;
      if (count || photos || shown.attention.value.length) return 'unsent';
      if (shown.database.value && shown.session.value && !(await closeQueue(this.writer()))) return 'unsent';
    }
    const csrf = shown.session.value?.csrf_token ?? '';
    // First of all, so that another tab, losing its database to this, does not take up the session again.
    this.marks.clear();
    this.marks.set(OWED);
    await this.removeAll();
    this.sessions?.postMessage('changed');
    try {
      await this.farewell.say(csrf);
      this.env.restart();
      return 'told';
    } catch {
      return 'owed'; // Out of reach: paid when the app is next open and reaches the server.
    }
  }

  /** This device was revoked: nothing stays on it, sent or not. */
  private async wipe(): Promise<void> {
    this.marks.clear();
    this.marks.set(WIPING);
    const leave = () => {
      this.sessions?.postMessage('changed');
      this.env.restart();
    };
    // The round that was told so waits for this: it must not be waited for here. What fails is done again at the opening.
    void this.removeAll().then(leave, leave);
  }

  private async removeAll(): Promise<void> {
    await this.empty();
    await this.env.worker.forget();
    this.marks.drop(WIPING);
  }

  private pause = (milliseconds: number): Promise<void> => new Promise((done) => void this.env.setTimeout(done, milliseconds));

  /** Another tab removed or renewed the database, or the browser evicted it: start anew with what is there then. */
  private databaseLost(): void {
    void this.syncer?.stop();
    this.shown.database.value = null;
    this.env.restart();
  }

  private async leave(): Promise<void> {
    this.unwatch();
    this.live?.stop();
    await this.syncer?.stop();
    this.changes?.close();
    [this.syncer, this.live, this.changes] = [null, null, null];
    this.shown.database.value?.close();
  }

  /** Stop and delete every row; the signals forget what they showed. */
  private async empty(): Promise<void> {
    await this.leave();
    this.shown.forget();
    this.journal.clear();
    this.forgotten.value += 1;
    await deleteDatabase(this.env.indexedDB);
  }

  /** Counts how often everything was forgotten: nothing of one person may be shown to the next. */
  readonly forgotten = signal(0);
}
