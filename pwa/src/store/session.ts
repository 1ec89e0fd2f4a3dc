/** Who is signed in on this phone, and how that begins and ends. */
import { api, RefusedError } from './api';
import { deleteDatabase, openDatabase, readMeta, writeMeta, type Database, type Session } from './database';
import { forgetReads } from './reads';
import { database, ready, session, storageProblem } from './state';
import { asOf, checkedAt, dataVersion, offlineSince, refusal, signInNeeded, SyncLoop } from './sync';
import { forgetWorker, registerWorker } from './update';

/** Somebody signed in here. Survives an emptied IndexedDB: asking the server for the session is then worth a request. */
const HINT = 'doorstep.signed-in';
/** A sign-out that the server has not been told of yet. */
const OWED = 'doorstep.sign-out-owed';

/** Tells other tabs that somebody signed in or out. */
const tabs = new BroadcastChannel('doorstep-session');
/** Another tab's sign-out removes the database from under this one: it can be opened again a moment later. */
const RETRY_MS = 500;

let loop: SyncLoop | null = null;

/** Begin with what is stored; ask the server for the session only if this phone had one and lost it. */
export async function begin(): Promise<void> {
  tabs.onmessage = () => location.replace('/'); // what this tab shows may no longer be its rep's
  try {
    await takeUp().catch(() => pause(RETRY_MS).then(takeUp));
  } catch (error) {
    storageProblem.value = error instanceof Error ? error.message : String(error);
  }
  ready.value = true;
  if (session.value) return;
  if (owed()) await settleSignOut().then(startClean, () => undefined);
  else if (localStorage.getItem(HINT)) await resume().catch(() => undefined);
}

/** Take up the session that is stored, if one is. Where nobody signed in, no database is made. */
async function takeUp(): Promise<void> {
  if (!localStorage.getItem(HINT)) return;
  const db = await openDatabase(lost);
  const stored = await readMeta(db, 'session');
  if (stored) await enter(db, stored);
  else db.close();
}

const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

async function resume(): Promise<void> {
  await adopt(await api.session());
}

/**
 * Sign in and start to pull. Data of somebody else on this phone is removed first.
 *
 * @throws RefusedError (401 wrong, 429 too many tries), UnreachableError
 */
export async function signIn(email: string, password: string): Promise<void> {
  if (owed()) {
    await settleSignOut();
    await api.signIn(email, password);
    localStorage.setItem(HINT, '1');
    return startClean();
  }
  await adopt(await api.signIn(email, password));
  tabs.postMessage('changed');
}

async function adopt(fresh: Session): Promise<void> {
  const db = await databaseFor(fresh.user.id);
  await writeMeta(db, 'session', fresh);
  localStorage.setItem(HINT, '1');
  signInNeeded.value = false;
  if (loop) {
    session.value = fresh;
    await loop.pullNow();
  } else {
    await enter(db, fresh);
    void navigator.storage?.persist?.();
  }
}

/** The database that holds this user's rows, or none yet: what is somebody else's is removed first. */
async function databaseFor(userId: string): Promise<Database> {
  const db = database.value ?? (await openDatabase(lost));
  const before = await readMeta(db, 'session');
  if (!before || before.user.id === userId) return db;
  db.close();
  await empty();
  return openDatabase(lost);
}

async function enter(db: Database, current: Session): Promise<void> {
  database.value = db;
  session.value = current;
  loop = new SyncLoop({
    db,
    session: () => session.value,
    setSession: async (next) => {
      session.value = next;
      await writeMeta(db, 'session', next);
    },
  });
  await loop.start();
  void registerWorker();
}

export const pullNow = (): Promise<void> => loop?.pullNow() ?? Promise.resolve();

/**
 * Remove everything from this phone, then tell the server.
 *
 * With no network the server is told when the app is next open and reaches it; the phone is empty at once either way.
 *
 * @returns whether the server was told; the page is then being loaded anew
 */
export async function signOut(): Promise<boolean> {
  const csrf = session.value?.csrf_token ?? '';
  // First of all, so that another tab, losing its database to this, does not take up the session again.
  localStorage.clear();
  localStorage.setItem(OWED, '1');
  await empty();
  await forgetWorker();
  tabs.postMessage('changed');
  try {
    await api.signOut(csrf).catch((error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
      return settleSignOut(); // the token was of an older session
    });
    localStorage.removeItem(OWED);
    startClean();
    return true;
  } catch {
    return false; // Out of reach: it is owed, and paid when the app is next open and reaches the server.
  }
}

/**
 * Load the page anew.
 *
 * The server answers the end of a session by emptying this origin's storage, after which Chromium may leave a page that
 * was open without an answer from IndexedDB for ever.
 */
function startClean(): void {
  location.replace('/');
}

/** Whether the server still has to be told that this phone signed out. */
const owed = (): boolean => localStorage.getItem(OWED) !== null;

let settling: Promise<void> | null = null;

/** Tell the server of a sign-out it has not heard of; once at a time, so that a new sign-in waits for it. */
function settleSignOut(): Promise<void> {
  settling ??= tellServer().finally(() => (settling = null));
  return settling;
}

/** The token was removed with everything else, so ask for it. */
async function tellServer(): Promise<void> {
  try {
    const open = await api.session();
    await api.signOut(open.csrf_token);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
  }
  localStorage.removeItem(OWED);
}

/** Another tab removed or renewed the database: start anew with what is there then. */
function lost(): void {
  void loop?.stop();
  database.value = null;
  location.reload();
}

/** Stop the loop and delete every row; the signals forget what they showed. */
async function empty(): Promise<void> {
  await loop?.stop();
  loop = null;
  database.value?.close();
  database.value = null;
  session.value = null;
  for (const figure of [asOf, checkedAt, offlineSince, refusal]) figure.value = null;
  signInNeeded.value = false;
  forgetReads();
  await deleteDatabase();
  dataVersion.value += 1;
}
