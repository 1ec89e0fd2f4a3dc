import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deleteDatabase, openDatabase, readMeta, type Database, type Session } from '../src/store/database';
import { asOf, dataVersion, offlineSince, phoneState, refusal, retryDelay, signInNeeded, SyncLoop } from '../src/store/sync';

const AS_OF = '2026-11-21T07:40:00Z';
const NOON = new Date('2026-11-21T12:00:00Z');
const session: Session = {
  user: { id: 'u1', name: 'Elin', email: 'elin@example.test', role: 'rep', time_zone: 'Europe/Stockholm', locale: 'en-GB' },
  organisation: { id: 'o1', name: 'Rosvall' },
  csrf_token: 'first',
};
const answer = { cookie: 'c1', as_of: AS_OF, puts: { account: [{ id: 'a', name: 'Norrvik' }] } };

let db: Database;
let loop: SyncLoop;
let requests: { path: string; csrf: string | undefined }[];
let kept: Session[];
let lockFree: boolean;

type Reply = () => Response | Promise<Response>;
const ok = (body: unknown): Reply => () => new Response(JSON.stringify(body));
const refused = (status: number, body = {}): Reply => () => new Response(JSON.stringify(body), { status });
const noNetwork: Reply = () => Promise.reject(new TypeError('Failed to fetch'));

function server(...replies: Reply[]): void {
  vi.stubGlobal('fetch', (path: string, request: RequestInit) => {
    requests.push({ path, csrf: (request.headers as Record<string, string>)['x-csrf-token'] });
    return (replies.shift() ?? noNetwork)();
  });
}

beforeEach(async () => {
  vi.stubGlobal('document', { addEventListener() {}, removeEventListener() {}, visibilityState: 'visible' });
  vi.stubGlobal('addEventListener', () => undefined);
  vi.stubGlobal('removeEventListener', () => undefined);
  const locks = { request: (_: string, __: object, work: (lock: object | null) => unknown) => work(lockFree ? {} : null) };
  vi.stubGlobal('navigator', { locks });
  [requests, kept, lockFree] = [[], [], true];
  signInNeeded.value = false;
  for (const figure of [asOf, offlineSince, refusal]) figure.value = null;
  db = await openDatabase();
  let current = session;
  loop = new SyncLoop({
    db,
    session: () => current,
    setSession: async (next) => {
      kept.push((current = next));
    },
    now: () => NOON,
    random: () => 0,
  });
});

afterEach(async () => {
  await loop.stop();
  db.close();
  await deleteDatabase();
  vi.unstubAllGlobals();
});

describe('what the rep is told', () => {
  test('after a pull: what was pulled and when it is of', async () => {
    server(ok(answer));
    const version = dataVersion.value;
    await loop.pullNow();
    expect([phoneState.value, asOf.value]).toEqual(['current', AS_OF]);
    expect(dataVersion.value).toBe(version + 1);
  });

  test('with no network: offline since the first request that failed, also after a restart', async () => {
    server(ok(answer), noNetwork, noNetwork);
    await loop.pullNow();
    await loop.pullNow();
    await loop.pullNow();
    expect([phoneState.value, offlineSince.value]).toEqual(['offline', NOON.toISOString()]);
    expect((await readMeta(db, 'contact'))?.offline_since).toBe(NOON.toISOString());
    expect(await db.count('account')).toBe(1);
  });

  test('when the network is back: current again', async () => {
    server(noNetwork, ok(answer));
    await loop.pullNow();
    await loop.pullNow();
    expect([phoneState.value, offlineSince.value]).toEqual(['current', null]);
  });

  test('when the session has ended: sign in again, with the rows still there', async () => {
    server(ok(answer), refused(401));
    await loop.pullNow();
    await loop.pullNow();
    expect(phoneState.value).toBe('sign-in');
    expect(await db.count('account')).toBe(1);
  });

  test('when the server refuses: its own words, until it accepts', async () => {
    server(refused(400, { detail: 'This app is too old.' }), ok(answer));
    await loop.pullNow();
    expect([phoneState.value, refusal.value]).toEqual(['refused', 'This app is too old.']);
    await loop.pullNow();
    expect(phoneState.value).toBe('current');
  });

  test('a pull that changes nothing makes no screen read again', async () => {
    server(ok(answer), ok({ cookie: 'c1', as_of: AS_OF }));
    await loop.pullNow();
    const version = dataVersion.value;
    await loop.pullNow();
    expect(dataVersion.value).toBe(version);
  });
});

describe('a refused CSRF token', () => {
  test('is renewed once, from the session', async () => {
    server(refused(403), ok({ ...session, csrf_token: 'second' }), ok(answer));
    await loop.pullNow();
    expect(requests.map((one) => one.csrf)).toEqual(['first', undefined, 'second']);
    expect(kept.map((one) => one.csrf_token)).toEqual(['second']);
    expect(phoneState.value).toBe('current');
  });

  test('of a session that is somebody else’s asks to sign in, and pulls nothing of theirs', async () => {
    server(refused(403), ok({ ...session, user: { ...session.user, id: 'u2' } }), ok(answer));
    await loop.pullNow();
    expect(phoneState.value).toBe('sign-in');
    expect(requests).toHaveLength(2);
  });
});

test('one puller across tabs: where another tab holds the lock, nothing is asked', async () => {
  server(ok(answer));
  lockFree = false;
  await loop.pullNow();
  expect(requests).toEqual([]);
});

test('two calls at once are one pull', async () => {
  server(ok(answer), ok(answer));
  await Promise.all([loop.pullNow(), loop.pullNow()]);
  expect(requests).toHaveLength(1);
});

test('retries back off to five minutes, between half and the whole of it', () => {
  expect([1, 2, 3, 8, 50].map((failures) => retryDelay(failures, 1))).toEqual([3000, 6000, 12_000, 300_000, 300_000]);
  expect(retryDelay(2, 0)).toBe(3000);
});
